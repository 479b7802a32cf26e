"""Keeps each transition for the status and across restarts, and logs it once, after the network has been changed."""
import collections
import json
import logging
import re
import time

from fbmon.base import documents, moments
from fbmon.base.tuples import namedtuple
from fbmon.rules.items import PortItem
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, MISSING, SILENT, UNKNOWN

# at: wall clock, seconds since the epoch; kind: global, listener, node (one with several listeners), card, port,
# address (a listener's or released), pings (for a card's address), reload or operator; name: 'state' of the global one,
# the listener's index, the node's name, the address, the port's name, 'file' of a reload, a node or 'override' of an
# operator's order; called: the name that the listener's node or the card has in the file, '' for none.
Transition = namedtuple('Transition', 'at kind name old new why called')
Transition.__new__.__defaults__ = ('',)

# What a person has made of the global state by force_on or force_off. state: BYPASS or NORMAL; at: as above; by: the
# person's name.
Forced = namedtuple('Forced', 'state at by')
_FORCED = r'force_o(?:n|ff) by (.+)'

# The kind of a reload, and what came of it. A reload has no state before.
RELOAD, TAKEN, REFUSED, NOTHING = 'reload', 'taken', 'refused', '-'

# The kind of what is known of the pings for a card's address.
PINGS = 'pings'

# What came of one that somebody had to confirm.
CONFIRMED, TAKEN_BACK = 'confirmed', 'taken back'

# New states that are logged as a warning, so that LOG_LEVEL=WARNING does not hide an outage.
BAD = (BYPASS, FAILED, MISSING, SILENT)

KEPT = 200

# Seconds since 1970, in the year 2242. No transition is later than this, but a damaged line may say anything.
LATEST = 2 ** 33

# When the file has more lines than this, it is written again with those that are kept.
LONG = 2000


class NoJournal(object):
    """Stands for the journal (tell/evidence) where there is none."""

    error = None

    def take(self, transition):
        """Write a Transition."""

    def settle(self, transitions):
        """Make the journal whole while no daemon runs. Returns when the last one was seen that had not stopped."""

    def begin(self):
        """A daemon begins to watch."""

    def step(self):
        """Give a sign of life, if one is due."""

    def deadline(self):
        """The monotonic second at which step() has something to write by itself, or None."""

    def end(self, why):
        """The daemon has watched until now."""


