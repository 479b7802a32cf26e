"""The console's table of nodes. It has one row for each node, and below it a line for each way if there are several."""
from fbmon.rules.states import ACTIVE, FAILED, MAINTENANCE, UNCONFIGURED, UNKNOWN
from fbmon.show import layout, ordered

# Longer names of listeners have a line of their own. Only long IPv6 addresses make such names.
NAME = 24

LISTENERS = ('LISTENER', 'STATE', 'FOR', 'LAST', 'GAP', 'RECEIVED', 'IGNORED')


def has_names(status):
    """Whether a node in the status has a name of its own."""
    return any(row['node'] != '%d' % row['index'] for row in status['listeners'])


def section(status, paint, width):
    """The Section with a row for each node. Below a node with several listeners there is a line for each of them."""
    by_index = dict((row['index'], row) for row in status['listeners'])
    rows = []
    for node in status['nodes']:
        ways = [by_index[index] for index in node['listeners']]
        if len(ways) == 1:
            name = '%s %s' % (node['name'], layout.address(ways[0]['host'], ways[0]['port']))
            row, notes = ways[0], _notes(ways[0], width)
        else:
            row, name, notes = _together(node, ways), node['name'], _ways(ways, width)
        if node['maintenance']:
            rows.append(_listener(row, MAINTENANCE, name, _order(node, width) + notes))
        else:
            rows.append(_listener(row, node['state'], name, notes))
    titles = (('NODE',) if has_names(status) else LISTENERS[:1]) + LISTENERS[1:]
    return layout.section(titles, rows, 5, NAME, paint, width, keep=2)


def _listener(row, state, name, notes):
    ranks = {FAILED: 0, UNCONFIGURED: 1, UNKNOWN: 2, MAINTENANCE: 3, ACTIVE: 4}
    times = [layout.duration(seconds) for seconds in (row['since_s'], row['last_heartbeat_s'],
                                                      row['longest_gap_s'] or None)]
    return (state in (FAILED, UNCONFIGURED), ranks[state], state,
            [name, state] + times + [layout.amount(row[field]) for field in ('received', 'ignored')], notes)


def _order(node, width):
    """The lines below a node in maintenance: who has ordered it, and what its listeners report all the same."""
    return layout.wrapped('%s; its heartbeats: %s' % (ordered.described(node['maintenance']), node['state']), '    ',
                          width)


def _together(node, ways):
    """The values of several ways for one row: the last heartbeat of any, and the sums of what was received."""
    last = [way['last_heartbeat_s'] for way in ways if way['last_heartbeat_s'] is not None]
    return dict(since_s=node['since_s'], last_heartbeat_s=min(last) if last else None, longest_gap_s=None,
                received=sum(way['received'] for way in ways), ignored=sum(way['ignored'] for way in ways))


def _ways(ways, width):
    """The lines of a node's ways."""
    lines = []
    for way in ways:
        text = '%d %s %s for %s, last %s' % (
            way['index'], layout.address(way['host'], way['port']), way['state'], layout.duration(way['since_s']),
            layout.duration(way['last_heartbeat_s']))
        lines += layout.wrapped(text, '    ', width) + _notes(way, width, 6)
    return lines


def _notes(row, width, indent=4):
    """The lines below a failed listener: how far its recovery is, and who has sent the last heartbeat."""
    parts = ['%d of %s heartbeats' % (row['heard'], row['recovery'])] if row['heard'] else []
    parts += ['last heartbeat from ' + row['last_sender']] if row['last_sender'] else []
    return layout.wrapped('; '.join(parts), ' ' * indent, width) if parts and row['state'] == FAILED else []
