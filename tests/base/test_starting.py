"""starting.py: children get nothing of ours, and nobody waits for a program that does not start."""
import errno
import os
import select
import signal
import subprocess

import pytest

import helpers
from fbmon.base import compat, starting
from helpers import finish, python


@pytest.fixture
def typed(monkeypatch):
    """Lets Ctrl-C be typed while a child is started, and be forgotten as Python does in its hooks of a fork."""
    real = subprocess.Popen

    def start(*arguments, **options):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            compat.run_signal_handlers()
        except KeyboardInterrupt:
            pass
        return real(*arguments, **options)
    monkeypatch.setattr(subprocess, 'Popen', start)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_ctrl_c_while_a_child_is_started_is_not_lost(typed):
    opened = os.listdir('/proc/self/fd')
    with pytest.raises(KeyboardInterrupt):
        starting.start_child(['/bin/true'])

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert os.listdir('/proc/self/fd') == opened
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    starting.start_child(['/bin/true']).wait()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_child_gets_none_of_our_descriptors_and_dies_of_a_broken_pipe():
    reader, writer = compat.pipe()
    script = 'test -e /proc/self/fd/%d && echo inherited; kill -PIPE $$; echo ignored' % reader
    try:
        child = starting.start_child(['sh', '-c', script], stdout=subprocess.PIPE)
        output = child.communicate()[0]
    finally:
        os.close(reader)
        os.close(writer)

    assert (output, child.returncode) == (b'', -signal.SIGPIPE)


@pytest.mark.parametrize('words, number', [
    (['/nowhere/ip'], errno.ENOENT), (['fbmon-nowhere'], errno.ENOENT), ([os.sep], errno.EACCES)])
def test_a_program_that_cannot_be_executed_is_an_error_as_with_popen(words, number):
    before = helpers.descriptors()
    with pytest.raises(EnvironmentError) as raised:
        starting.start_child(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    assert (raised.value.errno, raised.value.strerror) == (number, os.strerror(number))
    assert helpers.descriptors() == before


def no_proc(path):
    raise EnvironmentError(errno.ENOENT, os.strerror(errno.ENOENT), path)


@pytest.mark.parametrize('listdir', [os.listdir, no_proc])
def test_before_a_child_executes_its_program_it_has_closed_all_that_is_ours(monkeypatch, listdir):
    show = os.listdir

    def found(*_):
        os.write(1, ' '.join(show('/proc/self/fd')).encode('ascii'))
    ends = compat.pipe()
    monkeypatch.setattr(starting.os, 'execvpe', found)
    monkeypatch.setattr(starting.os, 'listdir', listdir)
    try:
        output = starting.start_child(['x'], stdout=subprocess.PIPE).communicate()[0]
    finally:
        for end in ends:
            os.close(end)

    # The pipe for the report, and the listing itself.
    assert len(output.split()) == 3 + 2


@pytest.fixture
def late(monkeypatch):
    """Children execute their programs when there is something to read from stdin."""
    execute = os.execvpe
    monkeypatch.setattr(starting.os, 'execvpe', lambda *words: (
        select.select([0], [], [], helpers.LIMIT) and execute(*words)))


def test_a_child_that_fails_when_nobody_waits_any_more_says_why_and_ends_with_127(late):
    child = starting.start_child(['/nowhere/ip'], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    said = child.communicate(b'.')[1]

    assert (said, child.returncode) == (b'cannot be started: No such file or directory\n', 127)


def test_a_signal_that_interrupts_the_start_of_a_child_hides_no_failure(late, monkeypatch):
    ends, waits, wait = os.pipe(), [], compat.poll

    def interrupted(poller, timeout):
        waits.append(timeout)
        if len(waits) == 1:
            return []
        os.write(ends[1], b'.')
        return wait(poller, timeout)
    monkeypatch.setattr(starting, 'BRIEFLY', helpers.LIMIT)
    monkeypatch.setattr(compat, 'poll', interrupted)
    try:
        with pytest.raises(EnvironmentError) as raised:
            starting.start_child(['/nowhere/ip'], stdin=ends[0])
    finally:
        for end in ends:
            os.close(end)

    assert raised.value.errno == errno.ENOENT


def test_where_a_vfork_would_stop_all_threads_a_patient_one_forks_as_the_others_do(monkeypatch):
    monkeypatch.setattr(starting, 'VFORK_STOPS_NOBODY', False)
    executed = []
    monkeypatch.setattr(starting.subprocess, 'Popen', lambda *_, **options: executed.append(options['preexec_fn']))

    starting.start_child(['true'], patient=True)

    assert len(executed) == 1


def test_a_thread_that_hangs_in_the_middle_of_a_log_line_holds_up_no_start_of_a_child():
    # Since 3.7 a fork takes some of the locks of logging.
    script = """
import logging, os, threading
from fbmon.base import starting
hangs = threading.Event()
class Hangs(logging.Handler):
    def emit(self, record):
        hangs.set()
        os.read(os.pipe()[0], 1)
logging.getLogger().addHandler(Hangs())
thread = threading.Thread(target=logging.error, args=('x',))
thread.daemon = True
thread.start()
hangs.wait()
print(starting.start_child(['true']).wait())
os._exit(0)
"""
    assert finish(python(script)) == (0, '0\n', '')


def test_a_program_is_looked_up_on_the_path_that_it_gets(tmp_path):
    helpers.write_program(str(tmp_path / 'fbmon-program'), 'echo "$A"')
    child = starting.start_child(['fbmon-program'], stdout=subprocess.PIPE, env={
        'PATH': '/nowhere:%s:/bin:/usr/bin' % tmp_path, 'A': 'b'})

    assert (child.communicate()[0], child.returncode) == (b'b\n', 0)


# Is killed as soon as it has started a child whose stdout it reads. It prints the child's pid.
KILLED = """
import os, socket, subprocess, sys, time
from fbmon.base import starting
real = subprocess.Popen
def start(*arguments, **options):
    pid = real(*arguments, **options).pid
    time.sleep(float(sys.argv[1]))
    os.write(1, b'%d' % pid)
    os.kill(os.getpid(), 9)
subprocess.Popen = start
ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
starting.start_child(['sleep', '600'], stdout=its, stderr=its, ends_with_reader=True)
"""


@pytest.mark.parametrize('seconds', [0, 0.2])
def test_a_child_ends_with_the_reader_of_its_socket_however_early_that_is_killed(seconds):
    code, pid, _ = finish(python(KILLED, seconds))

    assert code == -signal.SIGKILL
    helpers.wait_for(lambda: not helpers.alive(int(pid)))
