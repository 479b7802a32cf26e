"""Configuration files for the simulated switch. Each number makes one valid file."""
from fbmon.config import reader
from sim import keys
from sim.dice import Dice

# eth0 and eth1 carry addresses; the others are ports, and a card may be on one of these.
NAMES = ('eth0', 'eth1', 'sw0', 'sw1', 'sw2')
PORTS = NAMES[2:]

# (interface, address) of listeners and cards. All other addresses are a stranger's.
HOSTS = (('eth0', '10.0.0.2'), ('eth0', '10.0.0.3'), ('eth1', '10.0.1.2/24'), ('eth1', 'fd00::2/64'),
         ('eth1', 'fe80::7'))
CARDS = (('eth0', '10.0.0.11'), ('eth0', '10.0.0.12/24'), ('eth1', '10.0.1.11/24'), ('eth1', 'fd00::11/64'),
         ('sw2', '10.0.2.11/24'), ('sw2', 'fd02::11'))

# The files with the numbers below MANY have no mistake. From RENUMBERED on they have a lease and other cards, and half
# of them have all listeners on one interface.
MANY, RENUMBERED = 750, 500

# From this number on a file is of the second kind: it has the keys of sim.keys, too.
KEYS = 1000

# The cards of these files. Each may take the place of another card in its network.
OTHERS = (('eth1', '10.0.1.11/24'), ('eth1', '10.0.1.12/24'), ('eth1', '10.0.1.13/24'), ('eth1', 'fd00::11/64'),
          ('sw2', '10.0.2.11/24'))

OURS = frozenset(address.partition('/')[0] for _, address in HOSTS + CARDS + OTHERS)

# Milliseconds. All times of the simulation are multiples of 1/1024 s, so that no sum is rounded.
TIMEOUTS = (1000, 2000, 3000)


# {number: its Config}. Nobody changes these values, so each process reads them once.
_READ = {}


# A file with one of these lines has a mistake.
FAULTS = ('LISTEN_HEARTBEAT_FAILED=9', 'LISTEN_HEARTBEAT_TIMEOUT=3s', 'LISTEN_HEARTBEAT_RECOVERY=0', 'nonsense',
          'LISTEN_CUBRO_IFS=sw0/1', 'BYPASS_CARD_LEASE=-1', 'LISTEN_HB_PORT[7]=99', 'LISTEN_HEARTBEAT_TIMEOUT[0]=0')


def config(number):
    """The Config of the file with this number. If the number is negative, the file has a mistake."""
    if number not in _READ:
        faults = FAULTS if number > -KEYS else keys.FAULTS
        _READ[number] = reader.read(text(number) if number >= 0 else text(-number)
                                    + u'%s\n' % faults[-number % len(faults)])
    return _READ[number]


def text(number):
    """The text of the configuration file with this number."""
    lines = _lines(number % KEYS)
    if number >= KEYS:
        lines = lines[1:] + keys.lines(Dice(number), nodes(number))
    return u'\n'.join(lines) + u'\n'


def _lines(number):
    dice = Dice(number)
    nodes = _nodes(dice)
    lines = ['LISTEN_HEARTBEAT_FAILED=%d' % (1 + dice.randrange(len(nodes))),
             'LISTEN_CUBRO_IFS=' + ','.join(_some(dice)),
             'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=%d' % (dice.random() < .8),
             'BYPASS_CARD_LEASE=%d' % dice.choice((0, 0, 3000, 6000) if number < RENUMBERED else (3000, 6000))]
    hosts, cards = (HOSTS, CARDS) if number < RENUMBERED else (HOSTS[:2] if number % 2 else HOSTS, OTHERS)
    for index in nodes:
        interface, host = dice.choice(hosts)
        lines += ['LISTEN_HB_HOST[%d]=%s' % (index, host), 'LISTEN_HB_PORT[%d]=%d' % (index, 3000 + index),
                  'LISTEN_HEARTBEAT_IFS[%d]=%s' % (index, interface),
                  'LISTEN_HEARTBEAT_TIMEOUT[%d]=%d' % (index, dice.choice(TIMEOUTS)),
                  'LISTEN_HEARTBEAT_ATTEMPTS[%d]=%d' % (index, dice.choice((1, 1, 2))),
                  'LISTEN_HEARTBEAT_RECOVERY[%d]=%d' % (index, dice.choice((1, 1, 3))),
                  'LISTEN_CUBRO_IFS[%d]=%s' % (index, ' '.join(_some(dice)))]
    for index in sorted(dice.sample(range(len(cards)), dice.randrange(4))):
        lines += ['BYPASS_CARD_HOST[%d]=%s' % (index, cards[index][1]),
                  'BYPASS_CARD_IFS[%d]=%s' % (index, cards[index][0])]
    return lines


def several(dice):
    """The number of a file of the second kind, in most cases of one with several listeners."""
    found = [KEYS + dice.randrange(MANY) for _ in range(3)]
    return next((number for number in found if len(nodes(number)) > 1), found[0])


def nodes(number):
    """The indexes of the listeners in the file with this number."""
    return _nodes(Dice(abs(number) % KEYS))


def _nodes(dice):
    return sorted(dice.sample(range(5), dice.choice((1, 1, 2, 2, 3))))


def with_prefix(address):
    """As it is put on an interface."""
    return address + ('' if '/' in address else '/128' if ':' in address else '/32')


def _some(dice):
    return sorted(dice.sample(PORTS, dice.choice((0, 0, 1, 2))))
