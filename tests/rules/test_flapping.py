"""flapping.py: more than three bypasses in ten minutes are a problem, until an hour has passed without one."""
import random
import re

import pytest

from fbmon.rules import flapping
from fbmon.rules.returning import Return
from fbmon.rules.states import BYPASS, NORMAL, UNKNOWN
from settings import listener, settings

FILE = settings([listener(0)])
WHY = '2 failed >= 2'

# The wall clock is so far ahead of the monotonic one.
AHEAD = 1000000.0


def shown(flaps, now, file=FILE):
    return flapping.problem(flaps, now, file, lambda at: '<%d>' % (at - AHEAD))


def bypasses(*times, **fields):
    """The Flaps after a bypass at each of these monotonic seconds, each with a return."""
    flaps = fields.get('flaps', flapping.NONE)
    for now in times:
        flaps = flapping.after(flaps, BYPASS, fields.get('why', WHY), now, now + AHEAD)
        flaps = flapping.after(flaps, NORMAL, 'none failed', now + 1, now + 1 + AHEAD)
    return flaps


def count(flaps, now):
    """(how many, since when, the last) of the problem; None without one."""
    found = [re.match('([0-9]+) bypasses since <([0-9]+)>, the last one at <([0-9]+)>: ', line).groups()
             for line in shown(flaps, now)]
    return tuple(map(int, found[0])) if found else None


def test_three_bypasses_in_ten_minutes_are_none_and_the_fourth_is_a_problem():
    assert shown(bypasses(0, 200, 400), 401) == []
    assert shown(bypasses(0, 200, 400, 600), 601) == [
        '4 bypasses since <0>, the last one at <600>: each interrupts the traffic; what helps: BYPASS_RETURN_DELAY, '
        '30 to 60 s is usual, a larger LISTEN_HEARTBEAT_RECOVERY, a larger LISTEN_HEARTBEAT_TIMEOUT or '
        'LISTEN_HEARTBEAT_ATTEMPTS (docs/return.md)']


def test_while_the_daemon_only_observes_nothing_is_interrupted():
    file = settings([listener(0)], observe=True)

    assert ': each would interrupt the traffic; ' in shown(bypasses(0, 200, 400, 600), 601, file)[0]


def test_four_in_more_than_ten_minutes_are_none_however_often():
    assert shown(bypasses(*range(0, 20000, 201)), 19999) == []


def test_it_stays_for_an_hour_after_the_last_one_and_later_ones_count_and_prolong_it():
    flaps = bypasses(0, 10, 20, 30)
    assert count(flaps, 3629) == (4, 0, 30) and count(flaps, 3630) is None
    flaps = bypasses(3600, flaps=flaps)
    assert count(flaps, 3630) == (5, 0, 3600) and count(flaps, 7199) == (5, 0, 3600) and count(flaps, 7200) is None


def test_after_a_quiet_hour_it_is_counted_anew():
    flaps = bypasses(3700, 3710, 3720, flaps=bypasses(0, 10, 20, 30))
    assert count(flaps, 3721) is None
    assert count(bypasses(3730, flaps=flaps), 3731) == (4, 3700, 3730)


@pytest.mark.parametrize('why', ['override bypass by alice until 2026-11-28 16:00:00: drill', 'force_on by alice',
                                 'would be: override bypass by alice', 'the system is going down'])
def test_what_somebody_has_ordered_does_not_flap(why):
    assert shown(bypasses(0, 1, 2, 3, 4, why=why), 5) == []
    assert shown(bypasses(0, 1, 2, 3, why='would be: ' + WHY), 5) != []


def test_a_bypass_that_goes_on_after_a_restart_is_the_same_one():
    flaps = flapping.NONE
    for now in range(10):
        flaps = flapping.after(flaps, BYPASS, WHY, now, now + AHEAD)
        flaps = flapping.after(flaps, UNKNOWN, 'stopped', now, now + AHEAD)
    assert len(flaps.recent) == 1
    # A new one after a normal state that a restart has interrupted is a new one.
    flaps = flapping.after(flapping.after(flaps, NORMAL, '', 20, 20), UNKNOWN, 'stopped', 21, 21)
    assert len(flapping.after(flaps, BYPASS, WHY, 22, 22).recent) == 2


@pytest.mark.parametrize('rule, recovery, helps', [
    (Return(False, 1000, 1000, 0), 5, 'BYPASS_RETURN_DELAY_MAX, up to which the delay doubles, '),
    (Return(False, 1000, 9000, 0), 5, ''),
    (Return(True, 0, 0, 0), 1, 'a larger LISTEN_HEARTBEAT_RECOVERY, ')])
def test_it_names_what_the_file_does_not_use_yet(rule, recovery, helps):
    file = settings([listener(0, recovery=recovery)], returns=rule)

    assert shown(bypasses(0, 1, 2, 3), 4, file)[0].partition('what helps: ')[2] == \
        helps + 'a larger LISTEN_HEARTBEAT_TIMEOUT or LISTEN_HEARTBEAT_ATTEMPTS (docs/return.md)'


def test_what_an_earlier_run_has_kept_has_the_age_that_the_wall_clock_gives_it():
    kept = [(AHEAD + at, state, WHY) for at in (0, 10, 20, 30) for state in (BYPASS, NORMAL)]
    # The monotonic clock of this run began at 0 when the wall clock was at 100.
    flaps = flapping.remembered(kept, 0.0, AHEAD + 100)

    assert count(flaps, 3529) == (4, 0, 30) and count(flaps, 3530) is None


def test_what_is_later_than_the_wall_clock_tells_nothing_but_the_state():
    kept = [(AHEAD + at, state, WHY) for at in (0, 10, 20, 30) for state in (BYPASS, NORMAL)]

    assert flapping.remembered(kept, 0.0, AHEAD - 1) == flapping.NONE._replace(state=NORMAL)


def expected(times, now):
    """The same by the words of the rule: it begins with the fourth in ten minutes and ends with an hour without one."""
    first, began = 0, None
    for place, at in enumerate(times):
        if place and at - times[place - 1] >= 3600 and began is not None:
            first, began = place, None
        if began is None:
            here = [one for one in times[first:place + 1] if at - one <= 600]
            began = place + 1 - len(here) if len(here) > 3 else None
    if began is None or now - times[-1] >= 3600:
        return None
    return len(times) - began, times[began], times[-1]


@pytest.mark.parametrize('seed', range(20))
def test_it_agrees_with_the_words_of_the_rule_for_any_times(seed):
    dice, times, now = random.Random(seed), [], 0
    for _ in range(60):
        now += dice.choice((5, 60, 150, 250, 700, 3599, 3600, 3601))
        times.append(now)
        later = now + dice.choice((2, 599, 3599, 3600))
        assert count(bypasses(*times), later) == expected(times, later)
