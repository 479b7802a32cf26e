"""Follows the global state through the journal: a row of spans, each with what the cards did and who watched. Pure."""
from fbmon.base.tuples import namedtuple
from fbmon.memory import journal
from fbmon.memory.history import RELOAD, REFUSED
from fbmon.network.shown import PUT_BACK
from fbmon.report import causes
from fbmon.report.causes import (NO_DAEMON, NORMAL as WATCHED, OBSERVED, OPERATOR, SHUTDOWN, UNWATCHED)
from fbmon.rules.ordering import OVERRIDE
from fbmon.rules.states import ABSENT, BYPASS, NORMAL, PRESENT, UNKNOWN

# From begin to end, seconds since 1970. cause: a causes.Cause, of which `what` may also be one of causes.CLASSES;
# watched: whether a daemon had decided it.
Span = namedtuple('Span', 'begin end cause watched')

# Seconds after its first decision in which a daemon adds the addresses that it has found absent.
SOON = 60.0

# Seconds without a line after which a daemon is no longer there: it writes one an hour.
SILENCE = 7200.0

PLAIN = dict((what, causes.only(what)) for what in causes.CLASSES + (NO_DAEMON, causes.LEASE))


class Course(object):
    """Takes the lines of the journal in order. spans: what happened, without gaps, after end().

    failed(): the nodes that have failed up to the line that is taken.
    """

    def __init__(self, failed):
        self.spans = []
        self._failed = failed
        self._begin = self._last = self._key = None
        # The global state as the daemon has told it; whether it only observes; whether a person has forced it.
        self._state, self._would, self._forced = UNKNOWN, False, False
        # What the cards do as far as anybody knows, and why they are in bypass: while somebody watches, and after that.
        self._cards = UNKNOWN
        self._cause = self._alone = None
        self._override = None
        # Whether a daemon is there; None as long as no line says anything about daemons.
        self._there = None
        self._over = set()     # the addresses whose lease ran out
        # The place of the first span of the last time that nobody watched, and where the decisions begin after it, in
        # spans and in seconds; the cards that were seen since.
        self._gap, self._decided, self._seen = None, None, set()
        self._takes = {'global': self._take_global, journal.DAEMON: self._take_daemon, 'card': self._take_card,
                       'port': self._take_port, 'operator': self._take_order, RELOAD: self._take_reload}

    def take(self, at, one):
        """Take a transition of any kind. at: its time, which is not before that of the last one."""
        if self._key is None:
            self._begin = self._last = at
            self._key = self._now()
        take = self._takes.get(one.kind)
        if take:
            if self._there and self._shows_absence(one):
                self._there = False
                self._change(self._last)
            take(at, one)
            self._change(at)
        self._last = at

    def end(self, at):
        """The journal ends, and what held last has held until now."""
        if self._key is None:
            return
        if self._there and at > self._last + SILENCE:
            self._there = False
            self._change(self._last)
        if at > self._begin:
            self._close(at)

    @staticmethod
    def _shows_absence(one):
        """Whether no daemon was there just before this line, and the line before is the last one of a daemon."""
        if one.kind == journal.DAEMON:
            return one.new == journal.STARTED
        return causes.forced(one.why) or one.kind == 'global' and causes.DIED in one.why

    def _take_global(self, at, one):
        self._forced, self._would = causes.forced(one.why), causes.observed(one.why)
        if one.why.startswith(causes.STARTED) and self._there is not None:
            self._there = True
        self._state = one.new
        if one.new == BYPASS and not self._would:
            self._cause = causes.of_bypass(one.why, self._failed(), self._cause if self._cards == BYPASS else None)
            self._alone = self._cause if self._forced or self._cause.what == SHUTDOWN else PLAIN[NO_DAEMON]
        if one.new in (NORMAL, BYPASS):
            before, self._cards = self._cards, UNKNOWN if self._would else one.new
            self._over.clear()
            if one.new == before == NORMAL and not self._forced:
                self._decided, self._seen = at, set()

    def _take_daemon(self, at, one):
        if one.new != journal.ALIVE or self._there is None:
            self._there = one.new != journal.STOPPED
        if one.new == journal.STARTED:
            # After a boot it knows of no state before, so it does not say that this one has ended.
            self._state = UNKNOWN

    def _take_card(self, at, one):
        self._over.discard(one.name)
        if one.new == ABSENT and causes.lease_over(one.why) and self._cards == NORMAL:
            self._over.add(one.name)
        came = (one.old, one.new) == (ABSENT, PRESENT) and one.why != PUT_BACK and not causes.foreign(one.why)
        if came and one.name not in self._seen and self._decided is not None and at <= self._decided + SOON:
            self._was_gone()
        self._seen.add(one.name)

    def _take_port(self, at, one):
        """A port counts for nothing here, but force_off says with it that no daemon is there."""

    def _take_order(self, at, one):
        if one.name != OVERRIDE:
            return
        before = self._override
        self._override = causes.Cause(OPERATOR, *causes.order(one.why)) if one.new == BYPASS else None
        if before and self._override is None and self._state == BYPASS and self._failed():
            # The rules go on with it.
            self._cause = causes.of_nodes(self._failed())
            self._alone = PLAIN[NO_DAEMON]

    def _take_reload(self, at, one):
        if one.new == REFUSED:
            return
        self._over.clear()
        self._decided = None
        if causes.switches_observing(one.why) and self._state in (NORMAL, BYPASS):
            self._would = not self._would
            self._cards = UNKNOWN if self._would else self._state
            self._cause = self._cause or causes.only(causes.OTHER)
            self._alone = self._alone or PLAIN[NO_DAEMON]

    def _was_gone(self):
        """A card was in bypass when the daemon came that has just decided: so nobody had kept its address."""
        for place in range(self._gap or 0, len(self.spans)):
            span = self.spans[place]
            if span.cause.what == UNWATCHED:
                self.spans[place] = span._replace(cause=PLAIN[NO_DAEMON])
        self._decided = None

    def _now(self):
        """(Cause, whether somebody watches) of what holds now."""
        decides = self._state in (NORMAL, BYPASS) and not self._forced and self._there is not False
        if decides and self._would:
            return PLAIN[OBSERVED], True
        if self._cards == BYPASS:
            return (self._override or self._cause if decides else self._alone), decides
        if self._over:
            return PLAIN[causes.LEASE], decides
        return PLAIN[WATCHED if decides else UNWATCHED], decides

    def _change(self, at):
        """What holds may be something else from now on."""
        key = self._now()
        if key == self._key:
            return
        if at > self._begin:
            self._close(at)
        if self._key[1] and not key[1]:
            self._gap, self._decided = len(self.spans), None
        self._begin, self._key = at, key

    def _close(self, at):
        self.spans.append(Span(self._begin, at, *self._key))
