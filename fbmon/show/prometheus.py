"""The status in Prometheus' text exposition format (version 0.0.4), made of the same dict as all other forms."""
from fbmon.base.tuples import namedtuple

# kind: gauge or counter; rows(status): [(labels as a dict, value), ...]; a value of None is left out.
Metric = namedtuple('Metric', 'name kind help rows')

GLOBAL = ('unknown', 'normal', 'bypass')
FORCED = GLOBAL[1:]
LOCAL = ('unconfigured', 'unknown', 'active', 'failed')
OVERRIDES = ('bypass', 'normal', 'freeze')
WAITS = ('delay', 'carrier', 'operator')


def render(status):
    """The exposition text of a status dict, from status.snapshot or, while no daemon runs, from status.stopped."""
    metrics = (UP,) + (METRICS if _is_up(status) else _kept(status))
    return ''.join(rendered(metric, status) for metric in metrics)


def rendered(metric, status):
    """The exposition text of one Metric of a status dict."""
    return ''.join(line + '\n' for line in _lines(metric, status))


def _kept(status):
    """What there is while no daemon runs: what a person has made of the state, and what is ordered for the next start.
    """
    ordered = status.get('override') or status.get('nodes')
    return (BY_HAND if status['forced'] else ()) + (ORDERED if ordered else ())


def _lines(metric, status):
    yield '# HELP fastbypass_%s %s' % (metric.name, metric.help)
    yield '# TYPE fastbypass_%s %s' % (metric.name, metric.kind)
    for labels, value in metric.rows(status):
        if value is not None:
            text = ','.join('%s="%s"' % (key, _escaped(labels[key])) for key in sorted(labels))
            yield 'fastbypass_%s%s %s' % (metric.name, '{%s}' % text if text else '', _number(value))


def _is_up(status):
    return status['state'] in GLOBAL


def _escaped(value):
    return ('%s' % value).replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


def _number(value):
    return repr(float(value)) if isinstance(value, float) else '%d' % value


def _single(field):
    return lambda status: [({}, status[field])]


def _count(field):
    return lambda status: [({}, len(status[field]))]


def _listeners(field):
    return lambda status: [(_who(row), row[field]) for row in status['listeners']]


def _who(row):
    found = {'listener': row['index'], 'host': row['host'] or '', 'port': row['port'] or ''}
    return found if row['node'] == '%d' % row['index'] else dict(found, node=row['node'])


def _one_of(names, state):
    return [(name, int(name == state)) for name in names]


def _left_out(status):
    return [({'kind': kind}, len(status['left_out'][kind + 's'])) for kind in ('card', 'listener')]


def _states(status):
    return [({'state': name}, value) for name, value in _one_of(GLOBAL, status['state'])]


def _forced(status):
    forced = status['forced'] or {'state': None, 'by': ''}
    return [({'state': name, 'by': forced['by'] if value else ''}, value)
            for name, value in _one_of(FORCED, forced['state'])]


def _node_states(status):
    return [({'node': row['name'], 'state': name}, value)
            for row in status['nodes'] for name, value in _one_of(LOCAL, row['state'])]


def _maintenance(status):
    return [({'node': row['name']}, int(row['maintenance'] is not None)) for row in status['nodes']]


def _maintenance_ends(status):
    return [({'node': row['name']}, row['maintenance'] and row['maintenance']['until']) for row in status['nodes']]


def _override_ends(status):
    return [({'state': one['state']}, one['until']) for one in [status['override']] if one]


def _override(status):
    return [({'state': name}, value)
            for name, value in _one_of(OVERRIDES, status['override'] and status['override']['state'])]


def _waits(status):
    found = status['return'] or {'waits_for': None}
    return [({'waits_for': name}, value) for name, value in _one_of(WAITS, found['waits_for'])]


def _listener_states(status):
    return [(dict(_who(row), state=name), value)
            for row in status['listeners'] for name, value in _one_of(LOCAL, row['state'])]


def _pings(field):
    return lambda status: [(labels, row[field]) for (labels, _), row in zip(_CARDS(status), status['cards'])]


def _items(field, labels, column, good):
    """The rows of cards or ports, as a function: 1 if the column has the good word, else 0; None if it is empty."""
    def rows(status):
        return [(dict((name, row[key]) for name, key in labels.items() if key != 'name' or row[key]),
                 None if row[column] is None else int(row[column] == good)) for row in status[field]]
    return rows


CARD = {'card': 'index', 'name': 'name', 'address': 'address', 'interface': 'interface'}
PORT = {'interface': 'name'}
_CARDS = _items('cards', CARD, 'actual', 'present')

