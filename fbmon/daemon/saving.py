"""Has a state file read and written for the controller, which never waits for a disk: by threads that live as long."""
import errno
import os

from fbmon.base import children, threads
from fbmon.base.tuples import namedtuple
from fbmon.config import source
from fbmon.daemon import fetching
from fbmon.memory.statefile import StateError

# Seconds for which a start waits for the file, and after which a thread looks again whether it has come.
FIRST, AGAIN = 1.0, 3600.0

NOT_PLAIN = source.CANNOT % 'not a plain file'

# What came of a Saver.save(). error: why the file is not written, or None; unsure: whether it may be, nevertheless.
Saved = namedtuple('Saved', 'error unsure')

# A file that came late. text: as of Saver.read(); error: why it cannot be read, or None.
Loaded = namedtuple('Loaded', 'text error')


class Late(StateError):
    """The file is not read yet. report(Loaded) comes when it is."""


class Saver(object):
    """Reads and writes a StateFile, and calls report(Saved) for each writing. path: its name for messages."""

    def __init__(self, statefile, report, crashed):
        self.path = statefile.path
        self._file = statefile
        self._child = None
        self._report = report
        self._crashed = crashed

    def read(self):
        """The text of the file; None if there is none. Waits FIRST seconds at most, then raises Late.

        Another process reads it: if its disk hangs, even a kill does not end that. Raises StateError.
        """
        try:
            self._child = fetching.spawn(self.path)
            found = fetching.finished(self._child, FIRST)
            if found is None:
                threads.start('state', self._load, self._crashed)
        except (EnvironmentError,) + threads.NO_THREAD as error:
            found = None, source.CANNOT % error
        if found is None:
            raise Late('%s: cannot be read: no answer within %g s' % (self.path, FIRST))
        return self._text(found)

    def close(self):
        """Kill the processes, and start no other: the daemon is about to end. Returns those that have not gone yet."""
        return children.kill(self._child) + self._file.close()

    def save(self, text):
        """Have the file written. Never waits. It is for one text at a time: report() must have come before the next."""
        try:
            threads.start('state', lambda: self._work(text), self._crashed)
        except threads.NO_THREAD as error:
            self._report(Saved('%s: cannot be written: %s' % (self.path, error), False))

    def _work(self, text):
        try:
            self._file.save(text)
            saved = Saved(None, False)
        except StateError as error:
            saved = Saved('%s' % error, error.unsure)
        self._report(saved)

    def _load(self):
        found = None
        while found is None:
            found = fetching.finished(self._child, AGAIN)
        try:
            self._report(Loaded(self._text(found), None))
        except StateError as error:
            self._report(Loaded(None, '%s' % error))

    def _text(self, found):
        """The text of what a process has found, see read()."""
        child, self._child = self._child, None
        if child:
            children.Reaper().end(child)
        data, why = found
        if why == source.CANNOT % os.strerror(errno.ENOENT):
            return None
        if why:
            raise StateError('%s: %s' % (self.path, NOT_PLAIN if why == source.NOT_PLAIN else why))
        return data.decode('ascii', 'replace')
