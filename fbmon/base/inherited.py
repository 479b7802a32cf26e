"""Puts right what the process that started us may have left: closed descriptors, ignored and blocked signals."""
import os
import signal
import sys

STREAMS = (('stdin', 'r'), ('stdout', 'w'), ('stderr', 'w'))


def set_right():
    """Put all of it right. Every command does this first, while there is one thread and no file is open."""
    _open_standard_descriptors()
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        # The kernel would forget the exit codes of our children, and a failed `ip` would look like a success.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _unblock_signals()


def _open_standard_descriptors():
    """Open /dev/null where 0, 1 or 2 is closed.

    Otherwise the next file or pipe would get that number, and what is meant for stderr would go there.
    """
    for descriptor, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(descriptor)
        except EnvironmentError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            # Python 3 has made no stream, because the descriptor was closed when it started.
            setattr(sys, name, os.fdopen(descriptor, mode))


def _unblock_signals():
    """Unblock all signals. A blocked SIGTERM would never stop us, and threads and children inherit what is blocked."""
    if hasattr(signal, 'pthread_sigmask'):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    elif _blocked('/proc/self/status'):
        # 2.7 needs ctypes for it. That costs a megabyte of memory, so it is loaded only when a signal is blocked.
        import ctypes
        none = ctypes.create_string_buffer(128)
        ctypes.CDLL(None).sigprocmask(2, none, None)    # 2: SIG_SETMASK


def _blocked(path):
    """The mask of blocked signals, as a number, from /proc/PID/status (proc(5))."""
    with open(path) as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith('SigBlk:'))
