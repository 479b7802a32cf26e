"""Growing pauses between two tries of what goes on failing."""

FIRST, LONGEST = 1.0, 30.0


class Pauses(object):
    """1, 2, 4, 8, 16, 30, 30, ... seconds."""

    def __init__(self):
        self._coming = FIRST

    def next(self):
        """The length of the next pause, in seconds."""
        pause, self._coming = self._coming, min(2 * self._coming, LONGEST)
        return pause
