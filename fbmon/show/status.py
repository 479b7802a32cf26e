"""The status of the daemon as one dict, for all its forms, and as a line for systemctl."""
import os
import time

from fbmon import __version__
from fbmon.base import documents
from fbmon.base.words import natural
from fbmon.config.reader import format_problem
from fbmon.memory.history import as_dict
from fbmon.network import checks
from fbmon.rules import ahead, decision, nodes, orders
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import ACTIVE, DOWN, FAILED, MISSING, PRESENT, UNCONFIGURED, UNKNOWN
from fbmon.show import ordered


def line(controller):
    """The line for `systemctl status`: the global state, counts, and the listeners that it waits for."""
    settings, states = controller.settings, controller.states
    if not settings.listeners:
        return '%s: no listener is configured, nothing is managed' % controller.decision.state
    found, all_of = nodes.states(settings.nodes, states), nodes.count(settings)
    active, what = sum(state == ACTIVE for state in found.values()), 'nodes' if settings.nodes else 'listeners'
    parts = ['%s: %d of %d %s active' % (controller.decision.state, active, all_of, what)]
    if len(found) < all_of:
        parts.append('%d unconfigured' % (all_of - len(found)))
    parts += ordered.line(controller.operators.orders) + _cards_in_words(controller)
    parts += [part for part in (controller.returns.line(), controller.reloads.trial.line()) if part]
    waits = decision.waited_for(settings, states)
    return ', '.join(parts) + ('; held: waiting for listener %s' % numbers(waits) if waits else '')


def _cards_in_words(controller):
    """['2 cards present'], ['1 of 2 cards present'] or ['1 card absent', '1 card unconfigured']; [] without cards.

    While the network is not seen: ['2 cards unknown'].
    """
    cards = controller.settings.cards
    found = [controller.network.actual(AddressItem(card.interface, card.address)) for card in cards if not card.error]
    words = []
    if len(set(found)) == 1:
        words.append('%s %s' % (_number_of_cards(len(found)), found[0] or UNKNOWN))
    elif found:
        words.append('%d of %s present' % (found.count(PRESENT), _number_of_cards(len(found))))
    if len(found) < len(cards):
        words.append('%s unconfigured' % _number_of_cards(len(cards) - len(found)))
    return words


def _number_of_cards(count):
    return '1 card' if count == 1 else '%d cards' % count


def numbers(indexes, most=8):
    """Indexes as text, '0, 1, 2'. Only the first `most` ones are named; the others are counted."""
    text = ', '.join(str(index) for index in indexes[:most])
    return text + (' and %d more' % (len(indexes) - most) if len(indexes) > most else '')


def document(controller):
    """The status as JSON text. The command that prints it sorts it.

    Sorting here would take 3.5 ms instead of 0.4 for a large switch (Python 2.7), and the controller would do nothing
    else meanwhile.
    """
    return documents.line(snapshot(controller))


def snapshot(controller):
    """The status as plain dicts, lists and numbers. Names that end in _s mean seconds; `at` is seconds since 1970."""
    now = controller.clock()
    states = controller.states
    wanted = controller.wanted()
    return {
        'version': __version__, 'pid': os.getpid(), 'uptime_s': rounded(now - controller.started), 'forced': None,
        'state': controller.decision.state, 'state_since_s': rounded(now - controller.state_since),
        'held': decision.waited_for(controller.settings, states),
        'failed': decision.failed(controller.settings, states),
        'threshold': controller.settings.threshold, 'observe': controller.settings.observe,
        'override': orders.override_as_dict(controller.operators.orders.override),
        'return': controller.returns.as_dict(), 'next': _next(controller, states, now),
        'left_out': _left_out(controller.settings),
        'file': os.path.abspath(controller.path), 'configuration': controller.reloads.lines,
        'reload': controller.reloads.as_dict(), 'trial': controller.reloads.trial.as_dict(),
        'nodes': [_node(controller, name, ways, now) for name, ways in nodes.grouped(controller.settings.listeners)],
        'listeners': [_listener(controller, settings, now) for settings in controller.settings.listeners],
        'cards': [_card(controller, settings, wanted) for settings in controller.settings.cards],
        'ports': [_port(controller, name, wanted) for name in _port_names(controller.settings)],
        'problems': problems(controller),
        'history': [as_dict(one) for one in controller.history.transitions]}


def stopped(forced, ordered=None, wall=time.time):
    """The status while no daemon runs. forced: the history.Forced that holds, or None; ordered: the Orders that
    the next start takes, None if they are not known; wall: the wall clock."""
    found = {'version': __version__, 'state': DOWN, 'forced': forced and {
        'state': forced.state, 'by': forced.by, 'at': forced.at, 'since_s': rounded(max(0.0, wall() - forced.at))}}
    if ordered is not None:
        found.update(orders.in_status(ordered))
    return found


def _left_out(settings):
    """The indexes of the cards and listeners that a mistake in the file leaves out."""
    return {'cards': [one.index for one in settings.cards if one.error],
            'listeners': [one.index for one in settings.listeners if one.error]}


def rounded(seconds):
    """Seconds, rounded to milliseconds. None stays None."""
    return None if seconds is None else round(seconds, 3)


