"""Decides when the routes of our interfaces are read, and which part of a reading is believed.

Only `ip monitor route` reports changes of routes, and it reports all routes of the switch. So we read the routes of an
interface when all our addresses there have been as wanted for a second, and again later, more and more seldom. We never
read them on the way to a bypass. A reading counts until the next one.
"""
import logging

from fbmon.base import compat
from fbmon.network import routes, routewatch
from fbmon.network.routekeeper import cannot_be_put_back
from fbmon.rules.states import PRESENT

# Seconds. When nothing has changed on our interfaces for QUIET, their routes are read, and again after each of PAUSES.
# The first pauses are short, since routes follow soon when an interface comes up. After a slow reading the pause is at
# least REST times as long as the reading, but not over LONGEST.
QUIET = 1.0
PAUSES = (4.0, 16.0, 60.0)
REST, LONGEST = 100, 600.0

# Seconds for which a route is kept that a reading does not show any more. The kernel may have dropped it with an
# address of which the monitor has not told yet.
DOUBT = 3.0

NOT_PUT_BACK = 'routes of %s are not put back with its addresses: %s'


class RouteReadings(object):
    """Asks for readings of routes, and tells a RouteKeeper. For the controller's thread. ask(places): of RouteWatch."""

    def __init__(self, keeper, ask, clock=compat.monotonic):
        self.keeper = keeper
        self._ask = ask
        self._clock = clock
        self._looks = {}        # {interface: what is seen of it, see _look()}
        self._asked = {}        # {interface: its look when we asked for its routes}
        self._doubts = {}       # {interface: the Routes that it will have when the doubt is over}
        self._troubles = {}     # {interface: why none of its routes is remembered}
        self._told = {}         # {(interface, words): the text about a route that cannot be put back}
        self._again = set()     # interfaces on which such routes are tried again
        self._cards = None
        self._read_at = self._believe_at = None
        self._pauses = iter(())

    # --- what happens ---

    def hasten(self):
        """Read when it has been quiet for a while, since something may have changed."""
        self._read_at = self._clock() + QUIET
        self._pauses = iter(PAUSES)

    def reloaded(self):
        """A new file is used: forget the routes that could not be put back, and read."""
        self.keeper.failed.clear()
        self.hasten()

    def touched(self, names, picture):
        """The kernel has reported something of the interfaces with these names. A renewed lease is no change."""
        for name in names:
            if name in self._looks and self._looks[name] != _look(name, picture):
                self._looks[name] = _look(name, picture)
                self._doubts.pop(name, None)
                self._again.add(name)
                self.hasten()

    def blind(self):
        """The network is not watched now: read nothing, and believe of no route that it is gone."""
        self._doubts, self._read_at, self._believe_at = {}, None, None
        self._asked = dict.fromkeys(self._asked)

    def taken(self, event, names, picture):
        """Take the RoutesRead that was asked for. An interface that has changed meanwhile is read again later."""
        asked, self._asked = self._asked, {}
        for interface, look in asked.items():
            if look and look == _look(interface, picture):
                self._take(interface, event, names, picture)
        if asked and self._read_at is None:
            rest = 0.0 if event.failed else min(REST * event.took, LONGEST)
            self._read_at = self._clock() + max(next(self._pauses, PAUSES[-1]), rest)

    # --- what has its own time ---

    def deadline(self):
        """The monotonic second at which step() has something to do, or None."""
        times = [time for time in (self._read_at, self._believe_at) if time is not None]
        return min(times) if times else None

    def step(self, decided, names, wanted, picture):
        """Do what is due. decided: the cards of the Decision; wanted(): {item: target}."""
        if decided != self._cards:
            self._cards = decided
            self.hasten()
        due = self.deadline()
        if due is None or self._clock() < due:
            return
        if picture is None:
            # Nothing can be done before the network was read for the first time. That reading calls hasten().
            self._read_at = None
            return
        calm = _calm(names, wanted(), picture)
        self._believe(calm)
        if self._read_at is not None and self._clock() >= self._read_at:
            self._read(calm, names, picture)

    def lines(self):
        """[The troubles that the operator should know], one line each."""
        found = [NOT_PUT_BACK % one for one in sorted(self._troubles.items()) if one[1]]
        found += [text for key, text in sorted(self._told.items()) if key in self.keeper.failed]
        return found + ([self.keeper.error] if self.keeper.error else [])

    def _believe(self, calm):
        """Forget the routes that have been missing for long enough."""
        if self._believe_at is None or self._clock() < self._believe_at:
            return
        for interface, found in self._doubts.items():
            if interface in calm:
                self.keeper.remember(interface, self._looks[interface][0], found)
        self._doubts, self._believe_at = {}, None

    def _read(self, calm, names, picture):
        """Ask for the routes of the interfaces in calm, on which all addresses are as wanted.

        If there is none, the next change leads to a reading.
        """
        self._read_at = None
        self._looks = dict((name, _look(name, picture)) for name in _interfaces(names))
        if self._asked or not calm:
            return
        again, self._again = self._again & calm, self._again - calm
        for interface in sorted(again):
            self.keeper.again(interface, picture)
        self._asked = dict((name, self._looks[name]) for name in calm)
        self._ask(sorted(set((item.interface, ':' in item.address) for item in names.cards | names.listeners
                             if item.interface in calm)))

    def _take(self, interface, event, names, picture):
        ours = set(item.address for item in names.cards | names.listeners if item.interface == interface)
        bare = not any(entry.family == 'inet' and entry.address not in ours for entry in picture.on(interface))
        there, found = set(), []
        for six in (False, True):
            if (interface, six) in event.failed:
                return self._unknown(interface, event.failed[interface, six])
            lines = event.found.get((interface, six), ())
            if lines is None:
                self.keeper.remember(interface, 0, ())
                return self._unknown(interface, 'it has more than %d' % routewatch.MOST if bare else None)
            parsed = [route for route in [routes.parse(line, interface, six) for line in lines] if route]
            there.update(route.words for route in parsed)
            found += [route for route in parsed if routes.matters(route, six, ours, bare)]
        self._unknown(interface, None)
        self._compare(interface, there, found, picture)

    def _compare(self, interface, there, found, picture):
        """Remember new routes at once. Doubt missing ones, unless we know that they cannot be put back.

        there: the words of all routes; found: the Routes that matter. A route whose source address is no longer there
        is forgotten without a word.
        """
        index = picture.names[interface]
        for words in there:
            self.keeper.failed.pop((interface, words), None)
        missing = [route for route in self.keeper.of(interface, index) if route.words not in there]
        lost = [route for route in missing
                if (interface, route.words) in self.keeper.failed and routes.has_source(route, picture)]
        for route in lost:
            self._tell(interface, route.words)
        self.keeper.remember(interface, index, found + missing)
        if len(missing) > len(lost):
            self._doubts[interface] = found + lost
            self._believe_at = self._clock() + DOUBT

    def _tell(self, interface, words):
        text = cannot_be_put_back(words, self.keeper.failed[interface, words])
        if self._told.get((interface, words)) != text:
            self._told[interface, words] = text
            logging.warning('%s', text)

    def _unknown(self, interface, why):
        """Note why none of the interface's routes is remembered; None: they are."""
        if why and self._troubles.get(interface) != why:
            logging.warning(NOT_PUT_BACK, interface, why)
        self._troubles[interface] = why


def _interfaces(names):
    return set(item.interface for item in names.cards | names.listeners)


def _calm(names, wanted, picture):
    """The interfaces on which all our addresses are wanted and present."""
    items = names.cards | names.listeners
    return _interfaces(names) - set(item.interface for item in items
                                    if wanted.get(item) != PRESENT or not picture.entries(*item))


def _look(interface, picture):
    """(index, up, number of addresses) of an interface, None if it is not there. If this differs, it has changed."""
    link = picture.link(interface)
    return link and (link.index, link.up, len(picture.addresses.get(link.index, ())))
