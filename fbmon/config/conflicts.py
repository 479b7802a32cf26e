"""Finds values that are right by themselves but do not fit the rest of the file. Pure.

found: a reader.Values; report: a notices.Report, which takes the mistakes and warnings. An error is a mistake as
"KEY=value: text".
"""
from fbmon.base import words
from fbmon.config import addresses
from fbmon.config.envfile import label
from fbmon.config.schema import BOTH, HOUR, LISTENER, SCHEMA, origin
from fbmon.rules import nodes

MINUTE = 60000

HOST, PORT, CARD_HOST = 'LISTEN_HB_HOST', 'LISTEN_HB_PORT', 'BYPASS_CARD_HOST'
TIMEOUT, ATTEMPTS, SOURCE = 'LISTEN_HEARTBEAT_TIMEOUT', 'LISTEN_HEARTBEAT_ATTEMPTS', 'LISTEN_HB_SOURCE'
LIST, FLAG = 'LISTEN_CUBRO_IFS', 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS'
THRESHOLD = 'LISTEN_HEARTBEAT_FAILED'
CARD_NAME = 'BYPASS_CARD_NAME'


def missing(found, indexes, needed, report):
    """{index: [error, ...]} of the components that lack one of the needed (key, what it is).

    If a single line would give the value to all of them, this is one mistake.
    """
    errors = dict((index, []) for index in indexes)
    for name, what in needed:
        those = [index for index in indexes if origin(found.given, name, index) is None]
        for group in [those] if SCHEMA[name].index == BOTH and those else [[index] for index in those]:
            error = report.mistake(_anchor(found, group[0], needed), _lack(name, what, group))
            for index in group:
                errors[index].append(error)
    return errors


def _anchor(found, index, needed):
    """The Assignment of the first needed key that a component has."""
    return next(given for given in (origin(found.given, name, index) for name, _ in needed) if given)


def components(found, listeners, cards, report):
    """[listeners, cards] with an error in each one that does not fit the others."""
    errors = {}
    for check in (_waits, _same_place, _same_card, _card_at_listener):
        for one, error in check(found, listeners, cards, report):
            errors.setdefault(one, error)
    _warn_of_sources(found, listeners, report)
    _warn_of_prefixes(found, listeners, report)
    _warn_of_names(found, cards, report)
    _warn_of_nothing(listeners, cards, report)
    return [[one if one.error else one._replace(error=errors.get(one)) for one in kind]
            for kind in (listeners, cards)]


def threshold(found, listeners, report):
    """The number of failed nodes at which the global state is bypass; None if it is faulty."""
    value, count = found.get(THRESHOLD), len(nodes.grouped(listeners))
    if value is None or not count or value <= count:
        return value
    report.note(origin(found.given, THRESHOLD),
                'larger than the number of %s; give %s' % (
                    'nodes' if any(one.node for one in listeners) else 'listeners',
                    '1' if count == 1 else 'a number from 1 to %d' % count))
    return None


def strays(found, indexes, report):
    """Report the keys of components that do not exist. indexes: {LISTENER or CARD: the indexes that exist}."""
    for one in sorted(found.given.values()):
        kind = SCHEMA[one.name].of
        if one.index is not None and one.index not in indexes[kind]:
            needed = [label(name, one.index) for name in ((HOST, PORT) if kind == LISTENER else (CARD_HOST,))]
            report.note(one, 'there is no %s %d; remove the line, or give %s'
                        % (kind, one.index, ' and '.join(needed)))


def ports(found, listeners, report):
    """{name: why} of the ports that are not touched.

    These are lo, the interface of a listener, and the ports of a list that is faulty or has a faulty flag.
    """
    owners, faulty = {}, {}
    for listener in listeners:
        owners.setdefault(listener.interface, listener.index)
    for index in [None] + [listener.index for listener in listeners]:
        unread = found.fault(LIST, index) if found.get(LIST, index) is None else None
        whole = unread or found.fault(FLAG, index)
        for name in found.names(LIST, index):
            error = _no_port(found.given[LIST, index], name, owners, report) or whole
            if error:
                faulty.setdefault(name, error)
    return faulty


def _lack(name, what, group):
    if len(group) > 1:
        return '%ss %s have no %s; give %s for all of them, or %s[n] for each' % (
            SCHEMA[name].of, words.indexes(group), what, name, name)
    either = '%s or ' % name if SCHEMA[name].index == BOTH else ''
    return '%s %d has no %s; give %s%s' % (SCHEMA[name].of, group[0], what, either, label(name, group[0]))


