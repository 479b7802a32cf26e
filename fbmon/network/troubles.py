"""Knows which changes of the network have failed, in ip's own words, and when they are tried again."""
import logging

from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.network.pauses import Pauses
from fbmon.rules.items import describe

# A change that failed. words: ip's own; again: the monotonic second of the next try; pauses: the Pauses before the
# later ones; times: how often it has failed in a row.
Trouble = namedtuple('Trouble', 'target words again pauses times')

NOT_RENEWED = 'the lease of %s cannot be renewed: %s'


class Troubles(object):
    """The items whose last change failed, and the leases that could not be renewed."""

    def __init__(self, clock=compat.monotonic):
        self._clock = clock
        self._known = {}
        self._unrenewed = {}

    def fail(self, item, target, words):
        """Note that a change to `target` failed. Returns how often it has failed in a row.

        It is tried again after a pause that is longer each time.
        """
        before = self._known.get(item)
        pauses, times = (before.pauses, before.times) if before and before.target == target else (Pauses(), 0)
        pause = pauses.next()
        trouble = self._known[item] = Trouble(target, words, self._clock() + pause, pauses, times + 1)
        level = logging.DEBUG if before and before.words == words else logging.WARNING
        logging.log(level, '%s; tried again in %d s', cannot_be(item, trouble), pause)
        return trouble.times

    def over(self, item):
        """Forget the failure of an item, which is as wanted now."""
        self._known.pop(item, None)

    def keep(self, wanted):
        """Forget the items that are not in wanted."""
        for item in [item for item in self._known if item not in wanted]:
            del self._known[item]

    def waits(self, item, target):
        """Whether this change of an item has failed and its next try is not due yet."""
        trouble = self._known.get(item)
        return bool(trouble) and trouble.target == target and self._clock() < trouble.again

    def retry_on(self, touched):
        """Let failed changes on these interfaces be tried at once: the kernel has reported something there."""
        now = self._clock()
        for item, trouble in list(self._known.items()):
            if item[0] in touched:
                self._known[item] = trouble._replace(again=min(trouble.again, now))

    def renewed(self, words):
        """Note the leases that could not be renewed just now, {item: ip's words}."""
        for item, said in sorted(words.items()):
            level = logging.DEBUG if self._unrenewed.get(item) == said else logging.WARNING
            logging.log(level, NOT_RENEWED, describe(item), said)
        self._unrenewed = words

    def words(self, item):
        """Why the last change of an item failed, in ip's own words; None if it did not fail."""
        trouble = self._known.get(item)
        return trouble.words if trouble else None

    def lines(self):
        """[A line for each failed change and each lease that could not be renewed], with ip's own words."""
        return [cannot_be(item, trouble) for item, trouble in sorted(self._known.items())] \
            + [NOT_RENEWED % (describe(item), said) for item, said in sorted(self._unrenewed.items())]

    def times(self, can_be_tried):
        """The monotonic seconds of the next tries. can_be_tried(item): whether an item is tried by itself."""
        return [trouble.again for item, trouble in self._known.items() if can_be_tried(item)]


def cannot_be(item, trouble):
    """The text for log and status about a Trouble of an item."""
    return '%s cannot be made %s: %s' % (describe(item), trouble.target, trouble.words)
