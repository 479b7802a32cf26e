"""The keys of the configuration file: their names, the values that they take, and their defaults."""
from fbmon.base import words
from fbmon.base.tuples import namedtuple
from fbmon.config import values
from fbmon.config.envfile import label

# Whether a key has an index [n]: never, always, or both. With both, the key without an index is for all components.
NEVER, ONLY, BOTH = 'never', 'only', 'both'

LISTENER, CARD = 'listener', 'card'

# index: NEVER, ONLY or BOTH; of: LISTENER or CARD, the component that the index means; read: see values.py; default:
# counts if the key is not given; optional: KEY= without a value is the same as no such line; inherits: KEY is the
# default of KEY[n].
Rule = namedtuple('Rule', 'index of read default optional inherits')


def _rule(index, of, read, default=None, optional=False, inherits=True):
    return Rule(index, of, read, default, optional, inherits)


# Milliseconds: TIMEOUT x ATTEMPTS is at most this. The least TIMEOUT is 10 ms, so ATTEMPTS is a tenth of this at most.
HOUR = 3600000

TO_WAIT = values.number(0, HOUR, 'a time to wait', 'milliseconds')

# The kernel counts lifetimes in seconds.
LEASE = values.off_or(1000, 'a lease')

TIMEOUT = values.number(10, HOUR, 'a timeout', 'milliseconds')
ATTEMPTS = values.number(1, HOUR // 10, 'a number of timeouts')
RECOVERY = values.number(1, 1000000, 'a number of heartbeats')

SCHEMA = {
    'LOG_LEVEL': _rule(NEVER, None, values.level, 'INFO'),
    'LISTEN_HB_HOST': _rule(ONLY, LISTENER, values.address),
    'LISTEN_HB_PORT': _rule(ONLY, LISTENER, values.number(1, 65535, 'a UDP port')),
    'LISTEN_HEARTBEAT_IFS': _rule(BOTH, LISTENER, values.interface),
    'LISTEN_HEARTBEAT_TIMEOUT': _rule(BOTH, LISTENER, TIMEOUT, 3000),
    'LISTEN_HEARTBEAT_ATTEMPTS': _rule(BOTH, LISTENER, ATTEMPTS, 1),
    'LISTEN_HEARTBEAT_RECOVERY': _rule(BOTH, LISTENER, RECOVERY, 1),
    'LISTEN_HB_SOURCE': _rule(BOTH, LISTENER, values.sources, (), optional=True),
    'LISTEN_HB_NODE': _rule(ONLY, LISTENER, values.name('dpi-1'), None, optional=True),
    'LISTEN_HEARTBEAT_FAILED': _rule(NEVER, None, values.number(1, 65536, 'a number of listeners'), 1),
    'BYPASS_CARD_HOST': _rule(ONLY, CARD, values.address),
    'BYPASS_CARD_IFS': _rule(BOTH, CARD, values.interface),
    'BYPASS_CARD_NAME': _rule(ONLY, CARD, values.name('card-1'), None, optional=True),
    'BYPASS_CARD_LEASE': _rule(NEVER, None, LEASE, 0),
    'BYPASS_CARD_PING_TIMEOUT': _rule(NEVER, None, values.off_or(100, 'a timeout'), 0),
    'LISTEN_CUBRO_IFS': _rule(BOTH, LISTENER, values.interfaces, (), optional=True, inherits=False),
    'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS': _rule(BOTH, LISTENER, values.flag(values.OF_PORTS), True),
    'BYPASS_RETURN': _rule(NEVER, None, values.how, 'auto'),
    'BYPASS_RETURN_DELAY': _rule(NEVER, None, TO_WAIT, 0),
    'BYPASS_RETURN_DELAY_MAX': _rule(NEVER, None, TO_WAIT, None),
    'BYPASS_RETURN_CARRIER': _rule(NEVER, None, TO_WAIT, 0),
    'BYPASS_ON_SHUTDOWN': _rule(NEVER, None, values.flag(values.OF_SHUTDOWN), True),
    'OBSERVE': _rule(NEVER, None, values.flag(values.OF_OBSERVE), False),
    'ON_CHANGE': _rule(NEVER, None, values.path, None, optional=True),
}


def origin(given, name, index=None):
    """The Assignment that a value comes from: its own, or that of the key without an index; None if neither is given.

    given: {(name, index): Assignment}.
    """
    own = given.get((name, index))
    return own if own or not SCHEMA[name].inherits else given.get((name, None))


def wrong_key(name, index, suggest=True):
    """Why a key cannot be used, or None. suggest: whether to name the nearest known key, which takes a while."""
    rule = SCHEMA.get(name)
    if rule is None:
        return 'unknown key; ' + (_nearest(name, index) if suggest else 'remove the line')
    if rule.index == ONLY and index is None:
        return 'this key needs an index; write %s for %s 0' % (label(name, 0), rule.of)
    if rule.index == NEVER and index is not None:
        return 'this key takes no index; write %s' % name
    return None


def _nearest(name, index):
    found = words.nearest(name[:60].upper(), SCHEMA)
    if found is None:
        return 'remove the line, or take a key from sample.env'
    likely = {NEVER: None, ONLY: index or 0, BOTH: index}[SCHEMA[found].index]
    return 'did you mean %s?' % label(found, likely)
