"""The status as text for the console: plain text of at most 80 columns, or as wide as the terminal and in colour."""
from fbmon.base import moments, words
from fbmon.memory.history import BAD, RELOAD, titled
from fbmon.network import plan
from fbmon.rules import returning
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import BYPASS, DOWN, FAILED, MAINTENANCE, SILENT, UNCONFIGURED, UNKNOWN
from fbmon.show import layout, noderows, ordered
from fbmon.show.terminal import painter

# The least lines of cards and ports on a small screen in bypass: an operator then wants to see whether they have
# changed.
CARDS_SHOWN, PORTS_SHOWN = 5, 4

# The least columns for the text that says what a port follows.
FOLLOWS = 12

OBSERVES = 'OBSERVES ONLY: nothing is changed (OBSERVE=1); the states are what they would be'
CARDS = ('CARD', 'WANTED', 'ACTUAL', 'INTERFACE')
PINGS = ('LAST PING', 'A SECOND')
PORTS = ('PORT', 'WANTED', 'ACTUAL', 'FOLLOWS')
MORE = '%s are left out to fit this screen. All of them: fbypass_ctl show | less'
MORE_IN_SHORT = 'Left out here: fbypass_ctl show | less'


def render(status, colour=False, height=None, width=layout.WIDTH):
    """The text of a status dict (see status.py): the state, then the problems, then the components, bad ones first.

    height: lines of the screen, or None. If the text is longer, rows are left out and counted, the healthy ones first.
    width: columns of the screen. Longer texts are wrapped, and the last columns of a wider table are left out.
    """
    paint = painter(colour)
    head = _head(status, paint, width)
    sections = [section for section in (_problems(status, paint, width), noderows.section(status, paint, width),
                                        _cards(status, width), _ports(status, width)) if section.rows]
    narrow = any(section.narrowed for section in sections)
    whole = '\n\n'.join(['\n'.join(sum(head, []))] + ['\n'.join(layout.lines(section)) for section in sections]
                        + ([_more('Columns', width)] if narrow else [])) + '\n'
    # The last line of the screen is the shell's.
    if height is None or whole.count('\n') < height:
        return whole
    surely = sum(section.surely for section in sections)
    # Make room for what is wrong: leave out counts, but never the state.
    while len(head) > 1 and sum(map(len, head)) + surely > height - 2:
        head.pop()
    head = sum(head, [])
    return '\n'.join(head + layout.fitted(sections, height - 2 - len(head), width)
                     + [_more('Rows and columns' if narrow else 'Rows', width)]) + '\n'


def _more(what, width):
    """The line that says what is left out, and which command shows all of it."""
    return MORE % what if len(MORE % what) <= width else MORE_IN_SHORT


def history(transitions):
    """One line for each transition, the oldest first: local time with its offset from UTC, what, from, to and why.

    At the end of a bad state the line also says how long it was.
    """
    lines, since = [], {}
    for one in transitions:
        what = one['kind'], one['name']
        begin, since[what] = since.get(what), one['at']
        lines.append('%s  %s: %s\n' % (_moment(one['at']), _change(one, begin), one['why']))
    return ''.join(lines) or 'no transitions yet\n'


def _change(one, begin):
    if one['kind'] == RELOAD:
        return 'reload %s' % one['to']
    return '%s: %s -> %s%s' % (titled(one['kind'], one['name'] or 'state'), one['from'], one['to'], _after(one, begin))


def _after(one, begin):
    """How long the bad state has lasted that ends here; '' if none ends, or if the clock was set back meanwhile."""
    ended = one['from'] in BAD and begin is not None and one['at'] >= begin
    return ' after ' + layout.duration(one['at'] - begin) if ended else ''


def forced(found, colour=False, width=layout.WIDTH):
    """The text that says what force_on or force_off has made of the state, see status.stopped."""
    lines = layout.wrapped('forced %s since %s by %s' % (found['state'], _moment(found['at']), found['by']), '', width)
    return '\n'.join(lines).replace('forced ' + found['state'],
                                    painter(colour)('forced ' + found['state'], found['state']), 1)


def _moment(at):
    seconds, milliseconds = divmod(int(round(at * 1000)), 1000)
    return moments.text(seconds, milliseconds)


def kernel(settings, picture, width=layout.WIDTH):
    """The state of a file's cards and ports while no daemon runs. picture: a picture.Picture.

    The ports of one state share a paragraph, so that 48 of them leave room on a screen.
    """
    cards = [['%d %s' % (card.index, card.address or '?'),
              '-' if card.error else plan.actual(AddressItem(card.interface, card.address), picture),
              card.interface or '?'] for card in settings.cards]
    states = {}
    for name in set(settings.ports).union(settings.faulty_ports, *[one.ports for one in settings.listeners]):
        states.setdefault(plan.actual(PortItem(name), picture), []).append(name)
    ports = [line for state, names in sorted(states.items())
             for line in layout.wrapped('%d %s: %s' % (
                 len(names), state, ', '.join(sorted(names, key=words.natural))), '', width)]
    table = layout.table(('CARD', 'ACTUAL', 'INTERFACE'), cards, limit=width - 10, width=width, keep=2)
    parts = [sum(table, []), ['PORTS'] + ports]
    return '\n\n'.join('\n'.join(part) for part in parts if len(part) > 1) + '\n'


