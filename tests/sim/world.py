"""A switch in one process: the daemon's own controller, and around it a world in which time, kernel and every accident
are a list of steps. Nothing in it is left to chance; deeds.py chooses the steps."""
import contextlib
import errno

from fbmon.config import source
from fbmon.daemon.controller import Controller, Reload, Stop
from fbmon.listeners import listener
from fbmon.memory import ledger
from fbmon.memory.history import History
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routereadings import RouteReadings
from fbmon.network.routewatch import RoutesRead
from fbmon.rules.states import UNKNOWN
from kernel import model
from sim import files, wants
from sim.linux import command
from sim.linux.ipv4 import Refused
from sim.linux.kernel import Kernel
from sim.standins import Batch, Bell, Hooks, Killed, Log, Node, Notifier, Records, Socket, Sysctl, Watch

# Seconds: between two heartbeats of a node that is well; until a daemon that ended is started again; in which the
# network has to be as it must, where nothing is amiss; until it is so after an accident (the longest pause is 30 s).
BEAT, RESTART, BOUND, PATIENCE = 0.5, 1.0, 1 / 32.0, 40.0

# Rounds at one instant without an event.
ROUNDS = 20


class Wrong(Exception):
    """Something that must hold does not."""


@contextlib.contextmanager
def edges(world):
    """The places in which the daemon's parts look for a file or make a pipe by themselves."""
    before = source.load, ledger.Records, listener.Bell
    source.load = lambda path: files.config(world.file)
    ledger.Records, listener.Bell = lambda path: Records(world.disk, path), Bell
    try:
        yield
    finally:
        source.load, ledger.Records, listener.Bell = before