class History(object):
    """The last transitions, the oldest first. It begins with those that an earlier run has written to the records.

    tell(transition) is called for each new one after it was logged. journal: takes all that are kept (tell/evidence).
    """

    def __init__(self, records, tell=lambda transition: None, wall=time.time, journal=NoJournal()):
        self.journal = journal
        self.transitions = collections.deque(maxlen=KEPT)
        self._records = records
        self._tell = tell
        self._wall = wall
        self._unwritten = []
        self.transitions.extend(found for found in map(parse, records.read()) if found)
        records.rewrite(self._lines())

    @property
    def error(self):
        """Why the file cannot be used, so that all is kept in memory only; None if it can."""
        why = self._records.error
        return why and why + ': the history is not kept across a restart'

    def note(self, kind, name, old, new, why, called='', kept=True):
        """Remember a transition. The next write() logs it. kept: False if it is only logged and told."""
        transition = Transition(round(self._wall(), 3), kind, name, old, new, why, called)
        if kept:
            self.transitions.append(transition)
        self._unwritten.append((transition, kept))

    def reported(self, event, starting):
        """Note the StateChanged of a listener. starting: whether the first decision of this run is still to come.

        Then a listener that is active as before is not kept: at each start 64 listeners would need a third of all
        places.
        """
        settings = event.listener.settings
        name, called = '%d' % settings.index, settings.node or ''
        routine = starting and event.new == ACTIVE and self.last('listener', name) in (None, ACTIVE)
        self.note('listener', name, event.old, event.new, event.why, called, kept=not routine)

    def item_changed(self, item, old, new, why, called=''):
        """Note that the kernel shows another state of a card's address or of a port. called: the card's name."""
        port = isinstance(item, PortItem)
        self.note('port' if port else 'card', item.name if port else item.address, old, new, why, called)

    def reloaded(self, outcome, why):
        """Note what came of a reload: TAKEN, REFUSED, CONFIRMED or TAKEN_BACK. The caller has logged it already."""
        self.note(RELOAD, 'file', NOTHING, outcome, why)

    def begin(self):
        """Note that a daemon has started. If the last one did not end by a stop, note that nobody watched since then.

        A forced state ends here.
        """
        seen = self.journal.settle(self.transitions)
        self.journal.begin()
        why = 'started' if forced(self.transitions) else 'started; ' + _ended(seen)
        self.end(self.last('global', 'state'), why)

    def force(self, state, why):
        """Note what a person has made of the global state while no daemon runs. why: for example 'force_on by NAME'."""
        before, seen = forced(self.transitions), self.journal.settle(self.transitions)
        if not before:
            self.end(self.last('global', 'state'), _ended(seen))
        if not before or before.state != state:
            self.note('global', 'state', before.state if before else UNKNOWN, state, why)
        self.write()

    def stop(self, state, why):
        """Note that the daemon stops. state: as in end(); why: for the journal."""
        self.end(state)
        self.journal.end(why)

    def end(self, state, why='stopped'):
        """Note that nobody watches from now on. state: the global state up to now."""
        if state not in (None, UNKNOWN):
            self.note('global', 'state', state, UNKNOWN, why)
        self.write()

    def last(self, kind, name):
        """The new state of the last transition of this kind and name, or None if there is none."""
        return next((one.new for one in reversed(self.transitions) if one[1:3] == (kind, name)), None)

    def write(self):
        """Log and record what was noted since the last write(). It is called after the network has been changed."""
        unwritten, self._unwritten = self._unwritten, []
        for one, kept in unwritten:
            if one.kind != RELOAD:
                logging.log(logging.WARNING if one.new in BAD else logging.INFO, '%s: %s -> %s: %s',
                            titled(one.kind, named(one.name, one.called)), one.old, one.new, one.why)
            self._tell(one)
            if kept:
                self.journal.take(one)
        lines = [json.dumps(one) for one, kept in unwritten if kept]
        if lines:
            self._records.append(lines, LONG, self._lines)
        self.journal.step()

    def deadline(self):
        """The monotonic second at which write() has something to write by itself, or None."""
        return self.journal.deadline()

    def _lines(self):
        return [json.dumps(one) for one in self.transitions]


def _ended(seen):
    """The words for a daemon that was killed, or has crashed. seen: when it was seen last, or None."""
    return 'the daemon had ended without a stop' + ('; seen last at ' + moments.short(seen) if seen else '')


def parse(line):
    """The Transition in one line of the file; None if the line makes no sense."""
    try:
        fields = documents.read(line)
        found = Transition(float(fields[0]), *[str(field) for field in fields[1:]])
        return found if 0 <= found.at < LATEST else None
    except (ValueError, TypeError, LookupError, OverflowError):
        return None


def forced(transitions):
    """The Forced that holds after these transitions; None if nothing is forced, or a daemon has started since."""
    last = next((one for one in reversed(transitions) if one.kind == 'global'), None)
    found = last and re.match(_FORCED, last.why)
    return Forced(last.new, last.at, found.group(1)) if found else None


def named(name, called):
    """What a transition is of, in words: 3 (dpi-1), or 3 alone."""
    return '%s (%s)' % (name, called) if called else name


def titled(kind, name):
    """The beginning of the line of a transition: port sw1, or card 192.168.1.211 pings."""
    return 'card %s pings' % name if kind == PINGS else '%s %s' % (kind, name)


def as_dict(transition):
    """A Transition as a dict for the status."""
    return {'at': transition.at, 'kind': transition.kind, 'name': transition.name, 'from': transition.old,
            'to': transition.new, 'why': transition.why, 'called': transition.called or None}
