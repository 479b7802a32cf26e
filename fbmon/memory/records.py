"""A small file of lines in the run directory that is only appended to, and written again when it has grown long.

The run directory is in memory, so nothing is synced to a disk. A crash may cut the last line short.
"""
import errno
import os

from fbmon.base import compat

# A new file, whatever stood there: no link is followed and no pipe waited for.
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


class Records(object):
    """Lines of ASCII text at path. What cannot be written is tried again, as a whole file, with the next line;
    error is why it could not be, or None."""

    def __init__(self, path):
        self.error = None
        self._path = path
        self._file = None
        self._length = 0

    def read(self):
        """The complete lines that are there; none where there is no file or it cannot be read."""
        try:
            # A pipe in the place of the file must not make us wait for a writer.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                compat.close_on_exec(descriptor)
                text = b''.join(iter(lambda: os.read(descriptor, 65536), b'')).decode('ascii', 'replace')
            finally:
                os.close(descriptor)
            # What is left of a last line may make sense and mean something else: 10.0.0.1 of 10.0.0.12.
            return text.rpartition('\n')[0].splitlines()
        except EnvironmentError as error:
            if error.errno != errno.ENOENT:
                self._failed(error)
            return []

    def rewrite(self, lines):
        """Have exactly these lines in the file: written aside and then renamed, so that there is always a whole one."""
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

    def append(self, lines, longest, everything):
        """Add lines; a file that would have more than `longest` is written again with everything()."""
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
