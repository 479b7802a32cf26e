"""Makes the network what it is wanted to be, and keeps it so: wanted minus actual, executed, shown, tried again."""
from fbmon.base import compat
from fbmon.network import picture, plan, sysctl
from fbmon.network.ownership import Ownership
from fbmon.network.promotion import Promotion
from fbmon.network.shown import SHOWN_LIMIT, Shown
from fbmon.network.troubles import Troubles
from fbmon.rules.items import PLAIN, AddressItem, PortItem
from fbmon.rules.states import ABSENT, MISSING, PRESENT, UP

# Failures in a row of one change after which everything is read again: what the monitor has lost without a word would
# be tried for ever, as the removal of an address that is gone.
DOUBTFUL = 2

NOT_SHOWN = 'ip monitor did not show the change within %g s' % SHOWN_LIMIT


class Keeper(object):
    """The kernel's side of the controller. Not for several threads: only the controller calls it.

    changed(item, old, new, why) is told what the kernel shows of each wanted item; replace_monitor() has
    everything read again. interfaces: the names of those that the file speaks of, whether anything is wanted there at
    the moment or not: a child of `ip` remembers the index of each. routes: the RouteKeeper.
    """

    def __init__(self, batch, ledger, changed, replace_monitor, clock=compat.monotonic, settings=sysctl, routes=()):
        self.picture = None
        self.risen = set()    # interfaces that came up: see renew()
        self._batch = batch
        self._replace_monitor = replace_monitor
        self._clock = clock
        self._sysctl = settings
        self._routes = routes
        self._shown = Shown(changed, clock)
        self._troubles = Troubles(clock)
        self._ownership = Ownership(ledger, clock)
        self._promotion = Promotion(settings)
        self.interfaces = frozenset()

    def read(self, fresh):
        """Take a Picture that was just read; returns the names of the interfaces that differ from before."""
        before, self.picture = self.picture or picture.empty(), fresh
        if not before.links or any(before.names.get(name) != fresh.names.get(name) for name in self.interfaces):
            self._batch.restart()
        touched = set(name for name in set(before.names) | set(fresh.names)
                      if before.link(name) != fresh.link(name) or set(before.on(name)) != set(fresh.on(name)))
        self.interfaces |= self._ownership.read(fresh)
        self.risen.update(name for name in touched if picture.rose(before.link(name), fresh.link(name)))
        self._troubles.retry_on(touched)
        return touched

    def seen(self, changes):
        """Take what the monitor showed; returns the names of the interfaces concerned."""
        touched, stale, lost = set(), set(), False
        for change in changes:
            before = self.picture.links.get(picture.index_of(change))
            unseen = picture.apply(self.picture, change)
            lost = lost or unseen
            after = self.picture.links.get(picture.index_of(change))
            names = set(link.name for link in (before, after) if link)
            touched |= names
            if unseen or (before and (after is None or after.name != before.name)):
                stale |= names & self.interfaces
                self.interfaces |= self._ownership.follow(self.picture)
            if picture.rose(before, after):
                self.risen.add(after.name)
            self._land(after, change)
        if stale:
            # The running child would go on using the index that it has remembered for such a name.
            self._batch.restart()
        if lost:
            self._replace_monitor()
        self._troubles.retry_on(touched)
        return touched

    def prepare(self, wanted, forms, why):
        """Do what is missing of a part of what is wanted; the next settle() looks what has come of it."""
        if self.picture is not None:
            self._act(wanted, forms, why)

    def settle(self, wanted, forms, why, acted=lambda: None):
        """Do what is missing of {item: target}, then call acted(), then look what has come of what was done before.

        forms: {AddressItem: Form}; why(item): the reason, for the log.
        """
        if self.picture is None:
            return acted()
        self._act(wanted, forms, why)
        if self._routes:
            self._routes.returned(wanted, self.picture)
        acted()
        while self._look(wanted, forms):
            self._act(wanted, forms, why)
        self._restore(wanted, forms)

    def _act(self, wanted, forms, why):
        todo = dict((item, target) for item, target in wanted.items() if self._may_try(item, target))
        self._promotion.begin()
        commands = plan.commands(todo, self.picture, self._ownership.forms(forms), self._keeps_secondaries)
        if commands:
            self._execute(commands, forms, why)

    def _restore(self, wanted, forms):
        """What was there before us and the file no longer names is there: without the end that we gave it, and then it
        is none of ours."""
        for item, had_end in self._ownership.left(forms).items():
            if wanted.get(item) == plan.actual(item, self.picture) and item not in self._shown.flights:
                commands = [] if had_end else plan.renewals({item: None}, self.picture, {})
                if not self._change(commands):
                    self._ownership.restored(item)

    def renew(self, wanted, forms, ours=()):
        """Give the leases of these addresses their full length again; see plan.renewals. Not of what is being removed:
        a change would put it back. ours: the items whose routes come with it where a link has come up."""
        going = self._under_way(ABSENT)
        wanted = dict((item, target) for item, target in wanted.items() if item not in going)
        commands = plan.renewals(wanted, self.picture, forms) if self.picture else []
        self._promotion.before_lifetimes(set(command.item.interface for command in commands
                                             if forms.get(command.item, PLAIN).lease), self.picture)
        self._ownership.leased([command for command in commands if forms], self.picture, forms)
        # The kernel puts no route for an IPv6 address that came while its link was down.
        done = going.union(command.item for command in commands)
        ours = dict((item, PRESENT) for item in ours
                    if item[0] in self.risen and ':' in item[-1] and item not in done)
        self.risen.clear()
        commands += plan.permanent(ours, self.picture, {}, ()) if ours else []
        self._troubles.renewed(self._change(commands))

    def make_permanent(self, wanted, forms):
        """Take the end from these addresses, shown or only under way, and not from what is being removed; returns
        {item: ip's words} of those that keep it. See plan.permanent."""
        if self.picture is None:
            return {}
        going = self._under_way(ABSENT)
        coming = self._under_way(PRESENT).union(item for item in wanted if self._troubles.words(item) == NOT_SHOWN)
        wanted = dict((item, target) for item, target in wanted.items() if item not in going)
        failed = self._change(plan.permanent(wanted, self.picture, forms, coming))
        for item in wanted:
            if item not in failed and plan.actual(item, self.picture) == PRESENT:
                self._ownership.restored(item)
        return failed

    def _under_way(self, target):
        return set(item for item, flight in self._shown.flights.items() if flight.target == target)

    def _change(self, commands):
        failed = self._batch.run([command.line for command in commands]) if commands else {}
        for command in commands:
            self._ownership.sent(command.item, PRESENT, self.picture)
        return dict((commands[position].item, said) for position, said in failed.items())

    def actual(self, item):
        """What the kernel has of an item as far as shown, or None before the first reading."""
        return None if self.picture is None else plan.actual(item, self.picture)

    def index(self, interface):
        """The index of the interface with that name; 0 if there is none, or before the first reading."""
        return self.picture.names.get(interface, 0) if self.picture else 0

    def trouble(self, item):
        """Why the last change of an item failed, in ip's own words, or None."""
        return self._troubles.words(item)

    def all_troubles(self):
        """A line for every item whose last change failed, with ip's own words."""
        return self._troubles.lines()

    def deadline(self):
        """Monotonic seconds at which settle() has something to do by itself, or None."""
        times = self._shown.times() + self._troubles.times(self._can_be_tried) + self._ownership.times()
        return min(times) if times else None

    def _can_be_tried(self, item):
        """A change under way is waited for; one without an interface is tried when the kernel reports the interface."""
        return item not in self._shown.flights and plan.actual(item, self.picture) != MISSING

    def _land(self, link, change):
        """What is shown was under way: it has landed, even if somebody undoes it in the next line."""
        name = link.name if link else None
        item = PortItem(name) if isinstance(change, picture.LinkSeen) else AddressItem(name, change.address.address)
        if item in self._shown.flights or self._ownership.is_unsure(item):
            has = plan.state(item, self.picture)
            self._shown.land(item, has)
            self._ownership.shown(item, has, link.index)
        if self._routes and isinstance(item, AddressItem) and change.gone:
            self._routes.gone(item)

    def _look(self, wanted, forms):
        """Compare what the kernel shows with what was known, what is under way and what is wanted; True if something is
        no longer under way and still not as wanted."""
        freed = late = False
        self._shown.keep(wanted)
        self._troubles.keep(wanted)
        self._ownership.expire()
        for item, target in wanted.items():
            has = plan.state(item, self.picture)
            flight = self._shown.look(item, has, forms)
            if flight and has in (flight.target, MISSING):
                freed = freed or has not in (target, MISSING)
            elif flight:
                self._troubles.fail(item, flight.target, NOT_SHOWN)
                late = True
            if has == target:
                self._shown.right(item, target)
                self._troubles.over(item)
            # An address on its way there will be ours.
            if has == target in (ABSENT, UP) and item not in self._shown.flights:
                self._ownership.forget(item)
        if late:
            # One of the two is wrong: a child that remembers a name as another interface's succeeds there.
            self._batch.restart()
            self._replace_monitor()
        return freed

    def _may_try(self, item, target):
        return item not in self._shown.flights and not self._troubles.waits(item, target)

    def _keeps_secondaries(self, interface):
        return self._promotion.keeps_secondaries(interface, self.picture)

    def _execute(self, commands, forms, why):
        """Remember what is put there, then have it done; what failed is tried again after a pause."""
        self._ownership.note(commands, self.picture, forms)
        words = self._run(commands)
        shown_by = self._clock() + SHOWN_LIMIT
        for item, target in dict((command.item, command.target) for command in commands if command.item).items():
            if item in words:
                times = self._troubles.fail(item, target, self._explain(item, words[item]))
                if times == DOUBTFUL:
                    self._replace_monitor()
            else:
                self._shown.sent(item, target, why, shown_by)
            self._ownership.sent(item, target, self.picture)
        if self._routes:
            added = [command.item for command in commands if command.target == PRESENT and command.item not in words]
            self._routes.put_back(added, self.picture)

    def _run(self, commands):
        """Have the commands done; {item: ip's words} of those that failed."""
        failed = self._batch.run([command.line for command in commands])
        if self._batch.unsure:
            # An old `ip` ends where an interface has gone that the picture still has.
            self._replace_monitor()
        return dict((commands[position].item, said) for position, said in failed.items())

    def _explain(self, item, words):
        if isinstance(item, AddressItem) and ':' in item.address:
            return self._sysctl.ipv6_off(item.interface) or words
        return words
