"""heartbeat.py: the local states of a listener, compared with a model that counts anew each time."""
import itertools
import random

import pytest

from fbmon.rules.heartbeat import (LAUNCHED, NO_GAPS, REMEMBERED, Pulse, after_gap, after_heartbeat, after_timeout,
                                   longest_gap)
from fbmon.rules.states import ACTIVE, FAILED, UNKNOWN


def trailing(events, kind):
    """The number of events of this kind in a row at the end."""
    return len(events) - len(events.rstrip(kind))


def model(events, attempts, recovery):
    """The local state after events, a text of H (heartbeat) and T (timeout), by the rules alone."""
    if not events:
        return UNKNOWN
    before = model(events[:-1], attempts, recovery)
    if events[-1] == 'T':
        return FAILED if trailing(events, 'T') >= attempts else before
    in_a_row = events.rpartition('T' * attempts)[2].count('H')
    return FAILED if before == FAILED and in_a_row < recovery else ACTIVE


@pytest.mark.parametrize('attempts', [1, 2, 3])
@pytest.mark.parametrize('recovery', [1, 2, 3])
def test_every_sequence_of_eight_heartbeats_and_timeouts_leads_to_the_states_of_the_model(attempts, recovery):
    for events in itertools.product('HT', repeat=8):
        pulse = LAUNCHED
        for length, event in enumerate(events, 1):
            pulse = after_heartbeat(pulse, recovery) if event == 'H' else after_timeout(pulse, attempts)
            so_far = ''.join(events[:length])

            assert (so_far, pulse.state) == (so_far, model(so_far, attempts, recovery))


def test_a_sender_slower_than_the_timeout_recovers_like_any_other():
    # TIMEOUT 1000, ATTEMPTS 3, RECOVERY 5, and a heartbeat each 1.5 s. Such a listener fails only in an outage.
    pulse, states = LAUNCHED, []
    for event in 'HTHT' + 'TTT' + 'HT' * 5:
        pulse = after_heartbeat(pulse, 5) if event == 'H' else after_timeout(pulse, 3)
        states.append((event, pulse.state, pulse.heard))

    assert [state for _, state, _ in states[:5]] == [ACTIVE] * 5
    assert [heard for event, _, heard in states[7:] if event == 'H'] == [1, 2, 3, 4, 0]
    assert states[-2:] == [('H', ACTIVE, 0), ('T', ACTIVE, 0)]


def test_a_listener_begins_unknown():
    assert LAUNCHED == Pulse(UNKNOWN, 0, 0)


def test_an_attempts_limit_that_was_lowered_meanwhile_counts_with_the_next_timeout():
    assert after_timeout(Pulse(ACTIVE, 4, 0), 2).state == FAILED


def test_a_recovery_that_was_lowered_meanwhile_counts_with_the_next_heartbeat():
    assert after_heartbeat(Pulse(FAILED, 0, 4), 2) == Pulse(ACTIVE, 0, 0)


def test_the_longest_gap_is_remembered_for_an_hour_and_forgotten_after_two():
    source = random.Random(7)
    for _ in range(200):
        now, gaps, all_of = source.uniform(0, 1e6), NO_GAPS, []
        for _ in range(30):
            now += source.choice((source.uniform(0, 900), source.uniform(0, 9000)))
            gap = source.uniform(0, 10)
            gaps = after_gap(gaps, now, gap)
            all_of.append((now, gap))
            later = now + source.uniform(0, 9000)

            hour, two = [max([0.0] + [gap for at, gap in all_of if at > later - most])
                         for most in (REMEMBERED, 2 * REMEMBERED)]
            assert hour <= longest_gap(gaps, later) <= two


def test_a_gap_that_is_no_longer_than_before_changes_nothing():
    gaps = after_gap(NO_GAPS, 5000.0, 2.0)

    assert after_gap(gaps, 5001.0, 1.0) is gaps and longest_gap(gaps, 5001.0) == 2.0
