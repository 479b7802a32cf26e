"""The operators' orders in the status: as values, as problems, and in words."""
from fbmon.base import moments, words
from fbmon.rules import nodes, orders
from fbmon.rules.states import ACTIVE

# Seconds before the end of an order from which on it is told; and after which one without an end is told.
SOON, LONG = 120.0, 86400.0

# For more nodes than MOST in maintenance the head has one line, with so many NAMES: the state must stay on the screen.
# Who, until when and why is in the table.
MOST, NAMES = 2, 8

GOES_ON = '%s has lasted for more than a day and has no end: end it, or give it one with --for'


def line(found):
    """The words for `systemctl status`, which stay the same; [] without an order. found: Orders."""
    parts = ['override %s by %s' % (found.override.state, found.override.order.by)] if found.override else []
    names = sorted(found.maintenance, key=words.natural)
    return parts + (['in maintenance: ' + ', '.join(names)] if names else [])


def problems(found, settings, states, now):
    """[A line for each order that the operator should look at]. found: Orders; states: the local states that the
    listeners report; now: the second of the wall clock."""
    lines, known = [], dict(nodes.grouped(settings.listeners))
    alive = dict(('%s' % node, state == ACTIVE) for node, state in nodes.states(settings.nodes, states).items())
    for node, order in sorted(found.maintenance.items(), key=lambda pair: words.natural(pair[0])):
        if node not in known:
            lines.append('%s is in maintenance, but the file has no such node: fbypass_ctl maintenance %s off' % (
                node, node))
        elif _soon(order, now) and not alive.get(node):
            lines.append('%s sends no heartbeats, and its maintenance ends in %d s: then it counts as failed' % (
                node, max(0, order.until - now)))
        lines += _endless(order, 'the maintenance of ' + node, now)
    if found.override:
        what, order = 'override ' + found.override.state, found.override.order
        if _soon(order, now) and order.until - order.since > SOON:
            lines.append('%s ends in %d s: then the rules decide' % (what, max(0, order.until - now)))
        lines += _endless(order, what, now)
    return lines


def _soon(order, now):
    return order.until is not None and order.until - now <= SOON


def _endless(order, what, now):
    return [GOES_ON % what] if order.until is None and now - order.since > LONG else []


def texts(found):
    """[The same lines as head() of Orders]."""
    return head(orders.in_status(found))


def head(status):
    """[The first lines of the console, without wrapping]: what an operator has ordered, and who. status: the dict."""
    override = status['override']
    lines = ['OVERRIDE %s since %s %s' % (override['state'].upper(), moments.short(override['since']),
                                          described(override))] if override else []
    away = [row for row in status['nodes'] if row['maintenance']]
    if len(away) > MOST:
        names = sorted([row['name'] for row in away], key=words.natural)
        more = ' and %d more' % (len(away) - NAMES) if len(away) > NAMES else ''
        return lines + ['MAINTENANCE of ' + ', '.join(names[:NAMES]) + more]
    return lines + ['MAINTENANCE of %s since %s %s' % (row['name'], moments.short(row['maintenance']['since']),
                                                       described(row['maintenance'])) for row in away]


def described(order):
    """An order of the status in words: who, until when, and why."""
    return orders.words(orders.Order(*[order[key] for key in ('by', 'since', 'until', 'reason')]), moments.short)
