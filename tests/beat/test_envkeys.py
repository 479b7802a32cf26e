# -*- coding: utf-8 -*-
"""envkeys.py: the env file of a sender."""
import pytest

from fbmon.base import compat
from fbmon.beat import envkeys
from fbmon.beat.settings import Aim, Settings

FULL = u'''# a comment
BEAT_TO = 192.168.1.202 3000, 192.168.1.203 3000
BEAT_INTERVAL=500
BEAT_WHILE="pgrep -x é #1"  # the check
BEAT_EVERY=3
BEAT_SOURCE=192.168.1.12
BEAT_INTERFACE=eth0
'''


def test_every_key_is_read():
    assert envkeys.read(FULL) == (Settings(
        [Aim('192.168.1.202', 3000, None), Aim('192.168.1.203', 3000, None)], 0.5, compat.native(u'pgrep -x é #1'), 3,
        '192.168.1.12', 'eth0', None), [])


@pytest.mark.parametrize('text, wrong', [
    ('', [(0, 'BEAT_TO', envkeys.MISSING)]),
    ('BEAT_TO=10.0.0.1 1\nBEAT_WHILE=\n', [(2, 'BEAT_WHILE', envkeys.EMPTY)]),
    ('BEAT_TO=10.0.0.1 1\nBEAT_WHLE=x\nBEAT_TO=10.0.0.1 1', [(2, 'BEAT_WHLE', envkeys.UNKNOWN),
                                                             (3, 'BEAT_TO', envkeys.TWICE % 1)]),
    ('BEAT_TO=10.0.0.1 1\nx\n', [(2, 'this line', 'not an assignment; write KEY=value, or # in front of a comment')]),
    ('BEAT_TO=10.0.0.1 1\nBEAT_INTERVAL=1s', [(2, 'BEAT_INTERVAL', "'1s': give a whole number from 1 to 3600000")]),
    ('\nBEAT_TO=10.0.0.1 1\nBEAT_WHILE=x\nBEAT_EVERY=0', [(4, 'BEAT_EVERY',
                                                          "'0': give a whole number from 1 to 3600")]),
    ('BEAT_TO=10.0.0.1 1\nBEAT_SOURCE=::1', [(2, 'BEAT_SOURCE', 'a source address of IPv6 cannot send to 10.0.0.1; '
                                              'use one sender for IPv4 and one for IPv6')]),
])
def test_a_mistake_has_its_line_and_its_key(text, wrong):
    found, mistakes = envkeys.read(u'' + text)

    assert (found, [(one.line, one.key, one.text) for one in mistakes]) == (None, wrong)


def test_letters_of_any_language_in_a_mistake_are_borne():
    for text in (u'BEAT_TO=é 3000', u'BEAT_TO=10.0.0.1 é', u'BEAT_TO=10.0.0.1 1\nBEAT_SOURCE=é', u'é=1',
                 u'BEAT_TO=10.0.0.1 1\nBEAT_INTERFACE=é', u'BEAT_TO=10.0.0.1 1\nBEAT_INTERVAL=é',
                 u'BEAT_TO=fe80::é 1\n', u'BEAT_TO=fe80::1%é 1\n'):
        assert len(envkeys.read(text)[1]) >= 1, text