UP = Metric('up', 'gauge', 'Whether the daemon answers.', lambda status: [({}, int(_is_up(status)))])
# `serve` has this one of its own. In place of a status it gets the seconds.
AGE = Metric('answer_age_seconds', 'gauge', 'Seconds since the daemon has answered `serve` last.',
             lambda seconds: [({}, seconds)])
BY_HAND = (
    Metric('forced', 'gauge', 'What force_on or force_off made of the state: 1 for the one that holds.', _forced),
    Metric('forced_seconds', 'gauge', 'Seconds since the state was forced; 0 while none is.',
           lambda status: [({}, status['forced']['since_s'] if status['forced'] else 0)]))
ORDERED = (
    Metric('maintenance', 'gauge', 'Whether an operator has taken a node out for maintenance.', _maintenance),
    Metric('maintenance_end_timestamp_seconds', 'gauge', 'When a maintenance ends by itself, since 1970.',
           _maintenance_ends),
    Metric('override_end_timestamp_seconds', 'gauge', 'When an override ends by itself, since 1970.', _override_ends),
    Metric('override', 'gauge', 'What an operator has ordered instead of the rules: 1 for what holds.', _override))
METRICS = BY_HAND + ORDERED + (
    Metric('info', 'gauge', 'Version of the daemon; always 1.', lambda status: [({'version': status['version']}, 1)]),
    Metric('uptime_seconds', 'gauge', 'Seconds since the daemon was started.', _single('uptime_s')),
    Metric('state', 'gauge', 'Global state: 1 for the one that holds.', _states),
    Metric('state_seconds', 'gauge', 'Seconds since the global state last changed.', _single('state_since_s')),
    Metric('held_listeners', 'gauge', 'Listeners that have not reported yet; while there are any, the state is held.',
           _count('held')),
    Metric('failed_listeners', 'gauge', 'Failed nodes; without names each listener is a node.', _single('failed')),
    Metric('failed_threshold', 'gauge', 'Failed nodes from which on the global state is bypass.',
           _single('threshold')),
    Metric('observe', 'gauge', 'Whether the daemon only observes and changes nothing.',
           lambda status: [({}, int(status['observe']))]),
    Metric('return_waits', 'gauge', 'What the end of a bypass waits for: 1 for what it is.', _waits),
    Metric('trial', 'gauge', 'Whether a reload is on trial, which is taken back unless somebody confirms it.',
           lambda status: [({}, int(bool(status.get('trial'))))]),
    Metric('node_state', 'gauge', 'State of a node: 1 for the one that holds.', _node_states),
    Metric('left_out', 'gauge', 'Cards and listeners that a mistake in the configuration file leaves out.', _left_out),
    Metric('problems', 'gauge', 'Problems that the status names.', _count('problems')),
    Metric('listener_state', 'gauge', 'Local state of a listener: 1 for the one that holds.', _listener_states),
    Metric('listener_last_heartbeat_seconds', 'gauge', 'Seconds since the last heartbeat.',
           _listeners('last_heartbeat_s')),
    Metric('listener_longest_gap_seconds', 'gauge', 'Longest time between two heartbeats in the last one to two hours.',
           _listeners('longest_gap_s')),
    Metric('listener_received_total', 'counter', 'Heartbeats received.', _listeners('received')),
    Metric('listener_ignored_total', 'counter', 'Datagrams from sources that are not accepted.',
           _listeners('ignored')),
    Metric('listener_missed_total', 'counter', 'Timeouts without a heartbeat.', _listeners('missed')),
    Metric('card_wanted', 'gauge', 'Whether the address of a bypass card should be there.',
           _items('cards', CARD, 'wanted', 'present')),
    Metric('card_present', 'gauge', 'Whether the address of a bypass card is there.', _CARDS),
    Metric('card_silent', 'gauge', 'Whether nobody pings the address of a bypass card although it is there.',
           _items('cards', CARD, 'pings', 'silent')),
    Metric('card_last_ping_seconds', 'gauge', 'Seconds since the last ping for the address of a bypass card.',
           _pings('last_ping_s')),
    Metric('card_pings_total', 'counter', 'Pings for the address of a bypass card.', _pings('pings_total')),
    Metric('port_wanted', 'gauge', 'Whether a port should be up.', _items('ports', PORT, 'wanted', 'up')),
    Metric('port_up', 'gauge', 'Whether a port is administratively up.', _items('ports', PORT, 'actual', 'up')))
