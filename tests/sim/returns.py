"""The deeds around the return: an operator says it, cables are pulled and plugged, optics take their time."""
import json

from fbmon.daemon.answers import Commanded


def say_return(world):
    """An operator says `fbypass_ctl return`."""
    ask = object()
    world.laws.asks.append(ask)
    world.inbox.append(Commanded({'command': 'return', 'by': 'alice'}, lambda text: _answered(world, ask, text)))


def _answered(world, ask, text):
    """The daemon has answered. The answer must be that of the model."""
    world.laws.asks.remove(ask)
    (kind, words), = json.loads(text).items()
    expected, word = world.laws.earned.answer(world.daemon._stopped)
    if kind != expected or word not in words:
        raise world.laws.wrong('return: answered %s: %s, not %s: %s' % (kind, words, expected, word))


def told(world, status):
    """The status must say what the return waits for, as the model does."""
    said, waits = status['return'], world.laws.earned.waits()
    found = said and (said['waits_for'], said['left_s'], said['ports'])
    if waits and waits[1] is not None:
        waits = waits[0], round(waits[1], 3), waits[2]
    if found != waits:
        raise world.laws.wrong('return: the status says %s, not %s' % (found, waits))


def _optic(world, name):
    device = world.kernel.find(name)
    return device and device.optic


def pull(world, name):
    """Somebody pulls a cable."""
    if _optic(world, name):
        _optic(world, name).pull()
        world.collect()


def plug(world, name):
    """Somebody plugs a cable in."""
    if _optic(world, name):
        _optic(world, name).plug()
        world.collect()


def flap(world, name):
    """The light of a port is away for a moment."""
    if _optic(world, name):
        _optic(world, name).flap()
        world.collect()


def optics(world, seconds):
    """From now on light takes so many seconds to come."""
    if world.optics:
        world.optics.slow = seconds
