"""Reads IPv4 and IPv6 addresses strictly, and writes them as the kernel and `ip` do. No I/O."""
import re
import socket

from fbmon.base.tuples import namedtuple

# address: canonical text; prefix: the length of the /prefix, None if there is none.
Address = namedtuple('Address', 'address prefix')

_FOUR = re.compile(r'[0-9]+(?:\.[0-9]+)*\Z')
_SIX = re.compile(r'[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\Z')
_PREFIX = re.compile(r'[1-9][0-9]{0,2}\Z')

REMEDY = 'give an IPv4 or IPv6 address such as 192.168.1.202'
NOT_AN_ADDRESS = 'not an IP address; ' + REMEDY
ONE = 'give the address of one machine'
LEADING_ZERO = 'a number with a leading zero can be read in two ways; write it without, as in 10.0.0.1'
ZONE = 'a zone (%) is not part of the address; give it without, the interface has its own key'


class BadAddress(ValueError):
    """The text is no address that an interface can have. str() says why, and what would be right."""


def parse(text):
    """The Address of "ADDRESS" or "ADDRESS/prefix". Raises BadAddress."""
    plain, slash, length = text.partition('/')
    address = canonical(plain)
    return Address(address, _prefix(length, bits(address)) if slash else None)


def canonical(text):
    """The address as the kernel writes it, so that equal addresses are equal texts. Raises BadAddress."""
    if '/' in text:
        raise BadAddress('a /prefix has no meaning here; give the address alone')
    if '%' in text:
        raise BadAddress(ZONE)
    # Only what looks like an address reaches the C library, which would accept much else.
    if len(text) <= 45 and _FOUR.match(text):
        return _usable(_packed(socket.AF_INET, _without_zeros(text)))
    if len(text) <= 45 and _SIX.match(text):
        return _usable(_packed(socket.AF_INET6, text))
    raise BadAddress(NOT_AN_ADDRESS)


def bits(address):
    """The length of a canonical address in bits: 32 or 128."""
    return 128 if ':' in address else 32


def network(address, prefix):
    """A value that is the same for all canonical addresses of one network with this prefix length."""
    size = bits(address)
    packed = socket.inet_pton(socket.AF_INET6 if size == 128 else socket.AF_INET, address)
    return size, prefix, _number(packed) >> (size - prefix)


def link_local(address):
    """Whether an address is in fe80::/10. The kernel gives one to each interface, again each time when it comes up."""
    return ':' in address and network(address, 10) == network('fe80::', 10)


def _prefix(text, most):
    if not _PREFIX.match(text) or int(text) > most:
        raise BadAddress('the prefix is out of range; give a length from /1 to /%d, or none' % most)
    return int(text)


def _without_zeros(text):
    """The text itself. Raises BadAddress if a part has a leading zero: some programs read such a part as octal."""
    if any(len(part) > 1 and part.startswith('0') for part in text.split('.')):
        raise BadAddress(LEADING_ZERO)
    return text


def _packed(family, text):
    try:
        # inet_pton of Python 2 takes its own kind of text only.
        return family, socket.inet_pton(family, str(text))
    except (socket.error, ValueError):
        raise BadAddress(NOT_AN_ADDRESS)


def _usable(found):
    """The canonical text of (family, packed address). Raises BadAddress if no interface can have this address."""
    family, packed = found
    why = (_unusable_four if family == socket.AF_INET else _unusable_six)(packed)
    if why:
        raise BadAddress(why)
    return socket.inet_ntop(family, packed)


def _unusable_four(packed):
    first = _number(packed[:1])
    if first == 0:
        return '0.0.0.0/8 stands for no address in particular; ' + ONE
    if 224 <= first <= 239:
        return 'a multicast address; ' + ONE
    return 'the broadcast address; ' + ONE if packed == b'\xff' * 4 else None


def _unusable_six(packed):
    if packed == b'\0' * 16:
        return ':: stands for no address in particular; ' + ONE
    if packed[:1] == b'\xff':
        return 'a multicast address; ' + ONE
    if packed[:12] == b'\0' * 10 + b'\xff' * 2:
        return 'an IPv4 address in IPv6 form; give %s' % socket.inet_ntop(socket.AF_INET, packed[12:])
    return None


def _number(packed):
    value = 0
    for byte in bytearray(packed):
        value = value << 8 | byte
    return value
