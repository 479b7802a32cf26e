"""memory/journal.py: what was written is read, oldest first; what is damaged is left out and counted."""
import os

import pytest

from fbmon.memory import journal
from fbmon.memory.history import Transition
from fbmon.memory.journal import Reading

BYPASS = Transition(1700000000.25, 'global', 'state', 'normal', 'bypass', '1 failed >= 1')
FAILED = Transition(1700000000.125, 'listener', '0', 'active', 'failed', 'no heartbeat for 3000 ms', 'dpi-1')
ESCAPED = Transition(5.0, 'operator', 'override', 'off', 'bypass', 'by "alice": \\ and \x1f')


@pytest.fixture
def directory(tmpdir):
    return str(tmpdir)


def write(directory, data, name='journal'):
    """Write a file of the journal. data: bytes, or transitions."""
    if not isinstance(data, bytes):
        data = ''.join(journal.text(one) + '\n' for one in data).encode('ascii')
    with open(os.path.join(directory, name), 'wb') as stream:
        stream.write(data)


def test_a_line_has_the_words_of_the_status_in_ascii():
    assert journal.text(FAILED) == (
        '{"at": 1700000000.125, "kind": "listener", "name": "0", "from": "active", "to": "failed", '
        '"why": "no heartbeat for 3000 ms", "called": "dpi-1"}')
    assert journal.text(BYPASS).endswith('"why": "1 failed >= 1", "called": null}')
    assert journal.text(ESCAPED._replace(why=u'\xe4')).encode('ascii')


def test_what_was_written_is_read_as_it_was(directory):
    write(directory, [FAILED, BYPASS, ESCAPED])

    found = list(Reading(directory))

    assert found == [FAILED, BYPASS, ESCAPED]
    assert [type(field) for field in found[0]] == [float] + [str] * 6


def test_the_oldest_file_comes_first_and_the_order_of_writing_counts_after_a_step_of_the_clock(directory):
    moved = [FAILED._replace(at=at) for at in (9.0, 4.0, 5.0, 3.0)]
    for number, name in enumerate(('journal.3', 'journal.2', 'journal.1', 'journal')):
        write(directory, [moved[number]], name)
    write(directory, [BYPASS], 'journal.4')

    reading = Reading(directory)

    assert list(reading) == moved
    assert list(reading) == []
    assert (reading.skipped, reading.lost) == (0, 0)
    assert reading.done == reading.size == sum(len(journal.text(one)) + 1 for one in moved)


def test_a_period_has_its_begin_and_not_its_end(directory):
    write(directory, [FAILED._replace(at=float(at)) for at in range(6)])

    assert [one.at for one in Reading(directory, since=2, until=4)] == [2, 3]
    assert [one.at for one in Reading(directory, since=4)] == [4, 5]
    assert [one.at for one in Reading(directory, until=2)] == [0, 1]


@pytest.mark.parametrize('line', [
    b'\n', b'[1, 2]\n', b'5\n', b'\xff\xfe\n', b'null\n', b'[' * 100000 + b'\n', b'{"at": 1}\n',
    b'{"at": 1e999, "kind": "a", "name": "b", "from": "c", "to": "d", "why": "e", "called": null}\n',
    b'{"at": -1, "kind": "a", "name": "b", "from": "c", "to": "d", "why": "e", "called": null}\n',
    b'{"at": "x", "kind": "a", "name": "b", "from": "c", "to": "d", "why": "e", "called": null}\n',
    b'{"at": true, "kind": "a", "name": "b", "from": "c", "to": "d", "why": "e", "called": null}\n',
    b'{"at": 1, "kind": {}, "name": "b", "from": "c", "to": "d", "why": "e", "called": null}\n',
    b'{"at": 1, "kind": "a", "name": "b", "from": "c", "to": "d", "why": "e", "called": [1]}\n',
    b'{"at": 1, "kind": "a", "name": "b", "from": "c", "to": "d", "why": "\xc3\xa4", "called": null}\n',
    b'{"at": 1700000000.25, "kind": "global", "name"\n'])
