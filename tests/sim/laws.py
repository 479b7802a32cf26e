"""The laws for the daemon in the simulated world: what must hold after each round, after each step, and in quiet."""
from fbmon.daemon.answers import Commanded
from fbmon.memory.ledger import Seen
from kernel import model
from sim import business, quiet, wants
from sim.deciding import Deciding
from sim.earned import Earned
from sim.lateness import Lateness
from sim.lines import Lines
from sim.observing import Observing
from sim.orderlaws import OrderLaws

# Seconds. BOUND: until the network must be as it should if nothing is amiss; PATIENCE: the same after an accident of
# `ip` (the longest pause is 30 s); SHORT: after one of the monitor; QUIET: until nothing is in doubt any more (a change
# that was not shown is in doubt for 5 s).
BOUND, PATIENCE, SHORT, QUIET = 1 / 32.0, 40.0, 4.0, 7.0

# Seconds. STUCK: if a listener is so late, the daemon must not feed the watchdog; FEED: until a healthy daemon must
# feed it; AGAIN: the same after something that kept it from feeding.
STUCK, FEED, AGAIN = 5.0, 3.6, 1.1

# RENEWED: a little more than the seconds between two renewals of the longest lease.
RENEWED, NEVER = 2.25, float('inf')

# Rounds without an event: SPARE at once, and ROUNDS a second.
SPARE, ROUNDS = 16, 8


