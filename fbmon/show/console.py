"""The status as a person reads it at the console: plain text of at most 80 columns, in colour on a terminal."""
import fcntl
import struct
import termios
import time
from collections import namedtuple

from fbmon.network import plan
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import ACTIVE, BYPASS, DOWN, FAILED, NORMAL, UNCONFIGURED, UNKNOWN

WIDTH, HEIGHT = 80, 24

# Longer names of listeners, which only long IPv6 addresses make, have a line of their own.
NAME = 24

RED, GREEN, YELLOW, PLAIN = '\033[31m', '\033[32m', '\033[33m', '\033[0m'
COLOURS = {NORMAL: GREEN, ACTIVE: GREEN, BYPASS: RED, FAILED: RED, UNCONFIGURED: YELLOW, UNKNOWN: YELLOW}
LISTENERS = ('LISTENER', 'STATE', 'FOR', 'LAST', 'GAP', 'RECEIVED', 'IGNORED')
CARDS = ('CARD', 'WANTED', 'ACTUAL', 'INTERFACE')
PORTS = ('PORT', 'WANTED', 'ACTUAL', 'FOLLOWS')
MORE = 'Rows are left out to fit this screen. All of them: fbypass_ctl show | less'

# A section of the text. title: its first line; rows: Rows, what is wrong first.
Section = namedtuple('Section', 'title rows')

# wrong: whether it wants the operator's eye; word: what it is counted as where it is left out; lines: its text.
Row = namedtuple('Row', 'wrong word lines')


def terminal(stream, environ):
    """(whether to use colours, lines of the screen or None) of a stream: both only where it is a terminal."""
    if not stream.isatty():
        return False, None
    try:
        height = struct.unpack('hhhh', fcntl.ioctl(stream.fileno(), termios.TIOCGWINSZ, b'\0' * 8))[0]
    except EnvironmentError:
        height = 0
    # A serial line does not know its height.
    return not environ.get('NO_COLOR') and environ.get('TERM') not in (None, '', 'dumb'), height or HEIGHT


def render(status, colour=False, height=None):
    """The text of a status dict (see status.py): state first, then what is wrong, then the components, those with
    something wrong first. height: lines of the screen; where the whole would run off it, rows are left out, the healthy
    ones first, and counted."""
    paint = painter(colour)
    head = _head(status, paint)
    sections = [section for section in (_problems(status, paint), _listeners(status, paint), _cards(status),
                                        _ports(status)) if section.rows]
    whole = '\n\n'.join(['\n'.join(head)] + ['\n'.join(_lines(section)) for section in sections]) + '\n'
    # The last line of the screen is the shell's.
    if height is None or whole.count('\n') < height:
        return whole
    return '\n'.join(head + _fitted(sections, height - 2 - len(head)) + [MORE]) + '\n'


def history(transitions):
    """One line for each transition, oldest first: local time, what, from, to and why."""
    return ''.join('%s  %s %s: %s -> %s: %s\n' % (
        time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(one['at'])), one['kind'], one['name'] or 'state',
        one['from'], one['to'], one['why']) for one in transitions) or 'no transitions yet\n'


def kernel(settings, picture):
    """What the kernel has of a file's cards and ports while no daemon runs; `picture` is a picture.Picture. A paragraph
    for the ports of each state: 48 of them must leave room on a screen."""
    cards = [['%d %s' % (card.index, card.address or '?'), card.interface or '?',
              '-' if card.error else plan.actual(AddressItem(card.interface, card.address), picture)]
             for card in settings.cards]
    states = {}
    for name in set(settings.ports).union(settings.faulty_ports, *[one.ports for one in settings.listeners]):
        states.setdefault(plan.actual(PortItem(name), picture), []).append(name)
    ports = [line for state, names in sorted(states.items())
             for line in wrapped('%d %s: %s' % (len(names), state, ', '.join(sorted(names))), '')]
    parts = [grid(('CARD', 'INTERFACE', 'ACTUAL'), cards), ['PORTS'] + ports]
    return '\n\n'.join('\n'.join(part) for part in parts if len(part) > 1) + '\n'


