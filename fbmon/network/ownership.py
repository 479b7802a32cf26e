"""Knows which addresses and ports are the daemon's own, by the index of the interface, even if its name changes."""
from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.memory.ledger import END
from fbmon.network import picture, plan
from fbmon.rules.items import PLAIN, AddressItem
from fbmon.rules.states import ABSENT, DOWN, PRESENT

# Seconds in which an item that was sent but not shown may still turn up, even on an interface that was made anew.
UNSURE = 5.0

# A change that was sent and not shown since. until: a monotonic second, None if it is over and the next reading
# decides; count: how often it was sent and must be shown, 0 if it has failed; foreign: the index of the interface on
# which the item is not ours, None if it is ours wherever it turns up.
Sent = namedtuple('Sent', 'target until count foreign')


class Ownership(object):
    """Keeps the ledger right while interfaces come, go and change their names, and while the monitor is late.

    A command changes the interface that has the name when `ip` gets it. The picture may show another one under that
    name. So an item that was sent is unsure until it is shown: it is not forgotten, and it is ours on the interface on
    which it turns up.
    """

    def __init__(self, ledger, clock=compat.monotonic):
        self._ledger = ledger
        self._clock = clock
        self._unsure = {}    # {item: Sent}
        self._kept = set()    # the items that would be forgotten if they were not unsure
        self._leaving = set()    # the addresses that were there before the daemon whose removal was not shown yet

    def note(self, commands, now, known):
        """As note() below."""
        note(self._ledger, commands, now, known)

    def leased(self, commands, now, known):
        """Remember the addresses that are about to get a lease, as they are, if they are not ours.

        From now on a lifetime that they have is ours.
        """
        items = set(command.item for command in commands)
        remember(self._ledger, items, now, known)
        for item in items.intersection(self._ledger.ending()):
            if known.get(item, PLAIN).lease:
                index, found = self._ledger.found[item]
                self._ledger.remember(item, index, tuple(words.partition(END)[0] for words in found))

    def forms(self, known):
        """As forms() below."""
        return forms(self._ledger, known)

    def left(self, known):
        """{AddressItem: whether it had a lifetime} of those that were there before the daemon and not in the file."""
        left = [item for item in self._ledger.found if item not in known and item not in self._leaving]
        ending = self._ledger.ending() if left else ()
        return dict((item, item in ending) for item in left)

    def restored(self, item):
        """Forget an address that was there before the daemon: it is as it was again."""
        if item in self._ledger.found:
            self._ledger.restored(item)

    def sent(self, item, target, now, failed):
        """Note that a change was given to `ip`. It may have been made even if `ip` gave no answer.

        A change of a lifetime also adds the address, if `ip` finds an interface without it.
        """
        if target in (PRESENT, DOWN):
            before = self._unsure.get(item)
            count = before.count if before and before.target == target else 0
            foreign = None if item in self._ledger.items or self._makes(item, now) else now.names.get(item[0])
            self._unsure[item] = Sent(target, self._clock() + UNSURE, count + (not failed), foreign)
        else:
            self._unsure.pop(item, None)
        if target == ABSENT and item in self._ledger.found:
            self._leaving.add(item)
        else:
            self._leaving.discard(item)

    def _makes(self, item, now):
        """Whether an address that turns up on the interface can only be ours."""
        return isinstance(item, AddressItem) and item not in self._ledger.found and not now.entries(*item)

    def follow(self, now):
        """Follow interfaces that have come, gone or changed their names.

        Returns the new names of those with items of ours.
        """
        moved = self._ledger.follow(now.links, now.names, self._unsure)
        for before, item in moved.items():
            if before in self._unsure:
                # It may turn up on either interface: the one that has the name now, or the one that had it.
                self._unsure[item] = self._unsure[before]
        return frozenset(item[0] for item in moved.values())

    def read(self, now):
        """Take a Picture in which everything was read again. Returns the same as follow()."""
        names = self.follow(now)
        self._leaving.clear()
        for item, sent in list(self._unsure.items()):
            if plan.actual(item, now) == sent.target:
                del self._unsure[item]
                self._turned_up(item, sent, now.names[item[0]])
            elif sent.until is None:
                self._never(item)
        return names

    def shown(self, item, target, index):
        """Note that the kernel shows this state of an item on the interface with this index."""
        sent = self._unsure.get(item)
        if target == ABSENT:
            self._leaving.discard(item)
        if sent and sent.target == target:
            del self._unsure[item]
            if sent.count > 1:
                # Of two that were sent the later one may have gone to another interface.
                self._unsure[item] = sent._replace(count=sent.count - 1)
            self._turned_up(item, sent, index)

    def is_unsure(self, item):
        """Whether a change that was sent for an item may still turn up."""
        return item in self._unsure

    def forget(self, item):
        """Forget an item that is not there, unless it may still turn up."""
        if item in self._unsure:
            self._kept.add(item)
        else:
            self._ledger.forget([item])

    def expire(self):
        """Items whose time is over will not turn up any more, if their change had failed.

        Returns whether there are others: the monitor has lost them, and everything is to be read again.
        """
        now, lost = self._clock() if self._unsure else None, False
        for item, sent in list(self._unsure.items()):
            if sent.until is not None and sent.until <= now:
                if sent.count:
                    self._unsure[item], lost = sent._replace(until=None), True
                else:
                    self._never(item)
        self._kept.intersection_update(self._unsure)
        return lost

    def times(self):
        """The monotonic seconds at which an item can be forgotten, or is looked for."""
        return [sent.until for item, sent in self._unsure.items() if sent.until is not None
                and (sent.count or item in self._kept or self._nowhere(item))]

    def _never(self, item):
        """An item has not turned up."""
        del self._unsure[item]
        if self._nowhere(item):
            self._ledger.forget([item])

    def _nowhere(self, item):
        """Whether the interface on which an item was ours is gone."""
        return self._ledger.items.get(item, 0) is None

    def _turned_up(self, item, sent, index):
        if index != sent.foreign:
            self._ledger.note({item: index})


def note(ledger, commands, now, known):
    """Write into the ledger what the commands are about to do.

    These are addresses that they add and ports that they shut; and addresses that they remove, or replace because they
    are silent, if these were there before the daemon. known: {AddressItem: Form} of the file.
    """
    remember(ledger, [command.item for command in commands if command.target in (ABSENT, PRESENT)], now, known)
    ledger.note(dict((command.item, now.names[command.item[0]]) for command in commands
                     if command.target in (PRESENT, DOWN) and command.item not in ledger.found))


def remember(ledger, items, now, known):
    """Write into the ledger the addresses that are not ours, as they are.

    If the file gives an address a lease, a lifetime that it has is taken for this lease.
    """
    for item in items:
        if item not in ledger.items and item not in ledger.found:
            leased = known.get(item, PLAIN).lease
            entries = [entry._replace(lifetime=None) if leased else entry for entry in now.entries(*item)]
            if entries:
                ledger.remember(item, now.names[item[0]], tuple(map(picture.as_found, entries)))


def forms(ledger, known):
    """The Forms in known, {AddressItem: Form}, with the entries that were there before the daemon as they were."""
    if not ledger.found:
        return known
    every = dict(known)
    for item, (_, found) in ledger.found.items():
        every[item] = known.get(item, PLAIN)._replace(found=found)
    return every
