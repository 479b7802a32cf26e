"""A file of the state directory, which lasts over a boot. It is read as a whole and written as a whole.

A process of its own does it, because the disk may hang.
"""
import os
import sys

from fbmon.base.errands import Errand, shell

# Seconds in which a file must be read or written. The client of a command waits for 5 s.
LIMIT = 3.0

# The most bytes that are read of a file.
LARGEST = 1 << 20

# Prints the file, or what is wrong. A pipe in its place would be waited for. NO_FILE: the exit code if there is none.
SCRIPT = '''
dir=${1%/*}
if [ -d "$dir" ] && [ ! -x "$dir" ]; then echo "Permission denied" >&2; exit 9; fi
if [ ! -e "$1" ] && [ ! -L "$1" ] && { [ -d "$dir" ] || [ ! -e "$dir" ]; }; then exit 3; fi
if [ -e "$1" ] && [ ! -f "$1" ]; then echo "not a plain file" >&2; exit 9; fi
exec head -c "$2" -- "$1"
'''
NO_FILE = 3


class StateError(Exception):
    """A file cannot be read or written. str() names it and says why.

    unsure: whether the new file may nevertheless be there, now or later.
    """

    unsure = False


class Late(StateError):
    """The file could not be read in time."""


class StateFile(object):
    """The file at a path. read() and save() are for one thread at a time, close() for any other one."""

    def __init__(self, path, limit=LIMIT):
        self.path = path
        self._limit = limit
        self._errand = Errand('for it')

    def read(self, limit=None):
        """The text of the file; None if there is none. limit: in seconds. Raises StateError, which is Late then."""
        found = self._errand.run(shell(SCRIPT, 'fastbypass_state', self.path, '%d' % LARGEST), limit or self._limit)
        if found.code in (0, NO_FILE):
            return None if found.code else found.output.decode('ascii', 'replace')
        late = found.started and found.code is None
        raise (Late if late else StateError)('%s: cannot be read: %s' % (self.path, found.why))

    def save(self, text):
        """Replace the file by this text of ASCII, and wait until it is on the disk. Raises StateError."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'writer.py')
        # With the environment of this process, because its Python may need that.
        data = text.encode('ascii')
        words = [sys.executable, '-B', '-E', '-s', script, self.path, '%d' % len(data), '%d' % os.getpid()]
        found = self._errand.run(words, self._limit, data, env=None)
        if found.output != b'\n':
            why = found.output.decode('ascii', 'replace').strip() or found.why or 'the process that writes ended'
            error = StateError('%s: cannot be written: %s' % (self.path, why))
            # It may have ended right after it had put the new file in its place.
            error.unsure = found.started and not found.output
            raise error

    def close(self):
        """Kill the process, and start no other: the daemon is about to end. Returns it in a list, or []."""
        return self._errand.close()
