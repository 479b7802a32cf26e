"""pings.py: how often a card pings, and when it is silent."""
import pytest

from fbmon.rules import pings
from fbmon.rules.pings import NONE


def pinged(*times):
    """The Pings after one ping at each of these seconds."""
    found = NONE
    for at in times:
        found = pings.after(found, at, 1)
    return found


def every(interval, begin, end):
    return pinged(*[begin + number * interval for number in range(int((end - begin) / interval))])


def test_it_counts_them_and_knows_the_last_one():
    found = pings.after(pinged(1000.0, 1003.0), 1004.5, 7)

    assert (found.state, found.count, found.last) == ('unknown', 9, 1004.5)


@pytest.mark.parametrize('now', [1001.0, 1004.9, 1005.1, 1009.9, 1023.0])
def test_ten_a_second_are_shown_as_ten_a_second_from_the_beginning_on(now):
    assert pings.per_second(every(0.1, 1000.0, now), now) == pytest.approx(10, abs=0.5)


def test_a_single_ping_is_not_shown_as_many_a_second():
    assert pings.per_second(pinged(1000.0), 1000.01) == 1.0


def test_those_of_two_windows_count_and_older_ones_are_forgotten():
    found = every(0.1, 1000.0, 1010.0)

    assert [round(pings.per_second(found, now), 1) for now in (1010.0, 1014.0, 1015.0, 1500.0)] == [10.0, 5.6, 0.0, 0.0]
    assert pings.per_second(NONE, 1000.0) == 0.0


def test_after_a_long_pause_what_comes_first_is_not_spread_over_the_pause():
    found = every(0.1, 1000.0, 1010.0)
    for number in range(20):
        found = pings.after(found, 1043.0 + number / 10.0, 1)

    assert pings.per_second(found, 1045.0) == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize('found, since, due', [
    (NONE, 1000.0, 1003.0), (pinged(1001.5), 1000.0, 1004.5), (pinged(990.0), 1000.0, 1003.0)])
def test_it_is_silent_a_timeout_after_the_last_ping_or_after_its_address_came(found, since, due):
    assert pings.due(found, since, 3.0) == due
