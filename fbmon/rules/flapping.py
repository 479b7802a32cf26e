"""Notices that bypass comes and goes: more than MOST bypasses within ten minutes. Pure.

Each of them interrupts the traffic for about half a second, twice. It is a problem until an hour has passed without a
bypass: the same hour that resets the delay of the return. A bypass that somebody has ordered does not count, and
neither does one that goes on after a restart.
"""
import re

from fbmon.base.tuples import namedtuple
from fbmon.rules.states import BYPASS, UNKNOWN

# MOST bypasses within WITHIN seconds are not flapping yet. STAYS: seconds for which the problem stays after the last.
MOST, WITHIN, STAYS = 3, 600.0, 3600.0

# state: the last known global state, None before the first one; recent: the last bypasses, at most MOST + 1 of them,
# each as (monotonic second, second since 1970); count, first: how many bypasses there were since the first one of
# those that flap, and the second since 1970 of that one; 0 and None if nothing flaps.
Flaps = namedtuple('Flaps', 'state recent count first')

NONE = Flaps(None, (), 0, None)

# The reasons of a bypass that a person has ordered, or that is the end of the system.
_ORDERED = re.compile('(would be: )?(override |force_on by |the system is going down)')


def after(flaps, state, why, now, wall):
    """The Flaps after the global state has changed. why: the reason in the history; now: the monotonic second; wall:
    the second since 1970."""
    if state == UNKNOWN:
        return flaps
    before, flaps = flaps.state, flaps._replace(state=state)
    if state != BYPASS or before == BYPASS or _ORDERED.match(why):
        return flaps
    if _lasts(flaps, now):
        return flaps._replace(recent=((now, wall),), count=flaps.count + 1)
    recent = tuple(one for one in flaps.recent if abs(now - one[0]) <= WITHIN)[-MOST:] + ((now, wall),)
    found = len(recent) > MOST
    return flaps._replace(recent=recent, count=len(recent) if found else 0, first=recent[0][1] if found else None)


def remembered(transitions, now, wall):
    """The Flaps of (seconds since 1970, global state, reason), the oldest first. now, wall: as in after().

    What is later than the wall clock says nothing about when it was.
    """
    flaps = NONE
    for at, state, why in transitions:
        flaps = after(flaps, state, why, now - (wall - at), at) if at <= wall else flaps._replace(state=state)
    return flaps


def problem(flaps, now, settings, moment):
    """[The line for the status], if the state flaps. moment(seconds): the text of a second since 1970."""
    if not _lasts(flaps, now):
        return []
    return ['%d bypasses since %s, the last one at %s: each %s the traffic; what helps: %s (docs/return.md)' % (
        flaps.count, moment(flaps.first), moment(flaps.recent[-1][1]),
        'would interrupt' if settings.observe else 'interrupts', ', '.join(_remedies(settings)))]


def _lasts(flaps, now):
    return flaps.count > 0 and now - flaps.recent[-1][0] < STAYS


def _remedies(settings):
    """The keys that would help and that the file does not use yet, and those that always can."""
    rule, found = settings.returns, []
    if not rule.manual and not rule.delay:
        found.append('BYPASS_RETURN_DELAY, 30 to 60 s is usual')
    elif not rule.manual and rule.longest <= rule.delay:
        found.append('BYPASS_RETURN_DELAY_MAX, up to which the delay doubles')
    if any(one.recovery == 1 for one in settings.listeners):
        found.append('a larger LISTEN_HEARTBEAT_RECOVERY')
    return found + ['a larger LISTEN_HEARTBEAT_TIMEOUT or LISTEN_HEARTBEAT_ATTEMPTS']
