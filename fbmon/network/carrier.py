"""Reads whether an interface has carrier, and whether it had it all the time.

`ip monitor` cannot tell this: the kernel reports a lost carrier up to a second late, and not at all if it is back by
then (linkwatch). But in sysfs the kernel counts each change (Documentation/ABI/testing/sysfs-class-net: carrier,
carrier_changes).
"""
import io

from fbmon.base.tuples import namedtuple

PLACE = '/sys/class/net/%s/%s'

# here: whether there is light, or a cable to another end that is up; changes: how often that has changed; index: of the
# interface, since another one may have got the name. None if it is not known.
Carrier = namedtuple('Carrier', 'here changes index')


def read(name):
    """The Carrier of an interface. There is no carrier if the interface is missing or down."""
    return Carrier(_number(name, 'carrier') == 1, _number(name, 'carrier_changes'), _number(name, 'ifindex'))


def _number(name, what):
    try:
        with io.open(PLACE % (name, what), 'rb') as found:
            return int(found.read(32))
    except (EnvironmentError, ValueError):
        return None
