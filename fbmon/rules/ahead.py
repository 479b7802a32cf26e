"""What comes next: how far the state is from changing, and which nodes are about to fail. Pure.

Times are in seconds.
"""
from fbmon.rules import nodes, returning
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, MAINTENANCE, NORMAL, UNKNOWN

# Nodes that are about to fail are named, so many at most.
MOST = 3

# A node is told that has been silent for this part of the time until it fails.
SILENT = 0.5


def texts(settings, states, judged, left, waits=False):
    """[what comes next, one text each] by the rules.

    judged: the global state by the rules, None while they hold; left: {index: (seconds until the listener fails if no
    heartbeat comes, seconds that it has for that)} of the launched listeners that have not failed; waits: whether a
    bypass waits for its return, since the rules say normal.
    """
    found = nodes.states(settings.nodes, states)
    return _change(settings, found, judged, waits) + _about_to_fail(settings, states, found, left)


def _change(settings, found, judged, waits):
    """How many nodes must fail or come back until the state is another one."""
    states = list(found.values())
    failed, active, away = [states.count(state) for state in (FAILED, ACTIVE, MAINTENANCE)]
    # More failed nodes than this, of those that are not in maintenance, are a bypass.
    most = (settings.threshold or 0) - 1 - away
    if judged == NORMAL:
        return ['%s: %s' % (_counted(max(1, min(most + 1 - failed, active)), 'more failed node'),
                            'the bypass goes on' if waits else 'bypass')]
    if judged == BYPASS and failed:
        return ['%s: %s' % (_counted(max(1, min(failed - most, failed)), 'more active node'),
                            'normal' if settings.returns == returning.AT_ONCE else 'the return begins')]
    return []


def _counted(count, what):
    return 'one ' + what if count == 1 else '%d %ss' % (count, what)


def _about_to_fail(settings, states, found, left):
    """The nodes that fail soonest, if they are silent for long already."""
    soon = []
    for name, ways in nodes.grouped(settings.listeners):
        times = [left[one.index] for one in ways if one.index in left]
        state = found.get(ways[0].node or ways[0].index)
        if state in (ACTIVE, UNKNOWN) and times:
            seconds, whole = max(times)
            if seconds <= whole * (1 - SILENT):
                soon.append((max(0.0, seconds), name if ways[0].node else 'listener ' + name))
    told = ['%s fails in %.1f s' % (name, seconds) for seconds, name in sorted(soon)[:MOST]]
    return told + (['%d more nodes fail soon' % (len(soon) - MOST) if len(soon) > MOST + 1 else
                    'one more node fails soon'] if len(soon) > MOST else [])
