"""compat.py: it behaves in the same way on 2.7 and 3."""
import errno
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest

import helpers
from fbmon.base import compat
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
        compat.start_child(['/bin/true'])

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert os.listdir('/proc/self/fd') == opened
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    compat.start_child(['/bin/true']).wait()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_the_clock_made_of_a_timer_goes_as_that_of_the_system_does():
    script = 'import clock, time; from fbmon.base import compat; by_timer = compat._clock_by_timer();' \
             'began, first = clock.monotonic(), by_timer(); time.sleep(0.2);' \
             'last, ended = by_timer(), clock.monotonic(); print(last - first); print(ended - began)'

    code, output, _ = finish(python(script))

    took, most = [float(line) for line in output.split()]
    assert (code, 0.2 - 1e-5 <= took <= most + 1e-5) == (0, True)


def test_the_monotonic_clock_counts_in_steps_far_below_a_millisecond():
    def step():
        before = now = compat.monotonic()
        while now == before:
            now = compat.monotonic()
        return now - before

    assert 0 < min(step() for _ in range(100)) < 0.0005


def test_an_error_number_is_found_in_every_kind_of_error():
    errors = [OSError(errno.EINTR, 'x'), IOError(errno.EINTR, 'x'), socket.error(errno.EINTR, 'x'),
              select.error(errno.EINTR, 'x')]

    assert [compat.error_number(error) for error in errors] == [errno.EINTR] * 4
    assert all(compat.interrupted(error) and isinstance(error, compat.SYSTEM_ERRORS) for error in errors)
    assert compat.error_number(OSError()) is None


def test_reading_an_empty_pipe_would_block():
    reader, writer = compat.pipe()
    try:
        os.read(reader, 1)
        found = None
    except EnvironmentError as error:
        found = error
    finally:
        os.close(reader)
        os.close(writer)

    assert compat.would_block(found) and not compat.interrupted(found)


def test_a_pipe_takes_one_page_of_what_a_user_may_have():
    reader, writer = compat.pipe()
    try:
        assert fcntl.fcntl(writer, 1032) == os.sysconf('SC_PAGE_SIZE')     # F_GETPIPE_SZ
    finally:
        os.close(reader)
        os.close(writer)


def test_both_ends_of_a_pipe_are_kept_from_children():
    ends = compat.pipe()
    try:
        assert [fcntl.fcntl(end, fcntl.F_GETFD) & fcntl.FD_CLOEXEC for end in ends] == [fcntl.FD_CLOEXEC] * 2
    finally:
        for end in ends:
            os.close(end)


def test_a_poll_that_a_signal_interrupts_ends_without_an_error():
    reader, writer = compat.pipe()
    poller = select.poll()
    poller.register(reader, select.POLLIN)
    caught = []
    before = signal.signal(signal.SIGALRM, lambda *_: caught.append(True))
    alarm = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGALRM))
    alarm.start()
    try:
        ready = compat.poll(poller, 1000)
    finally:
        alarm.join()
        signal.signal(signal.SIGALRM, before)
        os.close(reader)
        os.close(writer)

    assert (ready, caught) == ([], [True])


def test_a_poll_that_fails_otherwise_says_so():
    class Broken(object):
        def poll(self, timeout):
            raise select.error(errno.EBADF, 'Bad file descriptor')

    try:
        compat.poll(Broken())
        found = None
    except compat.SYSTEM_ERRORS as error:
        found = compat.error_number(error)

    assert found == errno.EBADF


def test_a_child_gets_none_of_our_descriptors_and_dies_of_a_broken_pipe():
    reader, writer = compat.pipe()
    script = 'test -e /proc/self/fd/%d && echo inherited; kill -PIPE $$; echo ignored' % reader
    try:
        child = compat.start_child(['sh', '-c', script], stdout=subprocess.PIPE)
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
        compat.start_child(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

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
    monkeypatch.setattr(compat.os, 'execvpe', found)
    monkeypatch.setattr(compat.os, 'listdir', listdir)
    try:
        output = compat.start_child(['x'], stdout=subprocess.PIPE).communicate()[0]
    finally:
        for end in ends:
            os.close(end)

    # The pipe for the report, and the listing itself.
    assert len(output.split()) == 3 + 2


@pytest.fixture
def late(monkeypatch):
    """Children execute their programs when there is something to read from stdin."""
    execute = os.execvpe
    monkeypatch.setattr(compat.os, 'execvpe', lambda *words: (
        select.select([0], [], [], helpers.LIMIT) and execute(*words)))


def test_a_child_that_fails_when_nobody_waits_any_more_says_why_and_ends_with_127(late):
    child = compat.start_child(['/nowhere/ip'], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
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
    monkeypatch.setattr(compat, 'BRIEFLY', helpers.LIMIT)
    monkeypatch.setattr(compat, 'poll', interrupted)
    try:
        with pytest.raises(EnvironmentError) as raised:
            compat.start_child(['/nowhere/ip'], stdin=ends[0])
    finally:
        for end in ends:
            os.close(end)

    assert raised.value.errno == errno.ENOENT


def test_where_a_vfork_would_stop_all_threads_a_patient_one_forks_as_the_others_do(monkeypatch):
    monkeypatch.setattr(compat, 'VFORK_STOPS_NOBODY', False)
    executed = []
    monkeypatch.setattr(compat.subprocess, 'Popen', lambda *_, **options: executed.append(options['preexec_fn']))

    compat.start_child(['true'], patient=True)

    assert len(executed) == 1


def test_a_thread_that_hangs_in_the_middle_of_a_log_line_holds_up_no_start_of_a_child():
    # Since 3.7 a fork takes some of the locks of logging.
    script = """
import logging, os, threading
from fbmon.base import compat
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
print(compat.start_child(['true']).wait())
os._exit(0)
"""
    assert finish(python(script)) == (0, '0\n', '')


def test_a_program_is_looked_up_on_the_path_that_it_gets(tmp_path):
    helpers.write_program(str(tmp_path / 'fbmon-program'), 'echo "$A"')
    child = compat.start_child(['fbmon-program'], stdout=subprocess.PIPE, env={
        'PATH': '/nowhere:%s:/bin:/usr/bin' % tmp_path, 'A': 'b'})

    assert (child.communicate()[0], child.returncode) == (b'b\n', 0)


def test_threads_take_turns_seldom():
    script = 'import sys; from fbmon.base import compat; compat.switch_threads_seldom();' \
             'print(sys.getswitchinterval() if hasattr(sys, "getswitchinterval") else sys.getcheckinterval())'

    code, output, _ = finish(python(script))

    assert (code, round(float(output), 6)) == (0, 0.05 if hasattr(sys, 'getswitchinterval') else 10000)
