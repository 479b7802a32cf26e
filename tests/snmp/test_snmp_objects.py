"""objects.py, values.py and oids.py: the objects of a status, in SNMP's order, one line each whatever is in it."""
import pytest

import statuses
from fbmon.snmp import objects, oids, values
from fbmon.snmp.oids import Tree


@pytest.mark.parametrize('text, oid', [
    ('.1.3.6.1', (1, 3, 6, 1)), ('1.3', (1, 3)), ('.0.4294967295', (0, 4294967295)), ('.1.4294967296', None),
    ('', None), ('.', None), ('.1..3', None), ('.1.3.', None), ('.1.-3', None), ('iso.3', None),
    ('.1' * 128, (1,) * 128), ('.1' * 129, None), ('.1.3\n', None), (u'.1.\u0663', None)])
def test_an_identifier_is_numbers_and_dots(text, oid):
    assert oids.parse(text) == oid


def test_the_next_one_is_the_next_number_and_not_the_next_text():
    tree = Tree(dict((oid, oid) for oid in [(1, 10), (1, 9), (1, 9, 1), (1, 100), (2, 1)]))
    found, here = [], (0,)
    while tree.after(here):
        here = tree.after(here)[0]
        found.append(here)

    assert found == [(1, 9), (1, 9, 1), (1, 10), (1, 100), (2, 1)]
    assert tree.after((1, 9, 5)) == ((1, 10), (1, 10)) and tree.after((2, 1)) is None
    assert tree.get((1, 9)) == ((1, 9), (1, 9)) and tree.get((1,)) is None


@pytest.mark.parametrize('given, line', [
    (u'a\nb', 'a\\nb'), (u'\xe9\u2028\x00', '\\xe9\\u2028\\x00'), (None, ''), (u'C:\\x', 'C:\\x'), (b'\xff', '\\ufffd'),
    (u'x' * 481, 'x' * 477 + '...'), (u'x' * 480, 'x' * 480)])
def test_a_text_is_one_line_of_printable_ascii(given, line):
    assert values.text(given) == ('string', line)


def test_numbers_stay_within_their_types():
    assert values.counter(2 ** 32 + 5).text == '5' and values.counter(None) is None
    assert values.gauge(2 ** 40).text == '4294967295' and values.gauge(-1).text == '0' and values.gauge(1.9).text == '1'
    assert values.millis(0.4126).text == '413' and values.millis(None) is None
    assert values.word(objects.GLOBAL, 'bypass').text == '3' and values.word(objects.GLOBAL, 'new') is None


def test_a_row_has_the_number_of_the_file_and_a_port_its_name():
    found = objects.running(statuses.status([statuses.listener(7, 'failed')], [statuses.card(3)],
                                            [statuses.port('sw1'), statuses.port('sw10')], problems=['a', 'b\nc']))

    assert found[(1, 3, 1, 6, 7)].text == '4' and found[(1, 2, 1, 3, 7)].text == '4'
    assert found[(1, 4, 1, 6, 3)].text == '2'
    assert found[(1, 5, 1, 4, 3, 115, 119, 49)].text == '2' and (1, 5, 1, 4, 4, 115, 119, 49, 48) in found
    assert found[(1, 6, 1, 2, 2)].text == 'b\\nc'


def test_what_is_not_known_has_no_instance():
    found = objects.running(statuses.status([statuses.listener(0, 'unconfigured')], threshold=None))

    assert not {(1, 1, 11, 0), (1, 3, 1, 7, 0), (1, 3, 1, 8, 0)} & set(found)
    assert found[(1, 1, 16, 0)].text == '0' and found[(1, 1, 15, 0)].text == '1'


def test_while_no_daemon_answers_there_are_three_objects():
    assert objects.stopped('bypass', 'nobody') == {
        (1, 1, 1, 0): ('integer', '4'), (1, 1, 4, 0): ('integer', '2'), (1, 1, 22, 0): ('string', 'nobody')}


def test_what_an_operator_has_ordered_is_told_with_who_and_why():
    override = {'state': 'freeze', 'by': u'al\nice', 'since': 1.0, 'until': None, 'reason': ''}
    found = objects.running(statuses.status(override=override, **{'return': {'waits_for': 'operator'}}))

    assert [found[(1, 1, column, 0)].text for column in (5, 6, 7)] == ['4', 'by al\\nice: no reason', '4']
