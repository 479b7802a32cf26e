"""Has a state file written for the controller, which never waits for a disk: by a thread that lives only as long."""
from fbmon.base import threads
from fbmon.base.tuples import namedtuple
from fbmon.memory.statefile import StateError

# What came of a Saver.save(). error: why the file is not written, or None; unsure: whether it may be, nevertheless.
Saved = namedtuple('Saved', 'error unsure')


class Saver(object):
    """Writes a StateFile, and calls report(Saved) for each writing. path: the name of the file for messages."""

    def __init__(self, statefile, report, crashed):
        self.path = statefile.path
        self.read = statefile.read
        self.close = statefile.close
        self._file = statefile
        self._report = report
        self._crashed = crashed

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
