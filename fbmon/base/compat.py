"""Hides the differences between Python 2.7 and 3. It tests for features, for a version only where no feature tells."""
import codecs
import errno
import fcntl
import os
import select
import signal
import sys
import time

try:
    import queue
except ImportError:
    import Queue as queue  # noqa: F401

# What a failed system call raises. 2.7 has three kinds of errors for it.
try:
    from select import error as _select_error
    from socket import error as _socket_error
    SYSTEM_ERRORS = (EnvironmentError, _select_error, _socket_error)
except ImportError:
    SYSTEM_ERRORS = (EnvironmentError,)

# All that are used, loaded now: 2.7 would look for each at its first use, and an upgrade of the system may have removed
# the files of a running daemon's Python by then.
CODECS = ('ascii', 'utf-8', 'unicode_escape', 'latin-1')
for _codec in CODECS:
    codecs.lookup(_codec)

# fcntl(2): the size of a pipe. Python has the name since 3.10.
F_SETPIPE_SZ = 1031

# Seconds that the timer of the clock is set to: 31 years.
TIMER = 1e9


def _clock_by_timer():
    """A function that returns the seconds since its making, for 2.7, which has no time.monotonic.

    It reads what is left of ITIMER_REAL (setitimer(2)). That timer counts microseconds by CLOCK_MONOTONIC, so a step of
    the wall clock changes nothing. clock_gettime(2) by ctypes would take three times as long and a megabyte of memory.
    """
    signal.setitimer(signal.ITIMER_REAL, TIMER)
    left, timer = signal.getitimer, signal.ITIMER_REAL
    return lambda: TIMER - left(timer)[0]


monotonic = getattr(time, 'monotonic', None) or _clock_by_timer()


def native(path):
    """A path from a JSON document as this process names it, in any locale. In 2.7 it is bytes."""
    if hasattr(os, 'fsdecode'):
        return os.fsdecode(path.encode('utf-8', 'surrogateescape'))
    return path.encode('utf-8')


def error_number(error):
    """The errno of one of SYSTEM_ERRORS, or None. select.error of 2.7 has it only among its arguments."""
    return getattr(error, 'errno', None) or (error.args[0] if error.args else None)


def interrupted(error):
    """Whether a signal interrupted a system call. 2.7 does not start the call again by itself."""
    return error_number(error) == errno.EINTR


def would_block(error):
    """Whether a non-blocking call failed because it would have to wait."""
    return error_number(error) in (errno.EAGAIN, errno.EWOULDBLOCK)


def close_on_exec(descriptor):
    """Keep children from inheriting a descriptor. With 2.7 they would inherit every one."""
    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)


def unblocked(descriptor):
    """Make a descriptor non-blocking, and return it."""
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_NONBLOCK)
    return descriptor


def blocking(descriptor):
    """Make a descriptor blocking, as a child expects its stdin and stdout."""
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) & ~os.O_NONBLOCK)


def pipe():
    """(end to read, end to write) of a non-blocking pipe that children do not inherit.

    The pipe is one page long, which is enough: one byte in it wakes us. A user with more than 16,384 pages of pipes
    would get tiny ones (pipe-user-pages-soft, proc(5)).
    """
    ends = os.pipe()
    for end in ends:
        close_on_exec(unblocked(end))
    try:
        fcntl.fcntl(ends[1], F_SETPIPE_SZ, select.PIPE_BUF)
    except EnvironmentError:
        pass
    return ends


def poll(poller, timeout=None):
    """poller.poll(timeout), in ms, None for no limit. If a signal interrupts it, it returns [] early."""
    try:
        return poller.poll(timeout)
    except SYSTEM_ERRORS as error:
        if not interrupted(error):
            raise
        return []


def run_signal_handlers():
    """Run the handlers of the signals that have come. The main thread must call it.

    2.7 looks for signals when a counter of bytecodes has run out. A signal sets this counter to zero, but a thread on
    another processor that counts at the same moment undoes that. Then nobody looks for the next 10,000 bytecodes.
    repr() of 2.7 always looks.
    """
    repr(None)


def switch_threads_seldom():
    """Let Python switch between threads seldom, since each switch costs wake-ups.

    2.7 lets another thread run after every 100 bytecodes. With 3 every thread that waits for its turn wakes up each
    5 ms to ask for it, and a thousand of them do little else. Our threads get their turns soon anyway: each one has
    short tasks and waits for the system after each of them.
    """
    if hasattr(sys, 'setswitchinterval'):
        sys.setswitchinterval(0.05)
    else:
        sys.setcheckinterval(10000)
