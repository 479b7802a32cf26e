"""How far the return from a bypass has come: kept, remembered in the run directory, and told."""
import json
import logging
import time

from fbmon.base import compat
from fbmon.base.words import natural
from fbmon.daemon.answers import Refused
from fbmon.network import carrier
from fbmon.rules import decision, returning
from fbmon.rules.states import BYPASS, NORMAL, UP


class Returns(object):
    """Decides with what was decided before (spec: BYPASS_RETURN...). For the controller's thread.

    records: the file in the run directory, which is gone after a boot: then nothing is waited for. It is written before
    a bypass is acted on, so that no crash turns a bypass into none, and only where a return has to be earned.
    """

    def __init__(self, records, clock=compat.monotonic, wall=time.time, look=carrier.read):
        self._records = records
        self._look = look
        self._clock = clock
        self._wall = wall
        self._rule = returning.AT_ONCE
        self._asked = self._by = None
        self._told = None
        self._known = self.course = self._remembered()
        self.judged = None
        self.dark = ()    # the ports that it waits for
        self._carriers = {}    # {port: its Carrier when it was looked at last}

    @property
    def error(self):
        """Why it cannot be remembered, or None."""
        why = self._records.error
        return why and why + ': after a crash in bypass the return is not waited for'

    def decide(self, settings, states, last):
        """The Decision for the launched listeners' states; `last` while held."""
        self._rule, self.judged = settings.returns, decision.judged(settings, states)
        now = self._clock()
        broken = self._look_at_ports(settings, states)
        self.course = returning.step(self.course, self._rule, self.judged, now, self.dark, broken, bool(self._asked))
        self._by, self._asked = self._asked, None
        self._remember()
        if self.judged is None:
            return last
        state = returning.state(self.course, self.judged)
        wait = self.waiting()
        ports = NORMAL if wait and wait.what == returning.CARRIER else state
        return decision.made(settings, states, state, ports)

    def waiting(self):
        """The returning.Wait of this moment, or None."""
        return returning.waiting(self.course, self._rule, self._clock())

    def deadline(self):
        """Monotonic seconds at which a wait is over, or None. Held, it is over with the next report."""
        wait = self.waiting() if self.course.bypassed and self.judged == NORMAL else None
        return wait and wait.until

    def ask(self, question):
        """An operator says return: it comes with the next decision. Raises Refused."""
        if not self.course.bypassed:
            raise Refused('there is no bypass to return from')
        if self.judged is None:
            raise Refused('held: not all listeners have reported yet')
        if self.judged != NORMAL:
            raise Refused('the rules say %s: not enough nodes are active' % self.judged)
        self._asked = '%s' % question.get('by')
        return 'returned to normal'

    def reason(self, state):
        """Why the global state is not what the rules alone give, or None."""
        if state == BYPASS and self.judged == NORMAL:
            return 'a bypass has to be returned from: ' + self.words()
        return 'fbypass_ctl return by %s' % self._by if state == NORMAL and self._by else None

    def line(self):
        """What the return waits for, in words that do not change while it waits, or ''."""
        wait = self.waiting()
        if wait is None or wait.until is None:
            return self.words()
        at = self._wall() + wait.until - self._clock()
        return 'returns at ' + time.strftime('%H:%M:%S', time.localtime(round(at)))

    def words(self):
        """What the return waits for, or ''."""
        wait = self.waiting()
        if wait is None:
            return ''
        if wait.what == returning.OPERATOR:
            return 'waits for fbypass_ctl return'
        if wait.until is None:
            return 'waits for carrier on %s' % ', '.join(self.dark)
        return 'returns in %d s' % max(1, round(wait.until - self._clock()))

    def as_dict(self):
        """The same as the status has it, or None."""
        wait, now = self.waiting(), self._clock()
        if wait is None:
            return None
        return {'waits_for': wait.what, 'since_s': round(now - wait.since, 3),
                'left_s': None if wait.until is None else round(wait.until - now, 3),
                'ports': list(self.dark) if wait.what == returning.CARRIER else []}

    def tell(self):
        """Log, after the network was acted on, when a wait begins, waits for something else, and ends."""
        wait = self.waiting()
        what = wait and (wait.what, wait.until is None and self.dark)
        if what != self._told and (what or not self.course.bypassed):
            logging.info('return: %s', self.words() or 'the wait is over')
        elif what != self._told:
            logging.info('return: the wait ends, the rules say %s again', self.judged or BYPASS)
        self._told = what

    def _look_at_ports(self, settings, states):
        """Find out which of the ports that are up in normal have no carrier; whether one that has it had none for a
        moment since the last look. Nothing is looked at where nothing waits for carrier."""
        before, self._carriers, self.dark = self._carriers, {}, ()
        if self._rule.carrier and self.course.bypassed and self.judged != BYPASS:
            wanted = decision.made(settings, states, NORMAL, NORMAL).ports
            names = sorted((name for name, target in wanted.items() if target == UP), key=natural)
            self._carriers = dict((name, self._look(name)) for name in names)
            self.dark = tuple(name for name in names if not self._carriers[name].here)
        return any(self._carriers[name] != before.get(name, self._carriers[name]) for name in self._carriers)

    def _remembered(self):
        """The Course that an earlier run has left behind. The time of its last return is by the wall clock, as 2.7 has
        a monotonic clock of each process alone: a step may double a delay once too often or too seldom."""
        try:
            bypassed, doubled, returned = json.loads(self._records.read()[-1])
            if returned is not None:
                returned = self._clock() - max(0.0, self._wall() - returned)
            return returning.BEGINNING._replace(bypassed=bool(bypassed), returned=returned,
                                                doubled=max(0, min(int(doubled), returning.MOST)))
        except (ValueError, TypeError, LookupError, OverflowError):
            return returning.BEGINNING

    def _remember(self):
        """Write down what has changed of what a crash must not lose; nothing where the file wants no return earned."""
        course = self.course
        worth = None if self._rule == returning.AT_ONCE else (course.bypassed, course.doubled, course.returned)
        if worth == self._known:
            return
        self._known = worth
        returned = course.returned
        if returned is not None:
            returned = self._wall() - (self._clock() - returned)
        self._records.rewrite([json.dumps([course.bypassed, course.doubled, returned])] if worth else [])
