"""compat.py: it behaves in the same way on 2.7 and 3."""
import errno
import fcntl
import os
import select
import signal
import socket
import sys
import threading

from fbmon.base import compat
from helpers import finish, python


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


def test_threads_take_turns_seldom():
    script = 'import sys; from fbmon.base import compat; compat.switch_threads_seldom();' \
             'print(sys.getswitchinterval() if hasattr(sys, "getswitchinterval") else sys.getcheckinterval())'

    code, output, _ = finish(python(script))

    assert (code, round(float(output), 6)) == (0, 0.05 if hasattr(sys, 'getswitchinterval') else 10000)
