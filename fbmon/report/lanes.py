"""The picture of a period: a lane for the global state, each node, each card and the operators, as SVG. Pure.

A lane is told apart by form as well as by colour: what is bad fills the lane, what is good is a line in its middle, and
what nobody has watched is hatched. So it can be read in print. What was bad in a column, but good for the larger part
of it, fills half of the lane: a day of flapping is not a day of bypass.
"""
import time

from fbmon.base.tuples import namedtuple
from fbmon.report import causes, escaping
from fbmon.rules.states import ACTIVE, FAILED, MAINTENANCE, PRESENT

# title: the name of the lane; spans: [(begin, end, form)], form: one of FORMS.
Lane = namedtuple('Lane', 'title spans')

# From what must be seen to what may be hidden behind it in one column.
FORMS = BAD, BRIEF, HAND, UNKNOWN, AWAY, GOOD = 'bad', 'brief', 'hand', 'unknown', 'away', 'good'

# A lane has so many columns. What is shorter than one of them is still as wide as one.
COLUMNS = 360

# The names of the forms for the legend.
LEGEND = ((BAD, 'bypass, failed or absent'), (BRIEF, 'the same, for less than half of this width'),
          (HAND, 'bypass or another order by hand'), (AWAY, 'maintenance'), (UNKNOWN, 'not watched'),
          (GOOD, 'normal, active or present'))

# (top, height, class) of a form, in a lane of 16 pixels.
_BOXES = {BAD: (0, 16, BAD), BRIEF: (4, 8, BAD), HAND: (0, 16, HAND), UNKNOWN: (3, 10, UNKNOWN), AWAY: (2, 12, AWAY),
          GOOD: (7, 2, GOOD)}

_STEPS = (3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 5 * 86400, 7 * 86400, 14 * 86400, 30 * 86400,
          90 * 86400, 365 * 86400)
TICKS = 7


def lanes(found):
    """[Lane] of figures.Figures."""
    rows = [Lane('global state', [(one.begin, one.end, _of_global(one.cause)) for one in found.spans])]
    rows.append(Lane('by hand', [(one.at, one.at, HAND) for one in found.actions]))
    rows += [Lane('node ' + one.name, [(part.begin, part.end, _OF_NODE[part.state])
                                       for part in found.node_parts[one.name]]) for one in found.nodes]
    rows += [Lane('card ' + (one.called and one.called + ' ') + one.address,
                  [(part.begin, part.end, GOOD if part.state == PRESENT else BAD)
                   for part in found.card_parts[one.address]]) for one in found.cards]
    return rows


_OF_NODE = {ACTIVE: GOOD, FAILED: BAD, MAINTENANCE: AWAY}


def _of_global(cause):
    if cause.what == causes.OPERATOR:
        return HAND
    if cause.what in causes.BYPASSES:
        return BAD
    return {causes.NORMAL: GOOD, causes.OBSERVED: AWAY}.get(cause.what, UNKNOWN)


def columns(spans, since, until):
    """[(first column, column after the last, form)]: each column has the form that must be seen the most."""
    worst, good = [None] * COLUMNS, [0.0] * COLUMNS
    scale = COLUMNS / float(until - since)
    for begin, end, form in spans:
        rank = FORMS.index(form)
        left, right = (begin - since) * scale, (end - since) * scale
        first = min(COLUMNS - 1, int(left))
        last = max(first, min(COLUMNS - 1, int(-(-right // 1)) - 1))
        for column in range(first, last + 1):
            if worst[column] is None or rank < worst[column]:
                worst[column] = rank
            if form == GOOD:
                good[column] += min(right, column + 1) - max(left, column)
    found = []
    for column, rank in enumerate(worst):
        form = rank if rank is None else BRIEF if FORMS[rank] == BAD and good[column] > 0.5 else FORMS[rank]
        if form and found and found[-1][1] == column and found[-1][2] == form:
            found[-1] = (found[-1][0], column + 1, form)
        elif form:
            found.append((column, column + 1, form))
    return found


def drawn(lane, since, until):
    """The SVG of a lane, as wide as there is room for it."""
    boxes = ''.join(box(form, _percent(first), _percent(last - first))
                    for first, last, form in columns(lane.spans, since, until))
    return '<svg class="lane" role="img" width="100%%" height="16"><title>%s</title>%s</svg>' % (
        escaping.html(lane.title), boxes)


def box(form, left, width):
    """The rectangle of a form, as SVG. left, width: as text."""
    top, height, name = _BOXES[form]
    return '<rect class="%s" x="%s" y="%d" width="%s" height="%d"/>' % (name, left, top, width, height)


def _percent(number):
    return '%.3f%%' % (100.0 * number / COLUMNS)


def ticks(since, until):
    """[(place in percent, text)] of the times below the lanes, in local time."""
    years = int((until - since) / _STEPS[-1] / TICKS) + 1
    step = next((one for one in _STEPS if (until - since) / one <= TICKS), years * _STEPS[-1])
    form = '%H:%M' if step < 86400 else '%m-%d' if step < 365 * 86400 else '%Y'
    local = time.localtime(since)
    at = time.mktime((local[0], local[1], local[2], 0, 0, 0, 0, 0, -1))
    found, days = [], 0
    while at < until and len(found) < 20:
        if at >= since:
            found.append((100.0 * (at - since) / (until - since), time.strftime(form, time.localtime(at))))
        days += step
        # A day of a change to summer time has 23 hours; mktime puts that right.
        at = time.mktime((local[0], local[1], local[2] + days // 86400, days % 86400 // 3600, 0, 0, 0, 0, -1))
    return found
