"""Sorts names and writes numbers as a person reads them. Pure."""
import re

_NUMBERS = re.compile(r'([0-9]+)')


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
