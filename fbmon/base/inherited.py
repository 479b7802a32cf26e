"""Sets right what whoever started us may have left: closed descriptors, ignored and blocked signals."""
import os
import signal
import sys

STREAMS = (('stdin', 'r'), ('stdout', 'w'), ('stderr', 'w'))


def set_right():
    """The first thing of every command, while there is one thread and no file is open."""
    _open_standard_descriptors()
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        # The kernel would throw away how our children end: a failed `ip` would be taken for success.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _unblock_signals()


def _open_standard_descriptors():
    """/dev/null where 0, 1 or 2 is closed: the next file or pipe would get that number, and with it what is meant for
    stderr."""
    for descriptor, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(descriptor)
        except EnvironmentError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            # 3 has made none, since there was none when it started.
            setattr(sys, name, os.fdopen(descriptor, mode))


def _unblock_signals():
    """A blocked SIGTERM would never stop us; threads and children inherit what is blocked."""
    if hasattr(signal, 'pthread_sigmask'):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    elif _blocked('/proc/self/status'):
        # 2.7 cannot by itself. A megabyte of memory, so only where it is needed.
        import ctypes
        none = ctypes.create_string_buffer(128)
        ctypes.CDLL(None).sigprocmask(2, none, None)    # 2: SIG_SETMASK


def _blocked(path):
    """The mask of blocked signals of proc(5)."""
    with open(path) as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith('SigBlk:'))