def painter(colour):
    """paint(text, word): the text in the colour of a state, or as it is."""
    return lambda text, word: COLOURS[word] + text + PLAIN if colour and word in COLOURS else text


def grid(titles, rows, numbers=0, limit=WIDTH):
    """The lines of a table, the titles first: left-aligned columns two blanks apart, the last `numbers` ones
    right-aligned and one blank apart. A first cell of more than `limit` characters has a line of its own."""
    table = [list(titles)] + rows
    widths = [max([len(row[column]) for row in table if column or len(row[0]) <= limit])
              for column in range(len(titles))]
    lines = []
    for row in table:
        own = [row[0]] if len(row[0]) > limit else []
        cells = (['' if own else row[0]] + row[1:])
        left = len(cells) - numbers
        text = '  '.join(cell.ljust(width) for cell, width in zip(cells[:left], widths))
        text += ''.join(' ' + cell.rjust(width) for cell, width in zip(cells[left:], widths[left:]))
        lines.append('\n'.join(own + [text.rstrip()]))
    return lines


def duration(seconds):
    """Seconds in the largest units that still say enough: 0.4s, 12s, 3m5s, 2h10m, 12d3h; - for None."""
    if seconds is None:
        return '-'
    if seconds < 9.95:
        return '%.1fs' % max(0, seconds)
    for unit, size, smaller, small in (('d', 86400, 'h', 3600), ('h', 3600, 'm', 60), ('m', 60, 's', 1)):
        if seconds >= size:
            return '%d%s%d%s' % (seconds // size, unit, seconds % size // small, smaller)
    return '%ds' % seconds


def amount(number):
    """A count in at most six characters: 99999, 123.4k, 12.3M, 1.2G."""
    if number < 100000:
        return '%d' % number
    for unit, size in (('k', 10 ** 3), ('M', 10 ** 6), ('G', 10 ** 9)):
        if number < 1000 * size or unit == 'G':
            return '%.1f%s' % (number // (size // 10) / 10.0, unit)


def indexes(numbers):
    """Sorted numbers in few characters: 0-5, 7, 9-12."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ', '.join(str(first) if first == last else '%d-%d' % (first, last) for first, last in runs)


def address(host, port):
    """host:port, an IPv6 host in brackets; ? for what the file does not say."""
    text = '?' if host is None else '[%s]' % host if ':' in host else host
    return '%s:%s' % (text, '?' if port is None else port)


def wrapped(text, first='  ', width=WIDTH):
    """The lines of a text, the first after `first`, the others after two blanks more."""
    lines, current, empty = [], first, True
    for word in text.split():
        if len(current) + (not empty) + len(word) > width and not empty:
            lines.append(current)
            current, empty = ' ' * (len(first) + 2), True
        current, empty = current + ('' if empty else ' ') + word, False
    return lines + [current]


def _head(status, paint):
    state = status['state']
    lines = ['%s for %s: %d of %d listeners failed, threshold %s' % (
        paint(state, state), duration(status['state_since_s']), status['failed'], len(status['listeners']),
        status['threshold'] or '?')]
    if status['held']:
        lines += wrapped('held: nothing is decided until these listeners have reported: ' + indexes(status['held']), '')
    elif status['listeners'] and all(row['state'] == UNCONFIGURED for row in status['listeners']):
        lines.append('held: nothing is decided while all listeners are unconfigured')
    for what, column in (('listeners', 'state'), ('cards', 'actual'), ('ports', 'actual')):
        if status[what]:
            wrong = sum(_differs(row) for row in status[what]) if column == 'actual' else 0
            lines.append('%s: %s%s' % (what, counted([_word(row, column) for row in status[what]]),
                                       '; %d not as wanted' % wrong if wrong else ''))
    return lines + ['fastbypass_monitor %s, pid %d, up %s' % (
        status['version'], status['pid'], duration(status['uptime_s']))]


def counted(words):
    """'2 failed, 57 active' of words, in the order in which they first come."""
    first = sorted(set(words), key=words.index)
    return ', '.join('%d %s' % (words.count(word), word) for word in first)


def _word(row, column):
    """What a component is counted as: its state, or what the kernel has of it."""
    return row[column] or (UNCONFIGURED if row['error'] else UNKNOWN)


def _differs(row):
    """Whether a card or port is not as wanted, or cannot be."""
    return bool(row['error']) or row['wanted'] not in (None, row['actual'])


def _section(titles, rows, numbers=0, limit=WIDTH, paint=painter(False)):
    """A Section of (wrong, rank, word, cells): what is wrong has a mark and comes first, then by rank."""
    rows = sorted(rows, key=lambda row: (not row[0], row[1]))
    lines = grid(titles, [row[3] for row in rows], numbers, limit)
    marked = [('! ' if row[0] else '  ') + line.replace('\n', '\n  ').replace(row[2], paint(row[2], row[2]), 1)
              for row, line in zip(rows, lines[1:])]
    return Section('  ' + lines[0], [Row(row[0], row[2], line.split('\n')) for row, line in zip(rows, marked)])


def _problems(status, paint):
    """Problems are wrapped, never cut: they hold the remedy."""
    return Section(paint('PROBLEMS', FAILED), [Row(True, 'more', wrapped(text, '! '))
                                               for text in status['problems']])


def _listeners(status, paint):
    ranks = {FAILED: 0, UNCONFIGURED: 1, UNKNOWN: 2, ACTIVE: 3}
    rows = [(row['state'] in (FAILED, UNCONFIGURED), ranks[row['state']], row['state'],
             ['%d %s' % (row['index'], address(row['host'], row['port'])), row['state'], duration(row['since_s']),
              duration(row['last_heartbeat_s']), duration(row['longest_gap_s'] or None), amount(row['received']),
              amount(row['ignored'])]) for row in status['listeners']]
    return _section(LISTENERS, rows, 5, NAME, paint)


def _cards(status):
    return _section(CARDS, [(_differs(row), 0, _word(row, 'actual'), [
        '%d %s' % (row['index'], row['address'] or '?'), row['wanted'] or '-', row['actual'] or '-',
        row['interface'] or '?']) for row in status['cards']])


def _ports(status):
    rows = [(_differs(row), int(row['actual'] != DOWN), _word(row, 'actual'),
             [row['name'], row['wanted'] or '-', row['actual'] or '-', _follows(row)]) for row in status['ports']]
    section = _section(PORTS, rows)
    start = section.title.index('FOLLOWS')
    return section._replace(rows=[row._replace(lines=_hanging(row.lines[0], start)) for row in section.rows])


def _follows(row):
    parts = ['global state'] if row['global'] else []
    return ' and '.join(parts + (['listener ' + indexes(row['listeners'])] if row['listeners'] else []))


def _hanging(line, start):
    """A line whose text from column `start` on is wrapped below itself."""
    parts = wrapped(line[start:], '', WIDTH - start)
    return [(line[:start] + parts[0]).rstrip()] + [' ' * start + part for part in parts[1:]]


def _lines(section):
    return [section.title] + [line for row in section.rows for line in row.lines]


def _fitted(sections, room):
    """The lines of the sections in which something is wrong, within `room` lines: each has its share, and more where
    the later ones do not need theirs. The head has counted what is left out."""
    sections = [section for section in sections if any(row.wrong for row in section.rows)]
    needs = [1 + sum(len(row.lines) for row in section.rows if row.wrong) + (not all(row.wrong for row in section.rows))
             for section in sections]
    lines = []
    for position, section in enumerate(sections):
        left = room - len(lines)
        lines += _shortened(section, max(left // (len(sections) - position), left - sum(needs[position + 1:])))
    return lines


def _shortened(section, room):
    """The title, what is wrong as far as there is room, and what is left out."""
    shown, left_out = [section.title], []
    for position, row in enumerate(section.rows):
        last = position == len(section.rows) - 1
        if row.wrong and not left_out and len(shown) + len(row.lines) + (not last) <= room:
            shown += row.lines
        else:
            left_out.append(row.word)
    return shown + (['  not shown: ' + counted(left_out)] if left_out else [])
