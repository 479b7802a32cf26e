"""`make sim`: plays simulated histories of the daemon, as many as fit into the time. It needs no root.

python tests/sim/run.py SECONDS [--jobs N] [--first SEED | --seed SEED]. It plays the seeds from the first one on, or
only the one of --seed, in N processes, by default one for each processor. The kinds of histories take turns: the
seeds of the second kind, with the keys of sim.keys, are higher by 1000000000, and those of the third kind, with the
operators' orders, by 2000000000. From such a seed on all are of that kind. If something is
wrong, it prints the seed and a short list of steps that shows it (sim.deeds.play([...]) repeats them), and the exit
code is 1. The last line says how much was played and how fast.
"""
import argparse
import gc
import json
import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tests'), ROOT]

from sim import deeds  # noqa: E402

# A process that plays the seeds that it reads, one a line, and prints each Life. It is no fork: a copy of a process
# with threads may wait for ever for a lock that one of them held.
PLAYER = [sys.executable, os.path.abspath(__file__).replace('.pyc', '.py'), '0', '--player']

# So many seeds wait in each of these processes, so that it has always something to play.
AHEAD = 3


class Tally(object):
    """What was played so far: histories, their steps, and the seconds that passed in them. first: the first seed."""

    def __init__(self, first):
        self.first = first
        self.histories = self.steps = 0
        self.simulated = 0.0
        self._begin, self._spent = time.time(), spent()

    def seed(self, further=0):
        """The seed of the history after those that were played and `further` ones: of one kind after the other."""
        place = self.histories + further
        if self.first >= deeds.KEYS:
            return self.first + place
        return self.first + place // 3 + deeds.KEYS * (place % 3)

    def seconds(self):
        """The seconds that all has taken."""
        return time.time() - self._begin

    def add(self, life):
        """Add one more Life."""
        self.histories += 1
        self.steps += life.steps
        self.simulated += life.seconds

    def line(self, jobs):
        """All of it in one line. Processor time is known only after the processes of the pool have ended."""
        seconds = self.seconds()
        parts = ['%d histories from seed %d in %.0f s' % (self.histories, self.first, seconds),
                 '%d process%s' % (jobs, '' if jobs == 1 else 'es'), '%.1f a second' % (self.histories / seconds),
                 '%d steps' % self.steps, '%.1f simulated days' % (self.simulated / 86400.0),
                 '%.0f x real time' % (self.simulated / seconds),
                 '%.0f x on one core' % (self.simulated / max(.01, spent() - self._spent))]
        return ', '.join(parts)


def main(arguments):
    """Returns the exit code."""
    options = parser().parse_args(arguments)
    quiet()
    if options.player:
        return player(sys.stdin, sys.stdout)
    if options.seed is not None:
        return told(options.seed, life(options.seed).wrong)
    tally = Tally(options.first)
    wrong = alone(tally, options.seconds) if options.jobs == 1 else together(tally, options.seconds, options.jobs)
    line = tally.line(options.jobs)
    if wrong:
        told(*wrong)
    say(line + (': the last one is wrong' if wrong else ': nothing wrong'))
    return 1 if wrong else 0


def parser():
    """The parser of the command line."""
    made = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    made.add_argument('seconds', type=float)
    made.add_argument('--jobs', type=int, default=multiprocessing.cpu_count())
    made.add_argument('--first', type=int, default=random.SystemRandom().randrange(10 ** 9))
    made.add_argument('--seed', type=int)
    made.add_argument('--player', action='store_true', help=argparse.SUPPRESS)
    return made


def quiet():
    """Switch the log off, which would take most of the time, and let the collector of circles come seldom."""
    logging.disable(logging.CRITICAL)
    gc.set_threshold(50000, 20, 20)


def life(seed):
    """The Life of the history with this seed."""
    return deeds.live(deeds.choose(seed))


def alone(tally, seconds):
    """Play one history after the other. Returns (seed, what is wrong) of the first one that goes wrong, or None."""
    found = None
    while not found and (not tally.histories or tally.seconds() < seconds):
        found = _counted(tally, life(tally.seed()))
    return found


def together(tally, seconds, jobs):
    """As alone(), but in so many processes, which take turns. So this returns the first one, too."""
    players = [subprocess.Popen(PLAYER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True)
               for _ in range(jobs)]
    found, given = None, 0
    try:
        while not found and (not tally.histories or tally.seconds() < seconds):
            while given < tally.histories + jobs * AHEAD:
                _give(players[given % jobs], tally.seed(given - tally.histories))
                given += 1
            found = _counted(tally, _life(players[tally.histories % jobs]))
    finally:
        for one in players:
            one.kill()
            one.communicate()
    return found


def _give(player, seed):
    try:
        player.stdin.write(b'%d\n' % seed)
        player.stdin.flush()
    except EnvironmentError:
        # It has ended. _life() says so.
        pass


def _life(player):
    line = player.stdout.readline()
    if not line:
        raise SystemExit('a process that plays has ended by itself')
    return deeds.Life(*json.loads(line.decode('ascii')))


def player(seeds, lives):
    """Be a process that plays. It ignores Ctrl-C, which is for the parent; it ends with the parent. Returns 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in iter(seeds.readline, ''):
        lives.write(json.dumps(life(int(line))) + '\n')
        lives.flush()
    return 0


def _counted(tally, one):
    seed = tally.seed()
    tally.add(one)
    return (seed, one.wrong) if one.wrong else None


def told(seed, text):
    """Print what is wrong with a history, and how to see it again. Returns the exit code."""
    say('seed %d: %s' % (seed, text or 'nothing wrong'))
    if text:
        say('steps: %r' % deeds.shortened(deeds.choose(seed)))
    return 1 if text else 0


def spent():
    """The seconds of processor time that this process has used, with the children that it has waited for."""
    return sum(os.times()[:4])


def say(text):
    """Print a line at once."""
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
