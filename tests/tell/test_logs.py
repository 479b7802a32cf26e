"""logs.py: lines with their offset from UTC, in files of limited size. Nothing that happens to the disk stops us."""
import linecache
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from fbmon.base import compat
from fbmon.tell import lines, logs, logwriter
from helpers import LIMIT, ROOT, alive, descriptors, fill, read, wait_for, write, written


@pytest.fixture
def log(root_logger, tmp_path, monkeypatch):
    """log(...): calls set_up with tmp/logs and returns its result. What goes to stderr is in log.stderr."""
    monkeypatch.delenv('JOURNAL_STREAM', raising=False)
    made = []
    with open(str(tmp_path / 'stderr'), 'wb') as stderr:
        def begin(directory=None, level='INFO', descriptor=stderr):
            monkeypatch.setattr(sys, 'stderr', descriptor)
            made.append(logs.set_up(str(directory or tmp_path / 'logs'), level))
            made[-1].mend()
            return made[-1]

        def error():
            # All lines have an answer, or it is known that there is no file.
            wait_for(lambda: [made[-1].error] and (not made[-1].lines._waiting or made[-1].lines._lines is None))
            return made[-1].error
        begin.error = error
        begin.stderr = lambda: read(tmp_path / 'stderr')
        begin.path = tmp_path / 'logs' / logs.NAME
        begin.file = lambda: [error()] and read(begin.path)
        yield begin


@pytest.fixture
def pipe():
    """(descriptor to read, file to write): a pipe that is stderr instead of the journal."""
    reader, writer = os.pipe()
    compat.unblocked(reader)
    with os.fdopen(writer, 'wb', 0) as stream:
        yield reader, stream
    os.close(reader)


def took(reader):
    """The lines that wait in a pipe."""
    lines = b''
    try:
        while True:
            lines += os.read(reader, 65536)
    except EnvironmentError:
        return lines.decode('utf-8').splitlines()


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
    log()

    logging.info('global state: %s -> %s', 'unknown', 'normal')
    logging.debug('not at this level')

    line, = log.file().splitlines()
    assert line.endswith('+00:00 INFO global state: unknown -> normal')
    assert log.stderr() == line + '\n'


def stderr_is_the_journal(tmp_path, monkeypatch):
    found = os.stat(str(tmp_path / 'stderr'))
    monkeypatch.setenv('JOURNAL_STREAM', '%d:%d' % (found.st_dev, found.st_ino))


def test_in_the_journal_lines_have_no_time_of_their_own_but_their_priority(log, tmp_path, monkeypatch):
    stderr_is_the_journal(tmp_path, monkeypatch)
    log(level='DEBUG')

    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logging.log(level, 'x')

    assert log.stderr() == '<7>DEBUG x\n<6>INFO x\n<4>WARNING x\n<3>ERROR x\n<2>CRITICAL x\n'
    assert '<' not in log.file()


def test_in_the_journal_every_line_of_an_error_has_its_priority(log, tmp_path, monkeypatch):
    stderr_is_the_journal(tmp_path, monkeypatch)
    log()

    try:
        int('x')
    except ValueError:
        logging.critical('died', exc_info=True)

    lines = log.stderr().splitlines()
    assert len(lines) == 4 and [line[:3] for line in lines] == ['<2>'] * 4
    assert lines[-1].startswith('<2>ValueError: ')


def test_an_error_is_told_with_its_frames_and_no_source_is_read(log, zone, monkeypatch):
    def gone(*_arguments):
        raise AssertionError('a source was asked for')
    monkeypatch.setattr(linecache, 'getline', gone)
    monkeypatch.setattr(linecache, 'checkcache', gone)
    log()

    try:
        int('x')
    except ValueError:
        logging.critical('died', exc_info=True)

    first, frame, said = log.file().splitlines()[1:]
    assert first == 'Traceback (most recent call last):'
    assert re.match(r'  File ".*test_logs.pyc?", line \d+, in test_an_error_is_told', frame)
    assert said.startswith('ValueError: invalid literal')


def test_a_stderr_that_is_not_the_journal_has_no_priorities_though_the_journal_is_named(log, zone, monkeypatch):
    zone('UTC0')
    monkeypatch.setenv('JOURNAL_STREAM', '8:1234')
    log()

    logging.warning('x')

    line, = log.stderr().splitlines()
    assert line.endswith('+00:00 WARNING x') and '<' not in line


def test_the_level_is_that_of_the_file(log):
    log(level='ERROR')
    logging.warning('not')
    logging.error('this')

    assert [line.split(' ', 1)[1] for line in log.file().splitlines()] == ['ERROR this']


def test_a_second_set_up_writes_no_line_twice(log):
    log()
    log()
    logging.info('once')

    assert len(log.file().splitlines()) == 1