def problems(controller):
    """[Everything that the operator should look at], one line each."""
    network, settings = controller.network, controller.settings
    found = [format_problem(controller.path, mistake, 'error') for mistake in controller.loaded.mistakes]
    found += [text for _, text in sorted(controller.troubles.items())]
    described = dict((one.index, nodes.described(one)) for one in settings.listeners)
    for words, reasons in (('is unconfigured: ', controller.roster.reasons), ('', controller.roster.deaf)):
        found += ['%s %s%s' % (described.get(index, 'listener %d' % index), words, why)
                  for index, why in sorted(reasons.items())]
    found += network.all_troubles() + controller.routes.lines()
    kept = (controller.log, controller.history.journal, controller.ledger, controller.history, controller.hooks,
            controller.returns, controller.operators, controller.reloads)
    found += [one.error for one in kept if one.error] + controller.pinging.problems()
    found += ordered.problems(controller.operators.orders, settings, controller.roster.local_states(),
                              controller.operators.wall())
    found += controller.reasons.blind() + controller.telling.flapping(settings) + gaps(controller)
    notices = controller.loaded.warnings
    if network.picture is not None:
        notices += checks.warnings(settings, network.picture, controller.loaded.given, controller.ledger)
    return found + [format_problem(controller.path, notice, 'warning') for notice in notices]


def gaps(controller, near=0.8):
    """[A line for each listener whose heartbeats come so late that one may soon come too late].

    near: the share of the limit from which on a gap counts.
    """
    found = []
    for settings in controller.settings.listeners:
        member = controller.roster.find(settings)
        if member is None:
            # Because of a mistake it may have no timers.
            continue
        longest, limit = member.listener.counters().longest_gap, settings.timeout * settings.attempts
        if longest * 1000 >= near * limit:
            found.append('%s: the longest gap between two heartbeats in the last one to two hours, %d ms, is %s' % (
                nodes.described(settings), longest * 1000, _beside(limit, longest * 1000, settings.index)))
    return found


def _beside(limit, gap, index):
    """The words that compare a gap with the limit, both in ms, and say what would help."""
    if gap > limit:
        return ('over the limit of %d ms, and yet it did not fail: the daemon itself was held up, or the limit was '
                'another one' % limit)
    return 'close to the limit of %d ms: look at the sender or raise LISTEN_HEARTBEAT_TIMEOUT[%d]' % (limit, index)


def _next(controller, states, now):
    """What comes next, one text each."""
    left = {}
    for settings in controller.settings.listeners:
        member = controller.roster.find(settings)
        if member and member.state != FAILED and None not in (settings.timeout, settings.attempts):
            whole, last = settings.timeout * settings.attempts / 1000.0, member.listener.counters().last
            left[settings.index] = ((member.since if last is None else last) + whole - now, whole)
    if controller.operators.override:
        # The rules decide again at its end, and not before.
        return ['without the override: %s' % (controller.returns.judged or 'held')] + ahead.texts(
            controller.settings, states, None, left)
    words = controller.returns.words()
    return ([words] if words else []) + ahead.texts(
        controller.settings, states, controller.returns.judged, left, bool(words))


def _node(controller, name, ways, now):
    """A node with the indexes of its listeners. Its state is what they report, in maintenance too."""
    found = [member for member in map(controller.roster.find, ways) if member]
    if ways[0].node:
        state, since = controller.telling.nodes.get(name, (UNCONFIGURED, None))
    else:
        state, since = (found[0].state, found[0].since) if found else (UNCONFIGURED, None)
    order = controller.operators.orders.maintenance.get(name)
    return {'name': name, 'listeners': [one.index for one in ways], 'state': state,
            'maintenance': order and orders.as_dict(order),
            'since_s': rounded(now - since) if found and since is not None else None}


def _listener(controller, settings, now):
    roster, index = controller.roster, settings.index
    row = {'index': index, 'node': nodes.called(settings), 'host': settings.host, 'port': settings.port,
           'interface': settings.interface,
           'state': UNCONFIGURED, 'since_s': None, 'last_heartbeat_s': None, 'longest_gap_s': None,
           'received': 0, 'ignored': 0, 'missed': 0, 'heard': 0, 'recovery': settings.recovery, 'last_sender': None,
           'error': roster.reasons.get(index) or roster.deaf.get(index)}
    found = roster.find(settings)
    if found:
        counters = found.listener.counters()
        row.update({
            'state': found.state, 'since_s': rounded(now - found.since),
            'last_heartbeat_s': None if counters.last is None else rounded(now - counters.last),
            'longest_gap_s': rounded(counters.longest_gap), 'received': counters.received,
            'ignored': counters.ignored, 'missed': counters.missed, 'heard': counters.heard,
            'last_sender': counters.sender and counters.sender.partition('%')[0]})
    return row


def _card(controller, settings, wanted):
    item = AddressItem(settings.interface, settings.address)
    row = {'index': settings.index, 'name': settings.name, 'address': settings.address,
           'interface': settings.interface}
    row.update(controller.pinging.as_dict(item))
    return _with_item(row, controller, item, wanted, settings.error)


def _port(controller, name, wanted):
    settings = controller.settings
    row = {'name': name, 'global': name in settings.ports,
           'listeners': [listener.index for listener in settings.listeners if name in listener.ports]}
    return _with_item(row, controller, PortItem(name), wanted, settings.faulty_ports.get(name))


def _with_item(row, controller, item, wanted, error):
    network = controller.network
    actual = network.actual(item) if None not in item else None
    missing = network.picture.missing(item[0]) if actual == MISSING else None
    row.update({'wanted': wanted.get(item), 'actual': actual,
                'error': error or missing or network.trouble(item)})
    return row


def _port_names(settings):
    """[Every port that a list names], sorted so that sw2 comes before sw10."""
    named = set(settings.ports).union(settings.faulty_ports)
    for listener in settings.listeners:
        named.update(listener.ports)
    return sorted(named, key=natural)
