"""The last incident as a person would tell it, from the transitions of a status. Pure.

An incident is a time in which nodes were failed or the state was bypass. What comes within QUIET seconds after the end
of it belongs to it: so a day of flapping is one incident. What goes on while no daemon watches has not ended.
"""
from collections import Counter

from fbmon.base import moments, words
from fbmon.base.tuples import namedtuple
from fbmon.memory.history import RELOAD, TAKEN
from fbmon.rules.states import BYPASS, FAILED, NORMAL, UNCONFIGURED, UNKNOWN
from fbmon.show import layout

QUIET = 600.0

# The most nodes, and the most bypasses, that have a line of their own.
MOST = 4

# A time in which something was bad. what: BYPASS, or the name of a node; begin, end: seconds since 1970, the end is
# None while it goes on; why: the reason at its begin.
Span = namedtuple('Span', 'what begin end why')

NONE = 'no incident is known: no node has failed, and there was no bypass, as far as the history goes'


def text(status, now, width=layout.WIDTH):
    """The text about the last incident. now: the second since 1970; status: the dict, or no more than the history while
    no daemon answers."""
    found = last(spans(status, now))
    lines = _told(found, status, now) if found else [NONE]
    lines += _still(status)
    return '\n'.join(line for position, one in enumerate(lines)
                     for line in layout.wrapped(one, '  ' if position else '', width)) + '\n'


def spans(status, now):
    """[All Spans of the history, in the order of their begin]."""
    found, going = [], {}
    of_nodes, starts = _with_ways(status), _starts(status['history'])
    for position, one in enumerate(status['history']):
        for what in set(going).difference(starts[position]) if position in starts else ():
            place = going.pop(what)
            found[place] = found[place]._replace(end=max(found[place].begin, one['at']))
        what = _what(one, of_nodes)
        if what is None or one['to'] == UNKNOWN:
            continue
        if one['to'] in (BYPASS, FAILED):
            if what not in going:
                going[what] = len(found)
                found.append(Span(what, one['at'], None, one['why']))
        elif what in going:
            place = going.pop(what)
            found[place] = found[place]._replace(end=max(found[place].begin, one['at']))
    for what, place in going.items():
        found[place] = found[place]._replace(end=_end(found[place], status, now))
    return sorted(found, key=lambda span: span.begin)


def _starts(history):
    """{the position of a daemon's first decision: whatever it has told of until then, and BYPASS}.

    That a node is well it tells only if it knows that it had failed, and a boot makes it forget that: what has failed
    by then is told again.
    """
    found, heard, ended = {}, set([BYPASS]), True
    for position, one in enumerate(history):
        if one['kind'] == 'global':
            forced = one['why'].startswith('force_o')
            if ended and not forced and one['from'] == UNKNOWN and one['to'] in (NORMAL, BYPASS):
                found[position] = heard
            # In one run of a daemon the state goes to unknown before it comes from there; over a boot it does not.
            ended = one['to'] != UNKNOWN or one['why'].startswith(('started', 'stopped'))
            heard = set([BYPASS])
        elif one['kind'] in ('listener', 'node') and one['from'] in (UNKNOWN, UNCONFIGURED):
            heard.add(one['called'] or one['name'])
    return found


def _with_ways(status):
    """The names of the nodes with several ways: they have transitions of their own, perhaps too long ago."""
    ways = Counter(row['node'] for row in status.get('listeners', ()) if row['state'] != UNCONFIGURED)
    return set([one['name'] for one in status['history'] if one['kind'] == 'node'] + [
        name for name in ways if ways[name] > 1])


def _what(one, of_nodes):
    """What a transition is of: BYPASS, the name of a node, or None. of_nodes: see _with_ways()."""
    if one['kind'] == 'global':
        return BYPASS
    called = one['called'] or one['name']
    mine = one['kind'] == 'node' or (one['kind'] == 'listener' and called not in of_nodes)
    return called if mine else None


def _end(span, status, now):
    """The end of a Span of which the history has none: None if it goes on. A reload may have removed the node."""
    if 'nodes' not in status:
        return None
    if span.what == BYPASS:
        return None if status['state'] == BYPASS else now
    if any(row['name'] == span.what and row['state'] in (FAILED, UNKNOWN) for row in status['nodes']):
        return None
    reloads = [one['at'] for one in status['history'] if (one['kind'], one['to']) == (RELOAD, TAKEN)]
    return min([at for at in reloads if at >= span.begin] or [max(now, span.begin)])


