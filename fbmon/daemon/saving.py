"""Has a state file read and written for the controller, which never waits for a disk: by threads that live as long."""
from fbmon.base import threads
from fbmon.base.tuples import namedtuple
from fbmon.memory.statefile import Late, StateError

# Seconds for which a start waits for the file.
FIRST = 1.0

# What came of a Saver.save(). error: why the file is not written, or None; unsure: whether it may be, nevertheless.
Saved = namedtuple('Saved', 'error unsure')

# A file that came late. text: as of Saver.read(); error: why it cannot be read, or None.
Loaded = namedtuple('Loaded', 'text error')


class Saver(object):
    """Reads and writes a StateFile, and calls report(Saved) for each writing. path: its name for messages."""

    def __init__(self, statefile, report, crashed):
        self.path = statefile.path
        self._file = statefile
        self._report = report
        self._crashed = crashed

    def read(self):
        """The text of the file; None if there is none. Waits FIRST seconds at most, then raises Late, and a report of
        what is Loaded follows, however long that takes. Until then save() must not be called. Raises StateError."""
        try:
            return self._file.read(FIRST)
        except Late:
            try:
                threads.start('state', self._load, self._crashed)
            except threads.NO_THREAD as error:
                raise StateError('%s: cannot be read: %s' % (self.path, error))
            raise

    def close(self):
        """Kill the process, and start no other: the daemon is about to end. Returns it in a list, or []."""
        return self._file.close()

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
        try:
            loaded = Loaded(self._file.read(float('inf')), None)
        except StateError as error:
            loaded = Loaded(None, '%s' % error)
        self._report(loaded)
