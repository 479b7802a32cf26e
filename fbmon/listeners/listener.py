"""One listener: a thread that waits for datagrams and timeouts, and reports changes of its local state."""
import fcntl
import select
import struct
import time

from fbmon.base import compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.listeners.bell import Bell
from fbmon.rules import heartbeat
from fbmon.rules.states import FAILED

# A listener puts it on the queue when its local state changes. at: monotonic seconds.
StateChanged = namedtuple('StateChanged', 'listener old new why at')

# received: heartbeats; ignored: datagrams from other sources; missed: timeouts; last: the monotonic second of the last
# heartbeat, None before the first one; longest_gap: the most seconds between two heartbeats in the last one to two
# hours, without the gaps in which it failed; heard: heartbeats in a row while failed, otherwise 0; sender: the source
# address of the last heartbeat, None before the first one.
Counters = namedtuple('Counters', 'received ignored missed last longest_gap heard sender')

SIOCGSTAMPNS = 0x8907
SYSTEM_ERRORS = compat.SYSTEM_ERRORS

TIMESPEC = struct.Struct('ll')
NO_TIME = b'\0' * TIMESPEC.size

# Seconds. If the kernel's receive time is further back, this process was stalled or the wall clock was stepped.
STAMP_TRUSTED = 0.1

# At most BURST datagrams are read before the listener looks at the deadline again. When the deadline has passed, at
# most BACKLOG are read: more than fit into the receive buffer, so all that waited then have been read.
BURST = 64
BACKLOG = 4096

# For the last so many ms before a timeout the listener waits exactly.
EARLY = 2


