"""The only module that starts `ip`. It starts and ends the children, and reads their words."""
import fcntl
import os
import socket
import subprocess
import threading
import time

from fbmon.base import compat

# For a child that reads commands from its stdin.
PIPE = subprocess.PIPE

# Bytes; see is_whole().
BLOCK = 1024

# The most reads in a row, so that a child that writes without end is not read without end.
MOST = 256

# Bytes of one read. A larger part that is written at once would lose its end, but `ip` writes at most 4,096 bytes.
LARGEST = 65536

# Seconds for which we wait for killed children when the process ends.
END_LIMIT = 0.2

# If so many children of one owner have not gone HANGS seconds after they were killed, because their disk hangs, it
# starts no other.
HANGING, HANGS = 3, 1.0


class IpError(Exception):
    """`ip` could not be started, did not answer in time, or complained. str(): the command and ip's own words."""


def spawn(arguments, stdin=None, stdout=PIPE, patient=False):
    """Start `ip ARGUMENTS` from PATH, with non-blocking pipes and English words, and return it. Raises IpError.

    patient: as for compat.start_child().
    """
    environ = dict(os.environ, LC_ALL='C')
    try:
        with open(os.devnull, 'rb') as null:
            compat.close_on_exec(null.fileno())
            child = compat.start_child(['ip'] + arguments, stdin=stdin or null, stdout=stdout,
                                       stderr=subprocess.PIPE, env=environ, patient=patient)
    except EnvironmentError as error:
        raise _cannot_start(error)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            compat.unblocked(stream.fileno())
    return child


def spawn_by_write(arguments):
    """As spawn(), but its stdout is a socket that keeps the writes of `ip` apart: each read() gives one write(2).

    `ip` prints the other names of an interface as they are. They may have line ends in them, and then any text, even a
    whole record. But from 3.16 on `ip` writes each record by itself, so no such text can begin one: the beginning of a
    write is always the kernel's own. (Since 7.1 readings come in blocks; `ip monitor` writes as before.)
    """
    try:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except EnvironmentError as error:
        raise _cannot_start(error)
    for end in (ours, its):
        compat.close_on_exec(end.fileno())
    compat.unblocked(ours.fileno())
    # Room for as many records as in a pipe, if the system allows it.
    its.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    try:
        child = spawn(arguments, stdout=its)
        _end_with_us(child, its)
    except IpError:
        ours.close()
        raise
    finally:
        its.close()
    child.stdout = ours
    return child


def _end_with_us(child, its):
    """Have the kernel end a child by SIGIO when nobody reads its stdout any more, because the daemon was killed.

    A pipe would send SIGPIPE with the next write. A socket of this kind does not, and `ip monitor` would never end.
    """
    fcntl.fcntl(its.fileno(), fcntl.F_SETOWN, child.pid)
    fcntl.fcntl(its.fileno(), fcntl.F_SETFL, fcntl.fcntl(its.fileno(), fcntl.F_GETFL) | fcntl.FASYNC)


def _cannot_start(error):
    # 3.6 puts the name of the program into strerror.
    return IpError('ip cannot be started: %s' % os.strerror(error.errno))


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

    def admit(self):
        """Raise IpError if so many children hang that no other may be started."""
        if self.waiting(HANGS) >= HANGING:
            raise IpError('%d processes of ip hang and cannot be ended: none is started before one has gone' % HANGING)


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


def is_whole(part):
    """Whether a part that was written at once ends at the end of a record.

    It may not if a buffer of C was full: the size of such a part is a multiple of BLOCK.
    """
    return part.endswith(b'\n') and len(part) % BLOCK != 0


def words(data):
    """The bytes that `ip` printed, as text in one line."""
    return ' '.join(data.decode('utf-8', 'replace').split())


def text(record):
    """A record that `ip` printed, as text, with its line end."""
    return record.decode('utf-8', 'replace')[:-1]


def lines(data):
    """The lines of the bytes that `ip` printed. A name may have characters in it that Python takes for a line end."""
    return data.decode('utf-8', 'replace').rstrip('\n').split('\n') if data else []
