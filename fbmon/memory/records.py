"""A small file of lines in the run directory. Lines are appended; when it has grown long, it is written again.

The run directory is in memory, so nothing is synced to a disk. A crash may cut the last line short.
"""
import errno
import os

from fbmon.base import compat

# Always make a new file: follow no link and wait for no pipe.
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


class Records(object):
    """Lines of ASCII text in the file at a path.

    If they cannot be written, the whole file is written again with the next line. error: why they could not be
    written, or None.
    """

    def __init__(self, path):
        self.error = None
        self._path = path
        self._file = None
        self._length = 0

    def read(self):
        """[The complete lines of the file]; [] if there is no file or it cannot be read."""
        try:
            # If there is a pipe instead of the file, we must not wait for its writer.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                compat.close_on_exec(descriptor)
                text = b''.join(iter(lambda: os.read(descriptor, 65536), b'')).decode('ascii', 'replace')
            finally:
                os.close(descriptor)
            # A last line that was cut short may still make sense, but another one: 10.0.0.1 instead of 10.0.0.12.
            return text.rpartition('\n')[0].splitlines()
        except EnvironmentError as error:
            if error.errno != errno.ENOENT:
                self._failed(error)
            return []

    def rewrite(self, lines):
        """Replace the file by these lines. A new file is written and then renamed, so there is always a whole file."""
        self._close()
        try:
            if os.path.lexists(self._path + '.new'):
                os.unlink(self._path + '.new')
            self._file = os.open(self._path + '.new', FLAGS, 0o600)
            compat.close_on_exec(self._file)
            self._write(lines)
            os.rename(self._path + '.new', self._path)
        except EnvironmentError as error:
            return self._failed(error)
        self.error, self._length = None, len(lines)

    def written(self):
        """When the file was written or touched, in seconds since 1970; None if it is not there."""
        try:
            return os.stat(self._path).st_mtime
        except EnvironmentError:
            return None

    def touch(self):
        """Give the file the present time. If it is not there, nobody misses it before the next start."""
        try:
            os.utime(self._path, None)
        except EnvironmentError:
            pass

    def append(self, lines, longest, everything):
        """Append lines. If the file would have more than `longest` lines, write it again with everything() instead."""
        self._length += len(lines)
        if self._file is None or self._length > longest:
            return self.rewrite(everything())
        try:
            self._write(lines)
        except EnvironmentError as error:
            self._failed(error)

    def _write(self, lines):
        data = ''.join(line + '\n' for line in lines).encode('ascii', 'replace')
        if os.write(self._file, data) < len(data):
            raise EnvironmentError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _failed(self, error):
        self._close()
        self.error = '%s: %s' % (self._path, error.strerror)

    def _close(self):
        if self._file is not None:
            os.close(self._file)
        self._file = None
