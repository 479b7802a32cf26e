"""The last day as lanes, from the changes that the status has: what the daemon keeps, and no more. Pure.

The daemon keeps its last 200 changes. What they do not name has not changed since the first of them.
"""
from fbmon.base.tuples import namedtuple
from fbmon.memory.history import Transition
from fbmon.report import figures, lanes
from fbmon.rules.states import ABSENT, BYPASS, MAINTENANCE, NORMAL, PRESENT

DAY = 86400.0

# lanes: [lanes.Lane]; since, until: seconds since 1970; begin: the first second of which something is known.
Picture = namedtuple('Picture', 'lanes since until begin')


def picture(status, at):
    """The Picture of a status that was given at this time, in seconds since 1970."""
    changes = [Transition(one['at'], one['kind'], one['name'], one['from'], one['to'], one['why'], one['called'] or '')
               for one in status['history']]
    begin = min([at - status['uptime_s']] + [one.at for one in changes])
    since = max(begin, at - DAY)
    if since >= at:
        return None
    found = figures.figures(_before(status, changes, begin) + changes, at - DAY, at, at)
    return Picture(lanes.lanes(found), at - DAY, at, begin)


def _before(status, changes, begin):
    """[Transition] to what held when the first of the changes came, for all that is shown."""
    first = {}
    for one in changes:
        first.setdefault((one.kind, one.name), one.old)
    found = [_seed(first, begin, 'global', 'state', status['state'], (NORMAL, BYPASS))]
    found += [_seed(first, begin, 'listener', '%d' % row['index'], row['state'], None,
                    '' if row['node'] == '%d' % row['index'] else row['node']) for row in status['listeners']]
    found += [_seed(first, begin, 'card', row['address'], row['actual'], (PRESENT, ABSENT), row['name'] or '')
              for row in status['cards']]
    found += [_seed(first, begin, 'operator', row['name'], MAINTENANCE if row['maintenance'] else None, (MAINTENANCE,))
              for row in status['nodes']]
    return [one for one in found if one]


def _seed(first, begin, kind, name, now, words, called=''):
    """The Transition to what held at first; None if that is none of these words, or is not known."""
    state = first.get((kind, name), now)
    if state is None or words is not None and state not in words:
        return None
    return Transition(begin, kind, name, '-', state, '', called)
