"""One-shot readings of what the kernel has: complete ones, or none."""
import select
import time

from fbmon.base import compat
from fbmon.network import iproute, picture
from fbmon.network.iproute import IpError

# Seconds in which one `ip` must print everything.
READ_LIMIT = 5.0

# If a reading says that it is incomplete, it is tried again. While hundreds of addresses come and go all the time, one
# reading in four is incomplete; so ten in a row are one in a million.
TRIES = 10

# `ip` says this on stderr, and exits with 0.
INTERRUPTED = b'dump was interrupted'

# What `ip link` prints of an interface but for its alias, which is somebody's text, line ends too (3.16 to 7.1).
LINKS, ADDRESSES = ['-o', '-0', 'addr'], ['-o', 'addr']


def kernel(limit=READ_LIMIT, spawn=iproute.spawn):
    """The Picture of what the kernel has now. Raises IpError, also where that takes longer than limit seconds."""
    until = compat.monotonic() + limit
    return picture.of(capture(LINKS, limit, until, spawn) + capture(ADDRESSES, limit, until, spawn))


def capture(arguments, limit=READ_LIMIT, until=None, spawn=iproute.spawn):
    """The lines that `ip ARGUMENTS` prints, all of them. Raises IpError if it fails, takes longer than limit seconds
    (until: the moment at which these are over), or was interrupted each time."""
    until = compat.monotonic() + limit if until is None else until
    for _ in range(TRIES):
        output, errors = _capture(arguments, limit, until, spawn)
        if INTERRUPTED not in errors.lower():
            return iproute.lines(output)
    raise _error(arguments, '%s (%d times in a row)' % (iproute.words(errors), TRIES))


def _capture(arguments, limit, until, spawn):
    """What `ip ARGUMENTS` prints and what it says on stderr, as bytes."""
    child = spawn(arguments)
    try:
        output, errors = _read_all([child.stdout, child.stderr], until)
        # The child does not end together with its output. It ends right after it, or never.
        while output is not None and child.poll() is None and compat.monotonic() < until:
            time.sleep(0.001)
        if child.returncode is None:
            raise _error(arguments, 'no answer within %g s' % limit)
        if child.returncode != 0:
            raise _error(arguments, iproute.words(errors) or 'exit code %d' % child.returncode)
        return output, errors
    finally:
        iproute.Reaper().end(child)


def _error(arguments, why):
    return IpError('ip %s: %s' % (' '.join(arguments), why))


def _read_all(streams, until):
    """What each of two streams gives until both end, as bytes; (None, None) where their time is over before."""
    poller = select.poll()
    data = dict((stream.fileno(), []) for stream in streams)
    opened = set(data)
    for descriptor in opened:
        poller.register(descriptor, select.POLLIN)
    while opened:
        left = until - compat.monotonic()
        if left <= 0:
            return None, None
        for descriptor, _ in compat.poll(poller, left * 1000):
            part = iproute.read(descriptor)
            if part:
                data[descriptor].append(part)
            elif part is not None:
                poller.unregister(descriptor)
                opened.discard(descriptor)
    return [b''.join(data[stream.fileno()]) for stream in streams]
