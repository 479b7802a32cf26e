"""inorder.py: which times are right when the clock was set, and where the others belong."""
import random

import pytest

from fbmon.report import inorder


def longest(given):
    """How long the longest row of times is that never goes back, the slow way."""
    lengths = []
    for position, at in enumerate(given):
        lengths.append(1 + max([lengths[one] for one in range(position) if given[one] <= at] or [0]))
    return max(lengths or [0])


@pytest.mark.parametrize('given, found', [
    ([], []), ([5.0], [5.0]), ([1, 1, 2], [1, 1, 2]),
    ([10, 20, 0, 30, 40], [10, 20, 20, 30, 40]),
    ([10, 20, 900, 30, 40], [10, 20, 30, 30, 40]),
    ([0, 10, 20], [0, 10, 20]),
    ([10, 20, 30, 15, 16, 17, 18], [10, 15, 15, 15, 16, 17, 18]),
    ([900, 10, 20], [10, 10, 20]),
    ([10, 20, 5], [10, 20, 20]),
])
def test_the_few_that_do_not_fit_are_put_between_their_neighbours(given, found):
    assert inorder.times(given) == (found, sum(one != other for one, other in zip(given, found)))


@pytest.mark.parametrize('given, found', [
    ([900, 901, 902, 20], [20, 20, 20, 20]), ([10, 900], [10, 10]), ([10, 900, 901, 60], [10, 60, 60, 60]),
    ([900, 901], [100, 100])])
def test_what_is_later_than_now_does_not_count_however_many_lines_there_are(given, found):
    assert inorder.times(given, 100)[0] == found


@pytest.mark.parametrize('seed', range(30))
def test_no_time_goes_back_and_as_few_as_can_be_are_moved(seed):
    dice = random.Random(seed)
    given = [float(dice.randrange(20)) for _ in range(dice.randrange(40))]

    found, moved = inorder.times(given)

    assert found == sorted(found)
    assert (len(found), moved) == (len(given), len(given) - longest(given))
    assert sum(one != other for one, other in zip(given, found)) <= moved
