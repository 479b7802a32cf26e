"""pauses.py: something that goes on failing is tried more and more seldom."""
from fbmon.network.pauses import Pauses


def test_pauses_grow_from_1_to_30_seconds():
    pauses = Pauses()

    assert [pauses.next() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_first_try_comes_at_once_where_that_is_wanted():
    pauses = Pauses(at_once=True)

    assert [pauses.next() for _ in range(4)] == [0, 1, 2, 4]


def test_they_begin_and_end_where_it_is_told():
    pauses = Pauses(at_once=True, first=0.5, longest=1.5)

    assert [pauses.next() for _ in range(5)] == [0, 0.5, 1.0, 1.5, 1.5]
