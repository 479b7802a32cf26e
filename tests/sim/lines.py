"""Counts how often the simulated kernel has told of each address and port. The daemon must not tell more often."""
import collections


class Lines(object):
    """Counts the lines about each address and link since forget()."""

    def __init__(self, kernel):
        self._counts = collections.Counter()
        self._names = dict((index, device.name) for index, device in kernel.devices.items())

    def forget(self):
        """Start again, since a new daemon compares only with its own first reading."""
        self._counts.clear()

    def take(self, line):
        """Count a line of `ip -o monitor address link`: about an address, or about a link and all that is on it."""
        words = line.split(None, 5)
        gone = words[0] == 'Deleted'
        index, name, kind, address = words[gone:gone + 4]
        if kind in ('inet', 'inet6'):
            self._counts[name, address.partition('/')[0]] += 1
            return
        index, name = int(index[:-1]), name[:-1].partition('@')[0]
        # After a rename it is gone under its old name.
        for one in set((name, self._names.get(index, name))):
            self._counts[one] += 1
        self._names[index] = name

    def of(self, item):
        """How often the kernel has told of one of the daemon's items."""
        return self._counts[item[0]] + (self._counts[tuple(item)] if len(item) > 1 else 0)
