"""trouble.py: each reason is told once, and the end of all of them."""
from fbmon.beat.trouble import AGAIN, QUIET, Trouble


def test_a_reason_is_told_once_another_one_too_and_the_end_after_a_quiet_time():
    trouble = Trouble()
    notes = [(None, 0), ('a', 1), ('a', 2), ('b', 3), ('a', 4), (None, 5), (None, 4 + QUIET), (None, 5 + QUIET)]

    assert [trouble.note(*note) for note in notes] == [None, 'a', None, 'b', None, None, AGAIN, None]
    assert trouble.reason is None


def test_what_comes_again_before_the_quiet_time_is_over_is_not_told_again():
    trouble = Trouble()
    said = [trouble.note('a' if second % 3 == 0 else None, second) for second in range(60)]

    assert [one for one in said if one] == ['a']
    assert trouble.reason == 'a'
