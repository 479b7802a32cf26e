"""logs.py: lines with offset from UTC in files of limited size; whatever happens to the disk stops nothing."""
import io
import logging
import os
import shutil
import subprocess
import sys
import time

import pytest

from fbmon import logs
from helpers import fill, read, write


@pytest.fixture
def zone(monkeypatch):
    """zone(TZ): the local time zone of the test."""
    def change(name):
        monkeypatch.setenv('TZ', name)
        time.tzset()
    yield change
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def log(root_logger, tmp_path, monkeypatch):
    """log(...): set_up in tmp/logs; returns what it returns. What goes to stderr is in log.stderr."""
    monkeypatch.delenv('JOURNAL_STREAM', raising=False)
    stderr = io.BytesIO() if sys.version_info[0] == 2 else io.StringIO()

    def begin(directory=None, level='INFO'):
        if not hasattr(sys.stderr, 'broken'):
            monkeypatch.setattr(sys, 'stderr', stderr)
        return logs.set_up(str(directory or tmp_path / 'logs'), level)
    begin.stderr = stderr
    begin.path = tmp_path / 'logs' / logs.NAME
    return begin


@pytest.mark.parametrize('name, created, text', [
    ('UTC0', 1795552760.123, '2026-11-24T20:39:20.123+00:00'),
    ('CET-1CEST,M3.5.0,M10.5.0/3', 1795552760.123, '2026-11-24T21:39:20.123+01:00'),
    ('CET-1CEST,M3.5.0,M10.5.0/3', 1782000000.5, '2026-06-21T02:00:00.500+02:00'),
    ('IST-5:30', 1795552760.0, '2026-11-25T02:09:20.000+05:30'),
    ('NPT-5:45', 1795552760.999, '2026-11-25T02:24:20.999+05:45'),
    ('NST3:30', 1795552760.123, '2026-11-24T17:09:20.123-03:30'),
    ('EST5', 1795552760.123, '2026-11-24T15:39:20.123-05:00'),
    ('XXX-14', 1795552760.123, '2026-11-25T10:39:20.123+14:00'),
])
def test_a_line_begins_with_local_time_and_its_offset_from_utc(zone, name, created, text):
    zone(name)
    record = logging.LogRecord('x', logging.INFO, 'x', 1, 'global state: %s', ('normal',), None)
    record.created, record.msecs = created, created % 1 * 1000 + 0.5

    assert logs._formatter().format(record) == text + ' INFO global state: normal'


def test_lines_go_to_the_file_and_to_stderr(log, zone):
    zone('UTC0')
    assert log() is None

    logging.info('global state: %s -> %s', 'unknown', 'normal')
    logging.debug('not at this level')

    line, = read(log.path).splitlines()
    assert line.endswith('+00:00 INFO global state: unknown -> normal')
    assert log.stderr.getvalue() == line + '\n'


def test_in_the_journal_lines_have_no_time_of_their_own(log, monkeypatch):
    monkeypatch.setenv('JOURNAL_STREAM', '8:1234')
    log()

    logging.warning('x')

    assert log.stderr.getvalue() == 'WARNING x\n'


def test_the_level_is_that_of_the_file(log):
    log(level='ERROR')
    logging.warning('not')
    logging.error('this')

    assert [line.split(' ', 1)[1] for line in read(log.path).splitlines()] == ['ERROR this']


def test_a_second_set_up_writes_no_line_twice(log):
    log()
    log()
    logging.info('once')

    assert len(read(log.path).splitlines()) == 1


def test_there_are_at_most_5_files_of_5_mb():
    assert (logs.FILES, logs.SIZE) == (5, 5 * 1024 * 1024)


def test_files_are_rotated_by_size_and_the_oldest_goes(log, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 2000)
    log()
    for number in range(1000):
        logging.info('line %d', number)

    directory = os.path.dirname(str(log.path))
    names = sorted(os.listdir(directory))
    assert names == [logs.NAME] + ['%s.%d' % (logs.NAME, number) for number in range(1, logs.FILES)]
    assert all(os.path.getsize(os.path.join(directory, name)) <= 2000 for name in names)
    assert read(log.path).splitlines()[-1].endswith(' line 999')


def test_children_do_not_inherit_the_file(log):
    log()
    logging.info('x')

    listed = subprocess.Popen(['ls', '-l', '/proc/self/fd'], stdout=subprocess.PIPE, close_fds=False).communicate()[0]
    assert logs.NAME.encode('ascii') not in listed


