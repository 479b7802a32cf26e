"""Reads the routes of interfaces in a thread of its own: an `ip route show` that is slow or hangs holds up nobody.

`ip` is asked for one interface at a time; a kernel from 4.20 on looks for its routes itself, so that with 100,000
routes elsewhere a reading takes 0.02 s, most of it in the kernel. Who asks keeps a distance that grows with the time
that it took.
"""
import select
import threading
import time
from collections import namedtuple

from fbmon.base import compat, threads
from fbmon.network import iproute

# Lines of an interface and family that are read; where there are more, none counts.
MOST = 1000

# Seconds that an `ip route show` may take.
LIMIT = 5.0

# found: {(interface, six): lines, or None where there are more than MOST}; failed: {(interface, six): why not};
# took: seconds.
RoutesRead = namedtuple('RoutesRead', 'found failed took')


class RouteWatch(object):
    """Reads when asked, one reading at a time, and puts a RoutesRead on the queue by report()."""

    def __init__(self, report, crashed, clock=compat.monotonic):
        self._report = report
        self._crashed = crashed
        self._clock = clock
        self._reaper = iproute.Reaper()
        self._child = None
        self._closed = False
        self._starting = threading.Lock()

    def ask(self, places):
        """Read the routes of [(interface, six), ...]; a RoutesRead follows in any case."""
        try:
            threads.start('routes', lambda: self.read(places), self._crashed)
        except threads.NO_THREAD as error:
            self._report(RoutesRead({}, dict((place, str(error)) for place in places), 0.0))

    def read(self, places):
        """The thread."""
        began, found, failed = self._clock(), {}, {}
        for interface, six in places:
            try:
                found[interface, six] = self._lines(['-o', '-6' if six else '-4', 'route', 'show', 'table', 'all',
                                                     'dev', interface])
            except iproute.IpError as error:
                failed[interface, six] = str(error)
        self._report(RoutesRead(found, failed, self._clock() - began))

    def close(self):
        """End a child that may be hanging, and start no other: the process is about to end."""
        with self._starting:
            self._closed = True
            iproute.kill(self._child)

    def _lines(self, arguments):
        with self._starting:
            if self._closed:
                raise iproute.IpError('the daemon stops')
            child = self._child = iproute.spawn(arguments)
        try:
            found = read_some(child, MOST, self._clock() + LIMIT, self._clock)
            if self._closed:
                # Both threads may collect a killed child; to one of them 2.7 says that it ended well.
                raise iproute.IpError('the daemon stops')
            return found
        except iproute.IpError as error:
            raise iproute.IpError('ip %s: %s' % (' '.join(arguments), error))
        finally:
            self._reaper.end(child)


def read_some(child, most, deadline, clock):
    """The lines that a child prints until it ends, None where they are more than `most`. Raises IpError when the
    deadline comes first, and where the lines may not be all."""
    poller = select.poll()
    poller.register(child.stdout.fileno(), select.POLLIN)
    data, ended = b'', False
    while not ended or child.poll() is None:
        left = deadline - clock()
        if left <= 0:
            raise iproute.IpError('no answer within %g s' % LIMIT)
        part = _part(child, poller, left, ended)
        ended = ended or part == b''
        data += part or b''
        if data.count(b'\n') > most:
            return None
    said = iproute.words(iproute.read(child.stderr.fileno()) or b'')
    if child.returncode or 'Dump ' in said:
        raise iproute.IpError(said or 'exit code %d' % child.returncode)
    return data.decode('utf-8', 'replace').splitlines()


def _part(child, poller, left, ended):
    """What can be read within the seconds that are left; after the end of its output the end of the child is near."""
    if ended:
        time.sleep(0.001)
        return None
    return iproute.read(child.stdout.fileno()) if compat.poll(poller, left * 1000 + 1) else None
