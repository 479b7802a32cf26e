"""The only module that starts `ip`: children of it, their words and their ends."""
import os
import subprocess
import time

from fbmon.base import compat

# For a child that reads commands from its stdin.
PIPE = subprocess.PIPE

# Seconds that a killed child is waited for when the process ends.
END_LIMIT = 0.2


class IpError(Exception):
    """`ip` could not be started, did not answer in time, or complained. str(): the command and ip's own words."""


def spawn(arguments, stdin=None):
    """A child `ip ARGUMENTS` with non-blocking pipes, found on PATH, its words in English. Raises IpError."""
    environ = dict(os.environ, LC_ALL='C')
    try:
        with open(os.devnull, 'rb') as null:
            compat.close_on_exec(null.fileno())
            child = compat.start_child(['ip'] + arguments, stdin=stdin or null, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environ)
    except EnvironmentError as error:
        # 3.6 puts the name of the program into strerror.
        raise IpError('ip cannot be started: %s' % os.strerror(error.errno))
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            compat.unblocked(stream.fileno())
    return child


class Reaper(object):
    """Ends children without waiting for them: a child that hangs in the kernel must not hang us."""

    def __init__(self):
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
        self._ending.append(child)
        self.waiting()

    def waiting(self):
        """How many are killed and have not gone."""
        self._ending = [child for child in self._ending if child.poll() is None]
        return len(self._ending)


def kill(*children):
    """Kill children (None: there is none) whose owner, another thread, may collect them at the same moment; wait up to
    END_LIMIT seconds for their end: systemd takes what is left behind for a stop that failed."""
    left = [child for child in children if child and not _ended(child, kill=True)]
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
        # Its owner has collected it at this moment.
        return True


def read(descriptor):
    """What can be read now: bytes, b'' at the end of the file, or None if nothing has come yet."""
    try:
        return os.read(descriptor, 65536)
    except EnvironmentError as error:
        if compat.would_block(error) or compat.interrupted(error):
            return None
        raise


def words(data):
    """Bytes that `ip` printed, as text in one line."""
    return ' '.join(data.decode('utf-8', 'replace').split())


def lines(data):
    """Bytes that `ip` printed, as its lines: a name may hold what Python takes for a line end."""
    return data.decode('utf-8', 'replace').rstrip('\n').split('\n') if data else []
