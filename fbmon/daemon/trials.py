"""A reload on trial: it is taken back by itself unless somebody confirms it in time.

Meanwhile the file has what ran before, and what is tried is beside it. So whatever ends the daemon, the next start has
the file from before, and nothing has to be undone then (see cli/confirming).
"""
import json
import logging
import time

from fbmon.base import documents, words
from fbmon.base.tuples import namedtuple
from fbmon.daemon.answers import Refused
from fbmon.memory.history import CONFIRMED, TAKEN_BACK

# What is tried was read; its time is over.
Tried = namedtuple('Tried', '')
TakeBack = namedtuple('TakeBack', '')

# Seconds that a trial may take.
LEAST, MOST = 10, 86400

RUNS = 'a reload by %s is on trial already, for %s: fbypass_ctl confirm keeps it, fbypass_ctl reload ends it'


class Trial(object):
    """The present trial, if any. For the controller's thread.

    note(outcome, why): tells the history; put(event): of the inbox. records: a file in the run directory that says that
    a trial is on, or None.
    """

    def __init__(self, note, put, clock, wall):
        self.records = None
        self._note = note
        self._put = put
        self._clock = clock
        self._wall = wall
        self._asked = None    # (by, seconds) of one that is being read
        self._before = None    # the Config that ran before
        self._by = self._seconds = self._since = None
        self._over = False

    def connect(self, records):
        """Remember in these records that a trial is on; say if the daemon ended during one."""
        self.records = records
        for line in records.read()[:1]:
            try:
                by = words.person(documents.read(line)['by'])
            except (ValueError, TypeError, LookupError):
                by = 'somebody'
            why = 'the daemon ended before a reload by %s was confirmed' % by
            logging.warning('reload on trial taken back: %s; the file from before runs', why)
            self._note(TAKEN_BACK, why)
            records.rewrite([])

    @property
    def on(self):
        """Whether there is one."""
        return self._before is not None

    def ask(self, by, seconds):
        """Somebody wants one. Raises Refused."""
        if self.on or self._asked:
            raise Refused(RUNS % ((self._by, self.left()) if self.on else (self._asked[0], 'now')))
        if not isinstance(seconds, int) or not LEAST <= seconds <= MOST:
            raise Refused('a trial takes from %d to %d seconds' % (LEAST, MOST))
        self._asked = by, seconds

    def refused(self):
        """What was to be tried has been refused."""
        self._asked = None

    def begin(self, before):
        """What was asked for is taken. before: the Config that has run until now. Returns what it is, in words."""
        (self._by, self._seconds), self._asked = self._asked, None
        self._before, self._since, self._over = before, self._clock(), False
        if self.records:
            self.records.rewrite([json.dumps({'by': self._by, 'until': self._wall() + self._seconds})])
        logging.warning('%s', self.line())
        return 'on trial for %s by %s' % (words.span(self._seconds), self._by)

    def ended(self):
        """Another file was taken, so it is over. Returns that in words; None if there was none."""
        return 'ends the trial of a reload by %s' % self._by if self.end() is not None else None

    def end(self):
        """It is over, whatever has ended it. Returns the Config that ran before it, or None if there was none."""
        before, self._before = self._before, None
        if before is not None and self.records:
            self.records.rewrite([])
        return before

    def confirmed(self, by):
        """Somebody confirms it. Raises Refused."""
        if not self.on:
            raise Refused('no reload waits for a confirm: see fbypass_ctl show --history')
        if self._over:
            raise Refused('too late: its time is over')
        self.end()
        logging.info('reload confirmed by %s', by)
        self._note(CONFIRMED, 'by %s, a reload by %s' % (by, self._by))

    def why_back(self):
        """Why it is taken back at its end, in words."""
        return 'a reload by %s was not confirmed within %s' % (self._by, words.span(self._seconds))

    def left(self):
        """How long it will last, in words."""
        return words.span(max(0, self._left()))

    def deadline(self):
        """The monotonic second at which it is over, or None."""
        return self._since + self._seconds if self.on and not self._over else None

    def step(self):
        """Take it back if its time is over. The next round does it."""
        at = self.deadline()
        if at is not None and self._clock() >= at:
            self._over = True
            self._put(TakeBack())

    def line(self):
        """What comes of it if nobody says a word, in words that stay the same; '' if there is none."""
        if not self.on:
            return ''
        at = time.localtime(round(self._wall() + self._left()))
        return words.unless_confirmed(time.strftime('at %H:%M:%S', at))

    def as_dict(self):
        """The same as a dict for the status, or None."""
        if not self.on:
            return None
        return {'by': self._by, 'since_s': round(self._clock() - self._since, 3), 'left_s': round(self._left(), 3)}

    def _left(self):
        return self._since + self._seconds - self._clock()
