"""The figures as text of 80 columns, for a console or a mail. Pure."""
import itertools

from fbmon.base import moments
from fbmon.report import causes
from fbmon.show import layout

WIDTH = layout.WIDTH

HEADS = {causes.NORMAL: 'somebody watched, and no bypass', causes.OBSERVED: 'OBSERVE=1: the daemon only observed',
         causes.UNWATCHED: 'nobody watched: the cards are not known',
         causes.UNRECORDED: 'the journal does not go back so far'}

NOTHING = 'nothing'
BY_NAME = 'A node or card that the journal does not name had no change in it.'


def render(found, notes=()):
    """The text of figures.Figures. notes: what is to be said about the journal."""
    parts = [_head(found, notes), _causes(found), _bypasses(found), _nodes(found), _cards(found), _unwatched(found),
             _actions(found)]
    return '\n\n'.join('\n'.join(part) for part in parts if part) + '\n'


def cause(one):
    """A causes.Cause in words."""
    return ' '.join([one.what] + [one.who] * bool(one.who)) + (one.why and ': ' + one.why)


def all_causes(stretch):
    """The causes of a Stretch in words."""
    return ', then '.join(cause(one) for one in stretch.causes)


def length(stretch):
    """How long a Stretch was in the period; + if it goes on after it."""
    return layout.duration(stretch.length) + ('+' if stretch.open else '')


def percent(share):
    """A share of 1 as text; 100 % only if it is all. - for None."""
    if share is None:
        return '-'
    text = '%.3f %%' % (100.0 * share)
    return '99.999 %' if share < 1 and text == '100.000 %' else text


def action(one):
    """Who has done what, and why, in words."""
    return one.what + (one.who and ' by ' + one.who) + (one.why and ': ' + one.why)


def classes(found):
    """[(word, seconds, share, what it means)] of the times that make up the period."""
    seconds, whole = found.seconds, float(found.until - found.since)
    count = len(found.bypasses)
    rows = [('bypass', bypassed(found), '%d time%s' % (count, '' if count == 1 else 's'))]
    rows += [(what, seconds[what], HEADS[what]) for what in causes.CLASSES if seconds[what] or what == causes.NORMAL]
    return [(word, length, length / whole, meaning) for word, length, meaning in rows]


def bypassed(found):
    """Seconds of bypass."""
    return sum(found.seconds[what] for what in causes.BYPASSES)


def period(found):
    """The period in words."""
    return '%s to %s (%s)' % (moments.short(found.since), moments.short(found.until),
                              layout.duration(found.until - found.since))


def _head(found, notes):
    rows = [[word, layout.duration(seconds), percent(share), meaning]
            for word, seconds, share, meaning in classes(found)]
    table = layout.grid(('TIME', 'LENGTH', 'SHARE', ''), rows)
    return ['report of ' + period(found)] + [''] + _joined(table) + [
        line for note in notes for line in layout.wrapped(note, '! ')]


def _joined(lists):
    return list(itertools.chain.from_iterable(lists))


def _table(title, titles, rows, texts=False):
    """The lines of a table below a title. texts: whether the last cell is a text that is wrapped below itself."""
    if not rows:
        return [title, '  ' + NOTHING]
    others = sum(2 + max(map(len, column)) for column in list(zip(titles, *rows))[1:])
    lines = _joined(layout.table(titles, rows, limit=WIDTH if texts else WIDTH - others))
    start = lines[0].rindex(titles[-1])
    return [title] + [part for line in lines
                      for part in (layout.hanging(line, start, WIDTH) if texts and len(line) > WIDTH else [line])]


def _causes(found):
    rows = [[layout.duration(one.seconds), '%d' % one.count, cause(one.cause)] for one in found.causes]
    return _table('BYPASS BY CAUSE', ('LENGTH', 'TIMES', 'CAUSE'), rows, texts=True) if rows else []


def _bypasses(found):
    rows = [[moments.short(one.begin), length(one), all_causes(one)] for one in found.bypasses]
    return _table('BYPASSES', ('BEGIN', 'LENGTH', 'CAUSE'), rows, texts=True)


def _nodes(found):
    rows = [[one.name, '%d' % one.failures, layout.duration(one.down), layout.duration(one.longest),
             layout.duration(one.away), percent(one.share)] for one in found.nodes]
    return _table('NODES', ('NODE', 'FAILURES', 'DOWN', 'LONGEST', 'MAINTENANCE', 'AVAILABLE'), rows) + [BY_NAME]


def _cards(found):
    rows = [[(one.called and one.called + ' ') + one.address, '%d' % one.absences, layout.duration(one.absent),
             '%d' % one.foreign, '%d' % one.silences] for one in found.cards]
    return _table('CARDS', ('CARD', 'ABSENT', 'TOGETHER', 'CHANGED BY OTHERS', 'SILENT'), rows) if rows else []


def _unwatched(found):
    rows = [[moments.short(one.begin), length(one), 'cards: ' + meanwhile(one)] for one in found.unwatched]
    return _table('NOBODY WATCHED', ('BEGIN', 'LENGTH', 'MEANWHILE'), rows, texts=True) if rows else []


def meanwhile(stretch):
    """What the cards did while nobody watched, in words."""
    words = {causes.UNWATCHED: 'not known', causes.UNRECORDED: 'no record'}
    return ', then '.join(words.get(one.what) or 'bypass, ' + cause(one) for one in stretch.causes)


def _actions(found):
    rows = [[moments.short(one.at), action(one)] for one in found.actions]
    return _table('BY HAND', ('AT', 'WHAT'), rows, texts=True) if rows else []
