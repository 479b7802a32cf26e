"""Stand-ins for the edges of the daemon: files of records, sockets and their threads, systemd, settings."""
from fbmon.listeners.listener import Listener


class Killed(Exception):
    """The daemon was killed in the middle of a deed."""


class Records(object):
    """Lines in memory, instead of fbmon.memory.records. While the world's disk is full it takes nothing; these lines
    are written later, with the next ones, as a whole file."""

    def __init__(self, world, path):
        self.error = None
        self._world = world
        self._path = path

    def read(self):
        return list(self._world.disk.get(self._path, ()))

    def rewrite(self, lines):
        self._world.cut()
        if self._world.full:
            self.error = '%s: No space left on device' % self._path
            self._world.untold.add(self._path)
        else:
            self.error = None
            self._world.untold.discard(self._path)
            self._world.disk[self._path] = list(lines)

    def append(self, lines, longest, everything):
        there = self._world.disk.setdefault(self._path, [])
        if self.error or self._world.full or len(there) + len(lines) > longest:
            return self.rewrite(everything())
        self._world.cut()
        there += lines


class Socket(object):
    """A bound socket. scope: the index of the interface for a link-local address."""

    def __init__(self, scope):
        self.scope = scope
        self.closed = False

    @staticmethod
    def fileno():
        return 0

    def close(self):
        self.closed = True


class Bell(object):
    """Nobody waits for it."""

    descriptor = 1

    def ring(self):
        """Nobody hears it."""

    leave = close = ring


class Node(Listener):
    """A listener without a thread: the world calls heartbeat() and timed_out(). stuck: until when it does nothing;
    backlog: the seconds at which heartbeats came meanwhile."""

    stuck = 0.0

    def __init__(self, *arguments):
        Listener.__init__(self, *arguments)
        self.backlog = []

    def start(self, _crashed):
        self.launched = self._waiting_since = self._clock()

    def bound_to(self):
        """The socket that it hears. It takes over the one of rebind(), as its thread would do."""
        while self._fresh:
            self._take_over()
        return self._sock


class Notifier(object):
    """The socket of systemd. full_until: until then it takes nothing; fed: when the watchdog was fed last."""

    def __init__(self, world):
        self.watchdog_interval = 3.0
        self.full_until = 0.0
        self.fed = world.now
        self.was_ready = False
        self._world = world

    def _takes(self):
        self._world.cut()
        return self._world.now >= self.full_until

    def ready(self):
        taken = self._takes()
        self.was_ready = self.was_ready or taken
        return taken

    def status(self, _text):
        return self._takes()

    def watchdog(self):
        taken = self._takes()
        if taken:
            self.fed = self._world.now
        self._world.feeds()
        return taken


class Sysctl(object):
    """promote_secondaries of the simulated kernel. It cannot be set while the world's `refuses` is true."""

    def __init__(self, world):
        self._world = world

    def promote_secondaries(self, interface, root=None):
        device = self._world.kernel.find(interface)
        if device is None or self._world.refuses:
            return False
        self._world.sets(interface)
        device.promote = True
        return True

    def ipv6_off(self, interface, root=None):
        return None


class Hooks(object):
    """Takes transitions, and lets the world look at them."""

    error = program = None

    def __init__(self, told):
        self.tell = told


class Saver(object):
    """A state file without an order, and nobody gives one."""

    path = 'orders'

    @staticmethod
    def read():
        return None


class Log(object):
    """A log file with which nothing goes wrong."""

    error = None

    @staticmethod
    def mend():
        pass


class Inbox(object):
    """The queue of the controller. The world empties it."""

    def __init__(self, events):
        self._events = events

    def put(self, event):
        self._events.append(event)
