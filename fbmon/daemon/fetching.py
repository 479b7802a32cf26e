"""Reads the configuration file for a reload. A process and a thread do it, because the disk of the file may hang."""
import threading

from fbmon.base import errands, threads
from fbmon.config import source

# Seconds in which the file must be read. A command that asks for a reload waits longer than two readings take: one may
# be under way.
LIMIT = 4.0

# Prints the first bytes of a file; a pipe in its place would be waited for. NOT_PLAIN: its exit code for such.
SCRIPT = 'if [ -e "$1" ] && [ ! -f "$1" ]; then exit 9; fi; exec head -c "$2" -- "$1"'
NOT_PLAIN = 9


class Fetcher(object):
    """Reads the file when it is asked, and calls report() for each reading.

    The main thread asks. load() and under_way() are for the controller's thread, which is told by report().
    """

    def __init__(self, path, report, crashed):
        self.path = path
        self._report = report
        self._crashed = crashed
        self._lock = threading.Lock()
        self._busy = False
        # How often it was asked for: all in all, before the reading that is under way, before the one that was loaded.
        self._asked = self._begun = self._loaded = 0
        self._found = None
        self._errand = errands.Errand('that read it')

    def ask(self):
        """Have the file read, once more if that is under way: it may have changed since. Never waits."""
        with self._lock:
            self._asked += 1
            busy, self._busy = self._busy, True
        if busy:
            return
        try:
            threads.start('reload', self._work, self._crashed)
        except threads.NO_THREAD as error:
            self._next()
            self._busy = False
            self._take(None, source.CANNOT % error)

    def under_way(self):
        """Whether it was asked for a reading that was not loaded yet."""
        return self._loaded != self._asked

    def load(self, path):
        """The Config of what was read last. Raises source.Unreadable."""
        data, why, self._loaded = self._found
        if why:
            raise source.Unreadable('%s: %s' % (path, why))
        return source.parsed(path, data)

    def close(self):
        """Kill the process that reads, and start no other: the daemon is about to end. Returns it in a list, or []."""
        return self._errand.close()

    def _work(self):
        while self._next():
            self._take(*self._fetch())

    def _next(self):
        with self._lock:
            self._busy = self._begun != self._asked
            self._begun = self._asked
            return self._busy

    def _take(self, data, why):
        self._found = data, why, self._begun
        self._report()

    def _fetch(self):
        """(data, None), or (None, why it cannot be read)."""
        words = errands.shell(SCRIPT, 'fastbypass_file', self.path, '%d' % (source.LARGEST + 1))
        found = self._errand.run(words, LIMIT)
        if found.code == 0:
            return found.output, None
        return None, source.NOT_PLAIN if found.code == NOT_PLAIN else source.CANNOT % found.why
