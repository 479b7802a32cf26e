"""A file of the state directory, which lasts over a boot. It is read as a whole and written as a whole."""
import errno
import os
import select
import sys
import threading
import time

from fbmon.base import compat, threads

# Seconds in which a file must be written. The client of a command waits for 5 s.
LIMIT = 3.0

# If so many processes were killed and have not ended, because their disk hangs, no other is started.
HANGING = 3

# The most bytes that are read of a file.
LARGEST = 1 << 20


class StateError(Exception):
    """A file cannot be read or written. str() names it and says why.

    unsure: whether the new file may nevertheless be there, now or later.
    """

    unsure = False


class StateFile(object):
    """The file at a path. save() may be called from one thread at a time, close() from any other one."""

    def __init__(self, path, limit=LIMIT, clock=compat.monotonic):
        self.path = path
        self._limit = limit
        self._clock = clock
        self._starting = threading.Lock()
        self._closed = False
        self._child = None
        self._hanging = []

    def read(self):
        """The text of the file; None if there is none. Raises StateError."""
        try:
            # If there is a pipe in its place, we must not wait for its writer.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                compat.close_on_exec(descriptor)
                return _read(descriptor).decode('ascii', 'replace')
            finally:
                os.close(descriptor)
        except EnvironmentError as error:
            if error.errno != errno.ENOENT:
                raise StateError('%s: cannot be read: %s' % (self.path, error.strerror))
        return None

    def save(self, text):
        """Replace the file by this text of ASCII, and wait until it is on the disk. Raises StateError."""
        self._hanging = [child for child in self._hanging if child.poll() is None]
        if len(self._hanging) >= HANGING:
            raise self._error('%d processes that write it hang' % len(self._hanging))
        try:
            ends, child = self._start()
        except EnvironmentError as error:
            raise self._error(error.strerror)
        deadline = self._clock() + self._limit
        try:
            answer = self._converse(ends, text.encode('ascii'), deadline)
        finally:
            _close(ends)
            self._end(child, deadline)
        if answer is None:
            error = self._error('no answer within %g s' % self._limit)
            error.unsure = True
            raise error
        if answer.strip():
            raise self._error(answer.decode('ascii', 'replace').strip())

    def close(self):
        """Kill the process that writes, and start no other: the daemon is about to end. Returns it in a list, or []."""
        with threads.Briefly(self._starting):
            self._closed = True
            child = self._child
            _kill(child)
            return [child] if child and child.poll() is None else []

    def _error(self, why):
        return StateError('%s: cannot be written: %s' % (self.path, why))

    def _start(self):
        """([our end for the answer, our end for the text], the child). Raises EnvironmentError."""
        source, ours, its, answers = compat.pipe() + compat.pipe()
        try:
            for end in (source, answers):
                compat.blocking(end)
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'writer.py')
            with self._starting:
                if self._closed:
                    raise EnvironmentError(errno.EINTR, 'the daemon stops')
                self._child = compat.start_child([sys.executable, '-B', '-E', '-s', script, self.path], session=True,
                                                 cwd='/', stdin=source, stdout=answers)
            return [its, ours], self._child
        except BaseException:
            _close([its, ours])
            raise
        finally:
            _close([source, answers])

    def _converse(self, ends, data, deadline):
        """Write the data, and read the whole answer. Returns the answer; None if it does not come before the deadline.
        ends: as in _start(); the one for the text is closed when all of it is written, and is then no more in it."""
        answer, poller = b'', select.poll()
        poller.register(ends[0], select.POLLIN)
        poller.register(ends[1], select.POLLOUT)
        left = deadline - self._clock()
        while left > 0:
            ready = [descriptor for descriptor, _ in compat.poll(poller, left * 1000 + 1)]
            if ends[1:] and ends[1] in ready:
                data = _written(ends[1], data)
                if not data:
                    poller.unregister(ends[1])
                    os.close(ends.pop())
            if ends[0] in ready:
                part = os.read(ends[0], 4096)
                answer += part
                if not part:
                    return answer if answer.endswith(b'\n') else None
            left = deadline - self._clock()
        return None

    def _end(self, child, deadline):
        """Collect the child, which has ended or hangs. One that hangs is collected later, or never."""
        while child.poll() is None and self._clock() < deadline:
            time.sleep(0.001)
        _kill(child)
        self._child = None
        if child.poll() is None:
            self._hanging.append(child)


def _close(ends):
    for end in ends:
        os.close(end)


def _kill(child):
    try:
        if child and child.poll() is None:
            child.kill()
    except EnvironmentError:
        pass


def _read(descriptor):
    parts = []
    while True:
        part = os.read(descriptor, 65536)
        parts.append(part)
        if not part or len(parts) * 65536 > LARGEST:
            return b''.join(parts)


def _written(target, data):
    """What is left of the data after one more write; b'' if nobody reads."""
    try:
        return data[os.write(target, data):]
    except EnvironmentError as error:
        return data if compat.would_block(error) or compat.interrupted(error) else b''
