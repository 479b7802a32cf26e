"""Who owns an address or a port: the daemon knows what it added by the interface's index, even if the name changes."""
from collections import namedtuple

from fbmon.base import compat
from fbmon.memory.ledger import END
from fbmon.network import picture, plan
from fbmon.rules.items import PLAIN
from fbmon.rules.states import ABSENT, DOWN, PRESENT

# Seconds in which an item that was sent but not shown yet may still turn up, also on an interface created again.
UNSURE = 5.0

# What was sent and not shown since. until: monotonic seconds; count: how often it was sent and has to be shown;
# foreign: the index of the interface on which it is not ours, None: it is ours wherever it turns up.
Sent = namedtuple('Sent', 'target until count foreign')


class Ownership(object):
    """Keeps the ledger right while interfaces come, go and change their names, and while the monitor is late.

    A command goes to the interface that has the name when `ip` gets it. The picture may show another one. So an item
    that was sent is unsure until it is shown: it is not forgotten, and is ours on the interface where it turns up.
    """

    def __init__(self, ledger, clock=compat.monotonic):
        self._ledger = ledger
        self._clock = clock
        self._unsure = {}    # {item: Sent}
        self._kept = set()    # what would have been forgotten if it were not unsure

    def note(self, commands, now, known):
        """See note()."""
        note(self._ledger, commands, now, known)

    def leased(self, commands, now, known):
        """Addresses are about to get a lease: remember those that are not ours as they are. From here on an end that
        they have is ours."""
        items = set(command.item for command in commands)
        remember(self._ledger, items, now, known)
        for item in items.intersection(self._ledger.ending()):
            if known.get(item, PLAIN).lease:
                index, found = self._ledger.found[item]
                self._ledger.remember(item, index, tuple(words.partition(END)[0] for words in found))

    def forms(self, known):
        """See forms()."""
        return forms(self._ledger, known)

    def left(self, known):
        """{AddressItem: whether it had an end} of what was there before and the file does not name."""
        left = [item for item in self._ledger.found if item not in known]
        ending = self._ledger.ending() if left else ()
        return dict((item, item in ending) for item in left)

    def restored(self, item):
        """An address is as it was: what is remembered of it is not needed any more."""
        if item in self._ledger.found:
            self._ledger.restored(item)

    def sent(self, item, target, now):
        """`ip` was given a change; whether it was made is not sure even where it gave no answer. A change of a lifetime
        puts an address there, too, where `ip` finds an interface without it."""
        if target in (PRESENT, DOWN):
            before = self._unsure.get(item)
            count = before.count if before and before.target == target else 0
            foreign = None if item in self._ledger.items else now.names.get(item[0])
            self._unsure[item] = Sent(target, self._clock() + UNSURE, count + 1, foreign)
        else:
            self._unsure.pop(item, None)

    def follow(self, now):
        """Interfaces have come, gone or changed their names; returns the new names on which something is ours."""
        moved = self._ledger.follow(now.links, now.names, self._unsure)
        for before, item in moved.items():
            if before in self._unsure:
                # It may turn up on either: what has the name now, or what had it.
                self._unsure[item] = self._unsure[before]
        return frozenset(item[0] for item in moved.values())

    def read(self, now):
        """Everything was read again; returns the same."""
        names = self.follow(now)
        for item, sent in list(self._unsure.items()):
            if plan.actual(item, now) == sent.target:
                del self._unsure[item]
                self._turned_up(item, sent, now.names[item[0]])
        return names

    def shown(self, item, target, index):
        """The kernel shows that an item is so on the interface of this index."""
        sent = self._unsure.get(item)
        if sent and sent.target == target:
            del self._unsure[item]
            if sent.count > 1:
                # Of two that were sent the later one may have gone to another interface.
                self._unsure[item] = sent._replace(count=sent.count - 1)
            self._turned_up(item, sent, index)

    def is_unsure(self, item):
        """Whether what was sent for an item may still turn up."""
        return item in self._unsure

    def forget(self, item):
        """An item is not there: it is no longer ours, unless it may still turn up."""
        if item in self._unsure:
            self._kept.add(item)
        else:
            self._ledger.forget([item])

    def expire(self):
        """Items that have not turned up by now never will."""
        now = self._clock() if self._unsure else None
        for item in [item for item, sent in self._unsure.items() if sent.until <= now]:
            del self._unsure[item]
            if self._nowhere(item):
                self._ledger.forget([item])
        self._kept.intersection_update(self._unsure)

    def times(self):
        """Monotonic seconds at which something can be forgotten."""
        return [sent.until for item, sent in self._unsure.items() if item in self._kept or self._nowhere(item)]

    def _nowhere(self, item):
        """Whether the interface on which an item was ours is gone."""
        return self._ledger.items.get(item, 0) is None

    def _turned_up(self, item, sent, index):
        if index != sent.foreign:
            self._ledger.note({item: index})


def note(ledger, commands, now, known):
    """Have the ledger remember what commands are about to put there, and what they are about to take away or, where it
    is silent, to replace, if that was there before us. known: {AddressItem: Form} of the file."""
    remember(ledger, [command.item for command in commands if command.target in (ABSENT, PRESENT)], now, known)
    ledger.note(dict((command.item, now.names[command.item[0]]) for command in commands
                     if command.target in (PRESENT, DOWN) and command.item not in ledger.found))


def remember(ledger, items, now, known):
    """Have the ledger remember addresses as they are, those that are not ours. Where the file has a lease, it is taken
    for the one that it has."""
    for item in items:
        if item not in ledger.items and item not in ledger.found:
            leased = known.get(item, PLAIN).lease
            entries = [entry._replace(lifetime=None) if leased else entry for entry in now.entries(*item)]
            if entries:
                ledger.remember(item, now.names[item[0]], tuple(map(picture.as_found, entries)))


def forms(ledger, known):
    """{AddressItem: Form} of what is known, with what was there before as it was."""
    if not ledger.found:
        return known
    every = dict(known)
    for item, (_, found) in ledger.found.items():
        every[item] = known.get(item, PLAIN)._replace(found=found)
    return every
