"""What may happen in a history: the steps of each kind to choose from."""
from sim import files

# Seconds of a pause.
WAITS = (1 / 1024.0, 1 / 16.0, 1 / 16.0, 0.5, 0.5, 1.0, 2.5, 6.0)

# How often a step is a reload.
RELOADS = (0.0, 0.05, 0.05)

# The number of kinds of accidents in a history. If they are few, these meet each other; 0 means all, so that none is
# left out. If they are FEW, they are of the kinds that excuse nothing for long.
FEW, KINDS = 2, (2, 3, 6, 10, 0)
BRIEF = ('swap', 'anew', 'bounce', 'contrary', 'order', 'kill', 'stop', 'double')

STRANGERS = ['addr %s %s dev %s' % (verb, files.with_prefix(address), name)
             for verb in ('add', 'del') for name, address in files.CARDS + files.HOSTS] \
    + ['addr %s 10.0.%d.77/24 dev eth%d' % (verb, number, number) for verb in ('add', 'del') for number in (0, 1)] \
    + ['link set dev %s %s' % (name, word) for name in files.PORTS for word in ('up', 'down')]
ROUTES = ['route %s %s' % (verb, route) for verb in ('add', 'del')
          for route in ('10.9.0.0/16 via 10.0.0.77 dev eth0', '10.8.0.0/16 via 10.0.1.77 dev eth1')]
LINKS = ('eth0', 'eth1', 'sw0', 'sw2')

# (kind, function that chooses the rest of the step) of all accidents. Each kind is equally likely.
MEAN = [('ip', lambda dice: (dice.choice(('hang', 'die', 'refuse', 'kill', 'missing', 'late')), dice.randrange(4))),
        ('monitor', lambda dice: (dice.choice(('late', 'pieces', 'ends', 'well', 'loses', 'forgets', 'swallows')),)),
        ('kill', lambda dice: (dice.choice((1.0, 8.0)),)), ('stop', lambda dice: ()), ('boot', lambda dice: ()),
        ('slow', lambda dice: (dice.choice((.5, 2.0, 4.0)),)),
        ('refuses', lambda dice: (dice.choice(('refuses', 'well')),)),
        ('both', lambda dice: (dice.random() < .5,)), ('term', lambda dice: (dice.randrange(9),)),
        ('knife', lambda dice: (dice.randrange(9),)), ('notify', lambda dice: ()), ('unpromoted', lambda dice: ()),
        ('anew', lambda dice: (dice.choice(LINKS), dice.choice((0.0, 0.0, 2.0, 7.0)))),
        ('swap', lambda dice: dice.choice((('eth0', 'eth1'), ('sw0', 'sw1'), ('eth1', 'sw2'), ('eth1', 'sw2')))),
        ('bounce', lambda dice: (dice.choice(('eth0', 'eth1', 'sw2')), dice.choice((0.0, 1 / 16.0, 1.0)))),
        ('double', lambda dice: ()), ('order', lambda dice: (dice.randrange(2),)), ('contrary', lambda dice: ()),
        ('stall', lambda dice: (dice.choice((.5, 2.0, 4.0)),)),
        ('stuck', lambda dice: (3000 + dice.randrange(5), dice.choice((.5, 3.0, 7.0)))),
        ('full', lambda dice: (dice.choice(('full', 'well', 'well')),)), ('status', lambda dice: ()),
        ('reload', lambda dice: (-1 - dice.randrange(99),)), ('stranger', lambda dice: (dice.choice(ROUTES),))]


# The same for what files of the second kind give a meaning to, with how likely each kind is.
NEW = [(3, 'return', lambda dice: ()), (3, 'flap', lambda dice: (dice.choice(files.PORTS),)),
       (2, 'pull', lambda dice: (dice.choice(files.PORTS),)), (4, 'plug', lambda dice: (dice.choice(files.PORTS),)),
       (2, 'optics', lambda dice: (dice.choice((0.0, 0.0, 1 / 16.0, .5, 2.0)),)), (2, 'status', lambda dice: ()),
       (1, 'kill', lambda dice: (dice.choice((1.0, 8.0)),)), (1, 'knife', lambda dice: (dice.randrange(9),)),
       (1, 'stop', lambda dice: ()), (1, 'down', lambda dice: ())]
NEW = [one[1:] for one in NEW for _ in range(one[0])]


def outage(dice, number):
    """The steps of an outage of all nodes in a file: they are alive again after it."""
    ports = [3000 + index for index in files.nodes(number)]
    return [('alive', port) for port in ports] + [('wait', 2.5)] * (dice.random() < .5) \
        + [('dead', port) for port in ports] + [('wait', dice.choice((2.5, 6.0)))] + [('alive', port) for port in ports]


# Seconds until an order is over; None: it has no end.
ENDS = (None, None, 0.0, 1 / 16.0, 1.0, 2.5, 6.0, 20.0, 60.0)

# Seconds by which the wall clock is set.
STEPS = (-3600.0, -20.0, -1.0, 1.0, 5.0, 60.0, 3600.0)


def order(dice, number):
    """A step with operators' orders, or one that has to do with them."""
    kind = dice.random()
    if kind < .7:
        return ('give',) + tuple(_one(dice, number) for _ in range(dice.choice((1, 1, 1, 2, 3))))
    if kind < .84:
        return 'disk', dice.choice(('well', 'well', 'well', 'late', 'full', 'hangs', 'unreadable')), \
            dice.choice(('done', 'lost', 'later'))
    if kind < .92:
        return dice.choice((('kill', 1.0), ('kill', 8.0), ('knife', dice.randrange(3)), ('boot',), ('stop',)))
    return ('wall', dice.choice(STEPS)) if kind < .97 else ('noise', dice.randrange(7))


def _one(dice, number):
    kind = dice.random()
    if kind < .36:
        return 'maintenance', _called(dice, number), True, dice.choice(ENDS)
    if kind < .5:
        return 'maintenance', _called(dice, number), False
    if kind < .78:
        return 'override', dice.choice(('bypass', 'normal', 'freeze', 'freeze')), dice.choice(ENDS)
    if kind < .92:
        return 'override', 'off'
    return 'drill', dice.choice((None, 1.0, 2.5, 6.0))


def _called(dice, number):
    """What an operator calls a node: by the index of a listener, or by a name that a file may have."""
    kind = dice.random()
    return dice.choice(('a', 'b')) if kind < .3 else 'z' if kind < .34 else '%d' % (node(dice, number) - 3000)


def kinds(dice):
    """(the kinds of accidents for one history, how often a step is a reload)."""
    count, reloads = dice.choice(KINDS), dice.choice(RELOADS)
    if count == FEW:
        return dice.sample([one for one in MEAN if one[0] in BRIEF], count), 0.0
    return dice.sample(MEAN, count or len(MEAN)), reloads


def node(dice, number):
    """The UDP port of a node, in most cases of one that is in the file with this number."""
    known = files.nodes(number)
    return 3000 + (dice.choice(known) if known and dice.random() < .8 else dice.randrange(5))
