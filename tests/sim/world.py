"""A switch in one process: the daemon's own controller, and around it a world whose time, kernel and accidents are a
list of steps. Nothing is left to chance: deeds.py chooses the steps, and laws.py says what must hold."""
import errno

from fbmon.daemon.controller import Controller, Reload, Stop
from fbmon.memory import ledger
from fbmon.memory.history import History
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routereadings import RouteReadings
from sim import files, optics
from sim.hearing import Hearing
from sim.ip import Batch, Routes
from sim.laws import BOUND, SHORT, Laws
from sim.linux import command
from sim.linux.ipv4 import Refused
from sim.linux.kernel import Kernel
from sim.marks import Marks
from sim.optics import Optics
from sim.standins import Hooks, Inbox, Killed, Log, Node, Notifier, Records, Socket, Sysctl
from sim.statedisk import StateDisk, StateSaver
from sim.watch import Watch

# Seconds until a daemon that has ended is started again, and until systemd ends one that does not feed its watchdog.
RESTART, WATCHDOG = 1.0, 10.0

# The second at which the operators' clock begins.
EPOCH = 2.0 ** 20

# The most rounds at one moment.
ROUNDS = 20


class Wrong(Exception):
    """Something does not hold that must hold. The argument says what."""


class World(Hearing):
    """`now` is in seconds. full: whether the run directory takes nothing; refuses: whether promote_secondaries cannot
    be set; optics: see sim.optics, None if light plays no part; going_down: whether the system goes down; slow: how
    long the disk hangs when the file is read the next time; untold: the files that lack something; knife,
    term: how many more things the daemon does before it is killed, or told to stop, None: all; contrary: whether a
    stranger undoes the next one; state: the disk that lasts over a boot; ahead: how many seconds the operators' clock
    has been set forward."""

    def __init__(self, file=0):
        self.now, self.file, self.alive, self.accidents = 1024.0, file, set(), []
        self.inbox, self.daemon, self.ahead = [], None, 0.0
        self.laws, self.state = Laws(self, Wrong), StateDisk(self)
        self.full, self.slow, self.contrary, self.going_down = False, 0.0, False, False
        self.optics = Optics() if file >= files.KEYS else None
        self.boot()
        self.start()

    def boot(self):
        """Make a new kernel and an empty run directory."""
        self.disk, self.kernel, self.marks = {}, Kernel(self.now, self.optics), Marks()
        self.untold, self.refuses, self.going_down = set(), False, False
        for name in files.NAMES:
            self.kernel.set_up(self.kernel.create(name, 'dummy'))
        self.run('addr add 10.0.0.1/24 dev eth0')
        self.run('route add 10.7.0.0/16 dev lo')
        self.kernel.told[:] = []
        self.laws.booted()

    def start(self):
        """Start the daemon."""
        self.marks.sure = self.marks.sure and 'ledger' not in self.untold
        self.laws.earned.sure = self.laws.earned.sure and 'return' not in self.untold
        self.untold = set()
        self.inbox, self.nodes, self.knife, self.term, self.answering = [], [], None, None, (None, None)
        self.batch, self.watch, self.notifier, self.routes = Batch(self), Watch(self), Notifier(self), Routes(self)
        self.next_beat, self.again_at, self.heard_at = self.now, None, self.now
        self.laws.started()
        try:
            self._make()
        except Killed:
            self.kill()

    def _make(self):
        hooks = Hooks(self.laws.told)
        history = History(Records(self, 'history'), hooks.tell, wall=lambda: self.now)
        routes = RouteReadings(RouteKeeper(self.batch, Records(self, 'routes')), self.routes.ask, lambda: self.now)
        made = self.daemon = Controller('.env', files.config(self.file), Inbox(self.inbox), self.batch,
                                        ledger.Ledger('ledger'), history, hooks, self.watch, self.notifier, routes,
                                        Records(self, 'return'), StateSaver(self), None, Log(), clock=lambda: self.now,
                                        wall=lambda: self.now)
        made.operators.wall = self.wall
        self.laws.orders.watches(made.operators)
        self.laws.earned.remembers(made.returns.course)
        made.returns._look = made.reasons.look = lambda name: optics.look(self.kernel, name)
        decide = made.returns.decide
        made.returns.decide = lambda *arguments: self.laws.decides(decide, *arguments)
        made.roster._open = self._open
        made.roster._create = lambda settings, sock, report: Node(settings, sock, report, lambda: self.now)
        made.network._sysctl = made.network._promotion._sysctl = Sysctl(self)
        made.network._shown._changed = self._changed
        history.begin()
        made._take_settings()
        self._looked()

    def _changed(self, item, old, new, why):
        self.laws.item_changed(item, old, new)
        self.daemon.reasons.item_changed(item, old, new, why)

    def _open(self, settings, scope):
        if not self.has(settings.host):
            raise EnvironmentError(errno.EADDRNOTAVAIL, 'Cannot assign requested address')
        return Socket(scope)

    # --- what the stand-ins ask for ---

    def accident(self):
        """What happens to this run of `ip`: (deed, number), (None, 0) as a rule."""
        if not self.accidents:
            return None, 0
        self.laws.amiss_with_ip()
        return self.accidents.pop(0)

    def cut(self):
        """The daemon does something that can be seen. It may be its last deed."""
        if self.knife is not None:
            self.knife -= 1
            if self.knife < 0:
                self.knife = None
                raise Killed()
        if self.term is not None:
            self.term -= 1
            if self.term < 0:
                self.term = None
                self.stop()

    def commanded(self, line):
        """The daemon gives this command to `ip`."""
        self.laws.commanded(line)

    def sets(self, interface):
        """The daemon sets promote_secondaries of an interface."""
        self.laws.observing.changes('promote_secondaries of ' + interface)

    def feeds(self):
        """The daemon says that it is healthy."""
        self.laws.fed()

    def pass_time(self, seconds):
        """The daemon waits, and the kernel goes on."""
        self.now += seconds
        self.kernel.advance(self.now)
        # That was the end of a lifetime, and nothing that `ip` has done.
        del self.kernel.dropped[:]
        self.laws.passed(self.kernel.told)
        self.collect()

    def wall(self):
        """The second by the clock that operators see."""
        return EPOCH + self.now + self.ahead

    def load(self):
        """The daemon reads its file. The disk may hang."""
        seconds, self.slow = self.slow, 0.0
        if seconds:
            self.laws.amiss(seconds + SHORT)
            self.hang(seconds)
        return files.config(self.file)

    def collect(self):
        """Give all that the kernel has told to the monitor."""
        if self.kernel.told:
            told, self.kernel.told[:] = list(self.kernel.told), []
            self.laws.kernel_told(told)
            self.watch.collect(told)

    def run(self, line):
        """Somebody else runs `ip`. Returns whether the kernel accepted it."""
        try:
            done = command.run(self.kernel, line)
        except Refused:
            return False
        self.kernel.dropped[:] = []
        self.marks.strange(line, done)
        return True

    # --- time ---

    def until(self, end):
        """Let all happen that happens until the second `end`."""
        while True:
            self._round()
            if self.now >= end:
                return
            times = [self.again_at, self.kernel.next_time(), self.state.next_time()]
            if self.daemon:
                times += [self.watch.next_time(), self.deadline, self.routes.at]
                times += [max(one.due, one.stuck) for one in self.nodes]
            soonest = min(end, self.next_beat)
            for time in times:
                if time is not None and time < soonest:
                    soonest = time
            self.pass_time(max(0.0, soonest - self.now))

    def _looked(self):
        """Note after a round when the daemon wants the next one, and which listeners it has."""
        self.deadline = self.daemon._deadline()
        self.nodes = self.launched()

    def _round(self):
        """Do all that is due now."""
        if self.again_at is not None and self.again_at <= self.now:
            self.start()
        if self.next_beat <= self.now:
            self._beats()
        self.state.deliver()
        for _ in range(ROUNDS):
            if self.daemon and self.now > self.notifier.fed + WATCHDOG:
                self.kill()
            if not self.daemon:
                return
            self._listeners()
            self.watch.deliver()
            self.routes.deliver()
            self.state.deliver()
            if not self.inbox and (self.deadline is None or self.deadline > self.now):
                return
            self._turn()
        raise Wrong('rounds: the daemon comes round again and again at %s' % self.now)

    def _turn(self):
        events, self.inbox[:] = list(self.inbox), []
        self.laws.turns(events)
        try:
            self.daemon.turn(events)
        except Killed:
            # It may have remembered already what it has not done yet.
            self.laws.earned.sure = False
            return self.kill()
        self.collect()
        self._looked()
        self.laws.turned()
        if self.daemon._stopped:
            self._ended()

    def _ended(self):
        try:
            self.daemon.history.end(self.daemon.decision.state)
        except Killed:
            pass
        self.laws.ended()
        self.kill()

    def kill(self):
        """The daemon has gone. After RESTART it is started again."""
        self.marks.killed(ledger.Seen('ledger'), self.kernel)
        self.laws.asleep()
        self.state.killed()
        # It may have been killed while it launched listeners.
        for member in self.daemon.roster.launched.values() if self.daemon else ():
            member.listener.close()
        self.nodes, self.daemon, self.again_at, self.knife = [], None, self.now + RESTART, None

    # --- what others do ---

    def strange(self, *lines):
        """Somebody else runs commands, one after the other without a pause."""
        # A monitor that does not listen yet, or loses lines, does not tell that something the daemon did was undone.
        self.laws.amiss(SHORT if self.daemon and (self.watch.begins() or self.watch.deaf()) else BOUND)
        for line in lines:
            self.run(line)
        self.collect()

    def unpromote(self, name):
        """Reset promote_secondaries of an interface."""
        device = self.kernel.find(name)
        if device:
            device.promote = False
            self.laws.unpromoted()

    def reload(self, number_of_file, *more):
        """Send SIGHUP with another file."""
        self.file = number_of_file
        self.laws.reloads()
        self.inbox += [Reload()] + list(more)

    def stop(self):
        """Send SIGTERM."""
        self.inbox.append(Stop())
