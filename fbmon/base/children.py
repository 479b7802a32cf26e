"""Children of which nobody waits for one that hangs: how they are ended, and how what they print is read."""
import os
import select
import threading
import time

from fbmon.base import compat

# The most reads in a row, so that a child that writes without end is not read without end.
MOST = 256

# Bytes of one read. From a socket, a larger part that is written at once would lose its end; `ip` writes at most
# 4,096 bytes.
LARGEST = 65536

# Seconds of the longest wait in one piece: poll(2) does not take more than 24 days.
LONGEST = 3600.0

# The whole environment of a shell.
ENVIRONMENT = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C'}

# Seconds for which we wait for killed children when the process ends.
END_LIMIT = 0.2

# If so many children of one owner have not gone HANGS seconds after they were killed, because their disk hangs, it
# starts no other.
HANGING, HANGS = 3, 1.0


class Reaper(object):
    """Ends the children of one owner without waiting for them. So one that hangs in the kernel does not hold us up."""

    def __init__(self, clock=compat.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        # [(a child that was killed, when)]
        self._ending = []

    def end(self, child):
        """Kill a child and close its pipes. It is collected now or at a later call."""
        try:
            if child.poll() is None:
                child.kill()
        except EnvironmentError:
            # Another thread has collected it meanwhile, with kill().
            pass
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream:
                stream.close()
        with self._lock:
            self._ending.append((child, self._clock()))
        self.waiting()

    def waiting(self, seconds=0.0):
        """The number of children that were killed so many seconds ago, or longer, and have not gone yet."""
        with self._lock:
            self._ending = [(child, at) for child, at in self._ending if child.poll() is None]
            return len([at for _, at in self._ending if self._clock() - at >= seconds])


def kill(*children):
    """Kill children (or None) whose owner, another thread, may collect them at the same moment.

    Returns those that have not gone yet.
    """
    return [child for child in children if child and not _ended(child, kill=True)]


def wait(left):
    """Wait up to END_LIMIT for the end of children that kill() has left, all of them together.

    If a process is left behind, systemd thinks that the stop failed.
    """
    deadline = compat.monotonic() + END_LIMIT
    while left and compat.monotonic() < deadline:
        time.sleep(0.001)
        left = [child for child in left if not _ended(child)]


def _ended(child, kill=False):
    try:
        if child.poll() is None and kill:
            child.kill()
        return child.returncode is not None
    except EnvironmentError:
        # Its owner has just collected it.
        return True


def finished(child, until):
    """What a child prints, and what it says on stderr, as lists of bytes. Its returncode is None if it is too late."""
    output, errors = _read_all([child.stdout, child.stderr], until)
    # The child does not end together with its output. It ends right after it, or never.
    while output is not None and child.poll() is None and compat.monotonic() < until:
        time.sleep(0.001)
    return output, errors


def _read_all(streams, until):
    """What each of two streams gives until both end, as lists of bytes; (None, None) if their time is over before."""
    poller = select.poll()
    data = dict((stream.fileno(), []) for stream in streams)
    opened = set(data)
    for descriptor in opened:
        poller.register(descriptor, select.POLLIN)
    while opened:
        left = until - compat.monotonic()
        if left <= 0:
            return None, None
        for descriptor, _ in compat.poll(poller, min(left, LONGEST) * 1000):
            data[descriptor] += parts(descriptor)
            if data[descriptor][-1:] == [b'']:
                data[descriptor].pop()
                poller.unregister(descriptor)
                opened.discard(descriptor)
    return [data[stream.fileno()] for stream in streams]


def read(descriptor):
    """What can be read now: bytes, b'' at the end of the file, or None if nothing has come yet."""
    try:
        return os.read(descriptor, LARGEST)
    except EnvironmentError as error:
        if compat.would_block(error) or compat.interrupted(error):
            return None
        raise


def parts(descriptor):
    """[What can be read now], in up to MOST reads. At the end of the file the last one is b''."""
    found = []
    while len(found) < MOST and (not found or found[-1]):
        part = read(descriptor)
        if part is None:
            break
        found.append(part)
    return found


def words(data):
    """The bytes that a child printed, as text in one line."""
    return ' '.join(data.decode('utf-8', 'replace').split())
