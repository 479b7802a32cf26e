"""statefile.py and writer.py: a file that is written as a whole, by a process that nobody waits for too long."""
import os
import stat
import subprocess
import sys

import pytest

from fbmon.base import children, starting
from fbmon.memory import statefile, writer
from fbmon.memory.statefile import StateError, StateFile
from helpers import ROOT, alive, descriptors, read, wait_for, write


def failure(act):
    with pytest.raises(StateError) as error:
        act()
    return error.value


def test_what_is_saved_is_read_and_only_root_may_look(tmp_path):
    kept = StateFile(str(tmp_path / 'state' / 'orders'))
    assert kept.read() is None

    for text in ('one\n', '', 'x' * 300000 + '\n'):
        kept.save(text)
        assert kept.read() == text == read(kept.path)
    assert [stat.S_IMODE(os.stat(path).st_mode) for path in (str(tmp_path / 'state'), kept.path)] == [0o700, 0o600]
    assert os.listdir(str(tmp_path / 'state')) == ['orders']


@pytest.mark.parametrize('make', [lambda path: os.mkfifo(path), lambda path: write(path, 'left by a crash'),
                                  lambda path: os.symlink('/etc/passwd', path)])
def test_what_is_in_the_place_of_the_new_file_is_replaced(tmp_path, make):
    kept = StateFile(str(tmp_path / 'orders'))
    make(kept.path + '.new')
    kept.save('whole\n')

    assert kept.read() == 'whole\n' and not os.path.islink(kept.path)
    assert os.listdir(str(tmp_path)) == ['orders']


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / 'orders'))

    error = failure(StateFile(str(tmp_path / 'orders')).read)
    assert str(error) == '%s: cannot be read: not a plain file' % (tmp_path / 'orders')


def test_a_link_to_nowhere_is_no_missing_file(tmp_path):
    os.symlink('/nowhere', str(tmp_path / 'orders'))

    assert str(failure(StateFile(str(tmp_path / 'orders')).read)).endswith('cannot be read: No such file or directory')


def test_a_process_that_is_killed_while_it_reads_is_told_by_its_exit_code(tmp_path, monkeypatch):
    monkeypatch.setattr(statefile, 'SCRIPT', 'kill -KILL $$')

    assert str(failure(StateFile(str(tmp_path / 'orders')).read)).endswith('/orders: cannot be read: exit code -9')


def test_a_place_that_is_none_is_told_and_sure(tmp_path):
    write(str(tmp_path / 'file'), '')
    kept = StateFile(str(tmp_path / 'file' / 'orders'))
    error = failure(lambda: kept.save('x'))

    assert (str(error), error.unsure) == ('%s: cannot be written: Not a directory' % kept.path, False) \
        or str(error) == '%s: cannot be written: File exists' % kept.path
    assert str(failure(kept.read)) == '%s: cannot be read: Not a directory' % kept.path


def test_after_a_full_disk_the_file_is_as_it_was(tmp_path, monkeypatch):
    path = str(tmp_path / 'orders')
    writer.write(path, b'old\n')

    def full(_descriptor):
        raise EnvironmentError(28, 'No space left on device')
    monkeypatch.setattr(writer.os, 'fsync', full)
    with pytest.raises(EnvironmentError):
        writer.write(path, b'new\n')
    assert read(path) == 'old\n' and os.listdir(str(tmp_path)) == ['orders']


def test_what_is_cut_off_as_the_daemon_ends_is_not_written(tmp_path):
    path = write(str(tmp_path / 'orders'), 'old\n')
    child = subprocess.Popen([sys.executable, writer.__file__.replace('.pyc', '.py'), path, '8'],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    assert child.communicate(b'new')[0] == b'the data are cut off\n'
    assert read(path) == 'old\n' and os.listdir(str(tmp_path)) == ['orders']


# Writes argv[2] to argv[1]. Before each of its fsyncs it says so, and waits to be told to go on.
SLOW = """
import os, sys
from fbmon.memory import writer
os.fsync = lambda _descriptor: os.write(1, b'.') and os.read(0, 1)
writer.write(sys.argv[1], sys.argv[2].encode('ascii'))
"""


def slow(path, text):
    child = subprocess.Popen([sys.executable, '-c', SLOW, path, text], cwd=ROOT, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout.read(1) == b'.'
    return child


def test_a_writer_of_a_killed_daemon_that_goes_on_late_leaves_the_file_of_the_next_one_alone(tmp_path):
    path = str(tmp_path / 'orders')
    older, newer = slow(path, 'older'), slow(path, 'newer')
    assert b'No such file' in older.communicate(b'xx')[1]
    assert not os.path.exists(path)

    assert newer.communicate(b'xx') == (b'.', b'')
    assert (read(path), os.listdir(str(tmp_path))) == ('newer', ['orders'])


def noting(done, name, real):
    def act(*values):
        done.append(name)
        return real(*values)
    return act


def test_it_is_on_the_disk_before_it_takes_the_place_of_the_old_one(tmp_path, monkeypatch):
    done = []
    for name in ('fsync', 'rename'):
        monkeypatch.setattr(writer.os, name, noting(done, name, getattr(os, name)))
    writer.write(str(tmp_path / 'orders'), b'x')

    assert done == ['fsync', 'rename', 'fsync']


@pytest.fixture
def hanging(monkeypatch):
    """Lets each process that writes hang, after it was started. children: their pids."""
    real, pids = starting.start_child, []

    def start(_arguments, **options):
        child = real(['/bin/sleep', '600'], **options)
        pids.append(child.pid)
        return child
    monkeypatch.setattr(starting, 'start_child', start)
    yield pids
    for pid in pids:
        wait_for(lambda: not alive(pid))


def test_a_disk_that_hangs_is_told_and_what_it_has_in_the_end_is_unsure(tmp_path, hanging):
    kept = StateFile(str(tmp_path / 'orders'), limit=0.3)
    error = failure(lambda: kept.save('x' * 300000))

    assert (str(error), error.unsure) == ('%s: cannot be written: no answer within 0.3 s' % kept.path, True)
    assert str(failure(kept.read)) == '%s: cannot be read: no answer within 0.3 s' % kept.path


def test_processes_that_hang_do_not_pile_up(tmp_path, monkeypatch):
    kept = StateFile(str(tmp_path / 'orders'))
    monkeypatch.setattr(kept._errand._reaper, 'waiting', lambda: children.HANGING)
    monkeypatch.setattr(starting, 'start_child', None)
    assert str(failure(lambda: kept.save('x'))).endswith('3 processes for it hang')


def test_after_the_end_of_the_daemon_no_process_is_started(tmp_path):
    kept = StateFile(str(tmp_path / 'orders'))
    kept.close()

    assert str(failure(lambda: kept.save('x'))).endswith('the daemon stops')
    assert os.listdir(str(tmp_path)) == []


def test_without_a_process_it_is_told(tmp_path, monkeypatch):
    def fail(*_arguments, **_options):
        raise EnvironmentError(24, 'Too many open files')
    monkeypatch.setattr(starting, 'start_child', fail)
    before = descriptors()

    assert str(failure(lambda: StateFile(str(tmp_path / 'orders')).save('x'))).endswith('Too many open files')
    assert descriptors() == before


def test_a_writer_that_ends_without_an_answer_may_have_written_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(statefile.sys, 'executable', '/bin/true')
    error = failure(lambda: StateFile(str(tmp_path / 'orders')).save('x'))

    assert (str(error), error.unsure) == (
        '%s: cannot be written: the process that writes ended' % (tmp_path / 'orders'), True)
