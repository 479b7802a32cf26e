"""Remembers the routes that the kernel drops together with an address of ours, and puts them back with it."""
from fbmon.base.tuples import namedtuple
from fbmon.network import routes
from fbmon.rules.states import PRESENT

# index: of the interface, since a new one with the same name has no routes yet; routes: a tuple of Routes.
Known = namedtuple('Known', 'index routes')


class RouteKeeper(object):
    """Keeps the routes of each interface. For one thread. It is false while there is nothing to put back.

    records: the Records in the run directory, one line `INDEX INTERFACE WORDS` for each route.
    """

    def __init__(self, batch, records):
        self.failed = {}        # {(interface, words): what ip said when it could not put the route back}
        self._batch = batch
        self._records = records
        self._known = {}        # {interface: Known}
        self._gone = set()      # AddressItems that are gone, no matter who has removed them
        for line in records.read():
            self._replay(line.split(' ', 2))
        records.rewrite(self._lines())

    def __len__(self):
        return len(self._known)

    @property
    def error(self):
        """Why the file cannot be used, so that all is kept in memory only; None if it can."""
        why = self._records.error
        return why and why + ': routes are not remembered across a restart'

    def put_back(self, items, picture):
        """Put back the routes that may have gone with these AddressItems, which were added a moment ago.

        For a route that is there already this fails without harm. The next reading shows which ones are still missing.
        """
        self._gone.difference_update(items)
        for interface in sorted(set(item.interface for item in items)):
            here = [item.address for item in items if item.interface == interface]
            self._try(interface, [route for route in self.of(interface, picture.names.get(interface))
                                  if _concerned(route, here)])

    def gone(self, item):
        """Note that the kernel has shown that this AddressItem is gone."""
        if item.interface in self._known:
            self._gone.add(item)

    def returned(self, wanted, picture):
        """Put back the routes that went with addresses that have come back in another way.

        A renewal may have brought them back, or somebody else. wanted: {item: target}.
        """
        items = [item for item in self._gone if wanted.get(item) == PRESENT and picture.entries(*item)]
        if items:
            self.put_back(items, picture)

    def again(self, interface, picture):
        """Try the routes again that could not be put back; now they may be."""
        self._try(interface, [route for route in self.of(interface, picture.names.get(interface))
                              if (interface, route.words) in self.failed])

    def lost(self):
        """[A line for each route that could not be put back], except those of which `ip` says that they are there."""
        return [cannot_be_put_back(words, said) for (_, words), said in sorted(self.failed.items())
                if 'File exists' not in said]

    def of(self, interface, index):
        """A tuple of the Routes that are remembered for the interface if it has this index."""
        known = self._known.get(interface)
        return known.routes if known and known.index == index else ()

    def remember(self, interface, index, found):
        """Remember these Routes for the interface from now on; with none, nothing is put back there."""
        before, after = self._known.get(interface), Known(index, tuple(routes.in_order(found)))
        words = set(route.words for route in found)
        for key in [key for key in self.failed if key[0] == interface and key[1] not in words]:
            del self.failed[key]
        self._known.pop(interface, None)
        if found:
            self._known[interface] = after
        if before != self._known.get(interface):
            self._records.rewrite(self._lines())

    def _try(self, interface, found):
        lines, counts = [], {}
        for route in found:
            lines += routes.lines(route)
            counts[len(lines) - 1] = (interface, route.words)
        said = self._batch.once(lines) if lines else {}
        for position, key in counts.items():
            self.failed.pop(key, None)
            if position in said:
                self.failed[key] = said[position]

    def _replay(self, fields):
        if len(fields) == 3 and fields[0].isdigit() and len(fields[2].split()) >= 3:
            index, name, words = int(fields[0]), fields[1], fields[2]
            known = self._known.get(name) or Known(index, ())
            self._known[name] = Known(index, known.routes + (routes.of_words(words),))

    def _lines(self):
        return ['%d %s %s' % (known.index, name, route.words)
                for name, known in sorted(self._known.items()) for route in known.routes]


def cannot_be_put_back(words, said):
    """The text for log and status about a route that cannot be put back."""
    return 'route %s cannot be put back: %s' % (words, said)


def _concerned(route, addresses):
    """Whether a route may have gone together with one of these addresses of its interface."""
    if routes.is_six(route):
        return route.source in addresses
    return any(':' not in address for address in addresses)
