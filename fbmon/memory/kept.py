"""The accepted configuration files, the last ones of them: each is a file of its own in the state directory.

The name of such a file has its number, when it was accepted (seconds since 1970), and who did that.
"""
import os
import re

from fbmon.base.tuples import namedtuple

# So many are kept.
MOST = 20

# number: it grows with each file; at: seconds since 1970; by: who; path: of the file.
Kept = namedtuple('Kept', 'number at by path')

_NAME = re.compile(r'(0[0-9]{7})\.([0-9]{1,10})\.([A-Za-z0-9_.@+-]{1,32})\Z')
_OTHERS = re.compile(r'[^A-Za-z0-9_.@+-]')


def plain(by):
    """Somebody's name as it can stand in the name of a file."""
    return _OTHERS.sub('_', by)[:32] or 'somebody'


def newest_first(directory):
    """[Kept, ...] of a directory; [] if it is not there. What is no such file is left out. Raises EnvironmentError."""
    if not os.path.lexists(directory):
        return []
    found = []
    for name in sorted(os.listdir(directory), reverse=True):
        match, path = _NAME.match(name), os.path.join(directory, name)
        if match and _is_plain(path):
            found.append(Kept(int(match.group(1)), int(match.group(2)), match.group(3), path))
    return found


def _is_plain(path):
    """Whether it is a plain file, and still there: the daemon may have removed the oldest one at this moment."""
    return not os.path.islink(path) and os.path.isfile(path)
