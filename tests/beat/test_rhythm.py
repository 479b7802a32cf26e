"""rhythm.py: when the next moment is due."""
from fbmon.beat.rhythm import Rhythm


def moments(rhythm, *instants):
    return [now for now in instants if rhythm.over(now)]


def test_the_first_moment_is_due_at_once_and_the_others_do_not_drift():
    rhythm = Rhythm(10, 100)

    assert moments(rhythm, 100, 100.1, 109.9, 111, 119.9, 120.5, 130) == [100, 111, 120.5, 130]


def test_after_a_stall_there_is_one_and_the_rhythm_begins_anew():
    rhythm = Rhythm(10, 0)

    assert moments(rhythm, 0, 39.9, 40, 41, 49.8, 49.9) == [0, 39.9, 49.9]
