"""What is known of the pings of one card: how many, how often, and when it is silent. Pure: no socket or clock."""
from fbmon.base.tuples import namedtuple
from fbmon.rules.states import UNKNOWN

# state: UNKNOWN before the first word on it, then SEEN or SILENT; count: all pings; last: the monotonic second of the
# last one, None before it; first: the same of the first ping after the last long pause; window: the number of the
# present span of WINDOW seconds; here, before: the pings in it, and in the one before.
Pings = namedtuple('Pings', 'state count last first window here before')

# The watch puts it on the queue when a card falls silent or is heard. item: its AddressItem.
PingsChanged = namedtuple('PingsChanged', 'watch item old new why')

NONE = Pings(UNKNOWN, 0, None, None, 0, 0, 0)

# Seconds, see per_second().
WINDOW = 5.0


def after(pings, at, number):
    """The Pings after so many more, which were read at `at` (monotonic seconds)."""
    window = int(at // WINDOW)
    passed = window - pings.window
    before = pings.before if passed == 0 else pings.here if passed == 1 else 0
    paused = pings.last is None or at - pings.last > 2 * WINDOW
    return Pings(pings.state, pings.count + number, at, at if paused else pings.first, window,
                 pings.here + number if passed == 0 else number, before)


def per_second(pings, now):
    """How many came a second in the last one to two windows, or since the first one after a long pause."""
    passed = int(now // WINDOW) - pings.window
    if pings.last is None or passed > 1:
        return 0.0
    counted = pings.here + (pings.before if passed == 0 else 0)
    return counted / max(1.0, min(now - pings.first, WINDOW + now % WINDOW))


def due(pings, since, timeout):
    """The monotonic second at which a card is silent if it does not ping before. since: when its address came."""
    return max(since, since if pings.last is None else pings.last) + timeout