def test_there_are_at_most_5_files_of_5_mb():
    assert (logs.FILES, logs.SIZE) == (5, 5 * 1024 * 1024)


def test_files_are_rotated_by_size_and_the_oldest_goes(log, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 2000)
    log()
    for number in range(1000):
        logging.info('line %d', number)

    directory = os.path.dirname(str(log.path))
    last = log.file().splitlines()[-1]
    names = sorted(os.listdir(directory))
    assert names == [logs.NAME] + ['%s.%d' % (logs.NAME, number) for number in range(1, logs.FILES)]
    assert all(os.path.getsize(os.path.join(directory, name)) <= 2000 for name in names)
    assert last.endswith(' line 999')


def test_children_do_not_inherit_the_file(log):
    log()
    logging.info('x')

    listed = subprocess.Popen(['ls', '-l', '/proc/self/fd'], stdout=subprocess.PIPE, close_fds=False).communicate()[0]
    assert logs.NAME.encode('ascii') not in listed


def test_text_that_is_not_ascii_is_written_as_utf_8_in_any_locale(tmp_path):
    script = (b'import logging, sys; from fbmon.tell import logs; logs.set_up(sys.argv[1], "INFO"); '
              b'logging.info(b"K\\xc3\\xb6ln %s".decode("utf-8"), "x")').decode('ascii')
    environ = dict(os.environ, LC_ALL='C', PYTHONCOERCECLOCALE='0', PYTHONUTF8='0',
                   PYTHONPATH=ROOT)
    child = subprocess.Popen([sys.executable, '-c', script, str(tmp_path)], env=environ, stderr=subprocess.PIPE)

    assert b'Traceback' not in child.communicate()[1]
    assert written(tmp_path / logs.NAME).endswith(b'INFO K\xc3\xb6ln x\n'.decode('utf-8'))


def test_bytes_of_any_kind_in_a_line_are_written_somehow(log, tmp_path):
    os.makedirs(str(tmp_path / 'odd').encode('ascii') + b'/\xff\xfe')
    log()
    logging.info('%r', b'\xff\xfe')
    logging.info('%s', os.listdir(str(tmp_path / 'odd'))[0])
    logging.info('after')

    log.file()
    with open(str(log.path), 'rb') as lines:
        assert len(lines.read().splitlines()) == 3


# --- what a disk can do ---

def test_a_missing_directory_is_made(log, tmp_path):
    log(tmp_path / 'a' / 'b')
    logging.info('x')

    assert log.error() is None
    assert written(tmp_path / 'a' / 'b' / logs.NAME)


def test_a_directory_that_cannot_be_made_is_told_of_and_lines_go_to_stderr(log, tmp_path):
    write(tmp_path / 'file', '')

    log(tmp_path / 'file' / 'logs')
    logging.info('x')
    assert log.error() == 'no log file in %s: Not a directory' % (tmp_path / 'file' / 'logs')
    assert log.stderr().endswith(' INFO x\n')


def test_something_else_in_place_of_the_file_is_told_of(log, tmp_path):
    (tmp_path / 'logs').mkdir()
    (tmp_path / 'logs' / logs.NAME).mkdir()

    log()
    logging.info('x')

    assert log.error() == 'no log file in %s: not a plain file' % (tmp_path / 'logs')


def test_a_directory_that_vanishes_is_made_anew(log, tmp_path):
    log()
    logging.info('before')
    log.file()
    shutil.rmtree(str(tmp_path / 'logs'))

    logging.info('after')

    assert [line.split(' ', 1)[1] for line in log.file().splitlines()] == ['INFO after']


@pytest.mark.parametrize('away', [lambda path: os.rename(path, path + '.old'), os.unlink,
                                  lambda path: (os.rename(path, path + '.old'), write(path, ''))])
def test_lines_go_to_what_has_the_name_of_the_file(log, away):
    log()
    logging.info('before')
    log.file()

    away(str(log.path))
    logging.info('after')

    assert [line.split(' ', 1)[1] for line in log.file().splitlines()] == ['INFO after']


def test_a_full_disk_stops_nothing_and_lines_go_on_once_it_has_room(log, small_disk):
    log(small_disk)
    path = os.path.join(small_disk, logs.NAME)
    logging.info('before')
    fill(os.path.join(small_disk, 'filler'))
    for number in range(300):
        logging.info('line %d on a full disk', number)
    assert log.error() == 'no log file in %s: No space left on device' % small_disk
    assert log.stderr().endswith(' line 299 on a full disk\n')
    os.unlink(os.path.join(small_disk, 'filler'))
    logging.info('first with room')
    logging.info('last')

    log.error()
    assert [line for line in read(path).splitlines() if 'the disk did not take them' in line]
    assert read(path).splitlines()[-1].endswith(' last') and log.error() is None


