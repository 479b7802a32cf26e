"""What an operator has ordered: nodes that are in maintenance, and a state that overrides the rules. Pure.

The values here are also what the state directory and the status have as JSON. What comes from there or from a client is
checked as a whole: of noise nothing is guessed.
"""
import re

from fbmon.base.tuples import namedtuple
from fbmon.base.words import natural
from fbmon.rules.states import BYPASS, FREEZE, MAINTENANCE, NORMAL

# by: the name of the person; since, until: seconds since 1970 by the wall clock, until is None for an order without an
# end; reason: '' for none.
Order = namedtuple('Order', 'by since until reason')

# state: BYPASS, NORMAL, or FREEZE if cards and ports are left as they are.
Override = namedtuple('Override', 'state order')

# maintenance: {name of a node, or its listener's index as text: Order}; override: the Override or None.
Orders = namedtuple('Orders', 'maintenance override')

NONE = Orders({}, None)

OVERRIDES = (BYPASS, NORMAL, FREEZE)

# The most characters of a reason, and the second after all times that make sense: it is in the year 2242.
LONGEST = 200
LATEST = 2 ** 33

# The units of a duration, in seconds, and the longest duration: about ten years.
UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}
FOREVER = 3650 * UNITS['d']

_NODE = re.compile(r'[A-Za-z0-9._-]{1,32}\Z')
_TEXT = (str, type(u''))


class Noise(ValueError):
    """A value that makes no sense as an order. str() says why."""


def marked(away, names, states):
    """`states` with MAINTENANCE instead of the local state of each listener whose node is in `away`.

    away: the nodes in maintenance; names: {index: name} of the listeners whose node has one.
    """
    if not away:
        return states
    return dict((index, MAINTENANCE if names.get(index, '%d' % index) in away else state)
                for index, state in states.items())


def alive(orders, now):
    """The Orders without those that are over at `now`."""
    return only(orders, lambda order: order.until is None or now < order.until)


def only(orders, stays):
    """The Orders of which stays(order) is true."""
    override = orders.override if orders.override and stays(orders.override.order) else None
    return Orders(dict((node, order) for node, order in orders.maintenance.items() if stays(order)), override)


def end(orders):
    """The second of the wall clock at which the next of the Orders is over, or None."""
    times = [order.until for order in every(orders) if order.until is not None]
    return min(times) if times else None


def every(orders):
    """[All single Orders]."""
    return list(orders.maintenance.values()) + ([orders.override.order] if orders.override else [])


def duration(text):
    """The seconds of a duration: 90s, 30m, 2h or 1d. Raises Noise."""
    found = re.match(r'([0-9]{1,9})([smhd])\Z', text)
    seconds = int(found.group(1)) * UNITS[found.group(2)] if found else 0
    if not 0 < seconds <= FOREVER:
        raise Noise('%r is no duration: give a number with s, m, h or d, as 90s, 30m, 2h or 1d' % str(text[:32]))
    return seconds


def words(order, moment):
    """Who has given an Order, until when, and why, as words. moment(seconds): the text of a time."""
    return 'by %s%s%s' % (order.by, '' if order.until is None else ' until ' + moment(order.until),
                          order.reason and ': ' + order.reason)


# --- values of JSON ---

def as_dict(order):
    """An Order as a dict."""
    return {'by': order.by, 'since': order.since, 'until': order.until, 'reason': order.reason}


def override_as_dict(override):
    """An Override as a dict; None for None."""
    return override and dict(as_dict(override.order), state=override.state)


def in_status(orders):
    """The part of the status that Orders are, with no other nodes than those in maintenance, sorted by name."""
    return {'override': override_as_dict(orders.override), 'nodes': [
        {'name': node, 'maintenance': as_dict(orders.maintenance[node])}
        for node in sorted(orders.maintenance, key=natural)]}


def as_document(orders):
    """Orders as the dict that is kept."""
    return {'maintenance': dict((node, as_dict(order)) for node, order in orders.maintenance.items()),
            'override': override_as_dict(orders.override)}


def parse(document):
    """The Orders of such a dict. Raises Noise."""
    maintenance, override = _fields(document, 'maintenance', 'override')
    if not isinstance(maintenance, dict):
        raise Noise('"maintenance" is no object')
    found = dict((node_name(node), _order(value)) for node, value in maintenance.items())
    if override is None:
        return Orders(found, None)
    state = _fields(override, 'by', 'since', 'until', 'reason', 'state')[4]
    return Orders(found, Override(override_state(state), _order(
        dict((key, override[key]) for key in override if key != 'state'))))


def node_name(value):
    """The name of a node. Raises Noise."""
    if not isinstance(value, _TEXT) or not _NODE.match(value):
        raise Noise('a node is called by its name or by the index of its listener')
    return str(value)


def override_state(value):
    """The state of an override. Raises Noise."""
    if not isinstance(value, _TEXT) or value not in OVERRIDES:
        raise Noise('an override is one of ' + ', '.join(OVERRIDES))
    return str(value)


def reason(value):
    """The reason of an order, '' for None. Raises Noise."""
    text = '' if value is None else value
    if not isinstance(text, _TEXT) or len(text) > LONGEST or any(not ' ' <= one <= '~' for one in text):
        raise Noise('a reason has at most %d characters, and only printable ones of ASCII' % LONGEST)
    return str(text.strip())


def until(value, since):
    """The end of an order that begins at `since`, None for None. Raises Noise."""
    if value is not None and not since < moment(value):
        raise Noise('the order would be over before it begins')
    return value


def moment(value):
    """A second of the wall clock. Raises Noise."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LATEST:
        raise Noise('not a time in seconds since 1970')
    return value


def _order(value):
    by, since, ends, why = _fields(value, 'by', 'since', 'until', 'reason')
    if not isinstance(by, _TEXT) or not 0 < len(by) <= 32 or any(not ' ' <= one <= '~' for one in by):
        raise Noise('"by" is not the name of a person')
    return Order(str(by), moment(since), until(ends, since), reason(why))


def _fields(value, *names):
    """The values of exactly these keys of a dict. Raises Noise."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise Noise('not an object with ' + ', '.join(names))
    return [value[name] for name in names]