def _no_port(given, name, owners, report):
    """Why an interface can never be a port, or None."""
    if name == 'lo':
        return report.mistake(given, 'lo is never a port; remove it from the list')
    if name in owners:
        return report.mistake(given, '%s is the interface of listener %d: once it is down, no heartbeat can '
                                     'bring it up again; remove it from the list' % (name, owners[name]))
    return None


def _waits(found, listeners, cards, report):
    """TIMEOUT x ATTEMPTS is one hour at most. More than a minute is worth a warning."""
    told = {}
    for one in listeners:
        total = (one.timeout or 0) * (one.attempts or 0)
        if total <= MINUTE:
            continue
        keys = tuple(origin(found.given, name, one.index) for name in (TIMEOUT, ATTEMPTS))
        if keys not in told:
            told[keys] = _long_wait(max(key for key in keys if key), total, report)
        if told[keys]:
            yield one, told[keys]


def _long_wait(given, total, report):
    if total > HOUR:
        return report.mistake(given, 'TIMEOUT x ATTEMPTS is %d ms, more than an hour; give smaller values, '
                                     'at most %d ms together' % (total, HOUR))
    return report.warning(given, 'a dead DPI is noticed after %d s only (TIMEOUT x ATTEMPTS); give smaller '
                                 'values if that is too late' % (total // 1000))


def _same_place(found, listeners, cards, report):
    """If two listeners have the same host and port, the later one is wrong."""
    text = 'listener %d (line %d) is at this address and port too; give another port or address'
    placed = [one for one in listeners if one.host is not None and one.port is not None]
    return _repeated(found, PORT, placed, lambda one: (one.host, one.port), text, report)


def _same_card(found, listeners, cards, report):
    """If two cards have the same address on the same interface, the later one is wrong."""
    text = 'card %d (line %d) has this address on this interface too; give another address, or remove one'
    placed = [one for one in cards if one.address is not None and one.interface is not None]
    return _repeated(found, CARD_HOST, placed, lambda one: (one.address, one.interface), text, report)


def _repeated(found, name, those, identity, text, report):
    """(component, error) of each component that has the same identity as one on an earlier line."""
    first = {}
    for one in sorted(those, key=lambda each: found.given[name, each.index].line):
        other = first.setdefault(identity(one), one)
        if other is not one:
            line = found.given[name, other.index].line
            yield one, report.mistake(found.given[name, one.index], text % (other.index, line))


def _card_at_listener(found, listeners, cards, report):
    """If a card and a listener have the same address, both are wrong: it would answer the card even in bypass."""
    at = {}
    for one in listeners:
        at.setdefault(one.host, []).append(one)
    for card in cards:
        there = at.get(card.address) if card.address is not None else None
        if there:
            error = report.mistake(found.given[CARD_HOST, card.index], _no_bypass(found, there[0]))
            for one in [card] + there:
                yield one, error


def _no_bypass(found, listener):
    return ('listener %d (line %d) has this address too, and would answer the card even in bypass; give the '
            'card an address of its own' % (listener.index, found.given[HOST, listener.index].line))


def _warn_of_sources(found, listeners, report):
    told = set()
    for one in listeners:
        given = origin(found.given, SOURCE, one.index)
        if not one.sources or one.host is None or given in told:
            continue
        if all(addresses.bits(source) != addresses.bits(one.host) for source in one.sources):
            told.add(given)
            report.warning(given, 'none of these can send to listener %d, which is at %s; give a source of '
                                  'the same kind' % (one.index, one.host))


def _warn_of_prefixes(found, listeners, report):
    """Warn if listeners give the same address with different prefixes: it is added once, with one prefix."""
    first = {}
    for one in listeners:
        if one.host is None:
            continue
        other = first.setdefault((one.host, one.interface), one)
        full = addresses.bits(one.host)
        if (other.prefix or full) != (one.prefix or full):
            report.warning(found.given[HOST, one.index],
                           'listener %d (line %d) gives this address with another prefix; give both the same'
                           % (other.index, found.given[HOST, other.index].line))


def _warn_of_names(found, cards, report):
    """Warn if two cards have the same name. Several listeners with one name are ways to the same node."""
    first = {}
    for one in cards:
        other = first.setdefault(one.name, one)
        if one.name and other is not one:
            report.warning(found.given[CARD_NAME, one.index], 'card %d (line %d) has this name too; give each card a '
                           'name of its own' % (other.index, found.given[CARD_NAME, other.index].line))


def _warn_of_nothing(listeners, cards, report):
    if not listeners:
        report.warning(None, 'no listener, so nothing is watched; give LISTEN_HB_HOST[0], LISTEN_HB_PORT[0] '
                             'and LISTEN_HEARTBEAT_IFS')
    if not cards:
        report.warning(None, 'no card, so a bypass takes no address away; give BYPASS_CARD_HOST[0] and '
                             'BYPASS_CARD_IFS')
