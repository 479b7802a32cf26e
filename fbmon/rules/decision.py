"""Decides from the listeners' states what becomes of cards and ports. Pure: states and Settings in, a Decision out.

The rules:
- No listener launched, or a node unknown (see nodes.py): the last decision is held.
- Otherwise bypass if failed nodes >= 1 and failed nodes + nodes in maintenance >= threshold, or if no node with a
  launched listener is active outside of maintenance; else normal. So planned work alone never makes a bypass.
- A card's address is present in normal, absent in bypass.
- A port is up only if every list that names it says so: the global list in normal, listener n's list when the node of
  n is active. So the local ports of a node in maintenance go down, as those of a failed one.
- A list whose SHUTDOWN flag is 0 has no say, and neither has the list of a listener that is not launched.
"""
from fbmon.base.tuples import namedtuple
from fbmon.rules import nodes
from fbmon.rules.states import (ABSENT, ACTIVE, BYPASS, DOWN, FAILED, MAINTENANCE, NORMAL, PRESENT, UNKNOWN,
                                UP)

# state: the global state; cards: {(interface, address): PRESENT or ABSENT}; ports: {name: UP or DOWN}.
# A card or port that is not in it is left alone. So nothing is touched while nothing is decided.
Decision = namedtuple('Decision', 'state cards ports')

UNDECIDED = Decision(UNKNOWN, {}, {})

# What a listener's list says by the state of its node, DOWN if it is not here. While a node is unknown the rules hold
# the last decision; only an override decides then, and this list cannot tell.
_SAYS = {ACTIVE: UP, UNKNOWN: None}


def decide(settings, states, last):
    """The Decision on the launched listeners' states, {index: UNKNOWN, ACTIVE, FAILED or MAINTENANCE}; while held it
    is `last`."""
    state = judged(settings, states)
    return last if state is None else made(settings, states, state, state)


def judged(settings, states):
    """The global state that the rules give; None while they hold the last decision."""
    found = nodes.states(settings.nodes, states)
    if not found or UNKNOWN in found.values():
        return None
    return global_state(settings.threshold, found)


def made(settings, states, state, ports):
    """The Decision that follows from a global state. ports: the global state that the ports follow already."""
    return Decision(state, _cards(settings, state), _ports(settings, ports, states))


def waited_for(settings, states):
    """The indexes of the listeners that have not reported yet, if their nodes are unknown because of that, in order."""
    return nodes.waited_for(settings.nodes, states)


def failed(settings, states):
    """The number of failed nodes. Nodes without a launched listener do not count."""
    return _count(nodes.states(settings.nodes, states), FAILED)


def _count(found, state):
    return sum(one == state for one in found.values())


def global_state(threshold, found):
    """NORMAL or BYPASS for {node: state} of nodes that are all known; UNKNOWN if the file has no usable threshold."""
    if threshold is None:
        return UNKNOWN
    count, away = _count(found, FAILED), _count(found, MAINTENANCE)
    return BYPASS if count and count + away >= threshold or ACTIVE not in found.values() else NORMAL


def _cards(settings, state):
    wanted = {NORMAL: PRESENT, BYPASS: ABSENT}.get(state)
    if wanted is None:
        return {}
    return dict(((card.interface, card.address), wanted) for card in settings.cards if not card.error)


def _ports(settings, state, states):
    says = {}
    for names, word in _lists(settings, state, states):
        for name in names:
            says.setdefault(name, []).append(word)
    return dict((name, DOWN if DOWN in words else UP) for name, words in says.items()
                if None not in words and name not in settings.faulty_ports)


def _lists(settings, state, states):
    """(ports, word) of each list that has a say; word: UP, DOWN, or None if the list cannot tell."""
    if settings.shutdown:
        yield settings.ports, {NORMAL: UP, BYPASS: DOWN}.get(state)
    found = nodes.states(settings.nodes, states)
    for listener in settings.listeners:
        if listener.shutdown and listener.index in states:
            node = settings.nodes.get(listener.index, listener.index)
            yield listener.ports, _SAYS.get(found[node], DOWN)


def reason(settings, state, states, name=None):
    """The reason for the global state, or for the state of the port with this name, for the log and the status."""
    found = nodes.states(settings.nodes, states)
    return _reason(settings, state, found) if name is None else _reason_of_port(settings, state, found, name)


def _reason(settings, state, found):
    what = 'nodes' if settings.nodes else 'listeners'
    count, away = _count(found, FAILED), _count(found, MAINTENANCE)
    if settings.threshold is None:
        return 'LISTEN_HEARTBEAT_FAILED is faulty'
    if state == BYPASS and not (count and count + away >= settings.threshold):
        return '%d of %d launched %s failed%s' % (count, len(found), what, ', %d in maintenance' % away if away else '')
    if away and not count:
        return 'none failed, %d in maintenance' % away
    return '%d failed%s %s %d' % (count, ' and %d in maintenance' % away if away else '',
                                  '>=' if state == BYPASS else '<', settings.threshold)


def _reason_of_port(settings, state, found, name):
    said = []
    for state_of_node, word in ((FAILED, 'failed'), (MAINTENANCE, 'in maintenance')):
        silent = [one for one in settings.listeners if one.shutdown and name in one.ports
                  and found.get(settings.nodes.get(one.index, one.index)) == state_of_node]
        said += ['%s %s %s' % (kind, ', '.join(names), word) for kind, names in _kinds(silent)]
    if said:
        return '; '.join(said)
    if settings.shutdown and name in settings.ports:
        return 'global state %s' % state
    return 'its listeners are active'


def _kinds(listeners):
    """[('node', names), ('listener', indexes)] of listeners: the nodes with a name, and the other listeners."""
    named = []
    for one in listeners:
        if one.node and one.node not in named:
            named.append(one.node)
    found = ('node', named), ('listener', [str(one.index) for one in listeners if not one.node])
    return [(kind, names) for kind, names in found if names]
