"""Object identifiers as tuples of numbers, and the tree of values that they name, in SNMP's order. Pure."""
import re
from bisect import bisect_right

# fastbypassMIB of docs/monitoring/FASTBYPASS-MIB.txt: a place for local use, netSnmpPlaypen of NET-SNMP-MIB.
ROOT = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 9742)

# The most numbers that an identifier has, and the largest of them (RFC 2578, 3.5).
LONGEST, LARGEST = 128, 4294967295

_FORM = re.compile(r'\.?[0-9]{1,10}(\.[0-9]{1,10})*\Z')


def parse(text):
    """The tuple of an identifier like .1.3.6.1; None if it is none."""
    if not _FORM.match(text):
        return None
    found = tuple(int(number) for number in text.lstrip('.').split('.'))
    return found if len(found) <= LONGEST and max(found) <= LARGEST else None


def written(oid):
    """The text of a tuple."""
    return ''.join('.%d' % number for number in oid)


class Tree(object):
    """Values by their identifiers. values: {oid: value}."""

    def __init__(self, values):
        self._values = values
        # Tuples have the order of SNMP: number by number, and what has ended comes first (RFC 3416, 4.2.2).
        self._order = sorted(values)

    def get(self, oid):
        """(oid, value); None if there is none."""
        return (oid, self._values[oid]) if oid in self._values else None

    def after(self, oid):
        """(oid, value) of the first one behind an identifier, which need not be there itself; None at the end."""
        place = bisect_right(self._order, oid)
        return self.get(self._order[place]) if place < len(self._order) else None
