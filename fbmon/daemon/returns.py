"""Follows the return from a bypass: decides with it, remembers it in the run directory, and tells how far it is."""
import json
import logging
import time

from fbmon.base import compat, documents
from fbmon.base.words import natural
from fbmon.daemon.answers import Refused
from fbmon.network import carrier
from fbmon.rules import decision, returning
from fbmon.rules.states import BYPASS, FREEZE, NORMAL, UNKNOWN, UP

# The reason of a bypass that only waits for its return begins with this.
TO_RETURN = 'a bypass has to be returned from: '


class Returns(object):
    """Lets a bypass last until its return (BYPASS_RETURN...). For the controller's thread.

    records: the file in the run directory. It is gone after a boot, so nothing is waited for then. It is written before
    the daemon acts on a bypass, so that a bypass survives a crash; and only if the file demands that a return is
    earned.
    """

    def __init__(self, records, clock=compat.monotonic, wall=time.time, look=carrier.read):
        self._records = records
        self._look = look
        self._clock = clock
        self._wall = wall
        self._rule = returning.AT_ONCE
        self._asked = self._by = self._override = None
        self._ruled = decision.UNDECIDED    # the last Decision before an override
        self._told = None
        self._leading = False    # whether the ports are up already, for their carrier
        self.course = self._remembered()
        self._known = None if self.course == returning.BEGINNING else ()    # what the file has of it
        self.judged = None
        self.dark = ()    # the ports that it waits for
        self._lights = {}    # {port: (its Carrier, since when each look has found it so)}

    @property
    def error(self):
        """Why the return cannot be remembered, or None."""
        why = self._records.error
        return why and why + ': after a crash in bypass the return is not waited for'

    def decide(self, settings, states, last, override=None):
        """The Decision on the launched listeners' states; while held it is `last`. override: what an operator has made
        of the global state (see orders.Override), or None."""
        was, self._override = self._override, override
        self._rule, self.judged = settings.returns, decision.judged(settings, states)
        if override:
            self._ruled = self._ruled if was else last
            return self._overridden(settings, states, last, override)
        now = self._clock()
        lit, before = self._lit(settings, states, now), self.course
        self.course = returning.step(before, self._rule, self.judged, now, lit, bool(self._asked))
        self._by = self._asked if before.bypassed and not self.course.bypassed else None
        self._asked = None
        self._remember()
        if self.judged is None:
            # What is held is what the rules have decided, and not what the operator had.
            return self._ruled if was and self._ruled.state != UNKNOWN else last
        state = returning.state(self.course, self.judged)
        self._leading = state != self.judged and \
            returning.waiting(self.course, self._rule, now).what == returning.CARRIER
        return decision.made(settings, states, state, NORMAL if self._leading else state)

    def _overridden(self, settings, states, last, override):
        """The Decision that the operator makes. When he ends it, the rules decide at once: nothing is returned from."""
        self.course = self.course._replace(bypassed=False, clear=None, lit=None)
        self._asked, self._by, self.dark, self._lights, self._leading = None, None, (), {}, False
        self._remember()
        if override == FREEZE:
            return last
        made = decision.made(settings, states, override, override)
        # The ports of nodes that have not reported yet stay as they were.
        ports = dict(last.ports) if UNKNOWN in states.values() else {}
        ports.update(made.ports)
        return made._replace(ports=ports)

    def waiting(self):
        """The present returning.Wait, or None."""
        return returning.waiting(self.course, self._rule, self._clock())

    def deadline(self):
        """The monotonic second at which the wait is over, or None. While held, it can only end with the next report."""
        wait = self.waiting() if self.course.bypassed and self.judged == NORMAL else None
        return wait and wait.until

    def ask(self, by, _question=None):
        """Somebody says return: the next decision returns if it can. Returns outcome(), see answers.Answers."""
        self._asked = by
        return self._outcome

    def _outcome(self):
        if self._asked:
            raise Refused('the daemon stops')
        if self._override:
            raise Refused('override %s decides until its end: fbypass_ctl override off' % self._override)
        if self._by:
            return 'returned to normal'
        if self.judged == BYPASS:
            raise Refused('the rules say bypass: not enough nodes are active')
        if self.course.bypassed:
            raise Refused('held: not all listeners have reported yet')
        raise Refused('there is no bypass to return from')

    def reason(self, state):
        """The reason why the global state is not that of the rules alone, or None."""
        if state == BYPASS and self.judged == NORMAL:
            return TO_RETURN + self.words()
        return 'fbypass_ctl return by %s' % self._by if state == NORMAL and self._by else None

    def leads(self, port, decided):
        """Whether a port is up by a Decision although the state is bypass: it comes up before the cards."""
        return decided.state == BYPASS and decided.ports.get(port) == UP and self._leading

    def line(self):
        """What the return waits for, in words that stay the same while it waits; '' if it does not wait."""
        wait = self.waiting()
        if wait is None or wait.until is None:
            return self.words()
        at = self._wall() + wait.until - self._clock()
        return 'returns at ' + time.strftime('%H:%M:%S', time.localtime(round(at)))

    def words(self):
        """What the return waits for, as words; '' if it does not wait."""
        found = self.as_dict()
        return returning.words(found['waits_for'], found['left_s'], found['ports']) if found else ''

    def as_dict(self):
        """What the return waits for, as a dict for the status, or None."""
        wait, now = self.waiting(), self._clock()
        if wait is None:
            return None
        return {'waits_for': wait.what, 'since_s': round(now - wait.since, 3),
                'left_s': None if wait.until is None else round(wait.until - now, 3),
                'ports': list(self.dark) if wait.what == returning.CARRIER else []}

    def tell(self):
        """Log when a wait begins, changes or ends. This is called after the network was changed."""
        wait = self.waiting()
        what = wait and wait.what
        if what != self._told and (what or not self.course.bypassed):
            logging.info('return: %s', self.words() or 'the wait is over')
        elif what != self._told:
            logging.info('return: the wait ends, the rules say %s again', self.judged or BYPASS)
        self._told = what

    def _lit(self, settings, states, now):
        """Look at the ports that are up in normal, if the return has to wait for their carrier.

        Returns since when all of them have had it without a break, see returning.step(). What nobody has looked at does
        not count: a port that has just become one of them counts from now on.
        """
        before, self._lights, self.dark = self._lights, {}, ()
        if not self._rule.carrier or not self.course.bypassed or self.judged == BYPASS:
            return None
        wanted = decision.made(settings, states, NORMAL, NORMAL).ports
        for name in sorted((name for name, target in wanted.items() if target == UP), key=natural):
            found, last = self._look(name), before.get(name)
            if found.here:
                self._lights[name] = last if last and last[0] == found else (found, now)
            else:
                self.dark += (name,)
        return None if self.dark else max([since for _, since in self._lights.values()] or [returning.ALWAYS])

    def _remembered(self):
        """The Course that an earlier run has left behind.

        The time of its last return is by the wall clock, since the monotonic clock of 2.7 is that of one process only.
        So a step of the clock may double a delay once too often, or not often enough.
        """
        try:
            bypassed, doubled, returned = documents.read(self._records.read()[-1])
            if returned is not None:
                returned = self._clock() - max(0.0, self._wall() - returned)
            return returning.BEGINNING._replace(bypassed=bool(bypassed), returned=returned,
                                                doubled=max(0, min(int(doubled), returning.MOST)))
        except (ValueError, TypeError, LookupError, OverflowError):
            return returning.BEGINNING

    def _remember(self):
        """Write what a crash must not lose, if it has changed; nothing if the file does not demand an earned return."""
        course = self.course
        worth = None if self._rule == returning.AT_ONCE else (course.bypassed, course.doubled, course.returned)
        if worth == self._known:
            return
        returned = course.returned
        if returned is not None:
            returned = self._wall() - (self._clock() - returned)
        self._records.rewrite([json.dumps([course.bypassed, course.doubled, returned])] if worth else [])
        # What could not be written is tried again with the next round.
        self._known = () if self._records.error else worth
