"""The results of a run: rows of samples, kept as JSON and shown as tables."""
import json
from collections import namedtuple

import figures

# part: of the bench; what: was measured; candidate: its label; blocks: [[value, ...], ...]; note: a remark.
Row = namedtuple('Row', 'part what candidate unit blocks note')

HEADINGS = ('', 'n', 'median', '95 % of it', 'p95', 'p99', 'least', 'most', '')


# The names of the two times of a Round.
REACTION = ('overdue until gone', 'first sign until back')
CHANGE = ('begun until gone', 'begun until there')


def reaction_rows(part, found, names=REACTION, of='all'):
    """The Rows of [Samples], in ms: how long until all was gone, and how long until all was back.

    of: 'addresses' or 'ports' for how long only these took; a candidate that has none has no Row then.
    """
    rows = []
    for name, what in zip(('gone', 'back'), names):
        for samples in found:
            blocks = [[1000 * value for value in block] for block in samples.values(name, of)]
            if of == 'all' or any(blocks):
                rows.append(Row(part, what, samples.label, 'ms', blocks, _remarks(samples)))
    return rows


def _remarks(samples):
    """What went wrong, as text; '' if nothing did."""
    remarks = ['failed: ' + samples.error] if samples.error else []
    if samples.lost():
        remarks.append('%d rounds without an end' % samples.lost())
    if samples.unasked:
        remarks.append('%d changes that nobody asked for' % len(samples.unasked))
    return '; '.join(remarks)


def write(path, machine, rows):
    """Write the file that read() reads."""
    with open(path, 'w') as target:
        target.write('{"machine": %s,\n "rows": [\n%s\n]}\n' % (
            json.dumps(machine, sort_keys=True, indent=1), ',\n'.join(json.dumps(_rounded(row)) for row in rows)))


def _rounded(row):
    """A row as a dict, with its samples rounded to four decimals."""
    return dict(row._asdict(), blocks=[[round(value, 4) for value in block] for block in row.blocks])


def read(path):
    """(machine, [Row]) of a file that write() wrote; machine: what describe() said of it."""
    with open(path) as source:
        content = json.load(source)
    return content['machine'], [Row(**row) for row in content['rows']]


def tables(rows):
    """Markdown with one table for each thing that was measured."""
    text = []
    for key in in_order((row.part, row.what, row.unit) for row in rows):
        text += ['', '**%s: %s** (%s)' % key, '']
        text += _table([row for row in rows if (row.part, row.what, row.unit) == key])
    return '\n'.join(text[1:]) + '\n'


def _table(rows):
    """The lines of one table. If all rows have a single value, the columns for percentiles are left out."""
    lines = [_cells(row) for row in rows]
    if all(len(line) == 3 for line in lines):
        lines = [('', '', '')] + lines
    else:
        lines = [HEADINGS] + [line if len(line) == len(HEADINGS) else line[:1] + ('1', line[1]) + ('',) * 5 + line[2:]
                              for line in lines]
    last = len(lines[0]) - 1
    widths = [max(len(line[column]) for line in lines) for column in range(last + 1)]
    aligned = ['| %s |' % ' | '.join(
        cell.ljust(width) if column in (0, last) else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths))) for line in lines]
    rule = '|%s|' % '|'.join('-' * (width + 2) if column in (0, last) else '-' * (width + 1) + ':'
                             for column, width in enumerate(widths))
    return aligned[:1] + [rule] + aligned[1:]


def _cells(row):
    one = figures.summary(row.blocks)
    if one is None:
        return (row.candidate, '0') + ('',) * 6 + (row.note,)
    if one.n == 1:
        return row.candidate, number(one.median), row.note
    return (row.candidate, str(one.n), number(one.median), '%s-%s' % (number(one.low), number(one.high))) + tuple(
        number(value) for value in (one.p95, one.p99, one.least, one.most)) + (row.note,)


def number(value):
    """A number as text, with at least three significant digits from 1 on."""
    return '%.0f' % value if abs(value) >= 100 else '%.1f' % value if abs(value) >= 10 else '%.2f' % value


def in_order(keys):
    """The different keys in the order in which they come first."""
    found = []
    for key in keys:
        if key not in found:
            found.append(key)
    return found
