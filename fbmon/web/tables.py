"""The tables of the page: nodes, cards, ports and the last changes. Pure.

What is wrong comes first and has a mark, so that it is seen without colour and heard.
"""
from fbmon.base import moments
from fbmon.memory.history import RELOAD, titled
from fbmon.report.escaping import html
from fbmon.rules.states import ACTIVE, FAILED, MAINTENANCE, SILENT, UNCONFIGURED
from fbmon.show import head, layout, ordered

NODES = ('', 'state', 'for', 'last heartbeat', 'longest gap', 'received', 'ignored', '')
CARDS = ('card', 'wanted', 'actual', 'interface', '')
PINGED = ('card', 'wanted', 'actual', 'interface', 'last ping', 'a second', '')
PORTS = ('port', 'wanted', 'actual', 'follows', '')

# Changes that are shown, the newest first.
CHANGES = 20


def table(title, titles, rows):
    """A table with its title. rows: [(whether it is wrong, [cells])]; the first cell names the row."""
    if not rows:
        return ''
    # A last column that is empty in all rows is left out.
    count = len(titles) - (not titles[-1] and not any(cells[-1] for _, cells in rows))
    names = ''.join('<th scope="col">%s</th>' % html(name) for name in titles[:count])
    body = ''.join('<tr%s><th scope="row">%s%s</th>%s</tr>\n' % (
        ' class="wrong"' if wrong else '', '<span class="mark">!</span> ' if wrong else '', html(cells[0]),
        ''.join('<td>%s</td>' % html(cell) for cell in cells[1:count])) for wrong, cells in rows)
    return ('<h2>%s</h2>\n<div class="wide" role="region" aria-label="%s" tabindex="0"><table>\n'
            '<thead><tr>%s</tr></thead>\n<tbody>%s</tbody></table></div>\n' % (html(title), html(title), names, body))


def nodes(status):
    """The table of nodes or listeners, with a row for each way of a node that has several."""
    ways, rows = dict((row['index'], row) for row in status['listeners']), []
    for node in status['nodes']:
        mine = [ways[index] for index in node['listeners']]
        state = MAINTENANCE if node['maintenance'] else node['state']
        notes = [ordered.described(node['maintenance'])] if node['maintenance'] else []
        part = [_way('%s %s' % (node['name'], _place(mine[0])), mine[0], state, notes)] if len(mine) == 1 else [
            [node['name'], state, layout.duration(node['since_s'])] + [''] * 4 + ['; '.join(notes)]] + [
            _way('%s: %d %s' % (node['name'], one['index'], _place(one)), one, one['state'], []) for one in mine]
        rows.append((state, part))
    rows.sort(key=lambda row: _RANKS.get(row[0], 2))
    title = head.what(status)
    return table(title.capitalize(), (title[:-1],) + NODES[1:],
                 [(cells[1] in (FAILED, UNCONFIGURED), cells) for _, part in rows for cells in part])


_RANKS = {FAILED: 0, UNCONFIGURED: 1, MAINTENANCE: 3, ACTIVE: 4}


def _place(row):
    return layout.address(row['host'], row['port'])


def _way(name, row, state, notes):
    if row['error']:
        notes = notes + [row['error']]
    if state == FAILED and row['last_sender']:
        notes = notes + ['last heartbeat from ' + row['last_sender']]
    return [name, state] + [layout.duration(row[key]) for key in ('since_s', 'last_heartbeat_s')] + [
        layout.duration(row['longest_gap_s'] or None), layout.amount(row['received']), layout.amount(row['ignored']),
        '; '.join(notes)]


def cards(status):
    """The table of cards."""
    pinged = any(row['pings'] for row in status['cards'])
    rows = [(head.differs(row) or row['pings'] == SILENT,
             ['%s %s' % (row['name'] or row['index'], row['address'] or '?'), row['wanted'] or '-',
              row['actual'] or '-', row['interface'] or '?'] + (head.pings(row) if pinged else [])
             + [row['error'] or '']) for row in status['cards']]
    return table('Cards', PINGED if pinged else CARDS, sorted(rows, key=lambda row: not row[0]))


def ports(status):
    """The table of ports."""
    rows = [(head.differs(row), [row['name'], row['wanted'] or '-', row['actual'] or '-', head.follows(row),
                                 row['error'] or '']) for row in status['ports']]
    return table('Ports', PORTS, sorted(rows, key=lambda row: not row[0]))


def changes(status):
    """The table of the last changes, the newest first."""
    rows = [(False, [moments.short(one['at']), _titled(one), one['why']])
            for one in reversed(status['history'][-CHANGES:])]
    return table('Last changes', ('at', 'what', 'why'), rows)


def _titled(one):
    if one['kind'] == RELOAD:
        return 'reload ' + one['to']
    name = '%s (%s)' % (one['name'], one['called']) if one['called'] else one['name']
    return '%s: %s -> %s' % (titled(one['kind'], name), one['from'], one['to'])


def items(title, texts):
    """A list with its title, '' without texts."""
    return '<h2>%s</h2>\n<ul class="problems">%s</ul>\n' % (
        html(title), ''.join('<li>%s</li>\n' % html(text) for text in texts)) if texts else ''