def _head(status, paint, width):
    """[[lines], ...] for the head, the most important ones first."""
    def put(text):
        return layout.wrapped(text, '', width)

    state = status['state']
    found = status['return']
    waits = returning.words(found['waits_for'], found['left_s'], found['ports']) if found else ''
    lines = put('%s for %s%s: %d of %d %s failed, threshold %s' % (
        state, layout.duration(status['state_since_s']), waits and ', ' + waits, status['failed'],
        len(status['nodes']), 'nodes' if noderows.has_names(status) else 'listeners', status['threshold'] or '?'))
    lines[0] = lines[0].replace(state, paint(state, state), 1)
    first = ([OBSERVES] if status['observe'] else []) + _trial(status.get('trial'))
    first = [paint(line, UNKNOWN) for text in first for line in put(text)]
    told = [paint(line, UNKNOWN) for text in ordered.head(status) for line in put(text)]
    parts = [first + _left_out(status['left_out'], paint, width) + told + lines]
    if status['held']:
        parts.append(put('held: nothing is decided until these listeners have reported: '
                         + words.indexes(status['held'])))
    elif status['listeners'] and all(row['state'] == UNCONFIGURED for row in status['listeners']):
        parts.append(put('held: nothing is decided while all listeners are unconfigured'))
    if status['next']:
        parts.append(put('next: ' + '; '.join(status['next'])))
    return parts + [put(text) for text in _counts(status)] + [put('fastbypass_monitor %s, pid %d, up %s' % (
        status['version'], status['pid'], layout.duration(status['uptime_s'])))]


def _trial(found):
    """[The line about a reload on trial], if there is one."""
    return [words.unless_confirmed('in ' + words.span(max(0, found['left_s'])))] if found else []


def _counts(status):
    """A text each for nodes or listeners, cards and ports: how many are in which state."""
    if status['nodes']:
        yield '%s: %s' % ('nodes' if noderows.has_names(status) else 'listeners', layout.counted(
            [MAINTENANCE if row['maintenance'] else row['state'] for row in status['nodes']]))
    for what in ('cards', 'ports'):
        if status[what]:
            wrong = sum(_differs(row) for row in status[what])
            yield '%s: %s%s' % (what, layout.counted([_word(row) for row in status[what]]),
                                '; %d not as wanted' % wrong if wrong else '')


def _left_out(left_out, paint, width):
    """The lines that come first of all: because of mistakes in the file there is no bypass by these cards, and nobody
    watches these nodes."""
    found = []
    for kind, what in (('card', 'BYPASS NOT EFFECTIVE'), ('listener', 'NODES NOT WATCHED')):
        numbers = left_out[kind + 's']
        one = len(numbers) == 1
        if numbers:
            found += layout.wrapped('%s: %s %s %s unconfigured' % (
                what, kind if one else kind + 's', words.indexes(numbers), 'is' if one else 'are'), '', width)
    return [paint(line, FAILED) for line in found]


def _word(row):
    """The word under which a card or port is counted: its actual state in the kernel."""
    return row['actual'] or (UNCONFIGURED if row['error'] else UNKNOWN)


def _differs(row):
    """Whether a card or port is not as wanted, or has an error."""
    return bool(row['error']) or row['wanted'] not in (None, row['actual'])


def _problems(status, paint, width):
    """The Section of the problems. They are wrapped and never cut, since they name the remedy.

    The first one and the number of the others are never left out.
    """
    rows = [layout.Row(True, 'more', layout.wrapped(text, '! ', width), []) for text in status['problems']]
    surely = 1 + len(rows[0].lines) + (len(rows) > 1) if rows else 0
    return layout.Section(paint('PROBLEMS', FAILED), rows, 0, surely, False)


def _cards(status, width):
    pinged = any(row['pings'] for row in status['cards'])
    rows = [(_differs(row) or row['pings'] == SILENT, 0, _word(row),
             ['%s %s' % (row['name'] or row['index'], row['address'] or '?'), row['wanted'] or '-',
              row['actual'] or '-'] + (_pings(row) if pinged else []) + [row['interface'] or '?'], [])
            for row in status['cards']]
    titles = CARDS[:-1] + (PINGS if pinged else ()) + CARDS[-1:]
    section = layout.section(titles, rows, limit=width - (40 if pinged else 20), width=width, keep=3)
    return section._replace(least=CARDS_SHOWN if status['state'] == BYPASS else 0)


def _pings(row):
    """When a card has pinged last, and how often a second it pings."""
    often = row['ping_rate']
    return [layout.duration(row['last_ping_s']), '-' if often is None else '%.1f' % often]


def _ports(status, width):
    rows = [(_differs(row), int(row['actual'] != DOWN), _word(row),
             [row['name'], row['wanted'] or '-', row['actual'] or '-', _follows(row)], []) for row in status['ports']]
    section = layout.section(PORTS, rows)
    start = section.title.index('FOLLOWS')
    if start + FOLLOWS > width:
        section = layout.section(PORTS, rows, width=start, keep=3)
    rows = [row._replace(lines=layout.hanging(row.lines[0], start, width)) for row in section.rows]
    return section._replace(rows=rows, least=PORTS_SHOWN if status['state'] == BYPASS else 0)


def _follows(row):
    parts = ['global state'] if row['global'] else []
    return ' and '.join(parts + (['listener ' + words.indexes(row['listeners'])] if row['listeners'] else []))
