"""Says whether two runs agree: python3 bench/compare.py ONE/results.json OTHER/results.json

Two figures agree if the intervals in which their medians lie overlap. Single values agree if they differ by a tenth at
most. The exit code is 0 even if figures disagree: a machine that was busier is no fault.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import figures  # noqa: E402
import results  # noqa: E402

# Two single values may differ by this share of the larger one.
SINGLE = 0.1


def lines(one, other):
    """Lines of text: one for each row that both runs have, and a last one with the number that agree."""
    known = dict(((row.part, row.what, row.candidate), row) for row in other)
    found, agreeing = [], 0
    for row in one:
        match = known.get((row.part, row.what, row.candidate))
        pair = [figures.summary(each.blocks) for each in (row, match) if each]
        if len(pair) < 2 or None in pair:
            continue
        same = agree(*pair)
        agreeing += same
        found.append('%-8s %s: %s, %s: %s and %s %s' % (
            ('agrees' if same else 'DIFFERS',) + row[:3] + (_shown(pair[0]), _shown(pair[1]), row.unit)))
    return found + ['%d of %d figures agree within the noise that they report' % (agreeing, len(found))]


def agree(one, other):
    """Whether two Figures agree."""
    if one.n == other.n == 1:
        return abs(one.median - other.median) <= SINGLE * max(abs(one.median), abs(other.median))
    return figures.agree(one, other)


def _shown(one):
    return '%s (%s-%s)' % tuple(results.number(value) for value in (one.median, one.low, one.high))


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print('\n'.join(lines(results.read(sys.argv[1])[1], results.read(sys.argv[2])[1])))
