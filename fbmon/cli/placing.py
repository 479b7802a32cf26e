"""Puts another file in the configuration file's place, for commands. Nothing is lost, whatever happens meanwhile."""
import errno
import fcntl
import itertools
import os
import signal
import stat

from fbmon.base import compat
from fbmon.memory import writer

# Of a file that is not there yet.
MODE = 0o644

NOT_PLAIN = 'not a plain file'


class Busy(Exception):
    """Another command is just about to change the file. str() says so."""


def undisturbed():
    """From here on the command works to its end, even if Ctrl-C is typed or what it changes takes the terminal away."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def read(path):
    """The bytes of a file; None if it is not there. Raises EnvironmentError."""
    try:
        # If there is a pipe instead of the file, we must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except EnvironmentError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise EnvironmentError(errno.EINVAL, NOT_PLAIN)
        return b''.join(iter(lambda: os.read(descriptor, 65536), b''))
    finally:
        os.close(descriptor)


class Replacement(object):
    """New bytes for a file: first on the disk beside it, then, by commit(), in its place. Raises EnvironmentError.

    A symbolic link stays one; owner and mode are those of `like`, another path, or of the file that it replaces. All
    that can fail for want of room fails at first.

    own: for a name in a directory like /tmp, where anybody may have put something: a link is not followed, and what
    somebody else owns is replaced by a file of our own.
    """

    def __init__(self, path, data, like=None, own=False):
        self._own = own
        self._target = os.path.abspath(path) if own else os.path.realpath(path)
        self._like = self._target if own else os.path.realpath(like or path)
        self._new = self._target + '.new'
        try:
            self._write(data)
        except EnvironmentError:
            self.abandon()
            raise

    def commit(self):
        """Put it in the file's place."""
        try:
            os.rename(self._new, self._target)
        except EnvironmentError as error:
            # The file is immutable, or mounted on its own: the system would blame the new one.
            self.abandon()
            raise EnvironmentError(error.errno, error.strerror, self._target)
        writer.sync(os.path.dirname(self._target))

    def abandon(self):
        """Forget it. The file stays as it is."""
        if os.path.lexists(self._new):
            os.unlink(self._new)

    def _write(self, data):
        self.abandon()
        like = os.lstat(self._like) if os.path.lexists(self._like) else None
        if like and not stat.S_ISREG(like.st_mode):
            raise EnvironmentError(errno.EINVAL, NOT_PLAIN)
        if self._own and like and like.st_uid != os.geteuid():
            like = None
        # Follow no link, and wait for no pipe.
        descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            while data:
                data = data[os.write(descriptor, data):]
            if like:
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode) if like else MODE)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put(path, data, like=None, own=False):
    """Put these bytes in the place of a file. Raises EnvironmentError."""
    Replacement(path, data, like, own).commit()


def beside(path, ending, data):
    """Keep bytes beside a file, under its name with this ending, or with a number where that is taken.

    Returns the path. Raises EnvironmentError.
    """
    names = itertools.chain([path + ending], ('%s%s-%d' % (path, ending, number) for number in itertools.count(2)))
    found = next(name for name in names if not os.path.lexists(name) or content(name) == data)
    if not os.path.lexists(found):
        put(found, data, like=path)
    return found


def content(path):
    """The bytes of a file; None if it cannot be read."""
    try:
        return read(path)
    except EnvironmentError:
        return None


class Lock(object):
    """`with Lock(path):` keeps other commands from changing the file. Raises Busy and EnvironmentError."""

    def __init__(self, path):
        self._path = path
        self._directory = os.path.dirname(os.path.realpath(path))

    def __enter__(self):
        self._descriptor = os.open(self._directory, os.O_RDONLY)
        compat.close_on_exec(self._descriptor)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except EnvironmentError as error:
            os.close(self._descriptor)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise Busy('another command is about to change %s: try again' % self._path)

    def __exit__(self, *_error):
        os.close(self._descriptor)
