"""What stands in for the edges of the daemon: `ip -batch`, `ip monitor`, files of records, sockets, systemd."""
from fbmon.listeners.listener import Listener
from fbmon.network import monitor, picture
from sim.linux import command
from sim.linux.ipv4 import Refused

# Seconds after which the daemon gives up on an `ip` that does not answer, and that a new `ip monitor` needs.
HANG, STARTING = 1.0, 4 / 1024.0

# Lines of the monitor in one piece.
PIECE = 2


class Killed(Exception):
    """The daemon was killed in the middle of something."""


class Records(object):
    """Lines in memory, for fbmon.memory.records. disk: {path: lines}."""

    error = None

    def __init__(self, disk, path):
        self._disk = disk
        self._path = path

    def read(self):
        return list(self._disk.get(self._path, ()))

    def rewrite(self, lines):
        self._disk[self._path] = list(lines)

    def append(self, lines, _longest, _everything):
        self._disk[self._path] += lines


class Batch(object):
    """Does to the simulated kernel what `ip -batch` does, with the accidents that the world has for it."""

    def __init__(self, world):
        self.unsure = False
        self._world = world
        self._indexes = {}

    def restart(self):
        """A new child remembers nothing."""
        self._indexes = {}

    def run(self, lines):
        """{position: ip's words} of the lines that failed, after a second try with a new child."""
        deed, number = self._world.accident()
        self.unsure = deed in ('hang', 'die')
        if deed == 'missing':
            return dict.fromkeys(range(len(lines)), 'ip cannot be started: No such file or directory')
        if deed == 'late':
            self._world.pass_time(number)
        refused = [number % len(lines)] if deed == 'refuse' else []
        part = len(lines) if deed in (None, 'late', 'refuse') else number % (len(lines) + 1)
        again = self._do(lines, [place for place in range(part) if place not in refused])
        if deed == 'kill':
            raise Killed()
        if deed == 'hang':
            self._world.pass_time(HANG)
        if not self.unsure and not again and not refused:
            return {}
        self.restart()
        again = self._do(lines, range(len(lines)) if self.unsure else sorted(again))
        again.update((place, 'RTNETLINK answers: Cannot allocate memory') for place in refused)
        return again

    def _do(self, lines, places):
        failed = {}
        for place in places:
            self._world.ran.append(lines[place])
            try:
                command.run(self._world.kernel, lines[place], self._indexes)
            except Refused as error:
                failed[place] = str(error)
        self._world.collect()
        return failed


class Watch(object):
    """`ip monitor`: tells the daemon of the simulated kernel's lines, late, in pieces, or not at all."""

    def __init__(self, world):
        self.late, self.pieces = 0.0, False
        self._world = world
        self._lines = []    # (when it is to be told, the line)
        self._listens = False
        self._reading = world.now
        self.replaced = 0

    def replace(self):
        """Everything is read again by a new child; what the old one had still to tell is never told."""
        self.replaced += 1
        self._begin(STARTING)

    def end(self, pause):
        """The child ends, and so do new ones for `pause` seconds."""
        self._world.inbox.append(monitor.Lost('ip monitor: ended'))
        self._begin(pause)

    def forget(self):
        """What it had still to tell is lost without a word."""
        del self._lines[:]

    def collect(self, lines):
        """The kernel tells of these now."""
        if self._listens:
            at = max([self._world.now + self.late, self._reading or 0.0] + [due for due, _ in self._lines[-1:]])
            self._lines += [(at, line) for line in lines]

    def next_time(self):
        """When it has something to tell."""
        times = [due for due, _ in self._lines[:1]] + ([] if self._reading is None else [self._reading])
        return min(times) if times else None

    def deliver(self):
        """Put what it tells by now into the inbox."""
        if self._reading is not None and self._reading <= self._world.now:
            if not self._listens:
                # What comes between its listening and the end of the reading is told twice.
                self._listens, self._reading = True, self._world.now + 1 / 1024.0
                return
            self._reading = None
            kernel = self._world.kernel
            self._world.inbox.append(monitor.Read(picture.of(kernel.show_links() + kernel.show_addresses())))
        due = [line for at, line in self._lines if at <= self._world.now]
        if due and self._reading is None:
            due = due[:PIECE] if self.pieces else due
            del self._lines[:len(due)]
            changes = tuple(change for change in map(picture.parse, due) if change)
            if changes:
                self._world.inbox.append(monitor.Seen(changes))

    def _begin(self, pause):
        self.forget()
        self._listens, self._reading = False, self._world.now + pause


class Socket(object):
    """A bound socket; scope: index of the interface for a link-local address."""

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
    """A listener without a thread: the world calls heartbeat() and timed_out(). stuck: until when it does nothing."""

    stuck = 0.0

    def start(self, _crashed):
        self.launched = self._waiting_since = self._clock()

    def bound_to(self):
        """The socket that it hears, the one of rebind() as its thread would."""
        while self._fresh:
            self._take_over()
        return self._sock


class Notifier(object):
    """systemd's socket. full_until: it takes nothing before; fed: when the watchdog was fed last."""

    def __init__(self, world):
        self.watchdog_interval = 3.0
        self.full_until = 0.0
        self.fed = world.now
        self.was_ready = False
        self._world = world

    def _takes(self):
        return self._world.now >= self.full_until

    def ready(self):
        self.was_ready = self.was_ready or self._takes()
        return self._takes()

    def status(self, _text):
        return self._takes()

    def watchdog(self):
        if self._takes():
            self.fed = self._world.now
        return self._takes()


class Sysctl(object):
    """promote_secondaries of the simulated kernel; refuses: it cannot be set."""

    refuses = False

    def __init__(self, world):
        self._world = world

    def promote_secondaries(self, interface, root=None):
        device = self._world.kernel.find(interface)
        if device is None or self.refuses:
            return False
        device.promote = True
        return True

    def ipv6_off(self, interface, root=None):
        return None


class Hooks(object):
    """Takes what is told."""

    error = program = None

    def __init__(self):
        self.told = []

    def tell(self, transition):
        self.told.append(transition)


class Log(object):
    """A log file with which nothing is wrong."""

    @staticmethod
    def mend():
        pass
