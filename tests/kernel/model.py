"""What the rules say, once more and in another way than the daemon does it: the tests compare the two.

A node is an index of a listener, its local state a word. Lists are questions to be answered with yes or no.
"""
from collections import namedtuple

# name: of the file's part; ports: the list; shutdown: its flag; node: the listener's index, None for the global list.
PortList = namedtuple('PortList', 'ports shutdown node')

# threshold: None where it is faulty; cards: any keys; lists: PortLists; untouched: ports that are never touched.
Rules = namedtuple('Rules', 'threshold cards lists untouched')

# What was decided: state, {card: 'present'/'absent'}, {port: 'up'/'down'}.
Verdict = namedtuple('Verdict', 'state cards ports')

NOTHING = Verdict('unknown', {}, {})


def judge(rules, nodes, before):
    """The Verdict for {node: local state} of the launched ones; `before` is what was decided last."""
    if len(nodes) == 0 or 'unknown' in nodes.values():
        return before
    state = overall(rules.threshold, list(nodes.values()))
    cards = {}
    if state == 'normal':
        cards = dict.fromkeys(rules.cards, 'present')
    if state == 'bypass':
        cards = dict.fromkeys(rules.cards, 'absent')
    ports = {}
    for port in set(port for one in rules.lists for port in one.ports) - set(rules.untouched):
        answers = [answer(one, state, nodes) for one in rules.lists if port in one.ports and has_a_say(one, nodes)]
        if answers and 'cannot tell' not in answers:
            ports[port] = 'up' if all(said == 'up' for said in answers) else 'down'
    return Verdict(state, cards, ports)


def overall(threshold, states):
    """The global state of nodes that have all reported."""
    if threshold is None:
        return 'unknown'
    alive = len([state for state in states if state != 'failed'])
    dead = len(states) - alive
    too_many = dead >= threshold
    return 'bypass' if too_many or alive == 0 else 'normal'


def has_a_say(one, nodes):
    """Whether a PortList counts: its flag is 1, and it is the global one or that of a launched listener."""
    return one.shutdown and (one.node is None or one.node in nodes)


def answer(one, state, nodes):
    """What a PortList says of its ports."""
    if one.node is None:
        return {'normal': 'up', 'bypass': 'down'}.get(state, 'cannot tell')
    return 'up' if nodes[one.node] == 'active' else 'down'
