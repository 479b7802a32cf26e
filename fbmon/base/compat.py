"""What Python 2.7 and 3 do differently, asked by feature, never by version."""
import errno
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time

try:
    import queue
except ImportError:
    import Queue as queue  # noqa: F401

# Raised where a system call fails, in either language; 2.7 has three of them.
try:
    from select import error as _select_error
    from socket import error as _socket_error
    SYSTEM_ERRORS = (EnvironmentError, _select_error, _socket_error)
except ImportError:
    SYSTEM_ERRORS = (EnvironmentError,)


# fcntl(2): the size of a pipe. Python has the name since 3.10.
F_SETPIPE_SZ = 1031

# Seconds: of a timer that nobody waits for, 31 years.
TIMER = 1e9


def _clock_by_timer():
    """A clock of this process alone, in seconds: 2.7 has no time.monotonic.

    It reads what is left of ITIMER_REAL (setitimer(2)), which counts by CLOCK_MONOTONIC in microseconds, whatever the
    wall clock does. clock_gettime(2) by ctypes would take three times as long and a megabyte of memory.
    """
    signal.setitimer(signal.ITIMER_REAL, TIMER)
    left, timer = signal.getitimer, signal.ITIMER_REAL
    return lambda: TIMER - left(timer)[0]


monotonic = getattr(time, 'monotonic', None) or _clock_by_timer()


def error_number(error):
    """The errno of an error among SYSTEM_ERRORS; select.error of 2.7 has it only among its arguments."""
    return getattr(error, 'errno', None) or (error.args[0] if error.args else None)


def interrupted(error):
    """Whether a system call was interrupted by a signal (2.7 does not start it again by itself)."""
    return error_number(error) == errno.EINTR


def would_block(error):
    """Whether a non-blocking call found nothing to do."""
    return error_number(error) in (errno.EAGAIN, errno.EWOULDBLOCK)


def close_on_exec(descriptor):
    """Keep a descriptor from our children: 2.7 hands every one of them on."""
    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)


def unblocked(descriptor):
    """The same descriptor, made non-blocking."""
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_NONBLOCK)
    return descriptor


def pipe():
    """The two ends, reading and writing, of a non-blocking pipe that children do not inherit: one of a page, since a
    byte wakes us and a user with more than 16,384 pages of pipes is given tiny ones (pipe-user-pages-soft, proc(5))."""
    ends = os.pipe()
    for end in ends:
        close_on_exec(unblocked(end))
    try:
        fcntl.fcntl(ends[1], F_SETPIPE_SZ, select.PIPE_BUF)
    except EnvironmentError:
        pass
    return ends


def poll(poller, timeout=None):
    """poller.poll(timeout in ms, None: no limit), which an interrupting signal ends early with nothing."""
    try:
        return poller.poll(timeout)
    except SYSTEM_ERRORS as error:
        if not interrupted(error):
            raise
        return []


def run_signal_handlers():
    """Run the handlers of signals that have come; for the main thread.

    2.7 looks for them when a counter of bytecodes is at its end, which a signal brings about, and which a thread on
    another processor undoes when it counts at that moment. Then nobody looks for the next 10,000. Its repr() does.
    """
    repr(None)


def switch_threads_seldom():
    """2.7 lets another thread run every 100 bytecodes, which costs each of them a wake-up; on 3 all that wait for their
    turn wake up every 5 ms to ask for it, and a thousand of them do little else. Ours have their turns soon: they wait
    for the system after each of their short tasks."""
    if hasattr(sys, 'setswitchinterval'):
        sys.setswitchinterval(0.05)
    else:
        sys.setcheckinterval(10000)


def _prepare():
    """What 3 does by itself, in the child: Python ignores SIGPIPE, and a child that inherits that outlives its reader;
    and what another thread has opened a moment ago may not be close-on-exec yet."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        opened = [int(name) for name in os.listdir('/proc/self/fd')]
    except EnvironmentError:
        opened = []
    for descriptor in opened:
        try:
            if descriptor > 2:
                close_on_exec(descriptor)
        except EnvironmentError:
            # That of the listing itself.
            pass


def _in_new_session():
    _prepare()
    os.setsid()


# Popen of 2.7 is not safe from several threads at once (bpo-20318).
_spawning = threading.Lock()


def start_child(arguments, session=False, **options):
    """subprocess.Popen(arguments, unbuffered, ...), leading its own session if asked to. Raises EnvironmentError.

    Every descriptor of ours is close-on-exec, so that 2.7 need not close all numbers up to the limit.
    """
    if hasattr(os, 'set_inheritable'):
        options.update(start_new_session=session)
    else:
        options.update(close_fds=False, preexec_fn=_in_new_session if session else _prepare)
    with _spawning:
        return subprocess.Popen(arguments, bufsize=0, **options)
