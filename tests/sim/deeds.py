"""The steps of a history: they are chosen by a seed, carried out and checked, and shortened if a law does not hold."""
import traceback
from collections import namedtuple

from sim import acts, chances, commands, files
from sim.dice import Dice
from sim.world import World, Wrong

# The number of steps of a history.
STEPS = 200

# Histories with this seed or a higher one are of the second kind: their files have the keys of sim.keys, too.
KEYS = 10 ** 9

# From this one on they are of the third kind: operators give orders in them, too.
ORDERS = 2 * 10 ** 9

# How a history went. steps: how many were carried out; seconds: that passed in it; wrong: what is wrong, or None.
Life = namedtuple('Life', 'steps seconds wrong')


def choose(seed, steps=STEPS):
    """The steps of the history with this seed, [(word, arguments ...), ...]."""
    return (_first_kind if seed < KEYS else _second_kind if seed < ORDERS else _third_kind)(seed, steps)


def _first_kind(seed, steps):
    dice = Dice(seed)
    mean, reloads = chances.kinds(dice) if dice.random() < .6 else ((), chances.RELOADS[-1])
    file = dice.randrange(files.MANY)
    found = [('file', file)]
    for _ in range(steps):
        kind = dice.random()
        if kind < .42:
            found.append(('wait', dice.choice(chances.WAITS)))
        elif kind < .6:
            found.append((dice.choice(('alive', 'alive', 'dead')), chances.node(dice, file)))
        elif kind < .65:
            found.append(('beat', chances.node(dice, file)))
        elif kind < .65 + reloads:
            file = dice.randrange(files.MANY)
            found.append(('reload', file))
        elif kind < .8 or not mean:
            found.append(('stranger', dice.choice(chances.STRANGERS)))
        else:
            word, chosen = dice.choice(mean)
            found.append((word,) + chosen(dice))
    return found + [('boot',)] * (dice.random() < .1) + [('rest',)]


def _second_kind(seed, steps):
    """As the first kind. Sometimes all nodes die, so that there is more to return from."""
    dice = Dice(seed)
    mean = chances.kinds(dice)[0] if dice.random() < .4 else ()
    file = files.KEYS + dice.randrange(files.MANY)
    found = [('file', file)]
    while len(found) <= steps:
        kind = dice.random()
        if kind < .46:
            found.append(('wait', dice.choice(chances.WAITS)))
        elif kind < .6:
            found.append((dice.choice(('alive', 'alive', 'dead')), chances.node(dice, file)))
        elif kind < .65:
            found += chances.outage(dice, file)
        elif kind < .69:
            file = files.KEYS + dice.randrange(files.MANY)
            found.append(('reload', file if dice.random() < .9 else -file))
        elif kind < .88:
            word, chosen = dice.choice(chances.NEW)
            found.append((word,) + chosen(dice))
        elif kind < .92 or not mean:
            found.append(('stranger', dice.choice(chances.STRANGERS)))
        else:
            word, chosen = dice.choice(mean)
            found.append((word,) + chosen(dice))
    return found + [('boot',)] * (dice.random() < .1) + [('rest',)]


def _third_kind(seed, steps):
    """As the second kind, with files of several nodes in most cases."""
    dice = Dice(seed)
    mean = chances.kinds(dice)[0] if dice.random() < .3 else ()
    file = files.several(dice)
    found = [('file', file)]
    while len(found) <= steps:
        kind = dice.random()
        if kind < .45:
            found.append(('wait', dice.choice(chances.WAITS)))
        elif kind < .59:
            found.append((dice.choice(('alive', 'alive', 'alive', 'dead')), chances.node(dice, file)))
        elif kind < .61:
            found += chances.outage(dice, file)
        elif kind < .65:
            file = files.several(dice)
            found.append(('reload', file if dice.random() < .9 else -file))
        elif kind < .87:
            found.append(chances.order(dice, file))
        elif kind < .91 or not mean:
            word, chosen = dice.choice(chances.NEW)
            found.append((word,) + chosen(dice))
        elif kind < .95:
            found.append(('stranger', dice.choice(chances.STRANGERS)))
        else:
            word, chosen = dice.choice(mean)
            found.append((word,) + chosen(dice))
    return found + [('boot',)] * (dice.random() < .1) + [('rest',)]


def take(world, step):
    """Carry out one step."""
    word, rest = step[0], step[1:]
    if word == 'wait':
        return world.until(world.now + rest[0])
    if word == 'rest':
        world.accidents[:], world.watch.late, world.watch.pieces = [], 0.0, False
        world.full = False
        commands.disk(world, 'well', 'done')
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
    """Carry out the steps. Returns what is wrong, or None."""
    return live(steps).wrong


def live(steps):
    """Carry out the steps until something is wrong. Returns a Life."""
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
    """Carry out one step. Returns what is wrong after it, or None."""
    try:
        before, touched = world.laws.foreign() if step[0] not in TOUCHING else set(), world.laws.touched
        take(world, step)
        if before - world.laws.foreign() and world.laws.spares() and world.laws.touched == touched:
            raise Wrong('foreign: gone are %s' % sorted(before - world.laws.foreign()))
        world.laws.check()
    except Wrong as error:
        return '%s (step %d)' % (error, number)
    except Exception:
        return 'crash: step %d: %s' % (number, traceback.format_exc())
    return None


# Steps that themselves touch what the daemon must leave alone.
TOUCHING = ('stranger', 'boot', 'anew', 'swap', 'bounce', 'order', 'down')


def shortened(steps):
    """A shorter list of steps after which the same law does not hold."""
    kind = play(steps).partition(':')[0]
    size = len(steps) // 2
    while size:
        for start in range(len(steps) - size, 0, -size):
            less = steps[:start] + steps[start + size:]
            if (play(less) or '').partition(':')[0] == kind:
                steps = less
        size //= 2
    return steps