def last(found):
    """[The Spans of the last incident]; [] if there is none."""
    group, end = [], None
    for span in found:
        if group and end is not None and span.begin > end + QUIET:
            group, end = [], None
        end = span.end if not group else None if None in (end, span.end) else max(end, span.end)
        group.append(span)
    return group


def _told(found, status, now):
    """[The sentences about the Spans of an incident]."""
    begin, end = found[0].begin, max([now if span.end is None else span.end for span in found])
    goes_on = any(span.end is None for span in found)
    bypasses = [span for span in found if span.what == BYPASS]
    first = 'the state went to bypass' if found[0].what == BYPASS else _named(found[0].what) + ' failed'
    lines = ['since %s, for %s so far' % (_moment(begin), layout.duration(now - begin)) if goes_on
             else 'from %s to %s, %s' % (_moment(begin), _moment(end), layout.duration(end - begin)),
             'first: %s: %s' % (first, found[0].why)]
    lines += _of_nodes([span for span in found if span.what != BYPASS], now)
    lines += _of_bypasses(bypasses, now) if bypasses else ['no bypass']
    unwatched = [one for one in status['history'] if (one['kind'], one['to']) == ('global', UNKNOWN)
                 and begin <= one['at'] <= end]
    if unwatched:
        lines.append('the daemon ended %s meanwhile, first at %s (%s)' % (
            _times(len(unwatched)), _moment(unwatched[0]['at']), unwatched[0]['why']))
    return lines


def _of_nodes(found, now):
    """[How often each node failed, and how long it was failed], the worst ones first; the others are counted."""
    each = {}
    for span in found:
        each.setdefault(span.what, []).append(_length(span, now))
    worst = sorted(each, key=lambda name: (-sum(each[name]), words.natural(name)))
    lines = ['%s failed %s' % (_named(name), _how_long(each[name])) for name in worst[:MOST]]
    rest = sum([each[name] for name in worst[MOST:]], [])
    return lines + (['%d more nodes failed %s' % (len(worst) - MOST, _how_long(rest))] if rest else [])


def _of_bypasses(found, now):
    """[When each bypass began, how long it was, and why]; of many the first ones and the last one."""
    shown = found if len(found) <= MOST else found[:MOST - 1] + found[-1:]
    lines = ['bypass at %s for %s%s: %s' % (_moment(span.begin), layout.duration(_length(span, now)),
                                            ' so far' if span.end is None else '', span.why) for span in shown]
    if len(shown) < len(found):
        left = [_length(span, now) for span in found[MOST - 1:-1]]
        lines.insert(MOST - 1, '%d more bypasses, %s in all' % (len(left), layout.duration(sum(left))))
    return lines


def _still(status):
    """[What is wrong now]."""
    if 'nodes' not in status:
        return ['what is wrong now is not known: no daemon answers']
    found = ['the state is ' + status['state']] if status['state'] != 'normal' else []
    for state in (FAILED, UNCONFIGURED, UNKNOWN):
        names = [row['name'] for row in status['nodes'] if row['state'] == state]
        if names:
            more = ' and %d more' % (len(names) - MOST) if len(names) > MOST else ''
            found.append('%s%s: %s' % (', '.join(map(_named, names[:MOST])), more, state))
    wrong = sum(row['wanted'] not in (None, row['actual']) for row in status['cards'] + status['ports'])
    if wrong:
        found.append('%s not as wanted' % ('1 card or port is' if wrong == 1 else '%d cards or ports are' % wrong))
    count = len(status['problems'])
    found += ['%d problem%s, see fbypass_ctl show' % (count, '' if count == 1 else 's')] if count else []
    return ['still wrong: ' + '; '.join(found) if found else 'nothing is wrong now']


def _length(span, now):
    """Seconds up to now; the clock may have been set back since."""
    return max(0, (now if span.end is None else span.end) - span.begin)


def _how_long(seconds):
    if len(seconds) == 1:
        return 'once, for ' + layout.duration(seconds[0])
    return '%s, %s in all, %s at most' % (_times(len(seconds)), layout.duration(sum(seconds)),
                                          layout.duration(max(seconds)))


def _times(count):
    return 'once' if count == 1 else '%d times' % count


def _named(what):
    return 'listener ' + what if what.isdigit() else what


def _moment(at):
    return moments.short(at)
