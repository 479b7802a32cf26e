"""Reads once what the kernel has. A reading is complete, or it fails.

`ip -o -0 addr` prints the other names of an interface, and the name of the namespace at its other end, as they are,
even with line ends. Up to 7.0 it writes each interface by itself, so that no such name can begin a record (see
iproute.spawn_by_write). Since 7.1 it writes blocks. In this case, or if a name has a line end in it, the links are read
again as JSON, where each text is in quotes. Each `ip` that prints such names can do that. `ip -o addr` prints none of
them.
"""
import json
import re

from fbmon.base import children, compat
from fbmon.network import iproute, picture
from fbmon.network.iproute import IpError

# Seconds in which one `ip` must print everything.
READ_LIMIT = 5.0

# If a reading says that it is incomplete, it is tried again. While hundreds of addresses come and go all the time, one
# reading in four is incomplete; so ten in a row are one in a million.
TRIES = 10

# `ip` says this on stderr, and exits with 0.
INTERRUPTED = b'dump was interrupted'

# The first one prints the same as `ip link`, but without the alias, which may be any text with line ends (3.16 to 7.1).
LINKS, ADDRESSES = ['-o', '-0', 'addr'], ['-o', 'addr']

# The same links with each text in quotes, and the words in front of somebody's text in LINKS.
QUOTED, NAMED = ['-j', '-0', 'addr'], (b'altname ', b'link-netns ')

# Up to 6.0 a ' is escaped as well, which is no JSON.
_ESCAPED = r"(\\[^'])|\\'"

# Ends all children that read; more than one thread starts them.
_reaper = iproute.Reaper()


def kernel(limit=READ_LIMIT, spawn=iproute.spawn_by_write):
    """The Picture of what the kernel has now. Raises IpError, also if this takes longer than `limit` seconds."""
    until = compat.monotonic() + limit
    links = _links(limit, until, spawn)
    return picture.made(links + [picture.parse(line) for line in capture(ADDRESSES, limit, until, spawn)])


def _links(limit, until, spawn):
    """[LinkSeen] of all interfaces, and none that is only in somebody's text."""
    parts = _complete(LINKS, limit, until, spawn)
    alone = all(iproute.is_whole(part) and part.count(b'\n') == 1 for part in parts)
    if alone or not any(name in part for part in parts for name in NAMED):
        return [picture.parse(line) for line in iproute.lines(b''.join(parts))]
    text = b''.join(_complete(QUOTED, limit, until, spawn)).decode('utf-8', 'replace')
    try:
        # Not strict: before 7.1 `ip` prints most control characters as they are.
        return picture.quoted(json.loads(re.sub(_ESCAPED, lambda found: found.group(1) or "'", text), strict=False))
    except (ValueError, KeyError, TypeError) as error:
        raise _error(QUOTED, 'not understood: %s' % error)


def capture(arguments, limit=READ_LIMIT, until=None, spawn=iproute.spawn_by_write):
    """[All lines that `ip ARGUMENTS` prints]. until: the monotonic second at which `limit` is over.

    Raises IpError if `ip` fails, takes longer than `limit` seconds, or is interrupted each time.
    """
    return iproute.lines(b''.join(_complete(arguments, limit, until, spawn)))


def _complete(arguments, limit, until, spawn):
    """The same, as a list of bytes in the parts in which `ip` has written them."""
    until = compat.monotonic() + limit if until is None else until
    for _ in range(TRIES):
        output, errors = _capture(arguments, limit, until, spawn)
        if INTERRUPTED not in errors.lower():
            return output
    raise _error(arguments, '%s (%d times in a row)' % (children.words(errors), TRIES))


def _capture(arguments, limit, until, spawn):
    """([what `ip ARGUMENTS` prints, in parts as it was written], what it says on stderr), as bytes. Raises IpError."""
    _reaper.admit()
    child = spawn(arguments)
    try:
        output, errors = children.finished(child, until)
        if child.returncode is None:
            raise _error(arguments, 'no answer within %g s' % limit)
        errors = b''.join(errors)
        if child.returncode != 0:
            raise _error(arguments, children.words(errors) or 'exit code %d' % child.returncode)
        if any(len(part) == children.LARGEST for part in output):
            raise _error(arguments, 'it writes too much at once')
        return output, errors
    finally:
        _reaper.end(child)


def _error(arguments, why):
    return IpError('ip %s: %s' % (' '.join(arguments), why))
