"""The run directory: only one daemon at a time can use it, and keeps its files there.

Members of the group READERS may go through it to the status socket. Its files stay root's alone.
"""
import errno
import fcntl
import os

from fbmon.base import compat

LOCK, SOCKET = 'daemon.lock', 'status.sock'
LEDGER, HISTORY, ROUTES, RETURN, TRIAL, LIFE = 'ledger', 'history', 'routes', 'return', 'trial', 'life'

# Who may read the status besides root. The package makes this group; the unit gives it the directory.
READERS, GROUPS = 'fastbypass', '/etc/group'


class AlreadyRunning(Exception):
    """Another process holds the lock. str() names its pid if it can be read."""


class RunDirectory(object):
    """Makes the directory and holds its lock as long as the process lives. Raises AlreadyRunning.

    If the directory cannot be used, the daemon goes on without a lock. error: why, in one line, or None.
    groups: the file of the system's groups.
    """

    def __init__(self, path, groups=GROUPS):
        self.path = path
        self.error = None
        try:
            self._make()
            self._lock()
            self._share(groups)
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

    def _share(self, groups):
        """Let the readers through a directory that is its owner's alone, if there is such a group and we may.

        As a service we may not, but then the unit has done it. With the setgid bit, what is made in the directory gets
        its group.
        """
        number = _group(groups)
        try:
            if number is not None and os.stat(self.path).st_mode & 0o077 == 0:
                os.chown(self.path, -1, number)
                os.chmod(self.path, 0o2750)
        except (EnvironmentError, OverflowError):
            pass


def _group(path):
    """The number of the group of the readers, or None. Only the file is asked: a directory server may not answer."""
    try:
        with open(path, 'rb') as stream:
            found = [line.split(b':')[2] for line in stream if line.startswith(READERS.encode('ascii') + b':')]
            return int(found[0]) if found and found[0].isdigit() else None
    except (EnvironmentError, LookupError):
        return None
