"""The texts of the head of all faces for persons: the state, what is loud, what comes next, the counts. Pure."""
from fbmon.base import words
from fbmon.rules import returning
from fbmon.rules.states import MAINTENANCE, UNCONFIGURED, UNKNOWN
from fbmon.show import layout, noderows

OBSERVES = 'OBSERVES ONLY: nothing is changed (OBSERVE=1); the states are what they would be'


def state(status):
    """The global state, since when, and the count that it comes from."""
    found = status['return']
    waits = returning.words(found['waits_for'], found['left_s'], found['ports']) if found else ''
    return '%s for %s%s: %d of %d %s failed, threshold %s' % (
        status['state'], layout.duration(status['state_since_s']), waits and ', ' + waits, status['failed'],
        len(status['nodes']), what(status), status['threshold'] or '?')


def what(status):
    """The word for what is counted."""
    return 'nodes' if noderows.has_names(status) else 'listeners'


def unusual(status):
    """[What is not as it is every day]: the daemon only observes, or a reload is on trial."""
    trial = status.get('trial')
    return ([OBSERVES] if status['observe'] else []) + (
        [words.unless_confirmed('in ' + words.span(max(0, trial['left_s'])))] if trial else [])


def left_out(status):
    """[What comes first of all]: because of mistakes in the file there is no bypass by these cards, and nobody watches
    these nodes."""
    found = []
    for kind, effect in (('card', 'BYPASS NOT EFFECTIVE'), ('listener', 'NODES NOT WATCHED')):
        numbers = status['left_out'][kind + 's']
        one = len(numbers) == 1
        if numbers:
            found.append('%s: %s %s %s unconfigured' % (
                effect, kind if one else kind + 's', words.indexes(numbers), 'is' if one else 'are'))
    return found


def held(status):
    """Why nothing is decided, or None."""
    if status['held']:
        return 'held: nothing is decided until these listeners have reported: ' + words.indexes(status['held'])
    if status['listeners'] and all(row['state'] == UNCONFIGURED for row in status['listeners']):
        return 'held: nothing is decided while all listeners are unconfigured'
    return None


def counts(status):
    """[A text each for nodes or listeners, cards and ports]: how many are in which state."""
    found = []
    if status['nodes']:
        found.append('%s: %s' % (what(status), layout.counted(
            [MAINTENANCE if row['maintenance'] else row['state'] for row in status['nodes']])))
    for kind in ('cards', 'ports'):
        if status[kind]:
            wrong = sum(differs(row) for row in status[kind])
            found.append('%s: %s%s' % (kind, layout.counted([word(row) for row in status[kind]]),
                                       '; %d not as wanted' % wrong if wrong else ''))
    return found


def program(status):
    """The program and its process."""
    return 'fastbypass_monitor %s, pid %d, up %s' % (status['version'], status['pid'],
                                                     layout.duration(status['uptime_s']))


def word(row):
    """The word under which a card or port is counted: its actual state in the kernel."""
    return row['actual'] or (UNCONFIGURED if row['error'] else UNKNOWN)


def differs(row):
    """Whether a card or port is not as wanted, or has an error."""
    return bool(row['error']) or row['wanted'] not in (None, row['actual'])


def pings(row):
    """When a card has pinged last, and how often a second it pings."""
    often = row['ping_rate']
    return [layout.duration(row['last_ping_s']), '-' if often is None else '%.1f' % often]


def follows(row):
    """What a port follows."""
    parts = ['global state'] if row['global'] else []
    return ' and '.join(parts + (['listener ' + words.indexes(row['listeners'])] if row['listeners'] else []))