def test_a_disk_that_is_full_when_the_file_is_rotated_is_no_end_of_it(log, small_disk, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 3000)
    log(small_disk)
    fill(os.path.join(small_disk, 'filler'))
    before = descriptors()
    for number in range(300):
        logging.info('line %d on a full disk', number)
    log.error()
    assert descriptors() <= before
    os.unlink(os.path.join(small_disk, 'filler'))
    for number in range(200):
        logging.info('line %d with room', number)

    log.error()
    assert read(os.path.join(small_disk, logs.NAME)).splitlines()[-1].endswith(' line 199 with room')


def test_a_rotation_that_fails_does_not_end_the_log(log, tmp_path, monkeypatch):
    monkeypatch.setattr(logs, 'SIZE', 500)
    log()
    for number in range(1, logs.FILES):
        os.makedirs(str(tmp_path / 'logs' / ('%s.%d' % (logs.NAME, number)) / 'x'))
    for number in range(100):
        logging.info('line %d', number)
    log.file()
    assert log.error().startswith('no log file in ')
    for number in range(1, logs.FILES):
        shutil.rmtree(str(tmp_path / 'logs' / ('%s.%d' % (logs.NAME, number))), ignore_errors=True)
    logging.info('again')

    assert log.stderr().endswith(' again\n')
    assert log.file().splitlines()[-1].endswith(' again')


# --- what its writer can do ---

def test_lines_of_the_time_before_the_writer_is_started_are_kept_for_it(root_logger, tmp_path):
    made = logs.set_up(str(tmp_path / 'logs'), 'INFO', stderr=False)
    for number in range(2000):
        logging.info('line %d %s', number, 'x' * 200)
    assert (made.error, os.path.exists(str(tmp_path / 'logs'))) == (None, False)

    made.mend()

    wait_for(lambda: made.error is None and not made.lines._waiting)
    lines = read(tmp_path / 'logs' / logs.NAME).splitlines()
    assert [line.split()[3] for line in lines] == ['%d' % number for number in range(2000)]


def test_the_end_starts_a_writer_for_the_lines_that_still_wait_for_one(root_logger, tmp_path):
    made = logs.set_up(str(tmp_path / 'logs'), 'INFO', stderr=False)
    logging.info('the only one')

    made.close()

    assert written(tmp_path / 'logs' / logs.NAME).endswith(' the only one\n')


def test_a_disk_that_takes_nothing_is_a_problem_and_holds_up_nobody(log, monkeypatch):
    made = log()
    logging.info('before')
    log.file()
    os.kill(made.lines._child.pid, signal.SIGSTOP)
    try:
        for number in range(20000):
            logging.info('line %d %s', number, 'x' * 100)
        wait_for(lambda: made.error)
        assert made.error.endswith('its disk takes nothing')
    finally:
        os.kill(made.lines._child.pid, signal.SIGCONT)

    # Each line is there, or the next one counts it.
    wait_for(lambda: not made.lines._waiting if made.error is None else False)
    logging.info('after')
    lines = log.file().splitlines()
    missing = re.match(r'.(\d+) lines are missing here: there was no room for them', lines[-2])
    assert len(lines) == 1 + 20000 - int(missing.group(1)) + 2 and lines[-1].endswith(' after')


def test_a_disk_that_hangs_holds_up_the_end_for_half_a_second_at_most(log):
    made = log()
    os.kill(made.lines._child.pid, signal.SIGSTOP)
    logging.info('x')
    began = compat.monotonic()
    try:
        made.close()
        assert lines.END_LIMIT <= compat.monotonic() - began < LIMIT
    finally:
        os.kill(made.lines._child.pid, signal.SIGCONT)
    # The lines that were handed over are written when the disk goes on, and no process is left.
    wait_for(lambda: read(log.path).endswith(' x\n'))
    wait_for(lambda: not alive(made.lines._child.pid))


@pytest.mark.parametrize('size', [1, 100000], ids=['short', 'long'])
def test_a_line_for_a_writer_that_was_just_killed_is_counted_and_harms_nobody(log, monkeypatch, size):
    made = log()
    logging.info('first')
    assert 'first' in log.file()
    os.kill(made.lines._child.pid, signal.SIGKILL)
    wait_for(lambda: not alive(made.lines._child.pid))
    for _ in range(3):
        logging.info('x' * size)
    made.mend()
    assert made.error == 'no log file in %s: its writer has ended' % log.path.parent

    monkeypatch.setattr(lines, 'PAUSE', 0.0)
    made.mend()
    logging.info('again')
    assert '(4 lines are missing here: there was no room for them)' in log.file()


