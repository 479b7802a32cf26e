"""Remembers the daemon's own changes across restarts, in the run directory. Each one is written before it is made.

Each note is one line with the index of the interface: `+ address eth0 10.0.0.1 2`, `- port sw1`. The run directory is
in memory, so an index never outlives the kernel that gave it. An address that was there before the daemon is remembered
as it was, before it is removed: `= address eth0 10.0.0.1 2 10.0.0.1/24 scope global`. Several forms are separated by
` | `. It is forgotten when it is back as it was: `~ address eth0 10.0.0.1`.
"""
import re

from fbmon.memory.records import Records
from fbmon.rules.items import AddressItem, PortItem

# When the file has so many lines more than there are items, it is written again.
LONG = 2000

# BETWEEN stands between two forms of one address, END before its lifetime. A form becomes a command, so only these
# characters may be in it.
BETWEEN = ' | '
END = ' valid_lft '
_FORMS = re.compile(r'[A-Za-z0-9_.:/| -]+$')

_KINDS = {'address': AddressItem, 'port': PortItem}
_NAMES = dict((kind, name) for name, kind in _KINDS.items())


class Ledger(object):
    """{item: index of its interface} of the addresses that the daemon added and the ports that it shut.

    index: None if the item is on the interface that has the name by now, or on none. followed: the items whose
    interface has been renamed since. found: {AddressItem: (index, forms)} of the addresses that were there before the
    daemon; these are not ours.
    """

    def __init__(self, path):
        self.items = {}
        self.followed = set()
        self.found = {}
        self._records = Records(path)
        self._load()
        self._records.rewrite(self._lines())

    @property
    def error(self):
        """Why the file cannot be used, so that all is kept in memory only; None if it can."""
        why = self._records.error
        return why and why + ': what is put there is not remembered across a restart'

    def note(self, items):
        """Remember {item: index} of addresses that are about to be added and ports that are about to be shut."""
        known = self.items
        fresh = [(item, index) for item, index in items.items() if known.get(item, 0) != index]
        known.update(fresh)
        self._append([text('+', item, index) for item, index in fresh])

    def forget(self, items):
        """Forget items that are no longer there or no longer ours."""
        known = [item for item in items if item in self.items]
        for item in known:
            del self.items[item]
        self.followed.difference_update(known)
        self._append([text('-', item) for item in known])

    def remember(self, item, index, forms):
        """Remember an address that was there before the daemon, as it is. forms: what `ip addr add` takes."""
        self.found[item] = index, forms
        self._append([text('=', item, index, forms)])

    def restored(self, item):
        """Forget an address that was there before the daemon and is as it was again."""
        del self.found[item]
        self._append([text('~', item)])

    def ending(self):
        """The addresses that were there before the daemon, and that had a lifetime of their own."""
        return set(item for item, (_, forms) in self.found.items() if any(END in words for words in forms))

    def lasting(self):
        """The addresses that were there before the daemon for good. A lifetime that one has now is a lease of ours."""
        return set(self.found).difference(self.ending())

    def follow(self, links, names, unsure=()):
        """Follow the interfaces: an item of ours keeps to its interface when that is renamed, and goes when that goes.

        links: {index: Link}; names: {name: index}; unsure: items that may turn up on the next interface with the name.
        Returns {item: the item with its new name} of the renamed ones.
        """
        here, moved = {}, {}
        for item, index in self.items.items():
            index = names.get(item[0]) if index is None else index
            if index in links:
                now = renamed(item, links[index].name)
                here[now] = index
                if now != item:
                    moved[item] = now
            elif item in unsure:
                here[item] = None
        if here != self.items:
            self._replace(here, moved)
        if self.found:
            self._follow_found(links)
        return moved

    def _follow_found(self, links):
        before, self.found = self.found, dict((renamed(item, links[place[0]].name), place)
                                              for item, place in self.found.items() if place[0] in links)
        self._append([text('=', item, *place) for item, place in sorted(self.found.items())
                      if before.get(item) != place]
                     + [text('~', item) for item in sorted(before) if item not in self.found])

    def _replace(self, items, moved):
        before, self.items = self.items, items
        kept = self.followed.difference(moved)
        self.followed = set(item for item in items if item in kept) | set(moved.values())
        self._append([text('+', item, index) for item, index in sorted(items.items()) if before.get(item) != index]
                     + [text('-', item) for item in sorted(before) if item not in items])

    def _append(self, lines):
        if lines:
            self._records.append(lines, LONG + len(self.items), self._lines)

    def _lines(self):
        return [text('+', item, index) for item, index in sorted(self.items.items())] \
            + [text('=', item, *place) for item, place in sorted(self.found.items())]

    def _load(self):
        for line in self._records.read():
            self._replay(*parse(line))

    def _replay(self, sign, item, index):
        if sign == '+':
            self.items[item] = index
        elif sign == '-':
            self.items.pop(item, None)
        elif sign == '=':
            self.found[item] = index
        elif sign == '~':
            self.found.pop(item, None)


class Seen(Ledger):
    """The Ledger of a running daemon, seen by another process: the file is read but never written.

    error: why it cannot be read, or None.
    """

    def __init__(self, path):
        self.items, self.found, self.followed = {}, {}, set()
        self._records = Records(path)
        self._load()


def renamed(item, name):
    """The item with this name of its interface."""
    return item if item[0] == name else type(item)(name, *item[1:])


def parse(line):
    """(sign, item, index) of one line; (None, None, None) if the line makes no sense.

    index is None if the line has none. After the sign '=' it is (index, forms).
    """
    sign, _, rest = line.partition(' ')
    if sign == '=':
        return _parse_found(rest.split(' ', 4))
    fields = rest.split(' ')
    kind = _KINDS.get(fields[0])
    if sign not in ('+', '-', '~') or kind is None or '' in fields:
        return None, None, None
    words, index = fields[1:1 + len(kind._fields)], fields[1 + len(kind._fields):]
    if len(words) < len(kind._fields) or len(index) > 1 or not all(number.isdigit() for number in index):
        return None, None, None
    return sign, kind(*words), int(index[0]) if index else None


def _parse_found(fields):
    if len(fields) < 5 or fields[0] != 'address' or not fields[3].isdigit() or not _FORMS.match(fields[4]):
        return None, None, None
    return '=', AddressItem(*fields[1:3]), (int(fields[3]), tuple(fields[4].split(BETWEEN)))


def text(sign, item, index=None, forms=()):
    """The line of one note, without its line end."""
    return ' '.join((sign, _NAMES[type(item)]) + tuple(item) + (() if index is None else (str(index),))
                    + ((BETWEEN.join(forms),) if forms else ()))
