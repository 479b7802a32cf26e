"""Waits for what must happen, with a limit."""
import time


class TooLate(AssertionError):
    """What was waited for did not happen in time."""


def wait_for(happened, what, limit=15.0):
    """The first true value of happened(), asked every 50 ms for at most limit seconds."""
    end = time.monotonic() + limit
    while True:
        value = happened()
        if value:
            return value
        if time.monotonic() > end:
            raise TooLate('not within %g s: %s' % (limit, what))
        time.sleep(0.05)
