"""heartbeat.py: the life of a listener, against a model that counts anew each time."""
import itertools

import pytest

from fbmon.heartbeat import LAUNCHED, Pulse, after_heartbeat, after_timeout
from fbmon.states import ACTIVE, FAILED, UNKNOWN


def trailing(events, kind):
    """How many of the last events in a row are of that kind."""
    return len(events) - len(events.rstrip(kind))


def model(events, attempts, recovery):
    """The local state after a text of H (heartbeat) and T (timeout), from the rules alone."""
    if not events:
        return UNKNOWN
    before = model(events[:-1], attempts, recovery)
    if events[-1] == 'T':
        return FAILED if trailing(events, 'T') >= attempts else before
    return FAILED if before == FAILED and trailing(events, 'H') < recovery else ACTIVE


@pytest.mark.parametrize('attempts', [1, 2, 3])
@pytest.mark.parametrize('recovery', [1, 2, 3])
def test_every_sequence_of_eight_heartbeats_and_timeouts_leads_to_the_states_of_the_model(attempts, recovery):
    for events in itertools.product('HT', repeat=8):
        pulse = LAUNCHED
        for length, event in enumerate(events, 1):
            pulse = after_heartbeat(pulse, recovery) if event == 'H' else after_timeout(pulse, attempts)
            so_far = ''.join(events[:length])

            assert (so_far, pulse.state) == (so_far, model(so_far, attempts, recovery))


def test_a_listener_begins_unknown():
    assert LAUNCHED == Pulse(UNKNOWN, 0, 0)


def test_an_attempts_limit_that_was_lowered_meanwhile_counts_with_the_next_timeout():
    assert after_timeout(Pulse(ACTIVE, 4, 0), 2).state == FAILED


def test_a_recovery_that_was_lowered_meanwhile_counts_with_the_next_heartbeat():
    assert after_heartbeat(Pulse(FAILED, 0, 4), 2) == Pulse(ACTIVE, 0, 0)