def test_a_damaged_line_is_left_out_and_counted(directory, line):
    whole = journal.text(BYPASS).encode('ascii') + b'\n'
    write(directory, whole + line + whole)

    reading = Reading(directory)

    assert list(reading) == [BYPASS, BYPASS]
    assert (reading.skipped, reading.lost) == (1, 0)


@pytest.mark.parametrize('line', [journal.text(BYPASS), '{"name": "x"' + journal.text(BYPASS)[1:-1]])
def test_a_last_line_that_was_cut_is_left_out_even_if_it_makes_sense(directory, line):
    write(directory, (journal.text(FAILED) + '\n' + line).encode('ascii'))

    reading = Reading(directory)

    assert list(reading) == [FAILED]
    assert reading.skipped == 1


def test_a_line_after_the_nuls_of_a_crash_is_read(directory):
    write(directory, b'\0' * 4096 + journal.text(BYPASS).encode('ascii') + b'\n')

    reading = Reading(directory)

    assert list(reading) == [BYPASS]
    assert reading.skipped == 1


def test_what_the_disk_did_not_take_is_counted_apart(directory):
    write(directory, b'(12 lines are missing here: the disk did not take them)\n' + journal.text(BYPASS).encode('ascii')
          + b'\n(3 lines are missing here: there was no room for them)\n')

    reading = Reading(directory)

    assert list(reading) == [BYPASS]
    assert (reading.skipped, reading.lost) == (0, 15)


def test_what_the_disk_did_not_take_is_counted_also_behind_a_part_that_it_took(directory):
    write(directory, b'{"at": 17(12 lines are missing here: the disk did not take them)\n'
          + journal.text(BYPASS).encode('ascii') + b'\n')

    reading = Reading(directory)

    assert list(reading) == [BYPASS]
    assert (reading.skipped, reading.lost) == (1, 12)


def test_other_fields_and_another_order_are_taken(directory):
    write(directory, b'{"more": [1], "why": "e", "to": "d", "from": "c", "name": "b", "kind": "a", "at": 1}\n')

    assert list(Reading(directory)) == [Transition(1.0, 'a', 'b', 'c', 'd', 'e', '')]


def test_without_a_journal_there_is_nothing(directory):
    assert list(Reading(directory)) == list(Reading(os.path.join(directory, 'none'))) == []


def test_neither_a_pipe_nor_a_directory_in_the_place_of_a_file_is_read(directory):
    os.mkfifo(os.path.join(directory, 'journal.1'))
    os.mkdir(os.path.join(directory, 'journal.2'))
    write(directory, [BYPASS])

    assert list(Reading(directory)) == [BYPASS]


@pytest.mark.parametrize('make', [os.mkfifo, os.mkdir])
def test_what_stands_alone_in_the_place_of_a_journal_is_not_said_to_be_none(directory, make):
    make(os.path.join(directory, 'journal'))

    with pytest.raises(EnvironmentError) as raised:
        Reading(directory)

    assert (raised.value.filename, raised.value.strerror) == (os.path.join(directory, 'journal'), 'not a plain file')


def test_a_journal_that_cannot_be_read_is_an_error_that_names_the_file(directory):
    os.symlink('elsewhere', os.path.join(directory, 'journal'))

    with pytest.raises(EnvironmentError) as raised:
        Reading(directory)

    assert raised.value.filename == os.path.join(directory, 'journal')


def test_a_file_that_gets_its_next_name_meanwhile_is_read_once(directory):
    write(directory, [FAILED], 'journal.1')
    write(directory, [BYPASS])
    reading = Reading(directory)

    os.rename(os.path.join(directory, 'journal.1'), os.path.join(directory, 'journal.2'))
    os.rename(os.path.join(directory, 'journal'), os.path.join(directory, 'journal.1'))
    write(directory, [ESCAPED])

    assert list(reading) == [FAILED, BYPASS]


def test_the_lines_of_a_daemon_are_transitions_too(directory):
    lines = [journal.of_daemon(1.0, journal.STARTED, 'with pid 7'), journal.of_daemon(2.0, journal.ALIVE, 'still here')]
    write(directory, lines)

    assert list(Reading(directory)) == lines
    assert lines[0][1:] == ('daemon', 'process', '-', 'started', 'with pid 7', '')
