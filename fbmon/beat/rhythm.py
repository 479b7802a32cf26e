"""When the next moment of something that happens again and again is due. Pure."""


class Rhythm(object):
    """The first moment is due at once. It does not drift, and makes up for nothing that was missed."""

    def __init__(self, period, now):
        self.period, self.due = period, now

    def over(self, now):
        """Whether a moment is due; then it is done with. After one that was very late the rhythm begins anew."""
        if now < self.due:
            return False
        late = now - self.due
        self.due = (self.due if late < self.period / 2.0 else now) + self.period
        return True
