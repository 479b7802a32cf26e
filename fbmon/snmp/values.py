"""Values as the two lines that snmpd expects: a type and a text, each in one line whatever is in it. Pure."""
from fbmon.base.tuples import namedtuple

# kind: a type of pass_persist (snmpd.conf(5)); text: printable ASCII in one line.
Value = namedtuple('Value', 'kind text')

# Characters of FastbypassText. snmpd takes 4095, and an answer must fit into a datagram with others.
LONGEST = 480

# Counter32 begins anew after 2^32 - 1; Gauge32 stays there.
WRAP = 4294967296


def word(names, chosen):
    """An enumeration: names in order, from 1. A word that is not among them gives None: it has no instance."""
    return Value('integer', '%d' % (names.index(chosen) + 1)) if chosen in names else None


def integer(number):
    """A whole number."""
    return None if number is None else Value('integer', '%d' % number)


def truth(yes):
    """A TruthValue."""
    return Value('integer', '1' if yes else '2')


def gauge(number):
    """A number of things, or of seconds without a fraction."""
    return None if number is None else Value('gauge', '%d' % max(0, min(WRAP - 1, int(number))))


def millis(seconds):
    """Seconds in milliseconds."""
    return None if seconds is None else gauge(round(seconds * 1000))


def counter(number):
    """A number that only grows."""
    return None if number is None else Value('counter', '%d' % (int(number) % WRAP))


def text(found):
    """A text, in one line of printable ASCII. None is an empty one."""
    if found is None:
        found = ''
    if isinstance(found, bytes):
        found = found.decode('utf-8', 'replace')
    line = u'%s' % found
    line = line.encode('unicode_escape').decode('ascii').replace('\\\\', '\\')
    return Value('string', str(line if len(line) <= LONGEST else line[:LONGEST - 3] + '...'))
