"""Makes figures of the journal's transitions and a period. Pure: values in, values out."""
import bisect
import itertools
import operator

from fbmon.base.tuples import namedtuple
from fbmon.base.words import natural
from fbmon.report import causes, inorder
from fbmon.report.course import Course, Span
from fbmon.report.ways import Cards, Nodes
from fbmon.rules.states import ACTIVE, FAILED, MAINTENANCE, PRESENT

# since, until: the period, seconds since 1970; seconds: {what: seconds} of causes.BYPASSES and causes.CLASSES, which
# make up the period together; causes: [Total]; bypasses, unwatched: [Stretch]; nodes: [Node]; cards: [Card]; actions:
# [causes.Action]; spans: [Span] of the period; node_parts, card_parts: {name: [Part]} of the period; moved: how many
# lines had a time that does not fit between those around them, because the clock was set.
Figures = namedtuple('Figures', 'since until seconds causes bypasses unwatched nodes cards actions spans node_parts '
                     'card_parts moved')

# How long the bypasses of one causes.Cause have lasted in the period together, and in how many of them it was.
Total = namedtuple('Total', 'cause seconds count')

# A bypass, or a time that nobody watched. begin, end: the whole of it, as far as anybody knows; length: seconds of it
# in the period; causes: [causes.Cause], the first one first; open: whether it goes on after the period.
Stretch = namedtuple('Stretch', 'begin end length causes open')

# failures: those that have begun in the period; down, longest, active, away: seconds that a daemon watched: failed, the
# longest failure, active, and in maintenance; share: of active in active and down, None if it was neither.
Node = namedtuple('Node', 'name failures down longest active away share')

# absences: those that have begun in the period; absent: seconds; foreign: how often somebody else has changed it;
# silences: how often the card stopped pinging it.
Card = namedtuple('Card', 'address called absences absent foreign silences')


def figures(transitions, since, until, now=float('inf'), counting=iter):
    """The Figures of a period, since <= at < until. transitions: all of the journal, in its order.

    now: what the clock says, so no line is later. What comes after the period may say that a daemon had died in it.
    counting([transition]): yields them one by one, for who wants to know how far it is.
    """
    transitions = list(transitions)
    moments, moved = inorder.times([one.at for one in transitions], now)
    nodes, cards, actions = Nodes(moments[:1]), Cards(since, until), Actions(since, until)
    course = Course(nodes.failed)
    takes = _by_kind(nodes.takes, cards.takes, actions.takes)
    for at, one in zip(moments, counting(transitions)):
        for take in takes.get(one.kind, ()):
            take(at, one)
        course.take(at, one)
    end = max([until] + moments[-1:])
    course.end(end)
    spans = _recorded(course.spans, since, until)
    node_parts, card_parts = nodes.end(end), cards.end(end)
    inside = clipped(spans, since, until)
    sums = _sums(inside)
    bypasses = _stretches(spans, since, until, lambda span: span.cause.what in causes.BYPASSES)
    return Figures(since, until, _seconds(sums), _totals(sums, bypasses), bypasses,
                   _stretches(spans, since, until, lambda span: not span.watched),
                   _nodes(node_parts, Watched(inside), since, until),
                   _cards(card_parts, cards, since, until), actions.found, inside,
                   _clipped_all(node_parts, since, until), _clipped_all(card_parts, since, until), moved)


def _by_kind(*takes):
    """{kind of a transition: [all that take it]} of several {kind: what takes it}."""
    return dict((kind, [one[kind] for one in takes if kind in one]) for kind in set(itertools.chain(*takes)))


class Actions(object):
    """What persons have done in the period. found: [causes.Action]; takes: {kind: the method that takes it}."""

    def __init__(self, since, until):
        self.found = []
        self.takes = dict.fromkeys(causes.BY_HAND, self._take)
        self._since, self._until = since, until

    def _take(self, at, one):
        found = causes.action(at, one) if self._since <= at < self._until else None
        if found:
            self.found.append(found)


