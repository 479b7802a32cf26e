"""Tells that heartbeats to a target do not go out, once for each reason, and that they go out again. Pure."""

# Seconds without an error after which a target works again. The kernel needs three to find that nobody has an address,
# and takes every datagram meanwhile.
QUIET = 10.0

AGAIN = 'heartbeats go out again'


class Trouble(object):
    """What is wrong with one target."""

    def __init__(self):
        self._told, self._last = [], None

    @property
    def reason(self):
        """The latest reason that was told; None if all is well."""
        return self._told[-1] if self._told else None

    def note(self, reason, now):
        """Note what came of a heartbeat: a reason, or None. Returns what is to be told, or None."""
        if reason:
            self._last = now
            if reason in self._told:
                return None
            self._told.append(reason)
            return reason
        if self._told and now - self._last >= QUIET:
            del self._told[:]
            return AGAIN
        return None
