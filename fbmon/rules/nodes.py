"""Nodes. One node is one DPI; listeners with the same node name are several ways to hear the same node. Pure.

A listener without a node name is a node of its own, and is called by its index. names: {index: name} of the listeners
that have one; local: {index: local state} of the launched listeners.
"""
from fbmon.rules.states import ACTIVE, FAILED, MAINTENANCE, UNCONFIGURED, UNKNOWN

# A node has the best state of its listeners. In maintenance all of them are.
_RANK = {FAILED: 0, UNKNOWN: 1, ACTIVE: 2, MAINTENANCE: 3}


def states(names, local):
    """{node: state} of the nodes with a launched listener. A node is its name, or its index if it has no name."""
    if not names:
        return local
    found = {}
    for index, state in local.items():
        node = names.get(index, index)
        found[node] = max(found.get(node, state), state, key=_RANK.get)
    return found


def grouped(listeners):
    """[(name as text, [settings of its listeners])] of all nodes in a file, in the order of their first listeners."""
    found, order = {}, []
    for one in listeners:
        name = called(one)
        if name not in found:
            order.append(name)
        found.setdefault(name, []).append(one)
    return [(name, found[name]) for name in order]


def count(settings):
    """The number of nodes in a file."""
    return len(grouped(settings.listeners)) if settings.nodes else len(settings.listeners)


def called(listener):
    """The name of a listener's node, or else its index, as text."""
    return listener.node or '%d' % listener.index


def described(listener):
    """The name of a listener in log and status: 'listener 3', or 'listener 3 of node dpi-1'."""
    return 'listener %d' % listener.index + (' of node ' + listener.node if listener.node else '')


def named(names, local):
    """{name: state} of the nodes that have a name. A node without a launched listener is UNCONFIGURED."""
    found = states(names, local)
    return dict((name, found.get(name, UNCONFIGURED)) for name in names.values())


def waited_for(names, local):
    """The indexes of the listeners that have not reported yet, if their nodes are unknown because of that, in order."""
    unknown = [index for index, state in local.items() if state == UNKNOWN]
    if unknown and names:
        found = states(names, local)
        unknown = [index for index in unknown if found[names.get(index, index)] == UNKNOWN]
    return sorted(unknown)
