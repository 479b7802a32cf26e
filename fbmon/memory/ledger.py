"""What the daemon put there, remembered across restarts in the run directory, written before the change is made.

One line a note: `+ address eth0 10.0.0.1`, `- port sw1`.
"""
from fbmon.memory.records import Records
from fbmon.rules.items import AddressItem, PortItem

# Lines beyond the items themselves after which the file is written anew.
LONG = 2000

_KINDS = {'address': AddressItem, 'port': PortItem}
_NAMES = dict((kind, name) for name, kind in _KINDS.items())


class Ledger(object):
    """The set of items that the daemon put there: addresses that it added, ports that it put down."""

    def __init__(self, path):
        self.items = set()
        self._records = Records(path)
        for line in self._records.read():
            self._replay(*parse(line))
        self._records.rewrite(self._lines())

    @property
    def error(self):
        """Why the file is not usable and all is kept in memory only, or None."""
        why = self._records.error
        return why and why + ': what is put there is not remembered across a restart'

    def note(self, items):
        """Remember items that are about to be put there."""
        fresh = [item for item in items if item not in self.items]
        self.items.update(fresh)
        self._append('+', fresh)

    def forget(self, items):
        """Items are no longer there, or no longer ours."""
        known = [item for item in items if item in self.items]
        self.items.difference_update(known)
        self._append('-', known)

    def _append(self, sign, items):
        if items:
            self._records.append([text(sign, item) for item in items], LONG + len(self.items), self._lines)

    def _lines(self):
        return [text('+', item) for item in sorted(self.items)]

    def _replay(self, sign, item):
        if sign == '+':
            self.items.add(item)
        elif sign == '-':
            self.items.discard(item)


def parse(line):
    """(sign, item) of one line; (None, None) of a line that makes no sense."""
    sign, _, rest = line.partition(' ')
    fields = rest.split(' ')
    kind = _KINDS.get(fields[0])
    if sign not in ('+', '-') or kind is None or len(fields) != 1 + len(kind._fields) or '' in fields:
        return None, None
    return sign, kind(*fields[1:])


def text(sign, item):
    """The line of one note."""
    return ' '.join((sign, _NAMES[type(item)]) + tuple(item))
