"""The clock of the tests: seconds that mean the same in all of their processes, which those of fbmon need not do."""
import ctypes
import time


class _Timespec(ctypes.Structure):
    _fields_ = [('seconds', ctypes.c_long), ('nanoseconds', ctypes.c_long)]


def _by_ctypes():
    """CLOCK_MONOTONIC of clock_gettime(2): 2.7 has no time.monotonic."""
    now = _Timespec()
    ctypes.CDLL(None).clock_gettime(1, ctypes.byref(now))
    return now.seconds + now.nanoseconds * 1e-9


monotonic = getattr(time, 'monotonic', _by_ctypes)
