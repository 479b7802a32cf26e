"""The deeds around the operators' orders: they are given, the disk that keeps them fails, the wall clock steps."""
import json

from fbmon.daemon.answers import Commanded


def give(world, *orders):
    """Operators give orders at the same moment: (word, arguments ...) of each."""
    for order in orders:
        question = QUESTIONS[order[0]](world, *order[1:])
        question.update(by='alice', reason=REASONS[len(world.laws.orders.asks) % len(REASONS)])
        one = world.laws.orders.asked(question)
        world.inbox.append(Commanded(question, _reply(world, one)))


REASONS = ('', 'a new kernel')


def _reply(world, one):
    def reply(text):
        (kind, words), = json.loads(text).items()
        world.laws.orders.answered(one, kind, words)
    return reply


def _until(world, seconds):
    return None if seconds is None else world.wall() + seconds


def _maintenance(world, node, on, seconds=None):
    return {'command': 'maintenance', 'node': node, 'on': on, 'until': _until(world, seconds)}


def _override(world, state, seconds=None):
    return {'command': 'override', 'state': state, 'until': _until(world, seconds)}


def _drill(world, seconds):
    """A drill, or the end of the one that is on if `seconds` is None."""
    if seconds is not None:
        return {'command': 'drill', 'until': _until(world, seconds)}
    on = world.daemon.operators.orders.override
    return {'command': 'drill', 'until': None, 'end': on.order.until if on and on.order.until else 1.0}


QUESTIONS = {'maintenance': _maintenance, 'override': _override, 'drill': _drill}


def disk(world, word, fate):
    """The disk of the state directory is as it is called from now on, see StateDisk."""
    if word == 'well' != world.state.word:
        world.laws.orders.well = world.now
    world.state.word, world.state.fate = word, fate


def wall(world, seconds):
    """Somebody sets the wall clock."""
    world.ahead += seconds
    world.laws.orders.stepped = world.now


NOISE = ('', '\0\0', '{"maintenance": {}, "override": 7}', '{"maintenance": {"a": null}, "override": null}', '[[[')


def noise(world, number):
    """Something else writes the file of orders, or it is removed: that is as good as a file without an order."""
    world.state.text = NOISE[number] if number < len(NOISE) else None
    world.laws.orders.noisy = True
