"""The clock of the tests. Its seconds mean the same in all processes of a test; those of fbmon's clock need not."""
import ctypes
import time


class _Timespec(ctypes.Structure):
    _fields_ = [('seconds', ctypes.c_long), ('nanoseconds', ctypes.c_long)]


def _by_ctypes():
    """A function that returns CLOCK_MONOTONIC in seconds (clock_gettime(2)), since 2.7 has no time.monotonic."""
    now = _Timespec()
    ctypes.CDLL(None).clock_gettime(1, ctypes.byref(now))
    return now.seconds + now.nanoseconds * 1e-9


monotonic = getattr(time, 'monotonic', _by_ctypes)
