"""Has a process of its own work on a disk that may hang, with a limit.

A thread would not help: if it waits for a disk that hangs, even a killed process does not go away, and keeps the lock
of the run directory. What lives as long as the daemon is no errand: tell/logwriter and tell/runner take one request
after the other.
"""
import os
import select
import threading

from fbmon.base import children, compat, starting, threads
from fbmon.base.tuples import namedtuple

# What came of it. code: the exit code, None if there is none; output: bytes; why: what the process said on stderr, or
# why it did not end well, else ''; started: whether there was a process, which may have done something.
Outcome = namedtuple('Outcome', 'code output why started')


class NotStarted(Exception):
    """No process is started. str() says why."""


class Errand(object):
    """Runs one process after the other. run() is for one thread at a time, close() for any other one.

    whose: what the processes are for, in words. If children.HANGING of them were killed and have not gone, no other is
    started.
    """

    def __init__(self, whose):
        self._whose = whose
        self._starting = threading.Lock()
        self._closed = False
        self._child = None
        self._reaper = children.Reaper()

    def run(self, words, limit, data=b'', env=children.ENVIRONMENT):
        """The Outcome of a command with these bytes on stdin. After `limit` seconds it is killed."""
        try:
            child = self._spawn(words, env)
        except NotStarted as error:
            return Outcome(None, b'', '%s' % error, False)
        try:
            until = compat.monotonic() + limit
            _feed(child.stdin, data, until)
            output, errors = children.finished(child, until)
        finally:
            code = child.returncode
            self._reaper.end(child)
        if code is None:
            return Outcome(None, b'', 'no answer within %g s' % limit, True)
        said = children.words(b''.join(errors).rpartition(b': ')[2])
        return Outcome(code, b''.join(output), said or ('exit code %d' % code if code else ''), True)

    def close(self):
        """Kill the process, and start no other: the daemon is about to end. Returns it in a list, or []."""
        with threads.Briefly(self._starting):
            self._closed = True
            return children.kill(self._child)

    def _spawn(self, words, env):
        if self._reaper.waiting() >= children.HANGING:
            raise NotStarted('%d processes %s hang' % (children.HANGING, self._whose))
        with self._starting:
            if self._closed:
                raise NotStarted('the daemon stops')
            try:
                # In a session of its own: a Ctrl-C is not for it.
                child = self._child = starting.start_child(words, session=True, env=env, stdin=starting.PIPE,
                                                           stdout=starting.PIPE, stderr=starting.PIPE)
            except EnvironmentError as error:
                raise NotStarted(os.strerror(error.errno))
        for stream in (child.stdin, child.stdout, child.stderr):
            compat.unblocked(stream.fileno())
        return child


def shell(script, name, *arguments):
    """The command that runs a script of sh. name: of the process in a list of processes."""
    return ['/bin/sh', '-c', script, name] + list(arguments)


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
