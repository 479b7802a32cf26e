"""The run directory: only one daemon at a time can use it, and keeps its files there."""
import errno
import fcntl
import os

from fbmon.base import compat

LOCK, SOCKET = 'daemon.lock', 'status.sock'
LEDGER, HISTORY, ROUTES, RETURN = 'ledger', 'history', 'routes', 'return'


class AlreadyRunning(Exception):
    """Another process holds the lock. str() names its pid if it can be read."""


class RunDirectory(object):
    """Makes the directory and holds its lock as long as the process lives. Raises AlreadyRunning.

    If the directory cannot be used, the daemon goes on without a lock. error: why, in one line, or None.
    """

    def __init__(self, path):
        self.path = path
        self.error = None
        try:
            self._make()
            self._lock()
        except EnvironmentError as error:
            self.error = '%s: %s: no lock against a second daemon' % (path, error.strerror)

    def file(self, name):
        """The path of a file in the directory."""
        return os.path.join(self.path, name)

    def _make(self):
        try:
            if not os.path.isdir(self.path):
                os.makedirs(self.path, 0o700)
        except EnvironmentError:
            # Another daemon that starts at this moment may have made it.
            if os.path.isdir(self.path):
                return
            if os.path.lexists(self.path):
                # A file, or a link to nowhere; "File exists" would say nothing.
                raise EnvironmentError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            raise

    def _lock(self):
        descriptor = os.open(self.file(LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        compat.close_on_exec(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except EnvironmentError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            pid = os.read(descriptor, 32).decode('ascii', 'replace').strip()
            os.close(descriptor)
            raise AlreadyRunning('the daemon is already running in %s with pid %s' % (self.path, pid or 'unknown'))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, ('%d\n' % os.getpid()).encode('ascii'))
