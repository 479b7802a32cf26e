"""Makes the network what it is wanted to be, and keeps it so: wanted minus actual, executed, shown, tried again."""
import logging
from collections import namedtuple

from fbmon.base import compat
from fbmon.network import picture, plan, sysctl
from fbmon.network.pauses import Pauses
from fbmon.network.promotion import Promotion
from fbmon.rules.items import PLAIN, AddressItem, PortItem, describe
from fbmon.rules.states import ABSENT, DOWN, MISSING, PRESENT, UP

# Seconds for an acknowledged change to be shown by `ip monitor`.
SHOWN_LIMIT = 1.0

# A change that `ip` acknowledged and the monitor has not shown yet. deadline: monotonic seconds.
Flight = namedtuple('Flight', 'target deadline why')

# A change that failed. words: ip's own; again: monotonic seconds of the next try; pauses: the lengths to come.
Trouble = namedtuple('Trouble', 'target words again pauses')

FOREIGN = 'by somebody else'
FOREIGN_OR_OVER = 'by somebody else, or its lease ran out'
PUT_BACK = 'put back'
NOT_RENEWED = 'the lease of %s cannot be renewed: %s'


class Keeper(object):
    """The kernel's side of the controller. Not for several threads: only the controller calls it.

    changed(item, old, new, why) is told what the kernel shows of each wanted item; replace_monitor() has
    everything read again.
    """

    def __init__(self, batch, ledger, changed, replace_monitor, clock=compat.monotonic, settings=sysctl):
        self.picture = None
        self._batch = batch
        self._ledger = ledger
        self._changed = changed
        self._replace_monitor = replace_monitor
        self._clock = clock
        self._sysctl = settings
        self._flights = {}
        self._troubles = {}
        self._shown = {}
        self._right = {}
        self._forms = {}
        self._unrenewed = {}
        self._promotion = Promotion(settings)
        self._names = frozenset()

    def read(self, fresh):
        """Take a Picture that was read anew; returns the names of the interfaces that differ from before."""
        before, self.picture = self.picture or picture.empty(), fresh
        if not before.links or any(before.names.get(name) != fresh.names.get(name) for name in self._names):
            self._batch.restart()
        touched = set(name for name in set(before.names) | set(fresh.names)
                      if before.link(name) != fresh.link(name) or set(before.on(name)) != set(fresh.on(name)))
        self._retry_on(touched)
        return touched

    def seen(self, changes):
        """Take what the monitor showed; returns the names of the interfaces concerned."""
        touched, stale = set(), set()
        for change in changes:
            before = self.picture.links.get(picture.index_of(change))
            picture.apply(self.picture, change)
            after = self.picture.links.get(picture.index_of(change))
            names = set(link.name for link in (before, after) if link)
            touched |= names
            self._land(after, change)
            if before and (after is None or after.name != before.name):
                stale |= names & self._names
        if stale:
            # The running child would go on using the index that it has remembered for such a name.
            self._batch.restart()
        self._retry_on(touched)
        return touched

    def settle(self, wanted, forms, why, acted=lambda: None):
        """Do what is missing of {item: target}, then call acted(), then look what has come of what was done before.

        forms: {AddressItem: Form}; why(item): the reason, for the log.
        """
        self._forms = forms
        if self.picture is None:
            return acted()
        self._act(wanted, forms, why)
        acted()
        while self._look(wanted):
            self._act(wanted, forms, why)

    def _act(self, wanted, forms, why):
        todo = dict((item, target) for item, target in wanted.items() if self._may_try(item, target))
        self._promotion.begin()
        commands = plan.commands(todo, self.picture, forms, self._keeps_secondaries)
        if commands:
            self._execute(commands, why)

    def renew(self, wanted, forms):
        """Give the leases of these addresses their full length again; see plan.renewals."""
        commands = plan.renewals(wanted, self.picture, forms) if self.picture else []
        failed = self._batch.run([command.line for command in commands]) if commands else {}
        words = dict((commands[position].item, said) for position, said in failed.items())
        for item, said in sorted(words.items()):
            level = logging.DEBUG if self._unrenewed.get(item) == said else logging.WARNING
            logging.log(level, NOT_RENEWED, describe(item), said)
        self._unrenewed = words

    def actual(self, item):
        """What the kernel has of an item as far as shown, or None before the first reading."""
        return None if self.picture is None else plan.actual(item, self.picture)

    def index(self, interface):
        """The index of the interface of that name, 0 where there is none or before the first reading."""
        return self.picture.names.get(interface, 0) if self.picture else 0

    def trouble(self, item):
        """Why the last change of an item failed, in ip's own words, or None."""
        trouble = self._troubles.get(item)
        return trouble.words if trouble else None

    def all_troubles(self):
        """A line for every item whose last change failed, with ip's own words."""
        return [cannot_be(item, trouble) for item, trouble in sorted(self._troubles.items())] \
            + [NOT_RENEWED % (describe(item), said) for item, said in sorted(self._unrenewed.items())]

    def deadline(self):
        """Monotonic seconds at which settle() has something to do by itself, or None."""
        times = [flight.deadline for flight in self._flights.values()]
        times += [trouble.again for trouble in self._troubles.values()]
        return min(times) if times else None

    def _retry_on(self, touched):
        """A change of the kernel's on an interface: what failed there may work now."""
        now = self._clock()
        for item, trouble in list(self._troubles.items()):
            if item[0] in touched:
                self._troubles[item] = trouble._replace(again=min(trouble.again, now))

    def _land(self, link, change):
        """What is shown was under way: it has landed, even if somebody undoes it in the next line."""
        name = link.name if link else None
        item = PortItem(name) if isinstance(change, picture.LinkSeen) else AddressItem(name, change.address.address)
        flight = self._flights.get(item)
        if flight and plan.actual(item, self.picture) == flight.target:
            self._tell(item, flight.target, flight)
            self._right[item] = flight.target
            del self._flights[item]

    def _look(self, wanted):
        """Compare what the kernel shows with what was known, what is under way and what is wanted; True if something is
        no longer under way and still not as wanted."""
        freed = False
        self._names = frozenset(item[0] for item in wanted)
        for known in (self._flights, self._troubles, self._shown, self._right):
            for item in [item for item in known if item not in wanted]:
                del known[item]
        for item, target in wanted.items():
            has = plan.actual(item, self.picture)
            flight = self._flights.get(item)
            self._tell(item, has, flight)
            if flight and has in (flight.target, MISSING):
                del self._flights[item]
                freed = freed or has not in (target, MISSING)
            elif flight and self._clock() >= flight.deadline:
                self._not_shown(item, flight)
            if has == target:
                self._right[item] = target
                self._troubles.pop(item, None)
            # An interface that is gone took what we had put there with it; what is on its way there will be ours.
            if target in (ABSENT, UP) and has in (target, MISSING) and item not in self._flights:
                self._ledger.forget([item])
        return freed

    def _tell(self, item, has, flight):
        before = self._shown.get(item, has)
        self._shown[item] = has
        if has == before:
            return
        why = 'interface %s' % ('is gone' if has == MISSING else 'is there') if MISSING in (has, before) \
            else flight.why if flight and flight.target == has else self._foreign(item, has)
        self._changed(item, before, has, why)

    def _foreign(self, item, has):
        """Who it was where it was not us: of a leased address that is gone it may have been the kernel."""
        return FOREIGN_OR_OVER if has == ABSENT and self._forms.get(item, PLAIN).lease else FOREIGN

    def _not_shown(self, item, flight):
        del self._flights[item]
        self._fail(item, flight.target, 'ip monitor did not show the change within %g s' % SHOWN_LIMIT)
        self._replace_monitor()

    def _may_try(self, item, target):
        trouble = self._troubles.get(item)
        waits = trouble and trouble.target == target and self._clock() < trouble.again
        return item not in self._flights and not waits

    def _keeps_secondaries(self, interface):
        return self._promotion.keeps_secondaries(interface, self.picture)

    def _execute(self, commands, why):
        """Remember what is put there, then have it done; what failed is tried again after a pause."""
        self._ledger.note([command.item for command in commands if command.target in (PRESENT, DOWN)])
        failed = self._batch.run([command.line for command in commands])
        words = dict((commands[position].item, said) for position, said in failed.items())
        shown_by = self._clock() + SHOWN_LIMIT
        for item, target in dict((command.item, command.target) for command in commands if command.item).items():
            if item in words:
                self._fail(item, target, self._explain(item, words[item]))
            else:
                put_back = self._right.get(item) == target
                self._flights[item] = Flight(target, shown_by, PUT_BACK if put_back else why(item))

    def _explain(self, item, words):
        if isinstance(item, AddressItem) and ':' in item.address:
            return self._sysctl.ipv6_off(item.interface) or words
        return words

    def _fail(self, item, target, words):
        before = self._troubles.get(item)
        pauses = before.pauses if before and before.target == target else Pauses()
        pause = pauses.next()
        trouble = self._troubles[item] = Trouble(target, words, self._clock() + pause, pauses)
        level = logging.DEBUG if before and before.words == words else logging.WARNING
        logging.log(level, '%s; tried again in %d s', cannot_be(item, trouble), pause)


def cannot_be(item, trouble):
    """What failed, in the words of log and status."""
    return '%s cannot be made %s: %s' % (describe(item), trouble.target, trouble.words)
