"""given.py: the lines that it writes mean the same as the file."""
import random

import pytest

from fbmon.config import given, reader

FILE = u'''LISTEN_HEARTBEAT_IFS = eth0   # the management network
LISTEN_HB_HOST[0]="10.0.0.2"
LISTEN_HB_PORT[0]=3000
LISTEN_HB_PORT[0]=3001
LISTEN_CUBRO_IFS[0]='sw1, sw2 # x'
ON_CHANGE=" /usr/local/bin/x"
LOG_LEVEL="INFO
LISTEN_HB_SOURCE=
BYPASS_CARD_HOST[0]='a"b #'
'''


def test_read_again_they_give_the_same_settings():
    found = reader.read(FILE)

    again = reader.read(u'\n'.join(given.lines(found.given)))

    assert again.settings == found.settings
    assert dict((key, one.value) for key, one in again.given.items()) == dict(
        (key, one.value) for key, one in found.given.items())


def test_so_do_values_of_quotes_blanks_and_number_signs():
    dice = random.Random(7)
    for _ in range(3000):
        text = u''.join(dice.choice(u'ab "\'#=\\,;\t') for _ in range(dice.randint(0, 9)))
        found = reader.read(u'ON_CHANGE=%s\nLOG_LEVEL=%s' % (text, text[::-1]))

        again = reader.read(u'\n'.join(given.lines(found.given)))
        assert (text, again.settings) == (text, found.settings)
        assert given.differences(again.given, found.given) == []


def test_they_stand_in_the_order_of_the_file_and_the_last_of_two_counts():
    assert given.lines(reader.read(FILE).given)[:3] == [
        'LISTEN_HEARTBEAT_IFS=eth0', 'LISTEN_HB_HOST[0]=10.0.0.2', 'LISTEN_HB_PORT[0]=3001']


@pytest.mark.parametrize('file, running, found', [
    (u'LOG_LEVEL=INFO', u'# x\nLOG_LEVEL = "INFO"', []),
    (u'LOG_LEVEL=INFO', u'LOG_LEVEL=DEBUG', ['LOG_LEVEL: the file has INFO, what runs has DEBUG']),
    (u'', u'LOG_LEVEL=DEBUG', ['LOG_LEVEL: the file has nothing, what runs has DEBUG']),
    (u'BYPASS_CARD_HOST[10]=1\nBYPASS_CARD_HOST[9]=1', u'', [
        'BYPASS_CARD_HOST[9]: the file has 1, what runs has nothing',
        'BYPASS_CARD_HOST[10]: the file has 1, what runs has nothing'])])
def test_each_key_that_differs_has_a_line_in_natural_order(file, running, found):
    assert given.differences(reader.read(file).given, reader.read(running).given) == found


def test_many_keys_are_counted():
    many = reader.read(u'\n'.join('BYPASS_CARD_HOST[%d]=x' % index for index in range(30))).given

    assert len(given.differences(many, {})) == 21 and given.differences(many, {})[-1] == '... and 10 more'


@pytest.mark.parametrize('file, running, found', [
    (u'LOG_LEVEL=INFO', u'LOG_LEVEL=INFO', ''), (u'LOG_LEVEL=DEBUG', u'', 'LOG_LEVEL'),
    (u'', u'LISTEN_HB_PORT[10]=1\nLISTEN_HB_PORT[2]=1', 'LISTEN_HB_PORT[2], LISTEN_HB_PORT[10]'),
    (u''.join(u'LISTEN_HB_PORT[%d]=1\n' % index for index in range(9)), u'', ', '.join(
        'LISTEN_HB_PORT[%d]' % index for index in range(5)) + ' and 4 more')])
def test_the_keys_that_have_changed_are_named_in_short(file, running, found):
    assert given.changed(reader.read(file).given, reader.read(running).given) == found
