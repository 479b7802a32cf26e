"""Makes the network as it is wanted, and keeps it so: runs what is missing, looks at the result, and tries again."""
from fbmon.base import compat
from fbmon.network import picture, plan, sysctl
from fbmon.network.ownership import Ownership
from fbmon.network.promotion import Promotion
from fbmon.network.shown import SHOWN_LIMIT, Shown
from fbmon.network.troubles import Troubles
from fbmon.rules.items import PLAIN, AddressItem, PortItem
from fbmon.rules.states import ABSENT, MISSING, PRESENT, UP

# When one change has failed so often in a row, everything is read again. Otherwise we would for ever try to remove an
# address whose end the monitor has lost without a word.
DOUBTFUL = 2

NOT_SHOWN = 'ip monitor did not show the change within %g s' % SHOWN_LIMIT


class Keeper(object):
    """The controller's side of the network. Only the controller's thread calls it.

    It calls changed(item, old, new, why) when the kernel shows another state of a wanted item, and replace_monitor() to
    have everything read again. interfaces: the names of all interfaces in this and in earlier files, even if nothing is
    wanted there now, since a child of `ip` remembers the index of each. routes: the RouteKeeper.
    """

    def __init__(self, batch, ledger, changed, replace_monitor, clock=compat.monotonic, settings=sysctl, routes=()):
        self.picture = None
        self.risen = set()    # the interfaces that have come up, see renew()
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
        """Take a Picture that was just read. Returns the names of the interfaces that have changed."""
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
        """Take changes that the monitor has shown. Returns the names of their interfaces."""
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
            # The running child would go on using the old index that it remembers for such a name.
            self._batch.restart()
        if lost:
            self._replace_monitor()
        self._troubles.retry_on(touched)
        return touched

    def prepare(self, wanted, forms, why):
        """Make the missing changes of a part of the wanted network. The next settle() looks at the result."""
        if self.picture is not None:
            self._act(wanted, forms, why)

    def settle(self, wanted, forms, why, acted=lambda: None):
        """Make the missing changes, then call acted(), then look at the results of earlier changes.

        wanted: {item: target}; forms: {AddressItem: Form}; why(item): the reason, for the log.
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
        self._promotion.begin()
        for part in plan.parts(wanted, forms):
            todo = dict((item, target) for item, target in part if self._may_try(item, target))
            commands = plan.commands(todo, self.picture, self._ownership.forms(forms), self._keeps_secondaries,
                                     lambda item: wanted.get(item) == ABSENT or item in self._under_way(ABSENT))
            if commands:
                self._execute(commands, forms, why)

    def _restore(self, wanted, forms):
        """Take our lifetime from addresses that were there before the daemon and that the file no longer names. When
        such an address is as it was, it is none of ours any more."""
        for item, had_end in self._ownership.left(forms).items():
            if wanted.get(item) == plan.actual(item, self.picture) and item not in self._shown.flights:
                if not self._change([] if had_end else plan.renewals({item: None}, self.picture, {})):
                    self._ownership.restored(item)

    def renew(self, wanted, forms, ours=()):
        """Give the leases of these addresses their full length again, see plan.renewals; not if a removal is under way,
        since a change would undo it. ours: items that get their routes back by a change if their link has come up."""
        going = self._under_way(ABSENT)
        wanted = dict((item, target) for item, target in wanted.items() if item not in going)
        commands = plan.renewals(wanted, self.picture, forms, self._ownership.is_unsure) if self.picture else []
        self._promotion.before_lifetimes(set(command.item.interface for command in commands
                                             if forms.get(command.item, PLAIN).lease), self.picture)
        self._ownership.leased([command for command in commands if forms], self.picture, forms)
        # The kernel adds no route for an IPv6 address that was added while its link was down.
        done = going.union(command.item for command in commands)
        ours = dict((item, PRESENT) for item in ours
                    if item[0] in self.risen and ':' in item[-1] and item not in done)
        self.risen.clear()
        commands += plan.permanent(ours, self.picture, {}, ()) if ours else []
        self._troubles.renewed(self._change(commands))

    def make_permanent(self, wanted, forms, last=False):
        """Make these addresses permanent, also those that are still under way; not if a removal is under way. Returns
        {item: ip's words} of those that keep their lease. See plan.permanent. last: nothing comes after it; if not, the
        ledger keeps an address as it was: a renewal that is shown late would look like a lifetime of its own."""
        if self.picture is None:
            return {}
        going = self._under_way(ABSENT)
        coming = self._under_way(PRESENT).union(item for item in wanted if self._troubles.words(item) == NOT_SHOWN)
        wanted = dict((item, target) for item, target in wanted.items() if item not in going)
        failed = self._change(plan.permanent(wanted, self.picture, self._ownership.forms(forms), coming))
        for item in set(wanted).difference(failed):
            picture.make_permanent(self.picture, item)
            if last and plan.actual(item, self.picture) == PRESENT:
                self._ownership.restored(item)
        return failed

    def _under_way(self, target):
        return set(item for item, flight in self._shown.flights.items() if flight.target == target)

    def _change(self, commands):
        failed = self._batch.run([command.line for command in commands]) if commands else {}
        for position, command in enumerate(commands):
            self._ownership.sent(command.item, PRESENT, self.picture, position in failed and not self._batch.unsure)
        return dict((commands[position].item, said) for position, said in failed.items())

    def actual(self, item):
        """The last state of an item that the kernel has shown; None before the first reading."""
        return None if self.picture is None else plan.actual(item, self.picture)

    def index(self, interface):
        """The index of the interface with this name; 0 if there is none, or before the first reading."""
        return self.picture.names.get(interface, 0) if self.picture else 0

    def trouble(self, item):
        """Why the last change of an item failed, in ip's own words; None if it did not fail."""
        return self._troubles.words(item)

    def all_troubles(self):
        """[A line for each failed change and each lease that could not be renewed], with ip's own words."""
        return self._troubles.lines()

    def deadline(self):
        """The monotonic second at which settle() has something to do by itself, or None."""
        times = self._shown.times() + self._troubles.times(self._can_be_tried) + self._ownership.times()
        return min(times) if times else None

    def _can_be_tried(self, item):
        """Whether a failed change is tried by itself: not while one is under way or its interface is missing."""
        return item not in self._shown.flights and plan.actual(item, self.picture) != MISSING

    def _land(self, link, change):
        """The kernel shows an item: a change to this state has landed, even if somebody undoes it in the next line."""
        name = link.name if link else None
        item = PortItem(name) if isinstance(change, picture.LinkSeen) else AddressItem(name, change.address.address)
        if item in self._shown.flights or self._ownership.is_unsure(item):
            has = plan.state(item, self.picture)
            self._shown.land(item, has)
            self._ownership.shown(item, has, link.index)
        if self._routes and isinstance(item, AddressItem) and change.gone:
            self._routes.gone(item)

    def _look(self, wanted, forms):
        """Compare what the kernel shows with what was known, what is under way and what is wanted. Returns whether an
        item is no longer under way and still not as wanted."""
        freed, late = False, self._ownership.expire()
        late = self._shown.keep(wanted, self.actual) or late
        self._troubles.keep(wanted)
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
            # An address that is still under way will be ours.
            if has == target in (ABSENT, UP) and item not in self._shown.flights:
                self._ownership.forget(item)
        if late:
            # One of the two is wrong. The child may know this name as that of another interface, and succeed there.
            self._batch.restart()
            self._replace_monitor()
        return freed

    def _may_try(self, item, target):
        return item not in self._shown.flights and not self._troubles.waits(item, target)

    def _keeps_secondaries(self, interface):
        return self._promotion.keeps_secondaries(interface, self.picture)

    def _execute(self, commands, forms, why):
        """Write the changes into the ledger, then make them. Those that fail are tried again after a pause."""
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
            self._ownership.sent(item, target, self.picture, item in words and not self._batch.unsure)
        if self._routes:
            added = [command.item for command in commands if command.target == PRESENT and command.item not in words]
            self._routes.put_back(added, self.picture)

    def _run(self, commands):
        """Run the commands. Returns {item: ip's words} of those that failed."""
        failed = self._batch.run([command.line for command in commands])
        if self._batch.unsure:
            # An old `ip` ends if an interface is gone that the picture still has.
            self._replace_monitor()
        return dict((commands[position].item, said) for position, said in failed.items())

    def _explain(self, item, words):
        six = isinstance(item, AddressItem) and ':' in item.address
        return six and self._sysctl.ipv6_off(item.interface) or words
