"""The steps of a history: chosen by a seed, carried out, checked, and shortened where something does not hold."""
import traceback
from collections import namedtuple

from sim import acts, files
from sim.dice import Dice
from sim.world import World, Wrong

# Steps of a history, and seconds of a pause among them.
STEPS = 200
WAITS = (1 / 1024.0, 1 / 16.0, 1 / 16.0, 0.5, 0.5, 1.0, 2.5, 6.0)

STRANGERS = ['addr %s %s dev %s' % (verb, files.with_prefix(address), name)
             for verb in ('add', 'del') for name, address in files.CARDS + files.HOSTS] \
    + ['addr add 10.0.0.77/24 dev eth0', 'addr del 10.0.0.77/24 dev eth0', 'addr add 10.0.1.77/24 dev eth1'] \
    + ['link set dev %s %s' % (name, word) for name in files.PORTS for word in ('up', 'down')]
ROUTES = ['route %s %s' % (verb, route) for verb in ('add', 'del')
          for route in ('10.9.0.0/16 via 10.0.0.77 dev eth0', '10.8.0.0/16 via 10.0.1.77 dev eth1')]

# What may happen beside the daemon's daily work: of each kind as often as of any other.
MEAN = [('ip', lambda dice: (dice.choice(('hang', 'die', 'refuse', 'kill', 'missing', 'late')), dice.randrange(4))),
        ('monitor', lambda dice: (dice.choice(('late', 'pieces', 'ends', 'well', 'loses', 'forgets', 'swallows')),)),
        ('kill', lambda dice: ()), ('boot', lambda dice: ()), ('slow', lambda dice: (dice.choice((.5, 2.0, 4.0)),)),
        ('refuses', lambda dice: (dice.choice(('refuses', 'well')),)), ('stop', lambda dice: ()),
        ('both', lambda dice: (dice.random() < .5,)),
        ('knife', lambda dice: (dice.randrange(9),)), ('notify', lambda dice: ()), ('unpromoted', lambda dice: ()),
        ('anew', lambda dice: (dice.choice(('eth0', 'eth1', 'sw0', 'sw2')),)),
        ('swap', lambda dice: dice.choice((('eth0', 'eth1'), ('sw0', 'sw1'), ('eth1', 'sw2')))),
        ('bounce', lambda dice: (dice.choice(('eth0', 'eth1', 'sw2')),)), ('double', lambda dice: ()),
        ('stall', lambda dice: (dice.choice((.5, 2.0, 4.0)),)),
        ('stuck', lambda dice: (3000 + dice.randrange(5), dice.choice((.5, 3.0, 7.0)))),
        ('full', lambda dice: (dice.choice(('full', 'well', 'well')),)), ('status', lambda dice: ()),
        ('reload', lambda dice: (-1 - dice.randrange(99),)), ('stranger', lambda dice: (dice.choice(ROUTES),))]


# How a history went. seconds: that passed in it; wrong: what is, or None.
Life = namedtuple('Life', 'steps seconds wrong')


def choose(seed, steps=STEPS):
    """The steps of that seed: tuples of a word and what it needs."""
    dice = Dice(seed)
    mean = dice.random() < .6
    found = [('file', dice.randrange(500))]
    for _ in range(steps):
        kind = dice.random()
        if kind < .42:
            found.append(('wait', dice.choice(WAITS)))
        elif kind < .6:
            found.append((dice.choice(('alive', 'alive', 'dead')), 3000 + dice.randrange(5)))
        elif kind < .65:
            found.append(('beat', 3000 + dice.randrange(5)))
        elif kind < .7:
            found.append(('reload', dice.randrange(500)))
        elif kind < .8 or not mean:
            found.append(('stranger', dice.choice(STRANGERS)))
        else:
            word, chosen = dice.choice(MEAN)
            found.append((word,) + chosen(dice))
        if found[-1][0] == 'boot':
            found.append(('wait', 1.0))
    return found + [('boot',)] * (dice.random() < .1) + [('rest',)]


def take(world, step):
    """Carry out one step."""
    word, rest = step[0], step[1:]
    if word == 'wait':
        return world.until(world.now + rest[0])
    if word == 'rest':
        world.accidents[:], world.watch.late, world.watch.pieces = [], 0.0, False
        world.full = False
        if world.daemon and world.watch.blind:
            world.laws.unwell()
            world.watch.end(1 / 16.0)
        world.until(max(world.now, world.laws.calm) + 9.0)
    elif word in ('alive', 'dead'):
        (world.alive.add if word == 'alive' else world.alive.discard)(rest[0])
    else:
        acts.DEEDS[word](world, *rest)
    world.until(world.now)


def play(steps):
    """Carry out the steps; what is wrong, or None."""
    return live(steps).wrong


def live(steps):
    """Carry out the steps until something is wrong; a Life."""
    world = World.__new__(World)
    world.file = steps[0][1] if steps and steps[0][0] == 'file' else 0
    with acts.edges(world):
        World.__init__(world, world.file)
        begin = world.now
        for number, step in enumerate(steps):
            wrong = _wrong(world, step, number)
            if wrong:
                return Life(number + 1, world.now - begin, wrong)
        if world.daemon:
            world.kill()
    return Life(len(steps), world.now - begin, None)


def _wrong(world, step, number):
    """Carry out a step; what is wrong with it, or None."""
    try:
        before = world.laws.foreign() if step[0] not in TOUCHING else set()
        take(world, step)
        # With promote_secondaries reset, a lease that ends while no daemon runs takes others along.
        if before - world.laws.foreign() and not world.laws.unpromoted:
            raise Wrong('foreign: gone are %s' % sorted(before - world.laws.foreign()))
        world.laws.check()
    except Wrong as error:
        return '%s (step %d)' % (error, number)
    except Exception:
        return 'crash: step %d: %s' % (number, traceback.format_exc())
    return None


# Steps that touch what is none of the daemon's business.
TOUCHING = ('stranger', 'boot', 'anew', 'swap', 'bounce')


def shortened(steps):
    """A shorter list of steps at which the same kind of thing is wrong."""
    kind = play(steps).partition(':')[0]
    size = len(steps) // 2
    while size:
        for start in range(len(steps) - size, 0, -size):
            less = steps[:start] + steps[start + size:]
            if (play(less) or '').partition(':')[0] == kind:
                steps = less
        size //= 2
    return steps
