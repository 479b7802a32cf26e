"""The steps of a history: chosen by a seed, carried out, checked, and shortened where something does not hold."""
import traceback

from fbmon.daemon.controller import Reload, Stop
from sim import files
from sim.dice import Dice
from sim.world import PATIENCE, World, Wrong, edges

WAITS = (1 / 1024.0, 1 / 16.0, 0.5, 1.0, 2.5, 6.0)
STRANGERS = ['addr %s %s dev %s' % (verb, files.with_prefix(address), name)
             for verb in ('add', 'del') for name, address in files.CARDS + files.HOSTS] \
    + ['addr add 10.0.0.77/24 dev eth0', 'addr del 10.0.0.77/24 dev eth0', 'addr add 10.0.1.77/24 dev eth1'] \
    + ['link set dev %s %s' % (name, word) for name in files.PORTS for word in ('up', 'down')]


def choose(seed, steps=130):
    """The steps of that seed: tuples of a word and what it needs."""
    dice = Dice(seed)
    mean = dice.random() < .6
    found = [('file', dice.randrange(500))]
    for _ in range(steps):
        kind = dice.random()
        if kind < .4:
            found.append(('wait', dice.choice(WAITS)))
        elif kind < .6:
            found.append((dice.choice(('alive', 'alive', 'dead')), 3000 + dice.randrange(5)))
        elif kind < .65:
            found.append(('beat', 3000 + dice.randrange(5)))
        elif kind < .73:
            found.append(('reload', dice.randrange(500)))
        elif kind < .83 or not mean:
            found.append(('stranger', dice.choice(STRANGERS)))
        elif kind < .89:
            found.append(('ip', dice.choice(('hang', 'die', 'refuse', 'kill', 'missing', 'late')), dice.randrange(4)))
        elif kind < .94:
            found.append(('monitor', dice.choice(('late', 'pieces', 'ends', 'well'))))
        else:
            found.append((dice.choice(('kill', 'stop', 'both', 'boot', 'anew', 'full')),))
    return found + [('rest',)]


def take(world, step):
    """Carry out one step."""
    word, rest = step[0], step[1:]
    if word == 'wait':
        world.until(world.now + rest[0])
    elif word == 'rest':
        world.accidents[:], world.watch.late, world.watch.pieces = [], 0.0, False
        world.until(max(world.now, world.calm) + 2.0)
    elif word in ('alive', 'dead'):
        (world.alive.add if word == 'alive' else world.alive.discard)(rest[0])
    elif word == 'ip':
        world.amiss(PATIENCE)
        world.accidents.append((rest[0], rest[1] / 8.0 if rest[0] == 'late' else rest[1]))
    elif word == 'monitor':
        world.amiss(PATIENCE)
        world.watch.late, world.watch.pieces = 0.25 if rest[0] == 'late' else 0.0, rest[0] == 'pieces'
        if rest[0] == 'ends' and world.daemon:
            world.watch.end(1.0)
    else:
        _ORDERS[word](world, *rest)
    world.until(world.now)


def _both(world):
    world.inbox += [Reload(), Stop()] if world.daemon else []


def _boot(world):
    world.kill()
    world.boot()


def _anew(world):
    """eth0 is deleted and made anew."""
    world.amiss(PATIENCE)
    device = world.kernel.find('eth0')
    world.kernel.destroy(device)
    world.kernel.set_up(world.kernel.create('eth0', 'dummy'))
    world.strange('addr add 10.0.0.1/24 dev eth0')


def _full(world):
    world.notifier.full_until = world.now + 3.0


def _with_daemon(deed):
    return lambda world, *rest: deed(world, *rest) if world.daemon else None


_ORDERS = {'beat': World.beat, 'reload': _with_daemon(World.reload), 'stranger': World.strange,
           'kill': _with_daemon(World.kill), 'stop': _with_daemon(World.stop), 'both': _both, 'boot': _boot,
           'anew': _anew, 'full': _full, 'file': lambda world, number: None}


def play(steps):
    """Carry out the steps; what is wrong, or None."""
    world = World.__new__(World)
    world.disk, world.file = {}, steps[0][1] if steps and steps[0][0] == 'file' else 0
    with edges(world):
        World.__init__(world, world.file)
        for number, step in enumerate(steps):
            try:
                before = world.foreign() if step[0] not in ('stranger', 'boot', 'anew') else set()
                take(world, step)
                if before - world.foreign():
                    raise Wrong('foreign: gone are %s' % sorted(before - world.foreign()))
                world.check()
            except Wrong as error:
                return '%s (step %d)' % (error, number)
            except Exception:
                return 'crash: step %d: %s' % (number, traceback.format_exc())
        if world.daemon:
            world.kill()
    return None


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
