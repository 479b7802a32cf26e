"""One listener: a thread that waits for datagrams and timeouts and reports changes of its local state."""
import fcntl
import select
import struct
import time
from collections import namedtuple

from fbmon.base import compat, threads
from fbmon.listeners.bell import Bell
from fbmon.rules import heartbeat
from fbmon.rules.states import FAILED

# What a listener puts on the queue: its own change of state. at: monotonic seconds.
StateChanged = namedtuple('StateChanged', 'listener old new why at')

# received, ignored: datagrams; missed: timeouts; last: monotonic seconds of the last heartbeat, None: none yet;
# longest_gap: seconds, in the last hour, between two heartbeats between which it did not fail; heard: heartbeats in a
# row since it failed, 0 while it is not; sender: the source address of the last heartbeat, None: none yet.
Counters = namedtuple('Counters', 'received ignored missed last longest_gap heard sender')

SIOCGSTAMPNS = 0x8907
SYSTEM_ERRORS = compat.SYSTEM_ERRORS

TIMESPEC = struct.Struct('ll')
NO_TIME = b'\0' * TIMESPEC.size

# A kernel receive time further back than this comes from a stalled process or a stepped wall clock.
STAMP_TRUSTED = 0.1

# Datagrams read before the deadline is looked at again, and at most in one go once it has passed: more than fit
# into the receive buffer, so that all that waited at that moment has been read.
BURST = 64
BACKLOG = 4096

# ms before a timeout from which on it is waited for exactly.
EARLY = 2


class Listener(object):
    """A launched listener. `settings` may be replaced by update(); host, port and interface never change.

    The thread closes what it waits at, and nobody else does: a number that is closed under it may be another's by then.
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
        """Start the thread; raises RuntimeError where there is none left."""
        self.launched = self._waiting_since = self._clock()
        name = 'listener %s port %d' % (self.settings.host, self.settings.port)
        self._thread = threads.start(name, self._run, crashed)

    def update(self, settings):
        """Take new timers, sources and lists, keeping state, counters and socket."""
        self.settings = settings
        self._bell.ring()

    def rebind(self, sock):
        """Listen at another socket, keeping state and counters; the thread takes it over and closes the former one."""
        self._fresh.append(sock)
        self._bell.ring()

    def close(self, limit=1.0):
        """Stop the thread, which frees the port as it ends; waits up to limit seconds for that."""
        self._closing = True
        self._bell.ring()
        if self._thread:
            self._thread.join(limit)
        else:
            self._leave()
        self._bell.close()

    @property
    def due(self):
        """When the present wait is over (monotonic seconds), None before the launch."""
        return None if self._waiting_since is None else self._waiting_since + self.settings.timeout / 1000.0

    def counters(self):
        """The Counters at this moment."""
        return Counters(self._received, self._ignored, self._missed, self._last,
                        heartbeat.longest_gap(self._gaps, self._clock()), self.pulse.heard, self._sender)

    def _use(self, sock):
        """Wait at this socket from now on."""
        self._sock, self._descriptor = sock, sock.fileno()
        self._datagram = [(self._descriptor, select.POLLIN)]
        self._poller.register(sock, select.POLLIN)

    def _take_over(self):
        """Leave the former socket for the one of rebind()."""
        self._poller.unregister(self._sock)
        self._sock.close()
        self._use(self._fresh.pop(0))

    def _leave(self):
        """The thread is at its end, or was never started: give back what is its own."""
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
        """Wait for what comes first, and take it."""
        while self._fresh:
            self._take_over()
        if self._wait() and self._read(BURST):
            # The bell may have been heard together with the datagram: it does not ring again.
            if not self._closing and not self._fresh:
                self._follow()
        # What waits in the socket counts before a timeout is called: we may have been stopped for a while.
        elif self._clock() >= self.due and not self._closing and not (self._ready() and self._read(BACKLOG)):
            self.timed_out()

    def _follow(self):
        """Take heartbeats while each is followed by the next in time and nothing else comes, which is all that there is
        to do as a rule: with few calls, and none for the kernel's receive time before one is nearly overdue."""
        poll, receive, clock, wall = self._poller.poll, self._sock.recvfrom, self._clock, self._wall
        at = None
        while True:
            try:
                if poll(self.settings.timeout - EARLY) != self._datagram:
                    break
                source = receive(1)[1][0]
            except SYSTEM_ERRORS:
                # A signal, or no datagram after all; what lasts is met again by who looks closer.
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
        """Wait for a datagram until the deadline; True if there may be one. poll(2) waits whole milliseconds:
        the rest of the last one is slept, and a datagram that comes meanwhile is read at the deadline."""
        left = self.due - self._clock()
        if left >= 0.001:
            return self._ready(int(left * 1000))
        if left > 0:
            time.sleep(left)
        return False

    def _ready(self, limit=0):
        """Wait up to limit ms; True if there may be a datagram."""
        ready = compat.poll(self._poller, limit)
        for descriptor, _ in ready:
            if descriptor == self._bell.descriptor:
                self._bell.heard()
        return bool(ready)

    def _read(self, most):
        """Read up to `most` waiting datagrams, but none after a heartbeat: the controller that it may have woken need
        not wait for us then. True if there was one."""
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
        """The kernel's own receive time of the datagram that was read last, at `now` and `wall`, as monotonic seconds
        (SIOCGSTAMPNS, socket(7))."""
        try:
            stamp = fcntl.ioctl(self._descriptor, SIOCGSTAMPNS, NO_TIME)
        except EnvironmentError:
            return now
        seconds, nanoseconds = TIMESPEC.unpack(stamp)
        late = wall - seconds - nanoseconds * 1e-9
        return now - late if 0 < late < STAMP_TRUSTED else now

    def heartbeat(self, at):
        """One accepted heartbeat, received at `at` (monotonic seconds)."""
        # A gap that made it fail is an outage, not a warning of one.
        if self._last is not None and self.pulse.state != FAILED:
            self._gaps = heartbeat.after_gap(self._gaps, at, at - self._last)
        self._received += 1
        self._last = self._waiting_since = at
        if self.pulse is not heartbeat.ALIVE:
            self._become(heartbeat.after_heartbeat(self.pulse, self.settings.recovery), self._heard, at)

    def timed_out(self):
        """One timeout; the next wait begins when it was due, not when we noticed."""
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
