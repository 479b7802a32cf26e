"""Runs a small script in a process of its own, because the disk that it works on may hang."""
import errno
import os
import select
import threading

from fbmon.base import children, compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.tell.logwriter import ENVIRONMENT

# What came of it. code: the exit code, None if there is none; output: bytes; why: why there is no exit code, or what
# the script said on stderr.
Outcome = namedtuple('Outcome', 'code output why')


class Errand(object):
    """A script of sh. run() is for one thread at a time, close() for any other one.

    name: what the process is called in a list of processes; limit: seconds in which it must end.
    """

    def __init__(self, name, script, limit):
        self._words = ['/bin/sh', '-c', script, name]
        self._limit = limit
        self._starting = threading.Lock()
        self._closed = False
        self._child = None
        self._reaper = children.Reaper()

    def run(self, arguments, data=b''):
        """The Outcome of the script with these arguments and these bytes on stdin. It takes up to `limit` seconds."""
        if self._reaper.waiting() >= children.HANGING:
            return Outcome(None, b'', '%d processes of this kind hang' % children.HANGING)
        try:
            child = self._spawn(arguments)
        except EnvironmentError as error:
            return Outcome(None, b'', os.strerror(error.errno))
        try:
            until = compat.monotonic() + self._limit
            _feed(child.stdin, data, until)
            output, errors = children.finished(child, until)
        finally:
            code = child.returncode
            self._reaper.end(child)
        if code is None:
            return Outcome(None, b'', 'no answer within %g s' % self._limit)
        return Outcome(code, b''.join(output), children.words(b''.join(errors).rpartition(b': ')[2]))

    def close(self):
        """Kill the process, and start no other: the daemon is about to end. Returns it in a list, or []."""
        with threads.Briefly(self._starting):
            self._closed = True
            return children.kill(self._child)

    def _spawn(self, arguments):
        with self._starting:
            if self._closed:
                raise EnvironmentError(errno.EINTR, 'the daemon stops')
            child = self._child = compat.start_child(self._words + list(arguments), stdin=compat.PIPE,
                                                     stdout=compat.PIPE, stderr=compat.PIPE, env=ENVIRONMENT)
        for stream in (child.stdin, child.stdout, child.stderr):
            compat.unblocked(stream.fileno())
        return child


def _feed(stream, data, until):
    """Write the data, as far as it is taken, and close the stream."""
    poller = select.poll()
    poller.register(stream, select.POLLOUT)
    try:
        while data and compat.monotonic() < until:
            if compat.poll(poller, max(0, until - compat.monotonic()) * 1000):
                data = data[os.write(stream.fileno(), data):]
    except EnvironmentError:
        # It reads no more. What it says then tells why.
        pass
    stream.close()
