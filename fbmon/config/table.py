"""Shows the effective configuration as plain text. Defaults are filled in, and faulty values are explained."""
import textwrap

from fbmon.base.words import natural
from fbmon.config import addresses
from fbmon.rules import nodes, returning

WIDTH = 80

# A longer cell does not widen its column; instead the rest of its row goes to the next line.
WIDEST = 18

INDENT = ' ' * 10

LISTENERS = 'LISTENER', 'ADDRESS', 'PORT', 'INTERFACE', 'FAILED AFTER', 'RECOVERY', 'SOURCES'
CARDS = 'CARD', 'ADDRESS', 'INTERFACE'


def effective(settings, width=WIDTH):
    """The text that `check` shows, `width` columns wide: the general values, then each listener, card and port."""
    return '\n\n'.join('\n'.join(lines) for lines in (
        _globals(settings, width),
        columns(LISTENERS, [_listener(one) for one in settings.listeners], 'no listener', width),
        columns(CARDS, [_card(one) for one in settings.cards], 'no card', width),
        _ports(settings, width))) + '\n'


def _globals(settings, width):
    count, threshold = nodes.count(settings), 'faulty: the global state stays unknown'
    if settings.threshold is not None:
        threshold = 'bypass at %d failed of %d %s' % (
            settings.threshold, count, ('node' if settings.nodes else 'listener') + ('' if count == 1 else 's'))
    rows = (('LOG_LEVEL', settings.log_level), ('LISTEN_HEARTBEAT_FAILED', threshold),
            ('BYPASS_CARD_LEASE', '%d ms' % settings.lease if settings.lease else 'off'),
            ('ON_CHANGE', settings.on_change or 'none')) + tuple(_unusual(settings))
    return [line for key, text in rows for line in _hanging('%-25s' % key, text, width, 25)]


def _unusual(settings):
    """The rows of values that differ from their defaults; the others are not shown."""
    if settings.observe:
        yield 'OBSERVE', 'nothing is changed'
    if settings.returns != returning.AT_ONCE:
        yield 'BYPASS_RETURN', _return(settings.returns)
    if settings.ping_timeout:
        yield 'BYPASS_CARD_PING_TIMEOUT', '%d ms' % settings.ping_timeout
    if not settings.on_shutdown:
        yield 'BYPASS_ON_SHUTDOWN', 'no: the addresses go when the links go'


def _return(rule):
    """How a bypass is left, in words."""
    if rule.manual:
        return 'by fbypass_ctl return only'
    parts = ['after %d ms of normal' % rule.delay] if rule.delay else []
    if rule.longest > rule.delay:
        parts.append('doubled up to %d ms by each bypass within an hour' % rule.longest)
    if rule.carrier:
        parts.append('when all ports that are up in normal have had carrier for %d ms' % rule.carrier)
    return ', '.join(parts)


def _listener(one):
    wait = None if None in (one.attempts, one.timeout) else '%d x %d ms' % (one.attempts, one.timeout)
    sources = None if one.sources is None else 'any' if not one.sources else 'below'
    notes = [('sources: ', ', '.join(one.sources))] if one.sources else []
    return ((_called(one.index, one.node), _address(one.host, one.prefix), one.port, one.interface, wait,
             one.recovery, sources),
            notes + _error(one))


def _card(one):
    return (_called(one.index, one.name), _address(one.address, one.prefix), one.interface), _error(one)


def _called(index, name):
    return '%d %s' % (index, name) if name else index


def _address(address, prefix):
    return None if address is None else '%s/%d' % (address, prefix or addresses.bits(address))


def _error(one):
    return [('not launched: ', one.error)] if one.error else []


def columns(titles, rows, nothing, width=WIDTH):
    """[The lines of a table] of rows (cells, notes). A note, (what, text), stands below its row. None shows as ?."""
    if not rows:
        return [nothing]
    cells = [titles] + [['?' if cell is None else str(cell) for cell in row] for row, _ in rows]
    widths = _widths(cells, width)
    bands = _bands(widths, width)
    lines = []
    for row, (_, notes) in zip(cells, [(titles, [])] + rows):
        for first, last in bands:
            indent = INDENT if first else ''
            lines += [indent + line for line in _row(row[first:last], widths[first:last], width - len(indent))]
        for what, text in notes:
            lines += _hanging(INDENT + what, text, width)
    return lines


def _widths(cells, width):
    """[The width of each column]. In more than the usual columns even the longest cells have room if all of them fit.
    """
    found = [[len(cell) for cell in column] for column in zip(*cells)]
    if width > WIDTH and sum(max(column) + 2 for column in found) - 2 <= width:
        return [max(column) for column in found]
    return [max(size for size in column if size <= WIDEST) for column in found]


def _bands(widths, width):
    """[(first, end)] of the columns that stand beside each other. On a narrow terminal the others stand below them."""
    if width >= WIDTH:
        return [(0, len(widths))]
    starts, used = [0], 0
    for number, size in enumerate(widths):
        if used + size > width and number > starts[-1]:
            starts.append(number)
            used = len(INDENT)
        used += size + 2
    return list(zip(starts, starts[1:] + [len(widths)]))


def _row(cells, widths, most):
    """[The line of a row], or several lines if a cell is too long for its column. most: the columns of the screen."""
    lines, start = [''], 0
    for cell, width in zip(cells, widths):
        if lines[-1] and len(lines[-1]) > start - 2:
            lines.append('')
        if start + len(cell) > most:
            lines.append(INDENT + cell)
        else:
            lines[-1] = lines[-1].ljust(start) + cell
        start += width + 2
    return lines


def _ports(settings, width):
    names = sorted(set(settings.ports).union(*[one.ports for one in settings.listeners]), key=natural)
    if not names:
        return ['no port']
    longest = max(len(name) for name in names + ['PORT'])
    lines = ['PORT'.ljust(longest + 2) + 'FOLLOWS']
    for name in names:
        lines += _hanging(name.ljust(longest + 2), follows(name, settings), width, longest + 2)
        if name in settings.faulty_ports:
            lines += _hanging(INDENT + 'not touched: ', settings.faulty_ports[name], width)
    return lines


def follows(name, settings):
    """The lists that a port follows, as text, and the lists that name it but have no say because their flag is 0."""
    text = ' and '.join(_lists(name, settings, 'the global state', True)) or 'nothing'
    silent = ' and '.join(_lists(name, settings, 'the global list', False))
    return text + ('; left alone by %s, whose SHUTDOWN flag is 0' % silent if silent else '')


def _lists(name, settings, everybody, say):
    found = [everybody] if name in settings.ports and (settings.shutdown is not False) == say else []
    indexes = [str(one.index) for one in settings.listeners
               if name in one.ports and (one.shutdown is not False) == say]
    return found + (['listener ' + ', '.join(indexes)] if indexes else [])


def _hanging(head, text, width, indent=len(INDENT) + 2):
    """[The lines of a text behind a head]. All but the first begin with `indent` blanks."""
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=' ' * indent,
                         break_on_hyphens=False)
