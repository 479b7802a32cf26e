"""Whether an interface has carrier, and whether it had it all the time.

`ip monitor` is no witness of that: the kernel tells of a lost carrier up to a second late, and not at all where it is
back by then (linkwatch). It counts every change in sysfs (Documentation/ABI/testing/sysfs-class-net: carrier,
carrier_changes).
"""
import io

from fbmon.base.tuples import namedtuple

PLACE = '/sys/class/net/%s/%s'

# here: whether there is light, or a cable to somebody who is up; changes: how often that has changed, None: not known.
Carrier = namedtuple('Carrier', 'here changes')


def read(name):
    """The Carrier of an interface; none where there is no such interface, or it is down."""
    return Carrier(_number(name, 'carrier') == 1, _number(name, 'carrier_changes'))


def _number(name, what):
    try:
        with io.open(PLACE % (name, what), 'rb') as found:
            return int(found.read(32))
    except (EnvironmentError, ValueError):
        return None
