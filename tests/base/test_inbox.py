"""inbox.py: many threads put events in and one takes them; nothing is lost and nothing polls."""
import collections
import threading

from fbmon.base import compat
from fbmon.base.inbox import Inbox
from helpers import LIMIT


def soon():
    return compat.monotonic() + LIMIT


def test_all_events_are_taken_at_once_in_the_order_in_which_they_were_put():
    inbox = Inbox()
    for event in (1, 2, 3):
        inbox.put(event)

    assert inbox.take(soon()) == [1, 2, 3]


def test_without_an_event_the_taker_waits_until_the_deadline_and_not_less():
    inbox = Inbox()
    for _ in range(20):
        deadline = compat.monotonic() + 0.0015

        assert inbox.take(deadline) == []
        assert compat.monotonic() >= deadline


def test_a_deadline_that_has_passed_is_not_waited_for():
    inbox = Inbox()

    assert inbox.take(compat.monotonic() - 5) == []
    inbox.put(1)
    assert inbox.take(compat.monotonic() - 5) == [1]


def test_the_deadline_is_of_the_clock_that_was_given():
    inbox = Inbox(clock=lambda: 1000.0)

    assert inbox.take(1000.001) == []


def test_an_event_wakes_a_taker_without_a_deadline():
    inbox = Inbox()
    timer = threading.Timer(0.05, inbox.put, ['event'])
    timer.start()

    assert inbox.take() == ['event']


def test_an_event_wakes_a_taker_long_before_its_deadline():
    inbox = Inbox()
    timer = threading.Timer(0.05, inbox.put, ['event'])
    timer.start()
    deadline = soon()

    assert inbox.take(deadline) == ['event']
    assert compat.monotonic() < deadline


def test_a_wake_up_that_was_used_does_not_wake_again():
    inbox = Inbox()
    threading.Timer(0.05, inbox.put, [1]).start()
    inbox.take()
    deadline = compat.monotonic() + 0.05

    assert inbox.take(deadline) == []
    assert compat.monotonic() >= deadline


def test_an_event_that_is_put_just_before_the_taker_sleeps_does_not_wait():
    class Late(collections.deque):
        """At the first look it is still empty, while the thread that puts an event in sees nobody asleep."""
        looks = iter([False])

        def __bool__(self):
            return next(self.looks, True)
        __nonzero__ = __bool__

    inbox, deadline = Inbox(), soon()
    inbox._events = Late(['event'])

    assert inbox.take(deadline) == ['event']
    assert compat.monotonic() < deadline


def test_putting_never_blocks_though_nobody_takes():
    inbox = Inbox()
    events = list(range(200000))
    for event in events:
        inbox.put(event)

    assert inbox.take(soon()) == events


def test_nothing_is_lost_of_what_many_threads_put():
    inbox = Inbox()
    threads, each = 8, 2000

    def puts(name):
        for number in range(each):
            inbox.put((name, number))

    for name in range(threads):
        threading.Thread(target=puts, args=(name,)).start()
    taken, deadline = [], soon()
    while len(taken) < threads * each and compat.monotonic() < deadline:
        taken += inbox.take(deadline)

    assert sorted(taken) == [(name, number) for name in range(threads) for number in range(each)]
    for name in range(threads):
        assert [number for owner, number in taken if owner == name] == list(range(each))


def test_each_event_put_while_the_taker_sleeps_wakes_it():
    inbox, back = Inbox(), Inbox()

    def answers():
        for _ in range(300):
            for event in inbox.take(soon()):
                back.put(event)

    threading.Thread(target=answers).start()
    for number in range(300):
        inbox.put(number)

        assert back.take(soon()) == [number]
