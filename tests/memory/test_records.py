"""records.py: a small file of lines that are never read in part. It does not grow for ever, and it stops nothing."""
import os

import pytest

from fbmon.memory.records import Records
from helpers import descriptors, fill, read, write


def test_what_was_appended_is_there_after_a_restart(tmp_path):
    records = Records(str(tmp_path / 'r'))
    records.rewrite(['one'])
    records.append(['two', 'three'], 10, None)

    assert Records(str(tmp_path / 'r')).read() == ['one', 'two', 'three']
    assert (records.error, os.stat(str(tmp_path / 'r')).st_mode & 0o777) == (None, 0o600)


def test_without_a_file_there_are_no_lines_and_that_is_no_error(tmp_path):
    records = Records(str(tmp_path / 'r'))

    assert (records.read(), records.error) == ([], None)


def test_a_last_line_that_was_cut_short_does_not_count(tmp_path):
    write(tmp_path / 'r', '+ address eth0 10.0.0.1\n+ address eth0 10.0.0.1')

    assert Records(str(tmp_path / 'r')).read() == ['+ address eth0 10.0.0.1']


def test_a_line_after_one_that_was_cut_short_by_a_crash_stays_whole(tmp_path):
    write(tmp_path / 'r', 'one\ntw')
    records = Records(str(tmp_path / 'r'))
    records.append(['three'], 10, lambda: ['one', 'three'])

    assert Records(str(tmp_path / 'r')).read() == ['one', 'three']


def test_a_file_that_has_grown_long_is_written_anew(tmp_path):
    records = Records(str(tmp_path / 'r'))
    records.rewrite([])
    for number in range(1000):
        records.append(['line %d' % number], 20, lambda: ['the last'])

    assert len(read(tmp_path / 'r').splitlines()) <= 20


@pytest.mark.parametrize('place', ['none/r', '', 'file/r'])
def test_a_place_that_cannot_be_written_is_told_and_stops_nothing(tmp_path, place):
    write(tmp_path / 'file', '')
    path = str(tmp_path / place) if place else str(tmp_path)
    before = descriptors()
    records = Records(path)
    for _ in range(3):
        records.read()
        records.append(['one'], 10, lambda: ['one'])

    assert records.error.startswith(path + ': ')
    assert descriptors() == before


def test_a_disk_that_is_full_costs_no_descriptors_and_all_is_there_once_it_has_room(small_disk):
    path = os.path.join(small_disk, 'r')
    records = Records(path)
    records.rewrite(['one'])
    fill(os.path.join(small_disk, 'filler'))
    before = descriptors()
    lines = ['line %d %s' % (number, 'x' * 500) for number in range(40)]
    for number in range(40):
        records.append([lines[number]], 1000, lambda: ['one'] + lines[:number + 1])
        assert records.error or read(path).endswith(lines[number] + '\n')
    assert records.error == path + ': No space left on device'
    assert descriptors() <= before
    os.unlink(os.path.join(small_disk, 'filler'))

    records.append(['last'], 1000, lambda: ['one'] + lines + ['last'])

    assert (records.error, Records(path).read()) == (None, ['one'] + lines + ['last'])


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / 'r'))
    records = Records(str(tmp_path / 'r'))

    assert (records.read(), records.error) == ([], None)
    records.rewrite(['one'])
    assert Records(str(tmp_path / 'r')).read() == ['one']


def test_a_symbolic_link_in_its_place_is_replaced_and_what_it_points_to_left_alone(tmp_path):
    write(tmp_path / 'precious', 'precious\n')
    os.symlink(str(tmp_path / 'precious'), str(tmp_path / 'r'))
    records = Records(str(tmp_path / 'r'))

    records.rewrite(['one'])
    records.append(['two'], 10, None)

    assert (read(tmp_path / 'precious'), read(tmp_path / 'r')) == ('precious\n', 'one\ntwo\n')
    assert not os.path.islink(str(tmp_path / 'r'))


@pytest.mark.parametrize('make', [lambda path: os.symlink('precious', path), os.mkfifo,
                                  lambda path: write(path, 'of a run that was killed')], ids=['link', 'pipe', 'rest'])
def test_what_stands_where_it_writes_aside_is_neither_followed_nor_waited_for(tmp_path, make):
    write(tmp_path / 'precious', 'precious\n')
    make(str(tmp_path / 'r.new'))
    records = Records(str(tmp_path / 'r'))

    records.rewrite(['one'])

    assert (read(tmp_path / 'precious'), records.error, read(tmp_path / 'r')) == ('precious\n', None, 'one\n')
