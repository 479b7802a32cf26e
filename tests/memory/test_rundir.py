"""rundir.py: only one daemon at a time; if the directory cannot be used, the daemon goes on and says so."""
import fcntl
import os
import subprocess

import pytest

from fbmon.memory import rundir
from fbmon.memory.records import Records
from fbmon.memory.rundir import AlreadyRunning, RunDirectory
from fbmon.show import statussocket
from helpers import finish, python, read, write

# A group that we may give to a file.
GROUP = 4242 if os.geteuid() == 0 else os.getegid()

HOLD = '''
import sys
from fbmon.memory.rundir import RunDirectory
held = RunDirectory(sys.argv[1])
print(held.error)
sys.stdout.flush()
sys.stdin.read()
'''


def mode(path):
    return os.stat(path).st_mode & 0o777


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the directory tmp/run."""
    child = python(HOLD, tmp_path / 'run', stdin=subprocess.PIPE)
    assert child.stdout.readline() == b'None\n'
    yield child
    child.stdin.close()
    child.stdin = None
    finish(child)


@pytest.mark.parametrize('groups', [
    None, '', 'root:x:0:\n', 'fastbypass2:x:%d:\n' % GROUP, 'fastbypass', 'fastbypass:x\n', 'fastbypass:x::\n',
    'fastbypass:x:ten:\n', 'fastbypass:x:-9:\n', 'fastbypass:x:%s:\n' % ('9' * 30)])
def test_without_a_group_of_readers_the_directory_is_made_for_its_owner_alone(tmp_path, groups):
    if groups is not None:
        write(tmp_path / 'group', groups)
    made = RunDirectory(str(tmp_path / 'a' / 'run'), str(tmp_path / 'group'))

    assert made.error is None
    assert mode(made.path) == 0o700
    assert read(made.file(rundir.LOCK)) == '%d\n' % os.getpid()


@pytest.mark.parametrize('before', [None, 0o700])
def test_the_group_of_readers_may_go_through_the_directory_but_not_read_its_files(tmp_path, before):
    write(tmp_path / 'group', 'root:x:0:\nfastbypass:x:%d:alice,bob\n' % GROUP)
    if before is not None:
        # An earlier version has made it.
        os.mkdir(str(tmp_path / 'run'), before)
    made = RunDirectory(str(tmp_path / 'run'), str(tmp_path / 'group'))
    sock = statussocket.listen(made.file(rundir.SOCKET))
    sock.close()
    for name in (rundir.LEDGER, rundir.HISTORY, rundir.ROUTES, rundir.RETURN):
        Records(made.file(name)).rewrite([])

    assert (made.error, os.stat(made.path).st_mode & 0o7777, os.stat(made.path).st_gid) == (None, 0o2750, GROUP)
    assert (mode(made.file(rundir.SOCKET)), os.stat(made.file(rundir.SOCKET)).st_gid) == (0o660, GROUP)
    assert [mode(made.file(name)) for name in os.listdir(made.path) if name != rundir.SOCKET] == [0o600] * 5


def test_a_directory_that_somebody_has_opened_is_left_as_it_is(tmp_path):
    write(tmp_path / 'group', 'fastbypass:x:%d:\n' % GROUP)
    os.mkdir(str(tmp_path / 'run'))
    os.chmod(str(tmp_path / 'run'), 0o755)

    made = RunDirectory(str(tmp_path / 'run'), str(tmp_path / 'group'))

    assert (made.error, os.stat(made.path).st_mode & 0o7777) == (None, 0o755)


def test_a_second_daemon_is_told_the_pid_of_the_first(tmp_path, holder):
    with pytest.raises(AlreadyRunning) as raised:
        RunDirectory(str(tmp_path / 'run'))

    assert str(raised.value) == 'the daemon is already running in %s with pid %d' % (tmp_path / 'run', holder.pid)


def test_a_second_try_does_not_take_the_first_ones_pid_away(tmp_path, holder):
    for _ in range(2):
        with pytest.raises(AlreadyRunning) as raised:
            RunDirectory(str(tmp_path / 'run'))

        assert str(raised.value).endswith(' %d' % holder.pid)


def test_a_daemon_that_was_killed_does_not_hold_the_lock(tmp_path, holder):
    holder.kill()
    holder.wait()

    assert RunDirectory(str(tmp_path / 'run')).error is None
    assert read(tmp_path / 'run' / 'daemon.lock') == '%d\n' % os.getpid()


def test_a_shorter_pid_replaces_a_longer_one(tmp_path):
    write(tmp_path / 'daemon.lock', '99999999999\n')

    RunDirectory(str(tmp_path))

    assert read(tmp_path / 'daemon.lock') == '%d\n' % os.getpid()


def test_children_do_not_keep_the_lock(tmp_path):
    made = RunDirectory(str(tmp_path))

    kept = [int(one) for one in os.listdir('/proc/self/fd')
            if os.path.realpath('/proc/self/fd/' + one) == os.path.realpath(made.file(rundir.LOCK))]
    assert [fcntl.fcntl(one, fcntl.F_GETFD) & fcntl.FD_CLOEXEC for one in kept] == [fcntl.FD_CLOEXEC]


def test_where_the_directory_cannot_be_made_it_goes_on_and_says_so(tmp_path):
    write(tmp_path / 'file', '')
    made = RunDirectory(str(tmp_path / 'file' / 'run'))

    assert made.error == '%s: Not a directory: no lock against a second daemon' % (tmp_path / 'file' / 'run')


@pytest.mark.parametrize('make', [lambda path: write(path, 'text'), lambda path: os.symlink('/nowhere', str(path))])
def test_what_is_no_directory_is_said_to_be_none(tmp_path, make):
    make(tmp_path / 'run')

    assert RunDirectory(str(tmp_path / 'run')).error == (
        '%s: Not a directory: no lock against a second daemon' % (tmp_path / 'run'))


def test_a_symbolic_link_in_place_of_the_lock_is_not_followed(tmp_path):
    write(tmp_path / 'precious', 'precious')
    os.symlink(str(tmp_path / 'precious'), str(tmp_path / 'daemon.lock'))

    assert RunDirectory(str(tmp_path)).error is not None
    assert read(tmp_path / 'precious') == 'precious'


def test_a_directory_that_another_daemon_has_just_made_is_no_error(tmp_path, monkeypatch):
    path = str(tmp_path / 'run')
    os.mkdir(path)
    there = os.path.isdir
    looks = iter([False])
    monkeypatch.setattr(os.path, 'isdir', lambda one: next(looks, None) is None and there(one))

    assert RunDirectory(path).error is None
