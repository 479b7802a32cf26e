"""The objects of FASTBYPASS-MIB (docs/monitoring) that a status has: {identifier below its root: Value}. Pure."""
from fbmon.snmp.values import counter, gauge, integer, millis, text, truth, word

GLOBAL = ('unknown', 'normal', 'bypass', 'notRunning')
LOCAL = ('unconfigured', 'unknown', 'active', 'failed')
FORCED = ('no', 'bypass', 'normal', 'unknown')
OVERRIDE = ('none', 'bypass', 'normal', 'freeze')
RETURN = ('no', 'delay', 'carrier', 'operator')
PRESENCE = ('unknown', 'present', 'absent', 'missing')
PORT = ('unknown', 'up', 'down', 'missing')
PINGS = ('notWatched', 'unknown', 'seen', 'silent')

OBJECTS, STATUS = 1, 1
NODE, LISTENER, CARD, PORTS, PROBLEM = 2, 3, 4, 5, 6

# Of fastbypassStatus.
STATE, FORCED_BY_HAND, NO_ANSWER = 1, 4, 22


def stopped(forced, why):
    """The objects while no daemon answers. forced: a word of FORCED; why: a text."""
    return _scalars({STATE: word(GLOBAL, 'notRunning'), FORCED_BY_HAND: word(FORCED, forced), NO_ANSWER: text(why)})


def running(status):
    """The objects of a status (docs/status.md). Raises KeyError, TypeError or AttributeError for another's document."""
    found = _scalars(_status(status))
    found.update(_table(NODE, [((row['listeners'][0],), _node(row)) for row in status['nodes']]))
    found.update(_table(LISTENER, [((row['index'],), _listener(row)) for row in status['listeners']]))
    found.update(_table(CARD, [((row['index'],), _card(row)) for row in status['cards']]))
    found.update(_table(PORTS, [(_key(row['name']), _port(row)) for row in status['ports']]))
    found.update(_table(PROBLEM, [((place,), {2: text(problem)})
                                  for place, problem in enumerate(status['problems'], 1)]))
    return found


def _scalars(columns):
    return dict(((OBJECTS, STATUS, number, 0), value) for number, value in columns.items() if value is not None)


def _table(table, rows):
    """rows: [(index as a tuple, {column: Value or None}), ...]."""
    return dict(((OBJECTS, table, 1, number) + index, value)
                for index, columns in rows for number, value in columns.items() if value is not None)


def _key(name):
    """An index made of a text: its length and its bytes (RFC 2578, 7.7)."""
    octets = bytearray(name.encode('utf-8', 'replace')[:64])
    return (len(octets),) + tuple(octets)


def _states(rows, state):
    return gauge(sum(row['state'] == state for row in rows))


def _status(status):
    override, waits = status['override'], status['return']
    launched = [row for row in status['listeners'] if row['state'] != 'unconfigured']
    return {STATE: word(GLOBAL, status['state']), 2: gauge(status['state_since_s']),
            3: text('; '.join(status['next'])), FORCED_BY_HAND: word(FORCED, 'no'),
            5: word(OVERRIDE, override['state'] if override else 'none'),
            6: text('by %s: %s' % (override['by'], override['reason'] or 'no reason') if override else ''),
            7: word(RETURN, waits['waits_for'] if waits else 'no'),
            8: truth(status['observe']), 9: truth(status['trial']), 10: gauge(len(status['problems'])),
            11: gauge(status['threshold']), 12: gauge(status['failed']), 13: _states(status['nodes'], 'active'),
            14: gauge(sum(row['maintenance'] is not None for row in status['nodes'])),
            15: gauge(len(status['listeners'])), 16: gauge(len(launched)), 17: gauge(len(status['held'])),
            18: gauge(len(status['left_out']['cards'])), 19: gauge(len(status['left_out']['listeners'])),
            20: text(status['version']), 21: gauge(status['uptime_s']), NO_ANSWER: text('')}


def _node(row):
    return {2: text(row['name']), 3: word(LOCAL, row['state']), 4: gauge(row['since_s']),
            5: truth(row['maintenance']), 6: gauge(len(row['listeners']))}


def _listener(row):
    return {2: text(row['node']), 3: text(row['host']), 4: integer(row['port']), 5: text(row['interface']),
            6: word(LOCAL, row['state']), 7: gauge(row['since_s']), 8: millis(row['last_heartbeat_s']),
            9: millis(row['longest_gap_s']), 10: counter(row['received']), 11: counter(row['ignored']),
            12: counter(row['missed']), 13: text(row['last_sender']), 14: text(row['error'])}


def _card(row):
    return {2: text(row['name']), 3: text(row['address']), 4: text(row['interface']),
            5: word(PRESENCE, row['wanted'] or 'unknown'), 6: word(PRESENCE, row['actual'] or 'unknown'),
            7: word(PINGS, row['pings'] or 'notWatched'), 8: millis(row['last_ping_s']),
            9: counter(row['pings_total']), 10: text(row['error'])}


def _port(row):
    return {2: text(row['name']), 3: word(PORT, row['wanted'] or 'unknown'),
            4: word(PORT, row['actual'] or 'unknown'), 5: text(row['error'])}