class Laws(Deciding):
    """verdict: of the model; earned: the return by the model; observing: the laws while the daemon only observes; calm:
    since when nothing is amiss; changed: since when verdict and file are as they are; asks: the operator's returns that
    are not answered yet; ears: {Node: Ear}; items: {item: (the last state that the daemon has told, how often it has
    told one)}; withheld: until when a listener's thread does nothing; touched: how often others have done something
    after a pause."""

    def __init__(self, world, wrong):
        self.world, self.wrong = world, wrong
        self.calm = self.ip_calm = self.changed = world.now
        self.routes, self._prepared = None, 0.0
        self._foreign = None, None, None, set()
        # The lines of the ledger, and what they note.
        self._noted = None, {}
        self.lateness = Lateness(world)
        self.earned, self.observing = Earned(world, wrong), Observing(world, wrong)
        self.orders = OrderLaws(world, wrong)
        self.touched = 0

    # --- what happens ---

    def booted(self):
        self.routes, self._prepared, self.lines = None, 0.0, Lines(self.world.kernel)
        self._reset = False
        self.earned.booted()

    def started(self):
        now = self.world.now
        self.ears, self.verdict, self._judged = {}, model.NOTHING, (None, None, None)
        self.earned.started()
        self.observing.started()
        self.orders.started()
        self.asks = []
        self.changed, self.calm = now, max(self.calm, now)
        self._last, self._loose, self._budget, self._at = {}, now, SPARE, now
        self.asked = self.answered = 0
        self.withheld = now
        self.items, self._untold = {}, []
        self.lines.forget()
        self._names = None

    def amiss(self, seconds=BOUND):
        """Something is amiss, or somebody has changed something. Give the daemon so many seconds."""
        self.unwell(seconds)
        self.lateness.touch(seconds)

    def unwell(self, seconds=BOUND):
        """Something is amiss with the monitor alone."""
        self.calm = max(self.calm, self.world.now + seconds)
        self.routes = None
        if self.world.daemon:
            self.world.watch.owed = None

    def unpromoted(self):
        """promote_secondaries was reset. The next renewal of a lease must set it again."""
        self._reset = True
        self._prepared = max(self._prepared, self.world.now + RENEWED if self.world.daemon else NEVER)

    def asleep(self):
        """The daemon does nothing from now on. A lease may end before it has set promote_secondaries."""
        if self.world.now < self._prepared:
            self._prepared = NEVER

    def spares(self):
        """Whether the end of an address takes no other addresses with it. A daemon that only observes sees to nothing,
        one whose monitor has lost lines without a word may not know which address is the primary one, and one with a
        mistake in its file lets a lease run out that the file does not name."""
        daemon = self.world.daemon
        unsure = self.world.watch.blind or (daemon and daemon.loaded.mistakes)
        if self.still() or (self._reset and unsure):
            return False
        return self.world.marks.sure and not self.world.refuses and self.world.now >= max(self._prepared, self.ip_calm)

    def still(self):
        """Whether the daemon changes nothing: it only observes, or an operator has frozen the network."""
        return self.observing.now() or self.orders.frozen()

    def commanded(self, line):
        """The daemon gives this command to `ip`."""
        self.observing.changes(line)
        self.orders.changes(line)
        if business.wrong(line, self.world.daemon, self._names):
            raise self.wrong('business: %s' % line)

    def amiss_with_ip(self):
        """As amiss(), for an `ip` that does not do what it was told."""
        self.amiss(PATIENCE)
        self.ip_calm = max(self.ip_calm, self.world.now + PATIENCE)

    def astray(self):
        """The daemon has not been told yet whose names have changed. What it does may go to another interface."""
        self.amiss(SHORT)
        self.touched += 1

    def reloads(self):
        self.changed = self._loose = self.world.now
        self.routes = self.world.watch.owed = None

    def kernel_told(self, lines):
        """The kernel tells these lines."""
        for line in lines:
            self.lines.take(line)

    def item_changed(self, item, old, new):
        """The daemon has seen a change of an item. It must see each change once, leave none out, and invent none."""
        before, count = self.items.get(item, (old, 0))
        self.items[item] = new, count + 1
        self._untold.append((item[-1], old, new))
        if before != old or old == new:
            raise self.wrong('history: %s %s -> %s after %s' % (item, old, new, before))
        if count + 1 > self.lines.of(item):
            raise self.wrong('event: %s %s -> %s, which the kernel did not tell' % (item, old, new))

    def told(self, one):
        """The daemon has told a transition. It must tell each one once, and leave none out."""
        if one.kind == 'reload':
            # It has no state before.
            return
        if one.kind == 'operator':
            self.orders.told(one)
            return
        if self.observing.told(one, self.verdict):
            return
        if one.kind in ('address', 'card', 'port'):
            if self._untold[:1] != [one[2:5]]:
                raise self.wrong('history: %s, not %s' % (one[1:5], self._untold[:1]))
            self._untold.pop(0)
            return
        key, last = (one.kind, one.name), self._last.get((one.kind, one.name))
        if one.old == one.new or (last and last[0] != one.old and (last[1] > self._loose or one.kind == 'global')):
            raise self.wrong('history: %s after %s' % (one[1:5], last))
        self._last[key] = one.new, self.world.now

    def fed(self):
        """The daemon has said that it is healthy."""
        late = [node.settings.index for node in self.world.launched()
                if max(node.due, 0) + STUCK < self.world.now and node.stuck > self.world.now]
        if late:
            raise self.wrong('watchdog: fed while listeners are stuck: %s' % late)

    def passed(self, told):
        """Time has passed, and the kernel has told these lines."""
        if not told or not self.world.daemon or self.observing.now() or self.world.now <= self.calm + BOUND:
            return
        settings = self.world.daemon.settings
        if not self.world.marks.sure and not settings.lease:
            # It was the lease of an earlier run, which could not remember whose the address is.
            return
        # Leases that are there are renewed before a decision, too.
        held = 'present' if settings.lease and not self.verdict.cards else None
        over = [(card.interface, card.address) for card in settings.cards if not card.error
                and self.verdict.cards.get((card.interface, card.address), held) == 'present'
                and any(' %s/' % card.address in line for line in told if self._gone(card.interface, line))]
        if over:
            raise self.wrong('lease: of %s was over' % over)

    def _gone(self, interface, line):
        """Whether the kernel tells that something is no more there."""
        device = self.world.kernel.find(interface)
        return device is not None and line.startswith('Deleted %d: ' % device.index)

    def _owed(self):
        """The daemon must replace a monitor in time that does not show what the daemon did."""
        if self.world.watch.owed is not None and self.world.now > self.world.watch.owed:
            raise self.wrong('monitor: it has not shown what the daemon did, and was not replaced')

    def turns(self, events):
        """A round begins. There must not be too many without an event."""
        self._names = self.world.daemon.names
        self.earned.asked = any(isinstance(event, Commanded) and event.question['command'] == 'return'
                                for event in events)
        self.observing.before = self.verdict
        self.observing.well = self._since() > BOUND + self.world.watch.late
        self._owed()
        if not events:
            self._network()
            self._budget = min(SPARE, self._budget + (self.world.now - self._at) * ROUNDS) - 1
            self._at = self.world.now
            if self._budget < 0:
                raise self.wrong('rounds: %d in a second without an event' % ROUNDS)

    def turned(self):
        """A round is over."""
        if self.asked != self.answered:
            raise self.wrong('status: asked %d times, answered %d' % (self.asked, self.answered))
        if self.asks:
            raise self.wrong('return: there is no answer')
        if self._untold:
            raise self.wrong('history: not told %s' % self._untold)
        self.orders.turned()
        known = self.world.daemon.network._shown._known
        for item in [item for item in self.items if item not in known]:
            del self.items[item]
        if not self.world.daemon._stopped and not self.world.inbox:
            self.judge()

    def ended(self):
        """The daemon has ended by a clean stop."""
        world = self.world
        cards = set(card.address for card in world.daemon.settings.cards)
        left = [entry.text for device in world.kernel.devices.values() for entry in device.four + device.six
                if entry.until is not None and entry.text in cards]
        if left and world.now >= self.calm + BOUND and not self.observing.now():
            raise self.wrong('lease: left by a clean stop: %s' % ', '.join(left))
        wrong = self.observing.at_the_end(self.verdict)
        if wrong:
            raise self.wrong(wrong)

    # --- what must hold ---

    def check(self):
        """Check all that must hold after a step."""
        world = self.world
        if not world.daemon:
            return
        self.judge()
        self.orders.check()
        self._owed()
        self._network()
        if self._since() > QUIET:
            wrong = quiet.wrong(world, self)
            if wrong:
                raise self.wrong(wrong)
        if world.now > self._due():
            raise self.wrong('watchdog: last fed %g s ago' % (world.now - world.notifier.fed))

    def _network(self):
        """The return comes in time, and the network is as the rules want it."""
        well, acts = self._since() > BOUND + self.world.watch.late, not self.still()
        late = (self.earned.late() if well else None) or (self.lateness.wrong(self) if acts else None)
        if late:
            raise self.wrong(late)
        if well and acts and self.verdict.state != 'unknown':
            wrong = wants.wrong(self.world.kernel, self.world.daemon.settings, self.verdict)
            if wrong:
                raise self.wrong('network: ' + '; '.join(wrong))

    def _since(self):
        """The seconds since when all should be as it must; negative if something is amiss."""
        watch = self.world.watch
        if watch.blind or watch.next_time() is not None or self.world.untold:
            return -1.0
        return self.world.now - max(self.calm, self.changed + watch.late, watch.well_at)

    def _due(self):
        """The second by which the watchdog must have been fed again."""
        notifier = self.world.notifier
        return max(notifier.fed + FEED, max(self.withheld, notifier.full_until) + AGAIN)

    def foreign(self):
        """The set of all that the daemon must leave alone."""
        kernel, lines = self.world.kernel, tuple(self.world.disk.get('ledger', ()))
        if self._noted[0] != lines:
            self._noted = lines, Seen('ledger').items
        if self._foreign[:3] != (kernel, kernel.changes, lines):
            self._foreign = kernel, kernel.changes, lines, business.foreign(kernel, self._noted[1])
        return self._foreign[3]
