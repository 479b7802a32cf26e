"""Reads what `ip monitor` says on stderr. Some words mean that it has lost changes; the others are logged once."""
import logging

from fbmon.base import children
from fbmon.network import iproute

# The words that mean a loss, in small letters; `ip` goes on after them. All others are harmless, for example those
# about a stale file in /run/netns or a line in /etc/iproute2/group.
LOSS = (b'netlink receive error', b'dump was interrupted')

# At most MOST different harmless lines are logged, and at most LONGEST bytes of each.
MOST, LONGEST = 20, 300


class Talk(object):
    """Takes the words of one child after the other."""

    def __init__(self):
        self._logged = set()
        self.begin()

    def begin(self):
        """Begin with a new child."""
        self._rest = self._last = b''

    def take(self, part):
        """Take what was read (None: nothing yet). Raises IpError if it means a loss."""
        said = self._rest + (part or b'')
        if any(loss in said.lower() for loss in LOSS):
            raise _error(said)
        lines = said.split(b'\n')
        self._rest = lines.pop()[-LONGEST:]
        for line in lines:
            self._harmless(line[:LONGEST])

    def end(self, part):
        """Take the last words of a child that has ended, and raise IpError with them."""
        self.take((part or b'') + b'\n')
        raise _error(b'ended' + (b': ' + self._last if self._last else b''))

    def _harmless(self, line):
        if not line.strip():
            return
        self._last = line
        if line not in self._logged and len(self._logged) < MOST:
            self._logged.add(line)
            logging.warning('ip monitor says: %s', children.words(line))


def _error(said):
    return iproute.IpError('ip monitor: %s' % children.words(said))