def test_text_that_is_not_ascii_is_written_as_utf_8_in_any_locale(tmp_path):
    script = (b'import logging, sys; from fbmon import logs; logs.set_up(sys.argv[1], "INFO"); '
              b'logging.info(b"K\\xc3\\xb6ln %s".decode("utf-8"), "x")').decode('ascii')
    environ = dict(os.environ, LC_ALL='C', PYTHONCOERCECLOCALE='0', PYTHONUTF8='0',
                   PYTHONPATH=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    child = subprocess.Popen([sys.executable, '-c', script, str(tmp_path)], env=environ, stderr=subprocess.PIPE)

    assert b'Traceback' not in child.communicate()[1]
    assert read(tmp_path / logs.NAME).endswith(b'INFO K\xc3\xb6ln x\n'.decode('utf-8'))


def test_bytes_of_any_kind_in_a_line_are_written_somehow(log, tmp_path):
    os.makedirs(str(tmp_path / 'odd').encode('ascii') + b'/\xff\xfe')
    log()
    logging.info('%r', b'\xff\xfe')
    logging.info('%s', os.listdir(str(tmp_path / 'odd'))[0])
    logging.info('after')

    with open(str(log.path), 'rb') as lines:
        assert len(lines.read().splitlines()) == 3


# --- what a disk can do ---

def test_a_missing_directory_is_made(log, tmp_path):
    assert log(tmp_path / 'a' / 'b') is None
    logging.info('x')

    assert read(tmp_path / 'a' / 'b' / logs.NAME)


def test_a_directory_that_cannot_be_made_is_told_of_and_lines_go_to_stderr(log, tmp_path):
    write(tmp_path / 'file', '')

    assert log(tmp_path / 'file' / 'logs') == 'no log file in %s: Not a directory' % (tmp_path / 'file' / 'logs')
    logging.info('x')
    assert log.stderr.getvalue().endswith(' INFO x\n')


def test_something_else_in_place_of_the_file_is_told_of(log, tmp_path):
    (tmp_path / 'logs').mkdir()
    (tmp_path / 'logs' / logs.NAME).mkdir()

    assert log() == 'no log file in %s: Is a directory' % (tmp_path / 'logs')


def test_a_directory_that_vanishes_stops_nothing(log, tmp_path, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 500)
    log()
    shutil.rmtree(str(tmp_path / 'logs'))
    for number in range(100):
        logging.info('line %d', number)

    assert log.stderr.getvalue().endswith(' line 99\n')
    (tmp_path / 'logs').mkdir()
    logging.info('again')
    assert read(log.path).splitlines()[-1].endswith(' again')


def test_a_full_disk_stops_nothing_and_lines_go_on_once_it_has_room(log, small_disk):
    log(small_disk)
    path = os.path.join(small_disk, logs.NAME)
    logging.info('before')
    fill(os.path.join(small_disk, 'filler'))
    for number in range(1000):
        logging.info('line %d on a full disk', number)
    assert log.stderr.getvalue().endswith(' line 999 on a full disk\n')
    os.unlink(os.path.join(small_disk, 'filler'))
    logging.info('first with room')
    logging.info('last')

    assert read(path).splitlines()[-1].endswith(' last')


def test_a_disk_that_is_full_when_the_file_is_rotated_is_no_end_of_it(log, small_disk, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 3000)
    log(small_disk)
    fill(os.path.join(small_disk, 'filler'))
    before = len(os.listdir('/proc/self/fd'))
    for number in range(2000):
        logging.info('line %d on a full disk', number)
    assert len(os.listdir('/proc/self/fd')) <= before
    os.unlink(os.path.join(small_disk, 'filler'))
    for number in range(200):
        logging.info('line %d with room', number)

    assert read(os.path.join(small_disk, logs.NAME)).splitlines()[-1].endswith(' line 199 with room')


def test_a_rotation_that_fails_does_not_end_the_log(log, tmp_path, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 500)
    log()
    for number in range(1, logs.FILES):
        os.makedirs(str(tmp_path / 'logs' / ('%s.%d' % (logs.NAME, number)) / 'x'))
    for number in range(100):
        logging.info('line %d', number)
    for number in range(1, logs.FILES):
        shutil.rmtree(str(tmp_path / 'logs' / ('%s.%d' % (logs.NAME, number))), ignore_errors=True)
    logging.info('again')

    assert log.stderr.getvalue().endswith(' again\n')
    assert read(log.path).splitlines()[-1].endswith(' again')


def test_a_broken_stderr_stops_nothing(log, monkeypatch):
    class Broken(object):
        broken = True

        def write(self, text):
            raise IOError('Broken pipe')
        flush = write
    monkeypatch.setattr(sys, 'stderr', Broken())
    log()

    logging.info('x')

    assert read(log.path).endswith(' x\n')
