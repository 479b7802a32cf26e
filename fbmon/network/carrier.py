"""Reads whether an interface has carrier, and whether it had it all the time.

`ip monitor` cannot tell this: the kernel reports a lost carrier up to a second late, and not at all if it is back by
then (linkwatch). But in sysfs the kernel counts each change (Documentation/ABI/testing/sysfs-class-net: carrier,
carrier_changes, operstate).
"""
import io

from fbmon.base.tuples import namedtuple

PLACE = '/sys/class/net/%s/%s'

# What the kernel calls an interface without carrier (RFC 2863); b'' if there is none.
DARK = (b'down', b'lowerlayerdown', b'notpresent', b'')

# here: whether there is light, or a cable to another end that is up; changes: how often that has changed; index: of the
# interface, since another one may have got the name. None if it is not known.
Carrier = namedtuple('Carrier', 'here changes index')


def read(name):
    """The Carrier of an interface. There is no carrier if the interface is missing or down."""
    return Carrier(_number(name, 'carrier') == 1, _number(name, 'carrier_changes'), _number(name, 'ifindex'))


def noted(name):
    """The same as the kernel has noted it last, without the changes. A loss may be noted a second late.

    It waits for nothing. Since Linux 6.8 read() waits for the lock of all network changes, which a driver may hold for
    seconds while it resets its card.
    """
    return Carrier(_text(name, 'operstate') not in DARK, None, _number(name, 'ifindex'))


def _number(name, what):
    try:
        return int(_text(name, what))
    except ValueError:
        return None


def _text(name, what):
    """The bytes of a file of the interface; b'' if it cannot be read."""
    try:
        with io.open(PLACE % (name, what), 'rb') as found:
            return found.read(32).strip()
    except EnvironmentError:
        return b''
