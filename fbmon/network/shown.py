"""The last state of each wanted item that the kernel has shown, and the acknowledged changes that it has not shown
yet."""
from collections import namedtuple

from fbmon.base import compat
from fbmon.rules.items import PLAIN
from fbmon.rules.states import ABSENT, MISSING, SILENT

# Seconds for an acknowledged change to be shown by `ip monitor`.
SHOWN_LIMIT = 1.0

# A change that `ip` acknowledged and the monitor has not shown yet. deadline: monotonic seconds.
Flight = namedtuple('Flight', 'target deadline why')

FOREIGN = 'by somebody else'
FOREIGN_OR_OVER = 'by somebody else, or its lease ran out'
PUT_BACK = 'put back'


class Shown(object):
    """Tells changed(item, old, new, why) of what the kernel shows otherwise than before.

    flights: {item: Flight} of what is under way.
    """

    def __init__(self, changed, clock=compat.monotonic):
        self.flights = {}
        self._changed = changed
        self._clock = clock
        self._known = {}
        self._right = {}

    def sent(self, item, target, why, shown_by):
        """A change was acknowledged and is to be shown by then."""
        put_back = self._right.get(item) == target
        self.flights[item] = Flight(target, shown_by, PUT_BACK if put_back else why(item))

    def land(self, item, has):
        """The kernel shows something of an item: what was under way there has landed, even if somebody undoes it in the
        next line."""
        flight = self.flights.get(item)
        if flight and has == flight.target:
            self._tell(item, has, flight, {})
            self._right[item] = has
            del self.flights[item]

    def look(self, item, has, forms):
        """Take what the kernel has of an item; returns the Flight that is no longer under way, or None. It has landed,
        its interface is gone, or it is too late."""
        flight = self.flights.get(item)
        self._tell(item, has, flight, forms)
        if flight and (has in (flight.target, MISSING) or self._clock() >= flight.deadline):
            return self.flights.pop(item)
        return None

    def right(self, item, target):
        """The item is as wanted: what leads there again was somebody else's doing."""
        self._right[item] = target

    def keep(self, wanted):
        """Only what is in there still counts."""
        for known in (self.flights, self._known, self._right):
            for item in [item for item in known if item not in wanted]:
                del known[item]

    def times(self):
        """Monotonic seconds until which what is under way is waited for."""
        return [flight.deadline for flight in self.flights.values()]

    def _tell(self, item, has, flight, forms):
        has = ABSENT if has == SILENT else has
        before = self._known.get(item, has)
        self._known[item] = has
        if has == before:
            return
        why = 'interface %s' % ('is gone' if has == MISSING else 'is there') if MISSING in (has, before) \
            else flight.why if flight and flight.target == has else _foreign(item, has, forms)
        self._changed(item, before, has, why)


def _foreign(item, has, forms):
    """Who it was where it was not us: of a leased address that is gone it may have been the kernel."""
    return FOREIGN_OR_OVER if has == ABSENT and forms.get(item, PLAIN).lease else FOREIGN