def test_a_writer_that_was_killed_is_a_problem_until_there_is_another_one(log, monkeypatch):
    made = log()
    os.kill(made.lines._child.pid, signal.SIGKILL)
    wait_for(lambda: made.error == 'no log file in %s: its writer has ended' % log.path.parent)
    made.mend()
    logging.info('lost')
    monkeypatch.setattr(lines, 'PAUSE', 0)

    made.mend()
    logging.info('after')

    assert made.error is None
    assert [line.split(' ', 1)[1] for line in log.file().splitlines() if ' INFO ' in line] == ['INFO after']
    assert 'lines are missing here: there was no room for them)' in log.file()


def test_a_writer_that_cannot_be_started_is_a_problem(log, monkeypatch):
    monkeypatch.setattr(logwriter, 'start', lambda *_: os.open('/nowhere', 0))

    assert log().error == 'no log file in %s: its writer cannot be started: No such file or directory' % log.path.parent


def test_the_writer_ends_with_the_process_and_has_none_of_its_files(log):
    made = log()
    logging.info('x')
    log.file()
    links = [os.readlink('/proc/%d/fd/%s' % (made.lines._child.pid, name)) for name in ('0', '1', '2')]

    assert [link.partition(':')[0] for link in links] == ['pipe', 'pipe', '/dev/null']
    made.close()
    wait_for(lambda: not alive(made.lines._child.pid))


# --- what a reader can do ---

def test_a_broken_stderr_stops_nothing(log, pipe):
    log(descriptor=pipe[1])
    os.dup2(os.open(os.devnull, os.O_RDONLY), pipe[0])

    logging.info('x')

    assert log.file().endswith(' x\n')


def test_no_stderr_at_all_stops_nothing(log):
    log(descriptor=None)

    logging.info('x')

    assert log.file().endswith(' x\n')


def test_a_stderr_that_nobody_reads_holds_up_nobody_and_the_file_has_every_line(log, pipe):
    log(descriptor=pipe[1])
    done = threading.Event()

    def write_much():
        for number in range(2000):
            logging.info('line %d %s', number, 'x' * 100)
        done.set()
    thread = threading.Thread(target=write_much)
    thread.daemon = True
    thread.start()

    assert done.wait(LIMIT)
    assert len(log.file().splitlines()) == 2000


def test_what_found_no_room_on_stderr_is_counted_once_somebody_reads_again(log, pipe):
    log(descriptor=pipe[1])
    for number in range(2000):
        logging.info('line %d %s', number, 'x' * 100)
    there = took(pipe[0])

    logging.info('again')
    logging.info('last')

    missing, again, last = took(pipe[0])
    assert missing == '(%d lines are missing here: nobody took them)' % (2000 - len(there))
    assert 0 < len(there) < 2000 and again.endswith(' INFO again') and last.endswith(' INFO last')


def test_a_line_longer_than_a_pipe_takes_at_once_comes_whole_where_it_is_read(log, pipe):
    log(descriptor=pipe[1])

    logging.info('x' * 20000)

    assert [line[-20006:] for line in took(pipe[0])] == [' INFO ' + 'x' * 20000]


def test_a_line_longer_than_all_that_a_pipe_takes_holds_up_nobody(log, pipe):
    log(descriptor=pipe[1])
    thread = threading.Thread(target=logging.info, args=('x' * 1000000,))
    thread.daemon = True
    thread.start()

    thread.join(LIMIT)

    assert not thread.is_alive()


# --- what stands in the file's place ---

def test_a_symbolic_link_in_place_of_the_file_is_not_followed(log, tmp_path):
    write(tmp_path / 'precious', 'precious\n')
    (tmp_path / 'logs').mkdir()
    os.symlink(str(tmp_path / 'precious'), str(log.path))

    log()
    logging.info('x')
    assert log.error() == 'no log file in %s: not a plain file' % (tmp_path / 'logs')

    assert (read(tmp_path / 'precious'), log.stderr()[-8:]) == ('precious\n', ' INFO x\n')


@pytest.mark.parametrize('read_by_somebody', [False, True])
def test_a_pipe_in_place_of_the_file_is_not_waited_for(log, tmp_path, read_by_somebody):
    (tmp_path / 'logs').mkdir()
    os.mkfifo(str(log.path))
    reader = os.open(str(log.path), os.O_RDONLY | os.O_NONBLOCK) if read_by_somebody else None
    log()
    logging.info('x')

    assert log.error() == 'no log file in %s: not a plain file' % (tmp_path / 'logs')
    if reader is not None:
        os.close(reader)


def test_whatever_the_mask_is_nobody_else_can_write_the_file(log):
    mask = os.umask(0)
    try:
        log()
        logging.info('x')
    finally:
        os.umask(mask)

    assert log.file() and os.stat(str(log.path)).st_mode & 0o777 == 0o644
