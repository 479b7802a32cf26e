"""A file of the state directory, which lasts over a boot. It is read as a whole and written as a whole.

A process of its own does it, with a limit: whoever waits for a disk that hangs does not go away even when it is killed,
and keeps the lock of the run directory.
"""
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

# Prints the file, or what is wrong. A pipe in its place would be waited for. NO_FILE: the exit code if there is none.
SCRIPT = '''
dir=${1%/*}
if [ -d "$dir" ] && [ ! -x "$dir" ]; then echo "Permission denied"; exit 9; fi
if [ ! -e "$1" ] && [ ! -L "$1" ] && { [ -d "$dir" ] || [ ! -e "$dir" ]; }; then exit 3; fi
if [ -e "$1" ] && [ ! -f "$1" ]; then echo "not a plain file"; exit 9; fi
exec head -c "$2" -- "$1" 2>&1
'''
NO_FILE = 3


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
        code, answer = self._run(['/bin/sh', '-c', SCRIPT, 'fastbypass_state', self.path, '%d' % LARGEST], b'',
                                 'read', {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C'})
        if code not in (0, NO_FILE):
            raise self._error('read', answer.decode('ascii', 'replace').rpartition(': ')[2].strip())
        return None if code else answer.decode('ascii', 'replace')

    def save(self, text):
        """Replace the file by this text of ASCII, and wait until it is on the disk. Raises StateError."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'writer.py')
        _, answer = self._run([sys.executable, '-B', '-E', '-s', script, self.path], text.encode('ascii'), 'written')
        if answer != b'\n':
            error = self._error('written', answer.decode('ascii', 'replace').strip() or 'the process that writes ended')
            # It may have ended right after it had put the new file in its place.
            error.unsure = not answer
            raise error

    def close(self):
        """Kill the process that writes, and start no other: the daemon is about to end. Returns it in a list, or []."""
        with threads.Briefly(self._starting):
            self._closed = True
            child = self._child
            _kill(child)
            return [child] if child and child.poll() is None else []

    def _error(self, what, why):
        return StateError('%s: cannot be %s: %s' % (self.path, what, why))

    def _run(self, arguments, data, what, env=None):
        """(exit code, what it prints) of a process that gets the data. Raises StateError, with what it was for."""
        self._hanging = [child for child in self._hanging if child.poll() is None]
        if len(self._hanging) >= HANGING:
            raise self._error(what, '%d processes for it hang' % len(self._hanging))
        try:
            ends, child = self._start(arguments, env)
        except EnvironmentError as error:
            raise self._error(what, error.strerror)
        deadline = self._clock() + self._limit
        try:
            answer = self._converse(ends, data, deadline)
        finally:
            _close(ends)
            code = self._end(child, deadline)
        if answer is None:
            error = self._error(what, 'no answer within %g s' % self._limit)
            error.unsure = True
            raise error
        return code, answer

    def _start(self, arguments, env):
        """([our end for the answer, our end for the data], the child). Raises EnvironmentError."""
        source, ours, its, answers = compat.pipe() + compat.pipe()
        try:
            for end in (source, answers):
                compat.blocking(end)
            with self._starting:
                if self._closed:
                    raise EnvironmentError(errno.EINTR, 'the daemon stops')
                self._child = compat.start_child(arguments, session=True, env=env, cwd='/', stdin=source,
                                                 stdout=answers)
            return [its, ours], self._child
        except BaseException:
            _close([its, ours])
            raise
        finally:
            _close([source, answers])

    def _converse(self, ends, data, deadline):
        """Write the data, and read the whole answer. Returns the answer; None if it does not come before the deadline.
        ends: as in _start(); the one for the data is closed when all of it is written, and is then no more in it."""
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
                    return answer
            left = deadline - self._clock()
        return None

    def _end(self, child, deadline):
        """Collect the child, which has ended or hangs, and return its exit code. One that hangs is collected later."""
        while child.poll() is None and self._clock() < deadline:
            time.sleep(0.001)
        _kill(child)
        self._child = None
        if child.poll() is None:
            self._hanging.append(child)
        return child.returncode


def _close(ends):
    for end in ends:
        os.close(end)


def _kill(child):
    try:
        if child and child.poll() is None:
            child.kill()
    except EnvironmentError:
        pass


def _written(target, data):
    """What is left of the data after one more write; b'' if nobody reads."""
    try:
        return data[os.write(target, data):]
    except EnvironmentError as error:
        return data if compat.would_block(error) or compat.interrupted(error) else b''