class Listener(object):
    """A launched listener. update() replaces `settings`; its host, port and interface never change.

    Only the thread itself closes the descriptors at which it waits. If another thread closed one, its number could
    already belong to another file.
    """

    def __init__(self, settings, sock, report, clock=compat.monotonic, wall=time.time):
        self.settings = settings
        self.pulse = heartbeat.LAUNCHED
        self.launched = None
        self._report = report
        self._clock = clock
        self._wall = wall
        self._thread = None
        self._closing = False
        self._received = self._ignored = self._missed = 0
        self._last = self._waiting_since = self._sender = None
        self._gaps = heartbeat.NO_GAPS
        self._bell = Bell()
        self._poller = select.poll()
        self._poller.register(self._bell.descriptor, select.POLLIN)
        self._fresh = []
        self._use(sock)

    def start(self, crashed):
        """Start the thread. Raises one of threads.NO_THREAD."""
        self.launched = self._waiting_since = self._clock()
        name = 'listener %s port %d' % (self.settings.host, self.settings.port)
        self._thread = threads.start(name, self._run, crashed)

    def update(self, settings):
        """Take new timers, sources and lists. State, counters and socket stay."""
        self.settings = settings
        self._bell.ring()

    def rebind(self, sock):
        """Listen at another socket. State and counters stay. The thread takes it over and closes the old one."""
        self._fresh.append(sock)
        self._bell.ring()

    def close(self, limit=1.0):
        """Stop the thread, which frees the port when it ends. Wait for that up to `limit` seconds."""
        self._closing = True
        self._bell.ring()
        if self._thread:
            self._thread.join(limit)
        else:
            self._leave()
        self._bell.close()

    @property
    def due(self):
        """The monotonic second at which the present wait is over; None before the launch."""
        return None if self._waiting_since is None else self._waiting_since + self.settings.timeout / 1000.0

    def counters(self):
        """The present Counters."""
        return Counters(self._received, self._ignored, self._missed, self._last,
                        heartbeat.longest_gap(self._gaps, self._clock()), self.pulse.heard, self._sender)

    def _use(self, sock):
        """Wait at this socket from now on."""
        self._sock, self._descriptor = sock, sock.fileno()
        self._datagram = [(self._descriptor, select.POLLIN)]
        self._poller.register(sock, select.POLLIN)

    def _take_over(self):
        """Close the old socket and use the one of rebind()."""
        self._poller.unregister(self._sock)
        self._sock.close()
        self._use(self._fresh.pop(0))

    def _leave(self):
        """Close what the thread has used: it ends now, or it was never started."""
        for sock in [self._sock] + self._fresh:
            sock.close()
        self._bell.leave()

    def _run(self):
        try:
            while not self._closing:
                self._turn()
        finally:
            self._leave()

    def _turn(self):
        """Wait for a datagram, the bell or the timeout, and handle what comes first."""
        while self._fresh:
            self._take_over()
        if self._wait() and self._read(BURST):
            # The bell may have rung together with the datagram. It was heard already and does not ring again.
            if not self._closing and not self._fresh:
                self._follow()
        # First read what waits in the socket, then call a timeout: this process may have been stopped for a while.
        elif self._clock() >= self.due and not self._closing and not (self._ready() and self._read(BACKLOG)):
            self.timed_out()

    def _follow(self):
        """Take heartbeats as long as each next one comes in time and nothing else comes. This is the usual case.

        It makes few system calls; it asks for the kernel's receive time only when a heartbeat is nearly overdue.
        """
        poll, receive, clock, wall = self._poller.poll, self._sock.recvfrom, self._clock, self._wall
        at = None
        while True:
            try:
                if poll(self.settings.timeout - EARLY) != self._datagram:
                    break
                source = receive(1)[1][0]
            except SYSTEM_ERRORS:
                # A signal came, or there is no datagram after all. An error that lasts is met again by _read().
                break
            if not self._accepts(source):
                self._ignored += 1
                break
            self._sender = source
            at, seen = clock(), wall()
            self.heartbeat(at)
        if at is not None:
            self._last = self._waiting_since = self._received_at(at, seen)

    def _wait(self):
        """Wait for a datagram until the deadline. Returns whether there may be one.

        poll(2) waits for whole milliseconds. For the rest the thread sleeps; a datagram that comes meanwhile is read at
        the deadline.
        """
        left = self.due - self._clock()
        if left >= 0.001:
            return self._ready(int(left * 1000))
        if left > 0:
            time.sleep(left)
        return False

    def _ready(self, limit=0):
        """Wait up to `limit` ms for a datagram or the bell. Returns whether there may be a datagram."""
        ready = compat.poll(self._poller, limit)
        for descriptor, _ in ready:
            if descriptor == self._bell.descriptor:
                self._bell.heard()
        return bool(ready)

    def _read(self, most):
        """Read up to `most` waiting datagrams, until one is a heartbeat. Returns whether one was.

        It stops there because the heartbeat may have woken the controller, which should not wait for this thread.
        """
        for _ in range(most):
            try:
                source = self._sock.recvfrom(1)[1][0]
            except SYSTEM_ERRORS as error:
                if compat.would_block(error) or compat.interrupted(error):
                    break
                raise
            if self._accepts(source):
                self._sender = source
                self.heartbeat(self._received_at(self._clock(), self._wall()))
                return True
            self._ignored += 1
        return False

    def _accepts(self, source):
        """Whether a datagram from this address is a heartbeat."""
        return not self.settings.sources or source.partition('%')[0] in self.settings.sources

    def _received_at(self, now, wall):
        """The monotonic second at which the kernel received the datagram that was read last (SIOCGSTAMPNS, socket(7)).

        now, wall: when it was read, by the monotonic and by the wall clock.
        """
        try:
            stamp = fcntl.ioctl(self._descriptor, SIOCGSTAMPNS, NO_TIME)
        except EnvironmentError:
            return now
        seconds, nanoseconds = TIMESPEC.unpack(stamp)
        late = wall - seconds - nanoseconds * 1e-9
        return now - late if 0 < late < STAMP_TRUSTED else now

    def heartbeat(self, at):
        """Count one accepted heartbeat, which came at `at` (monotonic seconds)."""
        # A gap in which it failed is an outage, not a warning of one.
        if self._last is not None and self.pulse.state != FAILED:
            self._gaps = heartbeat.after_gap(self._gaps, at, at - self._last)
        self._received += 1
        self._last = self._waiting_since = at
        if self.pulse is not heartbeat.ALIVE:
            self._become(heartbeat.after_heartbeat(self.pulse, self.settings.recovery), self._heard, at)

    def timed_out(self):
        """Count one timeout. The next wait begins when the timeout was due, not when we noticed it."""
        self._missed += 1
        due = self._waiting_since = self.due
        self._become(heartbeat.after_timeout(self.pulse, self.settings.attempts), self._not_heard, due)

    def _become(self, pulse, why, at):
        old, self.pulse = self.pulse.state, pulse
        if pulse.state != old:
            self._report(StateChanged(self, old, pulse.state, why(old), at))

    def _heard(self, old):
        recovery = self.settings.recovery
        return 'first heartbeat' if old != FAILED else \
            'heartbeat' if recovery == 1 else '%d heartbeats in a row' % recovery

    def _not_heard(self, _old):
        return 'no heartbeat for %d ms' % (self.settings.timeout * self.settings.attempts)