def _recorded(spans, since, until):
    """The spans, and before them what nobody has recorded."""
    first = min(spans[0].begin, until) if spans else until
    empty = [Span(since, first, causes.only(causes.UNRECORDED), False)] if first > since else []
    return empty + spans


def clipped(spans, since, until):
    """What belongs to the period of Spans or Parts, which are in order."""
    if not spans or since <= spans[0].begin and spans[-1].end <= until:
        return spans
    return [span if since <= span.begin and span.end <= until else
            span._replace(begin=max(span.begin, since), end=min(span.end, until))
            for span in spans if span.end > since and span.begin < until]


def _clipped_all(parts, since, until):
    return dict((name, clipped(found, since, until)) for name, found in parts.items())


def _length(span):
    return span.end - span.begin


def _sums(spans):
    """{causes.Cause: seconds}."""
    found = {}
    for begin, end, cause, _ in spans:
        found[cause] = found.get(cause, 0) + end - begin
    return found


def _seconds(sums):
    found = dict.fromkeys(causes.BYPASSES + causes.CLASSES, 0)
    for cause, seconds in sums.items():
        found[cause.what] += seconds
    return found


def _totals(sums, bypasses):
    """[Total] of all causes of these Stretches, the longest first."""
    counts = {}
    for bypass in bypasses:
        for cause in bypass.causes:
            counts[cause] = counts.get(cause, 0) + 1
    return sorted((Total(cause, sums[cause], count) for cause, count in counts.items()),
                  key=lambda total: (-total.seconds, total.cause))


def _stretches(spans, since, until, fits):
    """[Stretch] of the runs of all spans that fit and touch the period."""
    found = []
    for run in [list(run) for good, run in itertools.groupby(spans, fits) if good]:
        inside = clipped(run, since, until)
        if inside:
            # Of many changes between the same causes each is named once.
            named = []
            for span in inside:
                if span.cause not in named:
                    named.append(span.cause)
            found.append(Stretch(run[0].begin, run[-1].end, sum(map(_length, inside)), named, run[-1].end >= until))
    return found


class Watched(object):
    """How many seconds of the period somebody has watched until a time."""

    def __init__(self, spans):
        # One after the other, what is watched and what is not. They are few.
        self._begins, self._watched, self._sums = [], [], []
        total = 0
        for watched, run in itertools.groupby(spans, operator.attrgetter('watched')):
            run = list(run)
            self._begins.append(run[0].begin)
            self._watched.append(watched)
            self._sums.append(total)
            total += run[-1].end - run[0].begin if watched else 0

    def between(self, begin, end):
        """Seconds that somebody has watched of a time in the period."""
        place = bisect.bisect_right(self._begins, begin) - 1
        if place == bisect.bisect_right(self._begins, end) - 1:
            return end - begin if self._watched[place] else 0
        return self._until(end) - self._until(begin)

    def _until(self, at):
        place = bisect.bisect_right(self._begins, at) - 1
        return self._sums[place] + (at - self._begins[place] if self._watched[place] else 0)


def _nodes(parts, watched, since, until):
    found = []
    for name in sorted(parts, key=natural):
        inside, lengths = clipped(parts[name], since, until), {FAILED: [0], ACTIVE: [0], MAINTENANCE: [0]}
        for begin, end, state in inside:
            lengths[state].append(watched.between(begin, end))
        failures = sum(part.state == FAILED and since <= part.begin < until for part in parts[name])
        down, active, away = [sum(lengths[state]) for state in (FAILED, ACTIVE, MAINTENANCE)]
        longest = max(lengths[FAILED])
        share = float(active) / (active + down) if active + down else None
        if inside:
            found.append(Node(name, failures, down, longest, active, away, share))
    return found


def _cards(parts, cards, since, until):
    found = []
    for name in sorted(parts, key=natural):
        gone = [part for part in parts[name] if part.state != PRESENT]
        found.append(Card(name, cards.called[name], sum(since <= part.begin < until for part in gone),
                          sum(map(_length, clipped(gone, since, until))), cards.foreign[name],
                          cards.silences[name]))
    return found
