"""Whose an address or a port is: what the daemon put there is its own by interface index, whatever the name."""
from fbmon.base import compat
from fbmon.network import plan
from fbmon.rules.states import DOWN, PRESENT

# Seconds in which what was put there and is not shown yet may still turn up, on an interface made anew as well.
UNSURE = 5.0


class Ownership(object):
    """Keeps the ledger right while interfaces come, go and change their names, and while the monitor is late.

    A command goes to whatever has the name when `ip` gets it, which need not be what the picture shows. So what was
    sent is unsure until it is shown: it is not forgotten, and it is ours on the interface on which it turns up.
    """

    def __init__(self, ledger, clock=compat.monotonic):
        self._ledger = ledger
        self._clock = clock
        self._unsure = {}    # {item: (target, monotonic seconds until when)} of what was sent and not shown since
        self._kept = set()    # what would have been forgotten if it were not unsure

    def note(self, commands, names):
        """Remember what is about to be put there. names: {name: index}."""
        self._ledger.note(dict((command.item, names[command.item[0]]) for command in commands
                               if command.target in (PRESENT, DOWN)))

    def sent(self, item, target):
        """`ip` was given a change; whether it was made is not sure even where it gave no answer."""
        if target in (PRESENT, DOWN):
            self._unsure[item] = target, self._clock() + UNSURE
        else:
            self._unsure.pop(item, None)

    def follow(self, now):
        """Interfaces have come, gone or changed their names; returns the new names on which something is ours."""
        moved = self._ledger.follow(now.links, now.names)
        for before, item in moved.items():
            if before in self._unsure:
                # It may turn up on either: what has the name now, or what had it.
                self._unsure[item] = self._unsure[before]
        return frozenset(item[0] for item in moved.values())

    def read(self, now):
        """Everything was read again; returns the same."""
        names = self.follow(now)
        for item, (target, _) in list(self._unsure.items()):
            if plan.actual(item, now) == target:
                self._settled(item, now.names[item[0]])
        return names

    def shown(self, item, target, index):
        """The kernel shows that an item is so on the interface of this index."""
        if self._unsure.get(item, (None,))[0] == target:
            self._settled(item, index)

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
        """What has not turned up by now never will."""
        now = self._clock() if self._unsure else None
        for item in [item for item, (_, until) in self._unsure.items() if until <= now]:
            del self._unsure[item]
        self._kept.intersection_update(self._unsure)

    def times(self):
        """Monotonic seconds at which something can be forgotten."""
        return [self._unsure[item][1] for item in self._kept if item in self._unsure]

    def _settled(self, item, index):
        del self._unsure[item]
        self._ledger.note({item: index})
