"""Takes a command of an operator: the Orders after it, or why it is refused. Pure."""
from fbmon.base import words
from fbmon.rules import nodes, orders
from fbmon.rules.orders import Noise, Order, Override
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, MAINTENANCE, NORMAL, UNKNOWN

# The names of the commands.
COMMANDS = MAINTAIN, OVERRIDE, DRILL = 'maintenance', 'override', 'drill'

# What `override` is told for its end.
OFF = 'off'

# The longest drill, in seconds.
LONGEST = 3600


def after(before, question, by, now, settings, states=None, state=None, node=None):
    """The Orders after a command. Raises Noise: the command is refused.

    question: the command as a dict; by: who gives it; now: the second of the wall clock; states: the local states of
    the launched listeners with MAINTENANCE (see orders.marked), None if nobody watches them; state: the global state;
    node: what meant() has said before, if the command was looked at before.
    """
    if question.get('command') == DRILL:
        return _drill(before, question, by, now, settings, states, state)
    if question.get('command') == OVERRIDE:
        return _override(before, question, by, now)
    return _maintenance(before, question, by, now, settings, states, node)


def meant(before, question, settings):
    """The name of the node that a command of maintenance means, None for another command. Raises Noise."""
    if question.get('command') != MAINTAIN:
        return None
    given = orders.node_name(question.get('node'))
    # An order for a node that the file had once may have the name of what is an index now.
    once = question.get('on') is False and given in before.maintenance
    return given if once else called(given, settings) or given


def called(node, settings):
    """The name of the node that a person calls by its name or by the index of one of its listeners; None if there is
    none."""
    for name, ways in nodes.grouped(settings.listeners):
        if node == name or node in ['%d' % one.index for one in ways]:
            return name
    return None


def last_active(node, settings, states):
    """Whether a node is active, and no other one is active outside of maintenance; or, as long as it is not heard yet,
    no other one may be. states: as in after()."""
    found = dict(('%s' % name, state) for name, state in nodes.states(settings.nodes, states).items())
    state, left = found.pop(node, None), found.values()
    return state in (ACTIVE, UNKNOWN) and ACTIVE not in left and (state == ACTIVE or UNKNOWN not in left)


def _override(before, question, by, now):
    if question.get('state') == OFF:
        return before._replace(override=None)
    return before._replace(override=Override(orders.override_state(question.get('state')), _order(question, by, now)))


def _drill(before, question, by, now, settings, states, state):
    """The override of a drill; or its end, if the question has the "end" of the drill that is meant.

    A drill that is on already is the answer to a question that comes twice, because its first answer was lost.
    """
    on = before.override.order if before.override and is_drill(before.override) else None
    if question.get('end') is not None:
        # Never end what somebody else has ordered meanwhile.
        if on is None or on.until != question['end']:
            raise Noise('this drill is not on')
        return before._replace(override=None)
    order = _order(dict(question, reason=_reason_of_drill(question.get('reason'))), by, now)
    if order.until is None or order.until - now > LONGEST + 1:
        raise Noise('a drill ends after %d s at most' % LONGEST)
    if on == order._replace(since=on and on.since):
        return before
    _refuse_unclean(before, settings, states, state)
    return before._replace(override=Override(BYPASS, order))


def _reason_of_drill(reason):
    """It tells the override of a drill from others."""
    return DRILL + (': ' + orders.reason(reason) if reason else '')


def is_drill(override):
    """Whether an Override is that of a drill."""
    return override.state == BYPASS and (override.order.reason + ':').startswith(DRILL + ':')


def _refuse_unclean(before, settings, states, state):
    """Refuse a drill that would not show what a bypass does, and its end, when all is well."""
    if before.override:
        raise Noise('%s by %s is on' % ('a drill' if is_drill(before.override) else
                                        'override ' + before.override.state, before.override.order.by))
    if before.maintenance:
        raise Noise('in maintenance: ' + ', '.join(sorted(before.maintenance, key=words.natural)))
    if settings.observe:
        raise Noise('OBSERVE=1: nothing would be changed')
    found = nodes.states(settings.nodes, states or {})
    for bad, what in ((FAILED, 'failed'), (UNKNOWN, 'not heard yet')):
        names = ['%s' % node for node, one in found.items() if one == bad]
        if names:
            raise Noise('%s: node %s' % (what, ', '.join(sorted(names, key=words.natural))))
    if state != NORMAL:
        raise Noise('the state is %s, not normal' % state)


