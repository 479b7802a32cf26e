"""Tells what follows from a file: what each node's failure does, and which choices are worth another thought. Pure.

The daemon's own rules decide what a failure does. A file with mistakes, or without listeners or cards, has no
consequences that could be told.
"""
from fbmon.base.tuples import namedtuple
from fbmon.base.words import indexes, natural
from fbmon.config import table
from fbmon.rules import decision, nodes, returning
from fbmon.rules.states import ACTIVE, BYPASS, DOWN, FAILED

# What the failure of a single node does. names: the nodes for which this is so; state: the global state then; ports:
# those that go down; after: ms from the last heartbeat until the node is failed.
Effect = namedtuple('Effect', 'names state ports after')

# At most MOST different Effects are told, and at most LONGEST characters of a list of names in the usual columns.
MOST, LONGEST = 16, 60


def lines(settings, width=table.WIDTH):
    """[The lines that `check` shows]: the consequences in a table `width` columns wide, then the advice."""
    if not sound(settings):
        return []
    found, untold = effects(settings)
    titles = 'ONE %s FAILS' % _kind(settings, 1).upper(), 'SILENT FOR', 'STATE', 'PORTS THAT GO DOWN'
    room = LONGEST + max(0, width - table.WIDTH)
    rows = [((_names(one.names, room), _seconds(one.after), one.state, _listed(one.ports, room) or 'none'), [])
            for one in found]
    more = ['... and %d more' % untold] if untold else []
    return [''] + _limits(settings) + table.columns(titles, rows, '', width) + more \
        + ['advice: ' + text for text in advice(settings, found)]


def sound(settings):
    """Whether there is something to tell and no part of it is faulty."""
    return bool(settings.threshold and settings.listeners and settings.cards and not settings.faulty_ports
                and not any(one.error for one in settings.listeners + settings.cards))


def survived(settings):
    """The number of nodes that may fail without a bypass, no matter which ones."""
    ways = [group for _, group in nodes.grouped(settings.listeners)]
    low, high = 0, len(ways)
    while high - low > 1:
        middle = (low + high) // 2
        states = _states(settings, [one for group in ways[:middle] for one in group])
        low, high = (low, middle) if decision.judged(settings, states) == BYPASS else (middle, high)
    return low


def effects(settings):
    """([Effect, ...] of the failures of single nodes, the number of nodes that are not told)."""
    normal = decision.decide(settings, _states(settings, ()), decision.UNDECIDED)
    known, found, untold = {}, [], 0
    for name, ways in nodes.grouped(settings.listeners):
        # All nodes count alike, so two nodes with the same lists have the same effect.
        lists = frozenset(port for one in ways if one.shutdown for port in one.ports)
        if lists not in known and len(known) < MOST:
            known[lists] = _alone(settings, ways, normal)
        if lists not in known or not _noted(found, name, known[lists] + (_after(ways),)):
            untold += 1
    return [Effect(tuple(names), *rest) for rest, names in found], untold


def advice(settings, found):
    """Yield a sentence for each choice of a sound file that is worth another thought. found: its Effects."""
    ones = settings.listeners
    single, anybody = [one.attempts == 1 for one in ones], [not one.sources for one in ones]
    if any(single):
        yield 'LISTEN_HEARTBEAT_ATTEMPTS=1%s: one timeout is a failure; give 2 or 3' % _some(single)
    if settings.returns == returning.AT_ONCE and any(one.recovery == 1 for one in ones):
        yield 'BYPASS_RETURN_DELAY=0: a bypass ends at once; 30000 to 60000 is usual'
    if not settings.lease:
        yield 'BYPASS_CARD_LEASE=0: a dead daemon leaves cards in normal; give 15000'
    if any(anybody):
        yield "LISTEN_HB_SOURCE%s: anybody can send; give the nodes' addresses" % _some(anybody)
    if not all(_acts(one) for one in found):
        yield 'LISTEN_HEARTBEAT_FAILED=%d: one dead node does nothing; give 1, or ports' % settings.threshold


def _some(those):
    return '' if all(those) else ' (%d of %d)' % (sum(those), len(those))


def _acts(effect):
    return effect.state == BYPASS or bool(effect.ports)


def _states(settings, failed):
    """{index: state} in which these listeners are failed and all others are active."""
    states = dict((one.index, ACTIVE) for one in settings.listeners)
    states.update((one.index, FAILED) for one in failed)
    return states


def _alone(settings, ways, normal):
    """(global state, ports that go down) if only the node with these listeners fails."""
    decided = decision.decide(settings, _states(settings, ways), normal)
    gone = [name for name, word in decided.ports.items() if word == DOWN and normal.ports.get(name) != DOWN]
    return decided.state, tuple(sorted(gone, key=natural))


def _noted(found, name, rest):
    """Add a node to the nodes with the same effect. Returns False if that would be one Effect too many."""
    for other, names in found:
        if other == rest:
            names.append(name)
            return True
    if len(found) == MOST:
        return False
    found.append((rest, [name]))
    return True


def _after(ways):
    """The ms from a node's last heartbeats until it is failed, that is, until all its listeners are."""
    return max(one.timeout * one.attempts for one in ways)


def _limits(settings):
    """[How many failures are survived; how long a bypass by more of them takes, if the slowest is among them]."""
    groups, kept = nodes.grouped(settings.listeners), survived(settings)
    told = ['%s%d failed %s of %d make%s bypass, %s survived' % (
        'without OBSERVE: ' if settings.observe else '', kept + 1, _kind(settings, kept + 1), len(groups),
        '' if kept else 's', '%d %s' % (kept, 'is' if kept == 1 else 'are') if kept else 'none is')]
    waits = sorted(_after(ways) for _, ways in groups)
    most = 'at most ' if waits[kept] != waits[-1] else ''
    return told + (['%d that die at once: bypass %s%s after their last heartbeats' % (
        kept + 1, most, _seconds(waits[-1]))] if kept else [])


def _names(names, room):
    numbers = sorted(int(name) for name in names if name.isdigit())
    runs = indexes(numbers).split(', ') if numbers else []
    return _listed(runs + [name for name in names if not name.isdigit()], room)


def _listed(names, room):
    """The names as text. If it is longer than `room`, the last names are left out."""
    text = ', '.join(names)
    return text if len(text) <= room else text[:room].rpartition(', ')[0] + ', ...'


def _seconds(ms):
    return '%g s' % (ms / 1000.0)


def _kind(settings, count):
    return ('node' if settings.nodes else 'listener') + ('' if count == 1 else 's')
