"""Takes a new file or refuses it, and remembers what came of it; a file on trial is taken back unless confirmed."""
import logging
import time

from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.config import given, source
from fbmon.daemon.answers import Refused, done
from fbmon.daemon.keeping import SIGNAL, START
from fbmon.daemon.trials import TakeBack, Trial, Tried
from fbmon.memory.history import REFUSED, TAKEN, TAKEN_BACK
from fbmon.rules.items import AddressItem, PortItem

# The file was read again.
Reload = namedtuple('Reload', '')


class Reloads(object):
    """Takes a new file or refuses it, and remembers the lines of the running one. For the controller's thread.

    troubles: {what: problem} of the controller. note(outcome, why) is called only if the file or the outcome differs
    from the last reload. So a SIGHUP each minute does not fill the history.
    """

    def __init__(self, path, loaded, note, troubles, put, clock=compat.monotonic, wall=time.time):
        self.trial = Trial(note, put, clock, wall)
        self.lines = given.lines(loaded.given)
        self._path = path
        self._running = loaded
        self._note = note
        self._troubles = troubles
        self._put = put
        self._file = self._tried = self._keeping = None
        self._by = SIGNAL    # who has asked for the next reading of the file
        self._accepted_by = None    # who has made the daemon take a file that is to be kept
        self._count = 0
        self._counts = 0, 0, 0
        self._refused = []

    def connect(self, file, tried, keeping, records):
        """Work with the disk. file, tried: the Fetchers of the file and of one that is on trial; keeping: a Keeping;
        records: those of the Trial."""
        self._file, self._tried, self._keeping = file, tried, keeping
        self.trial.connect(records)

    def begin(self):
        """The daemon works with the file of its start. One with mistakes is no accepted file."""
        if not self._running.mistakes:
            self._accepted_by = START

    @property
    def error(self):
        """Why the last accepted file is not kept, or None."""
        return self._keeping and self._keeping.error

    def commands(self):
        """{name: take}, see answers.Answers."""
        return {'reload': self._ask, 'try': self._try, 'confirm': self._confirm, 'file': self._show}

    def next(self, event):
        """The Config that replaces the running one after a Reload, Tried or TakeBack; None if that goes on."""
        if isinstance(event, TakeBack):
            return self._back()
        if isinstance(event, Tried):
            return self._try_out(self._read(self._tried))
        by, self._by = self._by, SIGNAL
        found = self._read(self._file)
        if found is not None:
            self._taken(found, TAKEN, self.trial.ended())
            self._accepted_by = by
        return found

    def _try_out(self, found):
        if found is None:
            self.trial.refused()
        else:
            self._taken(found, TAKEN, self.trial.begin(self._running))
        return found

    def deadline(self):
        """The monotonic second at which step() has something to do, or None."""
        times = [part.deadline() for part in (self.trial, self._keeping) if part]
        return min([at for at in times if at is not None] or [None])

    def step(self, launched):
        """Have a trial taken back whose time is over, and an accepted file kept. launched: whether the listeners were.

        This is called after the network has been changed and new listeners were launched: the process that keeps a file
        has their sockets for a moment, and at a start it would delay them.
        """
        self.trial.step()
        if launched and self._keeping:
            by, self._accepted_by = self._accepted_by, None
            if by:
                self._keeping.keep(self._running.data, by)
            self._keeping.step()

    def _read(self, fetcher):
        """The Config of the file; None if it is refused."""
        path = fetcher.path if fetcher else self._path
        try:
            loaded = fetcher.load(path) if fetcher else source.load(path)
        except source.Unreadable as error:
            return self._refuse(path, '%s' % error, ())
        if loaded.mistakes:
            return self._refuse(path, 'mistakes in %s' % path, source.report(path, loaded.mistakes, 'error'))
        return loaded

    def _back(self):
        why, before = self.trial.why_back(), self.trial.end()
        if before is not None:
            logging.warning('%s: the configuration from before runs again', why)
            self._taken(before, TAKEN_BACK, why)
        return before

    def _taken(self, loaded, outcome, why):
        """Note that a Config replaces the running one. why: what is special about it, or None."""
        before, self._running = self._running, loaded
        old, new = components(before.settings), components(loaded.settings)
        self._counts = len(old & new), len(new - old), len(old - new)
        self.lines = given.lines(loaded.given)
        if why or self._refused or before.mistakes or before.settings != loaded.settings:
            keys = given.changed(loaded.given, before.given)
            self._note(outcome, (why + ': ' if why else '') + words(*self._counts)
                       + ('; changed: ' + keys if keys else ''))
        self._count += 1
        self._refused = []
        self._troubles.pop('reload', None)
        logging.info('configuration loaded again from %s: %s', self._path, words(*self._counts))

    def _refuse(self, path, why, lines):
        """Note that the file at a path was refused. lines: its mistakes."""
        for line in lines:
            logging.error(line)
        self._count += 1
        before, self._refused = self._refused, list(lines) or [why]
        if before != self._refused:
            self._note(REFUSED, self._in_short(path))
        text = 'reload refused, the running configuration goes on: %s' % why
        logging.error(text)
        self._troubles['reload'] = text + ': see fbypass_ctl check'

    # --- commands ---

    def _ask(self, by, _question):
        self._by = by
        return done(lambda: self._fetch(self._file, Reload))

    def _try(self, by, question):
        def act():
            self.trial.ask(by, question.get('seconds'))
            self._fetch(self._tried, Tried)
        return done(act)

    def _confirm(self, by, _question):
        def act():
            self.trial.confirmed(by)
            self._accepted_by = by
        return done(act)

    def _show(self, _by, _question):
        """The text of the file that runs; each character is one byte."""
        def act():
            if self._running.mistakes:
                raise Refused('what runs has mistakes, and is nothing to go back to: see fbypass_ctl check')
            return self._running.data.decode('latin-1')
        return done(act)

    def _fetch(self, fetcher, event):
        if fetcher:
            fetcher.ask()
        else:
            self._put(event())

    def _in_short(self, path):
        """Why the file at a path was refused, without its name: the first mistake, and how many more there are."""
        text, more = self._refused[0], len(self._refused) - 1
        if text.startswith(path):
            text = text[len(path):].lstrip(': ').replace('error: ', '', 1)
        return '%s%s%s' % ('line ' if text[:1].isdigit() else '', text, ' (and %d more)' % more if more else '')

    def as_dict(self):
        """The same as a dict for the status."""
        readers = [one for one in (self._file, self._tried) if one]
        return {'count': self._count, 'under_way': any(one.under_way() for one in readers), 'refused': self._refused,
                'kept': self._counts[0], 'added': self._counts[1], 'removed': self._counts[2]}


def components(settings):
    """The identities of a file's listeners, cards and ports, without those that a mistake leaves out, as a set."""
    listeners = [one for one in settings.listeners if not one.error]
    ports = set(settings.ports).union(*[one.ports for one in settings.listeners])
    return set([(one.host, one.port, one.interface) for one in listeners]
               + [AddressItem(one.interface, one.address) for one in settings.cards if not one.error]
               + [PortItem(name) for name in ports.difference(settings.faulty_ports)])


def words(kept, added, removed):
    """'12 components kept, 1 added': for the log and for the command that asked for the reload."""
    parts = ['%d component%s kept' % (kept, '' if kept == 1 else 's')]
    return ', '.join(parts + ['%d %s' % pair for pair in ((added, 'added'), (removed, 'removed')) if pair[0]])
