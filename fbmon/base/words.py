"""Sorts names and writes numbers and spans of time as a person reads them. Pure."""
import re

_NUMBERS = re.compile(r'([0-9]+)')

# The least share of pairs of letters that a name has in common with the one that was meant.
ALIKE = 0.54


def natural(name):
    """A key that sorts sw2 before sw10."""
    # Text and numbers take turns, so every odd part is a number.
    parts = _NUMBERS.split(name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def indexes(numbers):
    """Sorted numbers as a short text: '0-5, 7, 9-12'."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ', '.join(str(first) if first == last else '%d-%d' % (first, last) for first, last in runs)


def nearest(name, names):
    """The one of these names that looks most like a mistyped one, or None. (difflib would take 0.2 MB of memory.)"""
    share, found = max((_alike(name, other), other) for other in names)
    return found if share >= ALIKE else None


def likely(name, names, most=3):
    """[The names that look most like a mistyped one, and equally so]; [] if none does, or more than `most` do."""
    shares = dict((other, (_alike(name, other), len(set(name) & set(other)))) for other in names)
    best = max(shares.values()) if shares else (0,)
    found = sorted([other for other in shares if shares[other] == best], key=natural)
    return found if best[0] >= ALIKE and len(found) <= most else []


def _alike(one, other):
    """From 0 to 1: how many of their pairs of letters are the same."""
    first, second = [set(zip(word, word[1:])) for word in (one, other)]
    return 2.0 * len(first & second) / max(1, len(first) + len(second))


def span(seconds):
    """Seconds as a short text, rounded up to whole units: 90 s, 5 min, 2 h, 1 d."""
    for unit, size in (('d', 86400), ('h', 3600), ('min', 60)):
        if seconds > 2 * size or (seconds >= size and seconds % size == 0):
            return '%d %s' % (-(-seconds // size), unit)
    return '%d s' % -(-seconds // 1)


def unless_confirmed(left):
    """What comes of a reload on trial that nobody confirms. left: how long it takes, as text."""
    return 'the reload is taken back %s unless fbypass_ctl confirm' % left


def person(value):
    """The name of the person that a value of JSON names, printable; 'somebody' if it names nobody."""
    return isinstance(value, (str, type(u''))) and printable(value) or 'somebody'


def printable(name):
    """At most 32 characters of somebody's name. Those that could do harm to a terminal or a log become `?`."""
    return str(''.join(one if ' ' <= one <= '~' else '?' for one in name[:32]).strip())
