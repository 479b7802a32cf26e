"""The local state of one listener after each heartbeat and timeout, and its longest gap. Pure: no socket or clock.

unknown -> active with the first heartbeat; unknown or active -> failed after ATTEMPTS timeouts in a row;
failed -> active after RECOVERY heartbeats in a row. After ATTEMPTS timeouts in a row this count starts again.
"""
from fbmon.base.tuples import namedtuple
from fbmon.rules.states import ACTIVE, FAILED, UNKNOWN

# state: the local state; missed: timeouts in a row; heard: heartbeats in a row while failed.
Pulse = namedtuple('Pulse', 'state missed heard')

LAUNCHED = Pulse(UNKNOWN, 0, 0)
ALIVE = Pulse(ACTIVE, 0, 0)

# began: a monotonic second; longest: the longest gap between two heartbeats since then; before: the longest gap in the
# hour before. Both in seconds.
Gaps = namedtuple('Gaps', 'began longest before')

NO_GAPS = Gaps(0.0, 0.0, 0.0)

# Seconds for which a long gap is remembered at least. After twice as many it is forgotten.
REMEMBERED = 3600.0


def after_heartbeat(pulse, recovery):
    """The Pulse after one more heartbeat."""
    if pulse.state == FAILED and pulse.heard + 1 < recovery:
        return Pulse(FAILED, 0, pulse.heard + 1)
    return ALIVE


def after_timeout(pulse, attempts):
    """The Pulse after one more timeout without a heartbeat."""
    missed = pulse.missed + 1
    return Pulse(FAILED, missed, 0) if missed >= attempts else pulse._replace(missed=missed)


def after_gap(gaps, at, gap):
    """The Gaps after one more gap of `gap` seconds, which ended at `at` (monotonic seconds)."""
    if gap <= gaps.longest and at - gaps.began < REMEMBERED:
        return gaps
    current = _of_the_hour(gaps, at)
    return current if gap <= current.longest else current._replace(longest=gap)


def longest_gap(gaps, now):
    """The longest gap in the last one to two hours, in seconds; 0.0 if there is none."""
    return max(_of_the_hour(gaps, now)[1:])


def _of_the_hour(gaps, now):
    """The Gaps as they are at `now`. They change only when their hour is over."""
    hours = (now - gaps.began) // REMEMBERED
    if hours < 1:
        return gaps
    return Gaps(gaps.began + hours * REMEMBERED, 0.0, gaps.longest if hours < 2 else 0.0)