def _maintenance(before, question, by, now, settings, states, looked):
    node, on = looked or meant(before, question, settings), question.get('on')
    if not isinstance(on, bool):
        raise Noise('"on" is true or false')
    found = dict(before.maintenance)
    if not on:
        if not looked:
            _known(node, settings, found)
        # Its time may have been over since.
        found.pop(node, None)
        return before._replace(maintenance=found)
    _known(node, settings, ())
    if node not in found:
        _refuse_last(node, settings, states, found)
    found[node] = _order(question, by, now)
    return before._replace(maintenance=found)


def followed(before, old, new):
    """The Orders after a reload. Maintenance goes with a node's listeners, whatever the node is called now.

    old, new: the Settings. A node that is made of several is in maintenance if all of them were.
    """
    came, found = _came_from(old, new), {}
    gone = set().union(*came.values()) if came else set()
    for node, order in before.maintenance.items():
        # Of the others only the name is left, unless it is the name of another node now.
        if node not in gone and not came.get(node):
            found[node] = order
    for node, names in came.items():
        if names and names.issubset(before.maintenance):
            found[node] = before.maintenance[min(names)]
    return before._replace(maintenance=found)


def _came_from(old, new):
    """{node of the new Settings: the names that its listeners' nodes have in the old ones, as a set}."""
    names = dict((_place(one), nodes.called(one)) for one in old.listeners if not one.error)
    return dict((node, set(names[_place(one)] for one in ways if not one.error and _place(one) in names))
                for node, ways in nodes.grouped(new.listeners))


def _place(listener):
    """What makes a listener the same one in another file."""
    return listener.host, listener.port, listener.interface


def _known(node, settings, others):
    """Refuse a node that is neither in the file nor among the others."""
    names = [name for name, _ in nodes.grouped(settings.listeners)] + list(others)
    if node not in names:
        near = words.likely(node, names)
        raise Noise('there is no node %s%s' % (node, ': did you mean %s?' % ' or '.join(near) if near else ''))


def _refuse_last(node, settings, states, away):
    """Refuse a node without which no other one would be left to work."""
    if states is None:
        if set(name for name, _ in nodes.grouped(settings.listeners)) <= set(away) | set([node]):
            raise Noise('%s is the last node that is not in maintenance' % node)
    elif last_active(node, settings, states):
        raise Noise('%s is the last active node that is not in maintenance: without it there is a bypass (fbypass_ctl '
                    'override bypass makes one)' % node)


def _order(question, by, now):
    return Order(by, now, orders.until(question.get('until'), now), orders.reason(question.get('reason')))


def changes(before, after):
    """[(name, old, new, Order or None)] of what differs between two Orders, as history and hooks tell it.

    name: that of the node, or `override`; the Order is None if one has ended.
    """
    found = []
    for node in sorted(set(before.maintenance) | set(after.maintenance), key=words.natural):
        old, new = [one.maintenance.get(node) for one in (before, after)]
        if old != new:
            found.append((node, MAINTENANCE if old else OFF, MAINTENANCE if new else OFF, new))
    old, new = before.override, after.override
    if old != new:
        found.append((OVERRIDE, old.state if old else OFF, new.state if new else OFF, new and new.order))
    return found


def said(question, moment):
    """What was done by a command that was taken, as text. moment(seconds): the text of a time."""
    if question['command'] == DRILL and question.get('end') is not None:
        return 'the drill is over'
    if question['command'] == OVERRIDE and question['state'] == OFF:
        return 'no override: the rules decide'
    if question['command'] == MAINTAIN and not question['on']:
        return '%s is not in maintenance' % question['node']
    # Only of what begins this was checked.
    ends = '' if question.get('until') is None else ' until ' + moment(question['until'])
    if question['command'] == DRILL:
        return 'drill: override %s%s' % (BYPASS, ends)
    if question['command'] == OVERRIDE:
        return 'override %s%s' % (question['state'], ends)
    return '%s is in maintenance%s' % (question['node'], ends)
