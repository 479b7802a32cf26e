"""Reads the routes of interfaces in a thread of its own, so that an `ip route show` that hangs holds up nobody.

`ip` is asked for one interface at a time. Kernels from 4.20 on look for its routes themselves, so a reading takes only
0.02 s with 100,000 routes on other interfaces, most of it in the kernel. The slower a reading was, the later comes the
next one.
"""
import select
import threading
import time

from fbmon.base import children, compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.network import iproute

# The most lines that are read of one interface and family. If there are more, none counts.
MOST = 1000

# Seconds that one `ip route show` may take.
LIMIT = 5.0

# found: {(interface, six): [lines], or None if there are more than MOST}; failed: {(interface, six): why}; took:
# seconds.
RoutesRead = namedtuple('RoutesRead', 'found failed took')


class RouteWatch(object):
    """Reads when it is asked, one reading at a time, and gives a RoutesRead to report()."""

    def __init__(self, report, crashed, clock=compat.monotonic):
        self._report = report
        self._crashed = crashed
        self._clock = clock
        self._reaper = iproute.Reaper()
        self._child = None
        self._closed = False
        self._starting = threading.Lock()

    def ask(self, places):
        """Read the routes of [(interface, six), ...] in a thread. A RoutesRead follows in any case."""
        try:
            threads.start('routes', lambda: self.read(places), self._crashed)
        except threads.NO_THREAD as error:
            self._report(RoutesRead({}, dict((place, str(error)) for place in places), 0.0))

    def read(self, places):
        """Read the routes of [(interface, six), ...] and report them. This is what the thread does."""
        began, found, failed = self._clock(), {}, {}
        for interface, six in places:
            try:
                found[interface, six] = self._lines(['-o', '-6' if six else '-4', 'route', 'show', 'table', 'all',
                                                     'dev', interface])
            except iproute.IpError as error:
                failed[interface, six] = str(error)
        self._report(RoutesRead(found, failed, self._clock() - began))

    def close(self):
        """Kill the child, which may hang, and start no other, because the process is about to end.

        Returns it in a list, or [].
        """
        with threads.Briefly(self._starting):
            self._closed = True
            return children.kill(self._child)

    def _lines(self, arguments):
        self._reaper.admit()
        with self._starting:
            if self._closed:
                raise iproute.IpError('the daemon stops')
            # This is the only child that is started while all is well.
            child = self._child = iproute.spawn(arguments, patient=True)
        try:
            found = read_some(child, MOST, self._clock() + LIMIT, self._clock)
            if self._closed:
                # Both threads may collect a killed child. 2.7 tells one of them that it ended well.
                raise iproute.IpError('the daemon stops')
            return found
        except iproute.IpError as error:
            raise iproute.IpError('ip %s: %s' % (' '.join(arguments), error))
        finally:
            self._reaper.end(child)


def read_some(child, most, deadline, clock):
    """[The lines that a child prints until it ends]; None if there are more than `most`.

    Raises IpError if the deadline comes first, or if these may not be all lines.
    """
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
    said = children.words(children.read(child.stderr.fileno()) or b'')
    if child.returncode or 'Dump ' in said:
        raise iproute.IpError(said or 'exit code %d' % child.returncode)
    return iproute.lines(data)


def _part(child, poller, left, ended):
    """The bytes that can be read within `left` seconds, or None. After the end of its output the child ends soon."""
    if ended:
        time.sleep(0.001)
        return None
    return children.read(child.stdout.fileno()) if compat.poll(poller, left * 1000 + 1) else None
