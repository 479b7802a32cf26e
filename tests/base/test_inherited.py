"""inherited.py: closed descriptors and ignored or blocked signals are put right before a command does anything."""
import ctypes
import os
import signal
import subprocess
import sys

import pytest

from helpers import FBMON, finish, python, read, wait_for, write

NUMBERS = ('SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPIPE', 'SIGHUP')


def block(*numbers):
    """Block these signals in this process."""
    mask = ctypes.create_string_buffer(128)
    libc = ctypes.CDLL(None)
    libc.sigemptyset(mask)
    for number in numbers:
        libc.sigaddset(mask, int(number))
    libc.sigprocmask(0, mask, None)


def without(*descriptors):
    """The words in front of a command that starts it without these descriptors."""
    closed = ' '.join('%d>&-' % descriptor for descriptor in descriptors)
    return ['sh', '-c', 'exec "$@" ' + closed, 'sh']


@pytest.fixture
def daemon(tmp_path):
    """daemon(words in front, **options of Popen): a running daemon that manages nothing. It ends after the test."""
    children = []

    def start(prefix=(), **options):
        path = write(tmp_path / '.env', '# nothing\n')
        places = ['--config', path, '--log-dir', str(tmp_path / 'logs'), '--run-dir', str(tmp_path / 'run'),
                  '--state-dir', str(tmp_path / 'state')]
        children.append(subprocess.Popen(list(prefix) + [sys.executable, FBMON] + places + ['run'], close_fds=True,
                                         **options))
        wait_for(lambda: children[-1].poll() is not None or os.path.exists(str(tmp_path / 'run' / 'status.sock')))
        return children[-1]
    yield start
    for child in children:
        if child.poll() is None:
            # Not kill(): so the daemon ends its `ip`, too.
            child.terminate()
        finish(child)


def ended(child):
    """Wait until a child has ended by itself. Returns its exit code."""
    return finish(child)[0]


@pytest.mark.parametrize('closed', [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_what_is_closed_is_the_null_device_and_no_file_of_ours(daemon, tmp_path, closed):
    child = daemon(without(*closed))
    pid = child.pid

    assert [os.readlink('/proc/%d/fd/%d' % (pid, descriptor)) for descriptor in closed] == ['/dev/null'] * len(closed)
    child.terminate()
    assert ended(child) == 0
    # With a closed stderr the lines of the log would be in this file.
    assert read(tmp_path / 'run' / 'daemon.lock') == '%d\n' % pid


@pytest.mark.parametrize('words', [['check'], ['status'], ['force_on'], ['--version'], ['--help'], ['nonsense']])
@pytest.mark.parametrize('closed', [(1,), (2,), (0, 1, 2)])
def test_a_command_with_closed_descriptors_ends_without_a_traceback(tmp_path, words, closed):
    write(tmp_path / '.env', '# nothing\n')
    places = ['--config', str(tmp_path / '.env'), '--log-dir', str(tmp_path / 'logs'), '--run-dir',
              str(tmp_path / 'run'), '--state-dir', str(tmp_path / 'state')]
    command = [sys.executable, FBMON] + places + words

    expected = ended(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    code, _, errors = finish(subprocess.Popen(without(*closed) + command, stdout=subprocess.PIPE,
                                              stderr=subprocess.PIPE))

    assert (code, 'Traceback' in errors or 'lost sys.stderr' in errors) == (expected, False)


def test_where_sigchld_is_ignored_a_child_that_fails_is_seen_to_fail():
    child = python('import subprocess, sys; from fbmon.base import inherited; inherited.set_right();'
                   'sys.exit(subprocess.call(["sh", "-c", "exit 7"]))',
                   preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))

    assert ended(child) == 7


def test_a_daemon_that_was_started_with_blocked_signals_is_stopped_by_them(daemon):
    child = daemon(preexec_fn=lambda: block(signal.SIGTERM, signal.SIGHUP))

    child.terminate()

    assert ended(child) == 0


def test_children_of_a_daemon_that_was_started_with_blocked_signals_block_none():
    child = python('import subprocess; from fbmon.base import inherited; inherited.set_right();'
                   'subprocess.call(["grep", "SigBlk", "/proc/self/status"])',
                   preexec_fn=lambda: block(signal.SIGTERM))

    assert finish(child)[1].split() == ['SigBlk:', '0' * 16]


def test_nothing_large_is_loaded_where_nothing_is_blocked():
    child = python("import sys; from fbmon.base import inherited; inherited.set_right();"
                   "print('ctypes' in sys.modules)")

    assert finish(child)[:2] == (0, 'False\n')


@pytest.mark.parametrize('name', NUMBERS)
def test_signals_that_mean_nothing_to_the_daemon_do_not_end_it(daemon, name):
    child = daemon()

    for _ in range(50):
        child.send_signal(getattr(signal, name))

    child.terminate()
    assert ended(child) == 0


def test_the_signals_that_mean_nothing_to_the_daemon_are_no_matter_of_its_children(daemon):
    child = daemon()

    def children():
        pids = read('/proc/%d/task/%d/children' % (child.pid, child.pid)).split()
        pids += [pid for task in os.listdir('/proc/%d/task' % child.pid)
                 for pid in read('/proc/%d/task/%s/children' % (child.pid, task)).split()]
        return [pid for pid in pids if read('/proc/%s/cmdline' % pid).startswith('ip\0-o\0monitor')]
    pid = wait_for(children)[0]
    ignored = next(int(line.split()[1], 16) for line in read('/proc/%s/status' % pid).splitlines()
                   if line.startswith('SigIgn:'))

    assert [name for name in ('SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPIPE')
            if ignored >> (getattr(signal, name) - 1) & 1] == []
