"""The status as text for the console: plain text of at most 80 columns, or as wide as the terminal and in colour."""
from fbmon.base import moments, words
from fbmon.memory.history import BAD, RELOAD, titled
from fbmon.network import plan
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import BYPASS, DOWN, FAILED, SILENT, UNKNOWN
from fbmon.show import head, layout, noderows, ordered
from fbmon.show.terminal import painter

# The least lines of cards and ports on a small screen in bypass: an operator then wants to see whether they have
# changed.
CARDS_SHOWN, PORTS_SHOWN = 5, 4

# The least columns for the text that says what a port follows.
FOLLOWS = 12

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
    top = _head(status, paint, width)
    sections = [section for section in (_problems(status, paint, width), noderows.section(status, paint, width),
                                        _cards(status, width), _ports(status, width)) if section.rows]
    narrow = any(section.narrowed for section in sections)
    whole = '\n\n'.join(['\n'.join(sum(top, []))] + ['\n'.join(layout.lines(section)) for section in sections]
                        + ([_more('Columns', width)] if narrow else [])) + '\n'
    # The last line of the screen is the shell's.
    if height is None or whole.count('\n') < height:
        return whole
    surely = sum(section.surely for section in sections)
    # Make room for what is wrong: leave out counts, but never the state.
    while len(top) > 1 and sum(map(len, top)) + surely > height - 2:
        top.pop()
    top = sum(top, [])
    return '\n'.join(top + layout.fitted(sections, height - 2 - len(top), width)
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
    def put(text, word=''):
        return [paint(line, word) for line in layout.wrapped(text, '', width)]

    def all_of(texts, word):
        return [line for text in texts for line in put(text, word)]

    lines = put(head.state(status))
    lines[0] = lines[0].replace(status['state'], paint(status['state'], status['state']), 1)
    parts = [all_of(head.unusual(status), UNKNOWN) + all_of(head.left_out(status), FAILED)
             + all_of(ordered.head(status), UNKNOWN) + lines]
    if head.held(status):
        parts.append(put(head.held(status)))
    if status['next']:
        parts.append(put('next: ' + '; '.join(status['next'])))
    return parts + [put(text) for text in head.counts(status)] + [put(head.program(status))]


def _problems(status, paint, width):
    """The Section of the problems. They are wrapped and never cut, since they name the remedy.

    The first one and the number of the others are never left out.
    """
    rows = [layout.Row(True, 'more', layout.wrapped(text, '! ', width), []) for text in status['problems']]
    surely = 1 + len(rows[0].lines) + (len(rows) > 1) if rows else 0
    return layout.Section(paint('PROBLEMS', FAILED), rows, 0, surely, False)


def _cards(status, width):
    pinged = any(row['pings'] for row in status['cards'])
    rows = [(head.differs(row) or row['pings'] == SILENT, 0, head.word(row),
             ['%s %s' % (row['name'] or row['index'], row['address'] or '?'), row['wanted'] or '-',
              row['actual'] or '-'] + (head.pings(row) if pinged else []) + [row['interface'] or '?'], [])
            for row in status['cards']]
    titles = CARDS[:-1] + (PINGS if pinged else ()) + CARDS[-1:]
    section = layout.section(titles, rows, limit=width - (40 if pinged else 20), width=width, keep=3)
    return section._replace(least=CARDS_SHOWN if status['state'] == BYPASS else 0)


def _ports(status, width):
    rows = [(head.differs(row), int(row['actual'] != DOWN), head.word(row),
             [row['name'], row['wanted'] or '-', row['actual'] or '-', head.follows(row)], [])
            for row in status['ports']]
    section = layout.section(PORTS, rows)
    start = section.title.index('FOLLOWS')
    if start + FOLLOWS > width:
        section = layout.section(PORTS, rows, width=start, keep=3)
    rows = [row._replace(lines=layout.hanging(row.lines[0], start, width)) for row in section.rows]
    return section._replace(rows=rows, least=PORTS_SHOWN if status['state'] == BYPASS else 0)
