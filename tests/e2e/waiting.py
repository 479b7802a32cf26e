"""Waits for an event, with a limit."""
import time


class TooLate(AssertionError):
    """The event did not happen in time. The argument says which."""


def wait_for(happened, what, limit=15.0):
    """Ask each 50 ms whether happened() is true, and return its value. Raises TooLate after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        value = happened()
        if value:
            return value
        if time.monotonic() > end:
            raise TooLate('not within %g s: %s' % (limit, what))
        time.sleep(0.05)
