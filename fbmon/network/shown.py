"""Knows the last state of each wanted item that the kernel has shown, and the changes that it has not shown yet."""
from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.rules.items import PLAIN
from fbmon.rules.states import ABSENT, MISSING, SILENT

# Seconds in which `ip monitor` must show an acknowledged change.
SHOWN_LIMIT = 1.0

# A change that `ip` has acknowledged and the monitor has not shown yet. deadline: a monotonic second.
Flight = namedtuple('Flight', 'target deadline why')

FOREIGN = 'by somebody else'
FOREIGN_OR_OVER = 'by somebody else, or its lease ran out'
PUT_BACK = 'put back'


class Shown(object):
    """Calls changed(item, old, new, why) when the kernel shows another state of an item than before.

    flights: {item: Flight} of the changes that are under way.
    """

    def __init__(self, changed, clock=compat.monotonic):
        self.flights = {}
        self._changed = changed
        self._clock = clock
        self._known = {}
        self._right = {}

    def sent(self, item, target, why, shown_by):
        """Note that a change was acknowledged. It must be shown by the monotonic second shown_by."""
        put_back = self._right.get(item) == target
        self.flights[item] = Flight(target, shown_by, PUT_BACK if put_back else why(item))

    def land(self, item, has):
        """Take a state that the kernel shows. If a change to it was under way, it has landed.

        This is so even if somebody undoes the change in the next line of the monitor.
        """
        flight = self.flights.get(item)
        if flight and has == flight.target:
            self._tell(item, has, flight, {})
            self._right[item] = has
            del self.flights[item]

    def look(self, item, has, forms):
        """Take the actual state of an item. Returns the Flight that is no longer under way, or None.

        Such a Flight has landed, or its interface is gone, or its deadline has passed.
        """
        flight = self.flights.get(item)
        self._tell(item, has, flight, forms)
        if flight and (has in (flight.target, MISSING) or self._clock() >= flight.deadline):
            return self.flights.pop(item)
        return None

    def right(self, item, target):
        """Note that the item is as wanted. A later change to this state puts back what somebody else has changed."""
        self._right[item] = target

    def keep(self, wanted, actual):
        """Forget the items that are not in wanted. Returns whether a change of one of them was not shown in time.

        Until then a change is under way, though nobody wants it any more: without it the picture would be wrong.
        actual(item): the last state that the kernel has shown.
        """
        late = False
        for item in [item for item in self.flights if item not in wanted]:
            has = actual(item)
            flight = self.look(item, has, {})
            late = late or flight is not None and has not in (flight.target, MISSING)
        for known in (self._known, self._right):
            for item in [item for item in known if item not in wanted]:
                del known[item]
        return late

    def times(self):
        """The monotonic seconds at which the flights are too late."""
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
    """The reason for a change that was not ours. If a leased address is gone, the kernel may have removed it."""
    return FOREIGN_OR_OVER if has == ABSENT and forms.get(item, PLAIN).lease else FOREIGN
