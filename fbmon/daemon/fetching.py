"""Reads the configuration file for a reload. A process and a thread do it, because the disk of the file may hang."""
import errno
import os
import threading

from fbmon.base import children, compat, threads
from fbmon.config import source
from fbmon.tell.logwriter import ENVIRONMENT

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
        self._busy = self._closed = False
        # How often it was asked for: all in all, before the reading that is under way, before the one that was loaded.
        self._asked = self._begun = self._loaded = 0
        self._starting = threading.Lock()
        self._child = self._found = None
        self._reaper = children.Reaper()

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
        with threads.Briefly(self._starting):
            self._closed = True
            return children.kill(self._child)

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
        if self._reaper.waiting() >= children.HANGING:
            return None, source.CANNOT % ('%d processes that read it hang' % children.HANGING)
        try:
            child = self._spawn()
        except EnvironmentError as error:
            return None, source.CANNOT % os.strerror(error.errno)
        try:
            return finished(child, LIMIT) or (None, source.CANNOT % ('no answer within %g s' % LIMIT))
        finally:
            self._reaper.end(child)

    def _spawn(self):
        with self._starting:
            if self._closed:
                raise EnvironmentError(errno.EINTR, 'the daemon stops')
            self._child = spawn(self.path)
            return self._child


def spawn(path):
    """A process that reads a file. Raises EnvironmentError."""
    child = compat.start_child(['/bin/sh', '-c', SCRIPT, 'fastbypass_file', path, '%d' % (source.LARGEST + 1)],
                               stdout=compat.PIPE, stderr=compat.PIPE, env=ENVIRONMENT)
    for stream in (child.stdout, child.stderr):
        compat.unblocked(stream.fileno())
    return child


def finished(child, limit):
    """(data, None) of a process that reads a file, or (None, why it cannot be read); None if it takes longer than
    `limit` seconds."""
    output, errors = children.finished(child, compat.monotonic() + limit)
    if child.returncode is None:
        return None
    if child.returncode == NOT_PLAIN:
        return None, source.NOT_PLAIN
    said = children.words(b''.join(errors).rpartition(b': ')[2])
    if child.returncode:
        return None, source.CANNOT % (said or 'exit code %d' % child.returncode)
    return b''.join(output), None
