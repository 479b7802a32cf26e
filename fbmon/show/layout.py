"""Lays out text for the console: tables, wrapped lines, short figures, and what fits on a screen. Pure."""
import textwrap

from fbmon.base.tuples import namedtuple

WIDTH = 80

# A section of the text. title: its first line; rows: Rows, the wrong ones first; least: the lines that it gets even if
# the wrong rows of other sections would fill the screen; surely: the lines that it gets on the smallest screen;
# narrowed: whether columns are left out.
Section = namedtuple('Section', 'title rows least surely narrowed')

# wrong: whether the operator should look at it; word: under which it is counted if it is left out; lines: its text;
# notes: lines below it, which are left out first if there is little room.
Row = namedtuple('Row', 'wrong word lines notes')


def lines(section):
    """[All lines of a Section], its title first."""
    return [section.title] + [line for row in section.rows for line in row.lines + row.notes]


def fitted(sections, room, width=WIDTH):
    """[The lines of sections that fit into `room` lines of `width` columns].

    Wrong rows come first, and each section gets its share of the room; then come as many of the other rows as there is
    room for. Each section that is shown says what is left out of it.
    """
    needs = [_need(section) for section in sections]
    if sum(needs) > room:
        sections = [section._replace(rows=[row._replace(notes=[]) for row in section.rows]) for section in sections]
        needs = [_need(section) for section in sections]
    if sum(needs) > room:
        needs = [max(need, min(section.least, len(lines(section)))) for need, section in zip(needs, sections)]
    rooms = _shares(sections, needs, room)
    # Small sections come first, so that they are shown whole.
    for position in sorted(range(len(sections)), key=lambda position: len(lines(sections[position]))):
        more = min(len(lines(sections[position])) - rooms[position], room - sum(rooms))
        # A title with nothing but a line on what is left out would say nothing.
        if rooms[position] or more > 2:
            rooms[position] += max(0, more)
    return [line for section, share in zip(sections, rooms) if share > 1 for line in _shortened(section, share, width)]


def _shares(sections, needs, room):
    """[The lines that each section gets]: its part of the room, and more if the later ones do not need theirs."""
    rooms = []
    for position, need in enumerate(needs):
        left = max(0, room - sum(rooms))
        others = [one for one in needs[position:] if one]
        part = left // len(others) if others else 0
        rooms.append(min(need, max(part, left - sum(needs[position + 1:]), sections[position].surely)))
    return rooms


def _need(section):
    """The number of lines that the wrong rows of a section need; 0 if there are none."""
    wrong = [row for row in section.rows if row.wrong]
    if not wrong:
        return 0
    return 1 + sum(len(row.lines + row.notes) for row in wrong) + (len(wrong) < len(section.rows))


def _shortened(section, room, width):
    """[The title, the first rows that fit into the room, and a line on what is left out]."""
    shown, left_out = [section.title], []
    for position, row in enumerate(section.rows):
        last = position == len(section.rows) - 1
        if not left_out and len(shown) + len(row.lines + row.notes) + (not last) <= room:
            shown += row.lines + row.notes
        else:
            left_out.append(row.word)
    if left_out:
        text = '  not shown: ' + counted(left_out)
        shown.append(text if len(text) <= width else '  not shown: %d rows' % len(left_out))
    return shown


def section(titles, rows, numbers=0, limit=WIDTH, paint=lambda text, _word: text, width=WIDTH, keep=None):
    """A Section of rows (wrong, rank, word, cells, notes), sorted by rank. Wrong rows come first and have a mark.

    keep: this number of columns stays even on the narrowest screen.
    """
    rows = sorted(rows, key=lambda row: (not row[0], row[1]))
    marks = ['  '] + ['! ' if row[0] else '  ' for row in rows]
    lines = table(titles, [row[3] for row in rows], numbers, limit, width - 2, keep)
    marked = [[mark + row[0]] + ['  ' + line for line in row[1:]] for mark, row in zip(marks, lines)]
    rows = [Row(row[0], row[2], _painted(parts, row[2], paint), row[4]) for row, parts in zip(rows, marked[1:])]
    return Section(marked[0][0], rows, 0, 0, not lines[0][0].endswith(titles[-1]))


def _painted(lines, word, paint):
    """The lines of a row, with its state in colour."""
    return '\n'.join(lines).replace(word, paint(word, word), 1).split('\n')


def table(titles, rows, numbers=0, limit=WIDTH, width=WIDTH, keep=None):
    """As grid(), but within `width` columns. keep: None for a table of any width.

    Columns that do not fit are left out from the last one on, but the first `keep` ones stay. A first cell that is too
    long goes on in further lines.
    """
    if keep is None:
        return grid(titles, rows, numbers, limit)
    for count in range(len(titles), keep - 1, -1):
        lines = grid(titles[:count], [row[:count] for row in rows], max(0, numbers + count - len(titles)), limit)
        if max(len(row[-1]) for row in lines) <= width:
            break
    return [[line[start:start + width] for line in row for start in range(0, len(line), width)] for row in lines]


def grid(titles, rows, numbers=0, limit=WIDTH):
    """[[lines of a row], ...] of a table, the titles first.

    The columns are left-aligned and two blanks apart; the last `numbers` ones are right-aligned and one blank apart. A
    first cell of more than `limit` characters has a line of its own.
    """
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
        lines.append(own + [text.rstrip()])
    return lines


def wrapped(text, first='  ', width=WIDTH):
    """[The lines of a text]. The first one begins with `first`, the others are indented by two blanks more.

    A word is divided only if it is longer than a whole line.
    """
    return textwrap.wrap(' '.join(text.split()), width, initial_indent=first, break_on_hyphens=False,
                         subsequent_indent=' ' * (len(first) + 2)) or [first]


def continued(line, width):
    """[The lines of a line]: what does not fit is indented below its beginning. A word is not divided."""
    indent = ' ' * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False,
                         break_long_words=False) or ['']


def hanging(line, start, width=WIDTH):
    """[The lines of a line whose text from column `start` on is wrapped below itself]."""
    parts = wrapped(line[start:], '', width - start)
    return [(line[:start] + parts[0]).rstrip()] + [' ' * start + part for part in parts[1:]]


def counted(words):
    """How often each word comes, in the order in which they first come: '2 failed, 57 active'."""
    first = sorted(set(words), key=words.index)
    return ', '.join('%d %s' % (words.count(word), word) for word in first)


def duration(seconds):
    """Seconds as a short text in their two largest units: 0.4s, 12s, 3m5s, 2h10m, 12d3h; - for None."""
    if seconds is None:
        return '-'
    if seconds < 9.95:
        return '%.1fs' % max(0, seconds)
    for unit, size, smaller, small in (('d', 86400, 'h', 3600), ('h', 3600, 'm', 60), ('m', 60, 's', 1)):
        if seconds >= size:
            return '%d%s%d%s' % (seconds // size, unit, seconds % size // small, smaller)
    return '%ds' % seconds


def amount(number):
    """A count as text of at most six characters: 99999, 123.4k, 12.3M, 1.2G."""
    if number < 100000:
        return '%d' % number
    for unit, size in (('k', 10 ** 3), ('M', 10 ** 6), ('G', 10 ** 9)):
        if number < 1000 * size or unit == 'G':
            return '%.1f%s' % (number // (size // 10) / 10.0, unit)


def address(host, port):
    """HOST:PORT, with an IPv6 host in brackets. A host or port that the file does not give is `?`."""
    text = '?' if host is None else '[%s]' % host if ':' in host else host
    return '%s:%s' % (text, '?' if port is None else port)
