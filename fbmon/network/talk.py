"""The words of `ip monitor` on stderr: some mean that it has lost changes; the others are harmless and are logged
once."""
import logging

from fbmon.network import iproute

# What it says of a loss, in small letters; it goes on afterwards. All else is harmless: of a stale file in /run/netns,
# of a line in /etc/iproute2/group.
LOSS = (b'netlink receive error', b'dump was interrupted')

# Different harmless lines that are logged; bytes of a line that are kept.
MOST, LONGEST = 20, 300


class Talk(object):
    """The words of one child after the other."""

    def __init__(self):
        self._logged = set()
        self.begin()

    def begin(self):
        """A new child."""
        self._rest = self._last = b''

    def take(self, part):
        """Take what can be read (None: nothing yet); raises IpError for what means loss."""
        said = self._rest + (part or b'')
        if any(loss in said.lower() for loss in LOSS):
            raise _error(said)
        lines = said.split(b'\n')
        self._rest = lines.pop()[-LONGEST:]
        for line in lines:
            self._harmless(line[:LONGEST])

    def end(self, part):
        """Take the last of what can be read, and raise the IpError of a child that has ended."""
        self.take((part or b'') + b'\n')
        raise _error(b'ended' + (b': ' + self._last if self._last else b''))

    def _harmless(self, line):
        if not line.strip():
            return
        self._last = line
        if line not in self._logged and len(self._logged) < MOST:
            self._logged.add(line)
            logging.warning('ip monitor says: %s', iproute.words(line))


def _error(said):
    return iproute.IpError('ip monitor: %s' % iproute.words(said))
