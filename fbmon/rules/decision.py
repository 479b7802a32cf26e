"""What the listeners' states mean for the cards and ports. Pure: states and Settings in, a Decision out.

The rules:
- No listener launched, or any launched one unknown: the last decision is held.
- Otherwise bypass if failed >= threshold or if all launched listeners are failed, else normal.
- A card's address is present in normal, absent in bypass.
- A port is up only if every list that names it says so: the global list in normal, listener n's list when n is active.
- A list whose SHUTDOWN flag is 0 has no say, and neither has the list of a listener that is not launched.
"""
from fbmon.base.tuples import namedtuple
from fbmon.rules.states import ABSENT, ACTIVE, BYPASS, DOWN, FAILED, NORMAL, PRESENT, UNKNOWN, UP

# state: the global state; cards: {(interface, address): PRESENT or ABSENT}; ports: {name: UP or DOWN}.
# A card or port that is not in it is left alone. So nothing is touched while nothing is decided.
Decision = namedtuple('Decision', 'state cards ports')

UNDECIDED = Decision(UNKNOWN, {}, {})


def decide(settings, states, last):
    """The Decision for the launched listeners' states {index: UNKNOWN, ACTIVE or FAILED}; `last` while held."""
    if not states or waited_for(states):
        return last
    state = global_state(settings.threshold, states)
    return Decision(state, _cards(settings, state), _ports(settings, state, states))


def waited_for(states):
    """The indexes of the listeners that have not reported yet, in order."""
    return sorted(index for index, state in states.items() if state == UNKNOWN)


def failed(states):
    """How many of the launched listeners are failed."""
    return sum(state == FAILED for state in states.values())


def global_state(threshold, states):
    """NORMAL or BYPASS of listeners that have all reported; UNKNOWN where the file gives no usable threshold."""
    if threshold is None:
        return UNKNOWN
    count = failed(states)
    return BYPASS if count >= threshold or count == len(states) else NORMAL


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
    """Each list that has a say, as (its ports, UP, DOWN or None: it cannot tell)."""
    if settings.shutdown:
        yield settings.ports, {NORMAL: UP, BYPASS: DOWN}.get(state)
    for listener in settings.listeners:
        if listener.shutdown and listener.index in states:
            yield listener.ports, UP if states[listener.index] == ACTIVE else DOWN


def reason(settings, state, states, name=None):
    """Why the global state is what it is, or a port (by name) is down or up, for the log and the status."""
    if name is None:
        count = failed(states)
        if settings.threshold is None:
            return 'LISTEN_HEARTBEAT_FAILED is faulty'
        if state == BYPASS and count < settings.threshold:
            return '%d of %d launched listeners failed' % (count, len(states))
        return '%d failed %s %d' % (count, '>=' if state == BYPASS else '<', settings.threshold)
    silent = [str(listener.index) for listener in settings.listeners
              if listener.shutdown and name in listener.ports and states.get(listener.index) == FAILED]
    if silent:
        return 'listener %s failed' % ', '.join(silent)
    if settings.shutdown and name in settings.ports:
        return 'global state %s' % state
    return 'its listeners are active'
