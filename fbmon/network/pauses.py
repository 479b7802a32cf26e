"""Pauses that grow, between the tries of something that goes on failing."""

FIRST, LONGEST = 1.0, 30.0


class Pauses(object):
    """1, 2, 4, 8, 16, 30, 30, ... seconds. at_once: the first pause is 0; first, longest: other limits."""

    def __init__(self, at_once=False, first=FIRST, longest=LONGEST):
        self._first, self._longest = first, longest
        self._coming = 0 if at_once else first

    def next(self):
        """The length of the next pause, in seconds."""
        pause, self._coming = self._coming, min(2 * self._coming, self._longest) or self._first
        return pause
