"""Growing pauses between two tries of what goes on failing."""

FIRST, LONGEST = 1.0, 30.0


class Pauses(object):
    """1, 2, 4, 8, 16, 30, 30, ... seconds; at_once: none before the first try of all."""

    def __init__(self, at_once=False):
        self._coming = 0 if at_once else FIRST

    def next(self):
        """The length of the next pause, in seconds."""
        pause, self._coming = self._coming, min(2 * self._coming, LONGEST) or FIRST
        return pause
