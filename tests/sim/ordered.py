"""The operators' orders once more, written from section 13 of the specification: what is refused, and what holds."""
import json

from sim import wants

# What holds is {('node', name) or ('override',): (word, until, by, reason)}. word: 'maintenance', or the state of the
# override; until: the second of the wall clock, or None.
OVERRIDE = ('override',)

# A drill is over within an hour. It may be a second more, since the client knows the time.
HOUR = 3601


def of_text(text):
    """What holds by the text of a file, {} without one; None for noise."""
    if text is None:
        return {}
    try:
        document = json.loads(text)
        found = dict((('node', name), _held('maintenance', one)) for name, one in document['maintenance'].items())
        override = document['override']
        return _with(found, OVERRIDE, _held(override['state'], override)) if override else found
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _held(word, one):
    return word, one['until'], one['by'], one['reason']


def _with(held, key, value):
    found = dict(held)
    found[key] = value
    return found


def of_daemon(orders):
    """What holds by the daemon's own Orders."""
    found = dict((('node', name), ('maintenance', one.until, one.by, one.reason))
                 for name, one in orders.maintenance.items())
    if orders.override:
        one = orders.override.order
        found[OVERRIDE] = orders.override.state, one.until, one.by, one.reason
    return found


def left(held, now):
    """What of it is not over yet."""
    return dict((key, value) for key, value in held.items() if value[1] is None or value[1] > now)


def away(held):
    """The names of the nodes in maintenance."""
    return set(key[1] for key in held if key != OVERRIDE)


def override(held):
    """The state that an operator has ordered, or None."""
    return held[OVERRIDE][0] if OVERRIDE in held else None


def called(one):
    """What a listener's node is called."""
    return one.node or '%d' % one.index


def marked(settings, states, held):
    """{index: state} with 'maintenance' for each listener whose node is in maintenance."""
    names, gone = dict((one.index, called(one)) for one in settings.listeners), away(held)
    return dict((index, 'maintenance' if names[index] in gone else state) for index, state in states.items())


def after(held, question, now, settings, states, state, node=None):
    """What holds after an order; None if it must be refused.

    now: the second of the wall clock; states: {index: state} of the launched listeners; state: the global one; node:
    what it meant when it was looked at before.
    """
    until = question.get('until')
    ends = question.get('state') == 'off' or question.get('on') is False or question.get('end') is not None
    if not ends and until is not None and until <= now:
        return None
    word = question['command']
    if word == 'maintenance':
        return _maintained(held, question, settings, marked(settings, states, held), node)
    if word == 'drill':
        return _drilled(held, question, now, settings, marked(settings, states, held), state)
    if ends:
        return dict((key, value) for key, value in held.items() if key != OVERRIDE)
    return _with(held, OVERRIDE, (question['state'], until, question['by'], question['reason']))


def meant(held, question, settings):
    """A node is called by its name, or by the index of one of its listeners."""
    node = question.get('node')
    if question.get('on') is False and ('node', node) in held:
        return node
    return dict(('%d' % one.index, called(one)) for one in settings.listeners).get(node, node)


def _maintained(held, question, settings, states, before):
    name, nodes = before or meant(held, question, settings), set(called(one) for one in settings.listeners)
    if not question['on']:
        return None if not before and name not in nodes and ('node', name) not in held \
            else dict((key, value) for key, value in held.items() if key != ('node', name))
    if name not in nodes or (('node', name) not in held and last(name, settings, states)):
        return None
    return _with(held, ('node', name), ('maintenance', question['until'], question['by'], question['reason']))


def last(name, settings, states):
    """Whether there is no active node left without this one; or none that may be, if nobody knows this one yet."""
    found = dict(('%s' % node, state) for node, state in wants.nodes(settings, states).items())
    mine = found.pop(name, None)
    if mine == 'unknown':
        return not set(['active', 'unknown']).intersection(found.values())
    return mine == 'active' and 'active' not in found.values()


def _drilled(held, question, now, settings, states, state):
    """A drill is an override of bypass that ends. It needs a switch on which all is well."""
    mine = held.get(OVERRIDE)
    drills = mine and mine[0] == 'bypass' and (mine[3] == 'drill' or mine[3].startswith('drill: '))
    if question.get('end') is not None:
        return dict((key, value) for key, value in held.items() if key != OVERRIDE) \
            if drills and mine[1] == question['end'] else None
    order = 'bypass', question['until'], question['by'], 'drill' + (question['reason'] and ': ' + question['reason'])
    if question['until'] is None or question['until'] > now + HOUR:
        return None
    if mine == order:
        return held
    clean = not held and state == 'normal' and not settings.observe and not any(
        one in ('failed', 'unknown') for one in wants.nodes(settings, states).values())
    return _with(held, OVERRIDE, order) if clean else None


def followed(held, old, new):
    """What holds with a new file. Maintenance belongs to the listeners of a node, even if the node is called otherwise
    now; to its name, if that file had no node that has become another one. A node that is made of several ones is in
    maintenance if all of these were."""
    before = dict((_place(one), called(one)) for one in old.listeners if not one.error)
    origin = {}
    for one in new.listeners:
        names = origin.setdefault(called(one), set())
        if not one.error and _place(one) in before:
            names.add(before[_place(one)])
    moved = set(name for names in origin.values() for name in names)
    found = dict((key, value) for key, value in held.items()
                 if key == OVERRIDE or (key[1] not in moved and not origin.get(key[1])))
    for node, names in origin.items():
        if names and names <= away(held):
            found['node', node] = held['node', min(names)]
    return found


def _place(one):
    return one.host, one.port, one.interface