class World(object):
    """`now` is in seconds. verdict: what is decided, as the model has it; calm: since when nothing is amiss."""

    def __init__(self, file=0):
        self.now, self.file, self.alive, self.accidents = 1024.0, file, set(), []
        self.inbox, self.ran, self.calm = [], [], self.now
        self.boot()
        self.start()

    def boot(self):
        """A new kernel, and a run directory with nothing in it."""
        self.disk, self.kernel = {}, Kernel(self.now)
        for name in files.NAMES:
            self.kernel.set_up(self.kernel.create(name, 'dummy'))
        self.run('addr add 10.0.0.1/24 dev eth0')
        self.kernel.told[:] = []

    def start(self):
        """Start the daemon."""
        self.inbox, self.ears, self.verdict = [], {}, model.NOTHING
        self._judged = self._answering = (None, None)
        self.batch, self.watch, self.notifier = Batch(self), Watch(self), Notifier(self)
        self.next_beat, self.again_at, self.stopping = self.now, None, False
        self.changed = self.heard_at = self.now
        self.calm = max(self.calm, self.now)
        self._make()

    def _make(self):
        loaded = files.config(self.file)
        hooks = Hooks()
        history = History(Records(self.disk, 'history'), hooks.tell, wall=lambda: self.now)
        made = self.daemon = Controller('.env', loaded, Inbox(self.inbox), self.batch, ledger.Ledger('ledger'),
                                        history, hooks, self.watch, self.notifier, self._routes(), None, Log(),
                                        clock=lambda: self.now)
        made.roster._open = self._open
        made.roster._create = lambda settings, sock, report: Node(settings, sock, report, lambda: self.now)
        made.network._sysctl = made.network._promotion._sysctl = Sysctl(self)
        history.begin()
        made._take_settings()
        self._looked()

    def _routes(self):
        """Every reading finds that nobody has made a route."""
        keeper = RouteKeeper(self.batch, Records(self.disk, 'routes'))
        return RouteReadings(keeper, lambda places: self.inbox.append(RoutesRead(
            dict((place, []) for place in places), {}, 0.0)), lambda: self.now)

    def _open(self, settings, scope):
        if not self._has(settings):
            raise EnvironmentError(errno.EADDRNOTAVAIL, 'Cannot assign requested address')
        return Socket(scope)

    def _has(self, settings):
        if self._answering[0] != self.kernel.changes:
            self._answering = self.kernel.changes, set(
                entry.text for device in self.kernel.devices.values() for entry in device.four + device.six
                if not entry.tentative)
        return settings.host in self._answering[1]

    # --- what the stand-ins ask for ---

    def accident(self):
        """What happens to this run of `ip`: (deed, number), (None, 0) as a rule."""
        if not self.accidents:
            return None, 0
        self.amiss(PATIENCE)
        return self.accidents.pop(0)

    def pass_time(self, seconds):
        """The daemon waits, and the kernel goes on."""
        self.now += seconds
        self.kernel.advance(self.now)
        over = [place for place, target in self.verdict.cards.items() if target == 'present'
                and any(' %s/' % place[1] in line for line in self.kernel.told if line.startswith('Deleted '))]
        if over and self.daemon and self.now > self.calm + BOUND:
            raise Wrong('lease: of %s was over' % over)
        self.collect()

    def collect(self):
        """What the kernel told goes to the monitor."""
        told, self.kernel.told[:] = list(self.kernel.told), []
        self.watch.collect(told)

    def run(self, line):
        """Somebody else runs `ip`; True if it was done."""
        try:
            command.run(self.kernel, line)
        except Refused:
            return False
        return True

    # --- time ---

    def until(self, end):
        """Let all happen that happens until then."""
        while True:
            self._round()
            if self.now >= end:
                return
            times = [end, self.next_beat, self.again_at, self.kernel.next_time()]
            if self.daemon:
                times += [self.watch.next_time(), self.deadline]
                times += [one.due for one in self.nodes]
            self.pass_time(max(0.0, min([time for time in times if time is not None]) - self.now))

    def _looked(self):
        """The daemon came round: when it wants to again, and the listeners that it has."""
        self.deadline = self.daemon._deadline()
        self.nodes = [member.listener for member in self.daemon.roster.launched.values()]

    def _round(self):
        """All that is due now."""
        if self.again_at is not None and self.again_at <= self.now:
            self.start()
        beats = self.next_beat <= self.now
        if beats:
            self.next_beat += BEAT
        for port in sorted(self.alive) if beats else ():
            self.beat(port)
        for _ in range(ROUNDS):
            if not self.daemon:
                return
            self._listeners()
            self.watch.deliver()
            if not self.inbox and (self.deadline is None or self.deadline > self.now):
                return
            self._turn()
        raise Wrong('rounds: the daemon comes round again and again at %s' % self.now)

    def _listeners(self):
        self.heard_at = self.now
        for node in self.nodes:
            while node.due <= self.now:
                node.timed_out()

    def beat(self, port):
        """A heartbeat to that port."""
        for node in self.nodes if self.daemon else ():
            if node.settings.port != port or not self._has(node.settings):
                continue
            scope = self.kernel.devices.get(node.bound_to().scope)
            near = not node.settings.host.startswith('fe80:') or (
                scope and any(entry.text == node.settings.host for entry in scope.six))
            if near:
                node.heartbeat(self.now)
                self._ear(node).hear(self.now)
                self._ear(node).follow(node.pulse, self.now)

    def _ear(self, node):
        ear = self.ears.get(node)
        if ear is None:
            ear = self.ears[node] = wants.Ear(node.settings, node.launched)
        elif ear.settings is not node.settings:
            ear.update(node.settings)
        return ear

    def _turn(self):
        events, self.inbox[:] = list(self.inbox), []
        try:
            self.daemon.turn(events)
        except Killed:
            return self.kill()
        self.collect()
        self._looked()
        if self.daemon._stopped:
            self.daemon.history.end(self.daemon.decision.state)
            return self._stopped()
        self._judge()

    def _stopped(self):
        settings, calm = self.daemon.settings, self.now >= self.calm + BOUND
        self.kill()
        cards = set(card.address for card in settings.cards)
        left = [entry.text for device in self.kernel.devices.values() for entry in device.four + device.six
                if entry.until is not None and entry.text in cards]
        if left and calm:
            raise Wrong('lease: left by a clean stop: %s' % ', '.join(left))

    def kill(self):
        """The daemon is no more; it is started again."""
        # It may have been killed in the middle of launching some.
        for member in self.daemon.roster.launched.values() if self.daemon else ():
            member.listener.close()
        self.nodes, self.daemon, self.again_at = [], None, self.now + RESTART

    # --- what must hold ---

    def _judge(self):
        states = {}
        for node in self.nodes:
            ear = self._ear(node)
            ear.pass_time(self.heard_at)
            if node.pulse.state == 'failed':
                ear.follow(node.pulse, self.heard_at)
            states[node.settings.index] = ear.state if ear.known else node.pulse.state
        if self._judged != (self.daemon.settings, states):
            self._judged = self.daemon.settings, states
            verdict = wants.judge(self.daemon.settings, states, self.verdict)
            if verdict != self.verdict:
                self.verdict, self.changed = verdict, self.now
        verdict = self.verdict
        if verdict.state != self.daemon.decision.state:
            raise Wrong('state: %s, not %s with %s' % (self.daemon.decision.state, verdict.state, states))

    def check(self):
        """After a step."""
        if not self.daemon:
            return
        self._judge()
        if self.verdict.state != UNKNOWN and self.now > max(self.calm, self.changed) + BOUND:
            wrong = wants.wrong(self.kernel, self.daemon.settings, self.verdict)
            if wrong:
                raise Wrong('network: ' + '; '.join(wrong))
        if self.now - self.notifier.fed > 10:
            raise Wrong('watchdog: last fed %g s ago' % (self.now - self.notifier.fed))

    def amiss(self, seconds=BOUND):
        """Something is, or was done by somebody: give the daemon so long."""
        self.calm = max(self.calm, self.now + seconds)

    def strange(self, line):
        """Somebody else's command."""
        self.amiss()
        self.run(line)
        self.collect()

    def foreign(self):
        """The addresses that are none of the daemon's business, and whose links."""
        return set((device.index, entry.text, entry.prefix) for device in self.kernel.devices.values()
                   for entry in device.four + device.six if entry.text not in files.OURS)

    def reload(self, number_of_file, *more):
        """SIGHUP with another file."""
        self.file = number_of_file
        self.changed = self.now
        self.inbox += [Reload()] + list(more)

    def stop(self):
        """SIGTERM."""
        self.inbox.append(Stop())


class Inbox(object):
    """The queue of the controller, which the world empties."""

    def __init__(self, events):
        self._events = events

    def put(self, event):
        self._events.append(event)
