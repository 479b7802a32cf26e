"""Return: when a bypass is left. Going to bypass is never delayed; the return from it has to be earned. Pure.

Only a bypass needs a return: a start without one, or a reload in normal, waits for nothing. While the rules hold the
last decision, the wait does not end and there is no return.
"""
from fbmon.base.tuples import namedtuple
from fbmon.rules.states import BYPASS, NORMAL, UNKNOWN

# What the file says about the return. manual: whether only an operator ends a bypass; delay: ms for which the rules
# must have said normal; longest: ms, to which doubling can increase the delay; carrier: ms for which all ports that are
# up in normal must have had carrier, 0 if carrier plays no part.
Return = namedtuple('Return', 'manual delay longest carrier')

AT_ONCE = Return(False, 0, 0, 0)

# How far a return has come. bypassed: whether there was a bypass without a return yet; clear: since when the rules have
# said normal without a break, None if they do not; lit: since when all ports have had carrier, None if they have not,
# ALWAYS if there is no port;
# doubled: how often the delay is doubled; returned: when the last return was, or None. Times are monotonic seconds.
Course = namedtuple('Course', 'bypassed clear lit doubled returned')

BEGINNING = Course(False, None, None, 0, None)

# what: the return waits for DELAY, CARRIER or OPERATOR; since, until: monotonic seconds; until is None if only somebody
# else can end the wait.
Wait = namedtuple('Wait', 'what since until')

DELAY, CARRIER, OPERATOR = 'delay', 'carrier', 'operator'

# No port needs carrier.
ALWAYS = float('-inf')

# A bypass that begins within this many seconds of the last return doubles the delay.
HOUR = 3600.0

# The most doublings that are counted: more than are needed from 1 ms to an hour.
MOST = 22


def step(course, rule, judged, now, lit=None, asked=False):
    """The Course after a look at `now`.

    judged: the global state by the rules, None while they hold; lit: since when all ports that are up in normal have
    had carrier without a break, as far as somebody has looked at them, None if they have not, ALWAYS without a port;
    asked: whether an operator has said return.
    """
    if judged == BYPASS:
        if course.bypassed:
            return course if course.clear is course.lit is None else course._replace(clear=None, lit=None)
        return Course(True, None, None, _doubled(course, now), course.returned)
    if not course.bypassed or judged == UNKNOWN:
        return course
    if judged is None:
        return course._replace(lit=lit)
    course = course._replace(lit=lit, clear=now if course.clear is None else course.clear)
    if asked or waiting(course, rule, now) is None:
        return Course(False, None, None, course.doubled, now)
    return course


def waiting(course, rule, now):
    """The Wait of a bypass whose rules say normal, or None."""
    if not course.bypassed or course.clear is None:
        return None
    if rule.manual:
        return Wait(OPERATOR, course.clear, None)
    until = course.clear + delay(course, rule) / 1000.0
    if now < until:
        return Wait(DELAY, course.clear, until)
    if not rule.carrier:
        return None
    if course.lit is None:
        return Wait(CARRIER, until, None)
    lit = course.lit + rule.carrier / 1000.0
    return Wait(CARRIER, until, lit) if now < lit else None


def words(what, left, ports):
    """A Wait in words. left: seconds until it is over, or None; ports: those whose carrier it waits for."""
    if what == OPERATOR:
        return 'waits for fbypass_ctl return'
    if left is None:
        return 'waits for carrier on ' + ', '.join(ports)
    return 'returns in %d s' % max(1, round(left))


def delay(course, rule):
    """The delay of this return, in ms."""
    return max(rule.delay, min(rule.delay << course.doubled, rule.longest))


def state(course, judged):
    """The global state. A bypass lasts until its return."""
    return BYPASS if judged == NORMAL and course.bypassed else judged


def _doubled(course, now):
    """How often the delay of a new bypass is doubled. An hour of normal resets this."""
    if course.returned is None or now - course.returned >= HOUR:
        return 0
    return min(course.doubled + 1, MOST)
