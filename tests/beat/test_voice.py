"""voice.py: lines on stderr that wait for no reader."""
import os

from fbmon.base import compat
from fbmon.beat.voice import MOST, WARNING, Voice


def test_the_journal_gets_priorities_and_no_character_that_could_do_harm():
    reader, writer = os.pipe()
    try:
        Voice(writer, journal=True).say(u'a\x1b[1m\n\xe9', WARNING)
        Voice(writer).say('b')
        assert os.read(reader, 100) == b'<4>a?[1m??\nb\n'
    finally:
        os.close(reader)
        os.close(writer)


def test_a_reader_that_hangs_holds_up_nothing_and_gets_the_last_lines_later():
    reader, writer = compat.pipe()
    compat.blocking(writer)
    try:
        voice = Voice(writer)
        for number in range(1000):
            voice.say('line %03d %s' % (number, 'x' * 80))
        first = os.read(reader, 1 << 20)
        voice.flush()
        lines = (first + os.read(reader, 1 << 20)).split(b'\n')
        assert lines[0].startswith(b'line 000 ')
        assert first.count(b'\n') < 1000 - MOST
        while voice._lines:
            voice.flush()
            lines = os.read(reader, 1 << 20).split(b'\n')
        assert lines[-2].startswith(b'line 999 ')
    finally:
        os.close(reader)
        os.close(writer)


def test_a_reader_that_has_gone_ends_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        Voice(writer).say('x')
    finally:
        os.close(writer)
