"""The rules once more, written in another way than in the daemon. The tests compare the two.

A node is the index of a listener, and its local state is a word. Each list of ports says up or down for its ports.
"""
from collections import namedtuple

# ports: the list; shutdown: its flag; node: the listener's index, None for the global list.
PortList = namedtuple('PortList', 'ports shutdown node')

# threshold: None if it is faulty; cards: any values that can be keys; lists: PortLists; untouched: ports that the
# daemon leaves alone.
Rules = namedtuple('Rules', 'threshold cards lists untouched')

# state: the global one; cards: {card: 'present' or 'absent'}; ports: {port: 'up' or 'down'}.
Verdict = namedtuple('Verdict', 'state cards ports')

NOTHING = Verdict('unknown', {}, {})


def judge(rules, nodes, before):
    """The Verdict on {node: local state} of the launched listeners. before: the last Verdict."""
    if len(nodes) == 0 or 'unknown' in nodes.values():
        return before
    state = overall(rules.threshold, list(nodes.values()))
    return follows(rules, state, state, nodes)


def follows(rules, state, leading, nodes):
    """The Verdict with this global state. leading: the global state that the ports follow already."""
    cards = {}
    if state == 'normal':
        cards = dict.fromkeys(rules.cards, 'present')
    if state == 'bypass':
        cards = dict.fromkeys(rules.cards, 'absent')
    ports = {}
    for port in set(port for one in rules.lists for port in one.ports) - set(rules.untouched):
        answers = [answer(one, leading, nodes) for one in rules.lists if port in one.ports and has_a_say(one, nodes)]
        if answers and 'cannot tell' not in answers:
            ports[port] = 'up' if all(said == 'up' for said in answers) else 'down'
    return Verdict(state, cards, ports)


def overall(threshold, states):
    """The global state when all nodes have reported."""
    if threshold is None:
        return 'unknown'
    dead, away = [len([state for state in states if state == word]) for word in ('failed', 'maintenance')]
    too_many = dead >= 1 and dead + away >= threshold
    return 'bypass' if too_many or 'active' not in states else 'normal'


def has_a_say(one, nodes):
    """Whether a PortList counts: its flag is 1, and it is the global list or the list of a launched listener."""
    return one.shutdown and (one.node is None or one.node in nodes)


def answer(one, state, nodes):
    """What a PortList says about its ports: 'up', 'down' or 'cannot tell'."""
    if one.node is None:
        return {'normal': 'up', 'bypass': 'down'}.get(state, 'cannot tell')
    return {'active': 'up', 'unknown': 'cannot tell'}.get(nodes[one.node], 'down')
