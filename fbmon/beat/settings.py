"""What a sender is told: its targets and when it sends. Pure."""
import re

from fbmon.base.tuples import namedtuple
from fbmon.config import addresses

# targets: of Aim; interval: seconds between two heartbeats; command: the check, None for none; every: whole seconds
# from one check to the next; source, interface: None if the kernel chooses; count: heartbeats until the end, or None.
Settings = namedtuple('Settings', 'targets interval command every source interface count')

# zone: the interface of a link-local address if it is given with it (fe80::1%eth0), else None.
Aim = namedtuple('Aim', 'host port zone')

# An interface's name, as the kernel takes it (dev_valid_name), in ASCII.
_INTERFACE = re.compile(r'(?!\.{1,2}\Z)[!-.0-9;-~]{1,15}\Z')
_NUMBER = re.compile(r'[0-9]{1,10}\Z')

NO_PAIRS = 'give an address and a port for each target, as in 192.168.1.202 3000'
NO_ZONE = 'which interface? give it with the address, as in fe80::1%eth0'
OTHER_FAMILY = 'a source address of IPv%d cannot send to %s; use one sender for IPv4 and one for IPv6'


class Mistake(ValueError):
    """Something that was given is wrong. key: which part, as in Settings; why: also what would be right, as text."""

    def __init__(self, key, why):
        ValueError.__init__(self, why)
        self.key, self.why = key, why


def make(words, interval=1000, command=None, every=None, source=None, interface=None, count=None):
    """The Settings. words: HOST PORT HOST PORT ...; interval: in ms. Raises Mistake."""
    if interface is not None and not _INTERFACE.match(interface):
        raise Mistake('interface', '%r cannot be the name of an interface' % interface)
    if every is not None and not command:
        raise Mistake('every', 'this is the time between two checks, and there is no check')
    aims = _aims(words, interface)
    if source is not None:
        source = _source(source, aims)
    return Settings(aims, interval / 1000.0, command or None, every or max(1, interval // 1000), source, interface,
                    count)


def number(text, least, most):
    """A whole number from least to most. Raises ValueError."""
    if not _NUMBER.match(text) or not least <= int(text) <= most:
        raise ValueError('%r: give a whole number from %d to %d' % (text[:60], least, most))
    return int(text)


def _aims(words, interface):
    if not words or len(words) % 2:
        raise Mistake('targets', NO_PAIRS)
    return [_aim(words[at], words[at + 1], interface) for at in range(0, len(words), 2)]


def _aim(host, port, interface):
    plain, percent, zone = host.partition('%')
    try:
        address, port = addresses.canonical(plain), number(port, 1, 65535)
    except ValueError as error:
        raise Mistake('targets', '%s %s: %s' % (host[:60], port[:60], error))
    if percent and not (addresses.link_local(address) and _INTERFACE.match(zone)):
        raise Mistake('targets', '%s: %s' % (host[:80], addresses.ZONE))
    if addresses.link_local(address) and not (zone or interface):
        raise Mistake('targets', '%s: %s' % (host[:60], NO_ZONE))
    if zone and interface not in (None, zone):
        raise Mistake('interface', '%s is not the interface of %s' % (interface, host))
    return Aim(address, port, zone or None)


def _source(text, aims):
    try:
        source = addresses.canonical(text)
    except ValueError as error:
        raise Mistake('source', '%s: %s' % (text[:60], error))
    for one in aims:
        if addresses.bits(one.host) != addresses.bits(source):
            raise Mistake('source', OTHER_FAMILY % (6 if ':' in source else 4, one.host))
    return source
