"""Makes status dicts for tests: what a switch with 64 listeners, 8 cards and 48 ports would show."""

HOURS = 3600.0

# The fields of a card whose pings are watched, and of one whose pings are not.
WATCHED = {'pings': 'seen', 'pings_total': 72000, 'last_ping_s': 0.087, 'ping_rate': 10.0}
UNWATCHED = {'pings': None, 'pings_total': None, 'last_ping_s': None, 'ping_rate': None}


def listener(index, state='active', **fields):
    values = {'index': index, 'node': '%d' % index, 'host': '192.168.1.%d' % (100 + index), 'port': 3000 + index,
              'interface': 'eth0', 'state': state, 'since_s': 20 * HOURS, 'last_heartbeat_s': 0.412,
              'longest_gap_s': 1.004, 'received': 72000, 'ignored': 0, 'missed': 0, 'heard': 0, 'recovery': 1,
              'last_sender': None, 'error': None}
    if state == 'failed':
        values.update(since_s=185.4, last_heartbeat_s=188.4, missed=62)
    if state == 'unconfigured':
        values.update(since_s=None, last_heartbeat_s=None, longest_gap_s=None, received=0,
                      error='interface eth9 is not there')
    return dict(values, **fields)


def node(name, indexes, state='active', since=20 * HOURS):
    return {'name': name, 'listeners': list(indexes), 'state': state, 'since_s': since, 'maintenance': None}


def card(index, **fields):
    values = {'index': index, 'name': None, 'address': '192.168.1.%d' % (200 + index), 'interface': 'eth0',
              'wanted': 'present', 'actual': 'present', 'error': None}
    return dict(dict(values, **UNWATCHED), **fields)


def port(name, **fields):
    values = {'name': name, 'global': True, 'listeners': [], 'wanted': 'up', 'actual': 'up', 'error': None}
    return dict(values, **fields)


def status(listeners=(), cards=(), ports=(), **fields):
    values = {'version': '1.0.00', 'pid': 4711, 'uptime_s': 20.1 * HOURS, 'state': 'normal',
              'state_since_s': 20 * HOURS,
              'held': [], 'failed': sum(row['state'] == 'failed' for row in listeners), 'threshold': 3,
              'nodes': [node(one['node'], [one['index']], one['state'], one['since_s']) for one in listeners],
              'observe': False, 'return': None, 'override': None, 'trial': None, 'next': [],
              'listeners': list(listeners), 'cards': list(cards), 'ports': list(ports), 'problems': [], 'history': [],
              'forced': None,
              'left_out': {'cards': [], 'listeners': []}}
    return dict(values, **fields)


def large(failed=(17, 40), unconfigured=(63,)):
    """The status with 64 listeners, 8 cards and 48 ports. The port of the second failed listener does not go down."""
    states = dict([(index, 'failed') for index in failed] + [(index, 'unconfigured') for index in unconfigured])
    ports = [port('e101-%03d-0' % (index + 1), listeners=[index], wanted='down' if index in failed else 'up',
                  actual='down' if index in failed else 'up') for index in range(48)]
    problems = ['listener %d is unconfigured: interface eth9 is not there' % index for index in unconfigured]
    for index in failed[1:2]:
        words = 'RTNETLINK answers: Operation not permitted'
        ports[index].update(actual='up', error=words)
        problems.insert(0, 'port %s cannot be made down: %s' % (ports[index]['name'], words))
    return status([listener(index, states.get(index, 'active')) for index in range(64)],
                  [card(index) for index in range(8)], ports, problems=problems)
