"""Writes the journal: every transition, and from when until when a daemon has watched. Its reader is memory/journal.

A file in the run directory says whether a daemon runs, or has ended without a stop. Its time is that of the last sign
of life. The run directory is in memory, so that costs no disk; it is lost with a boot. So a line each hour says the
same in the journal.
"""
import os
import time

from fbmon.base import compat
from fbmon.memory import journal
from fbmon.tell.lines import Lines

# What the file in the run directory says.
RUNS, ENDED = 'runs', 'ended'

# Seconds between two signs of life, of those that cost no disk and of those in the journal. The first ones come only
# when the daemon has something to do anyway, as the watchdog of systemd has it do.
SIGN, LINE = 1.0, 3600.0


class Evidence(object):
    """The journal of a state directory. What it is told, it hands over, and never waits.

    life: the Records of the file in the run directory.
    """

    def __init__(self, directory, life, wall=time.time, clock=compat.monotonic):
        self.lines = Lines(directory, journal.NAME, journal.SIZE, journal.FILES, 'journal', mask=0o077)
        self._life = life
        self._wall = wall
        self._clock = clock
        self._signed = self._written = self._seen = None
        self._settled = False

    @property
    def error(self):
        """Why transitions do not reach the journal, or None."""
        return self.lines.error

    def take(self, transition):
        """Write a Transition."""
        self.lines.put(journal.text(transition) + '\n')

    def settle(self, transitions):
        """No daemon runs: make the journal whole. transitions: those that the run directory has.

        The first time after an upgrade they go into the journal. The last sign of life of a daemon that has ended
        without a stop does, too. Returns when that was, in seconds since 1970, or None.
        """
        if self._settled:
            return self._seen
        self._settled, before = True, self._life.read()
        seen = self._seen = self._last_sign(transitions) if before == [RUNS] else None
        if before != [ENDED]:
            self._life.rewrite([ENDED])
        # Where that cannot be remembered, each start would write them again.
        for one in [] if before or self._life.error else transitions:
            self.take(one)
        if seen is not None:
            self._daemon(journal.ALIVE, 'seen last; it has ended without a stop', seen)
        return seen

    def _last_sign(self, transitions):
        """When the daemon before gave the last sign of life, or None. What it has noted was one, too."""
        signs = [self._life.written()] + [one.at for one in list(transitions)[-1:]]
        return max([at for at in signs if at is not None and at <= self._wall()] or [None])

    def begin(self):
        """A daemon begins to watch."""
        self._daemon(journal.STARTED, 'with pid %d' % os.getpid())
        self._life.rewrite([RUNS])
        self._signed = self._written = self._clock()

    def step(self):
        """Give a sign of life, if one is due."""
        now = self._clock()
        if self._signed is None or now < self._signed + SIGN:
            return
        self._signed = now
        self._life.touch()
        if now >= self._written + LINE:
            self._written = now
            self._daemon(journal.ALIVE, 'watches')

    def deadline(self):
        """The monotonic second at which step() has a line for the journal, or None."""
        return None if self._signed is None else max(self._written + LINE, self._signed + SIGN)

    def end(self, why):
        """The daemon has watched until now."""
        self._signed = None
        self._daemon(journal.STOPPED, why)
        self._life.rewrite([ENDED])

    def _daemon(self, new, why, at=None):
        self.take(journal.of_daemon(round(self._wall() if at is None else at, 3), new, why))
