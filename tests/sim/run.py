"""`make sim`: one simulated life of the daemon after the other, as many as fit into the time. Needs no root.

python tests/sim/run.py SECONDS [SEED]. With a seed it is that history alone. The exit code is 1 when something was
wrong: then a short list of steps is printed that shows it, and sim.deeds.play([...]) repeats it.
"""
import logging
import os
import random
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tests'), ROOT]

from sim import deeds  # noqa: E402


def main(arguments):
    """Returns the exit code."""
    logging.disable(logging.CRITICAL)
    seconds, seed = float(arguments[0]), arguments[1] if arguments[1:] else ''
    if seed:
        return 1 if wrong(int(seed)) else 0
    begin, first = time.time(), random.SystemRandom().randrange(10 ** 9)
    count = 0
    while time.time() - begin < seconds:
        if wrong(first + count):
            return 1
        count += 1
    say('%d histories from seed %d, nothing wrong' % (count, first))
    return 0


def wrong(seed):
    """Whether something is, with the history of that seed; it is printed, and how to see it again."""
    steps = deeds.choose(seed)
    text = deeds.play(steps)
    if text:
        say('seed %d: %s\nsteps: %r' % (seed, text, deeds.shortened(steps)))
    return bool(text)


def say(text):
    """A line, at once."""
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
