"""mailbox.py: many put, one takes, nothing is lost and nothing polls."""
import collections
import threading

from fbmon import compat
from fbmon.mailbox import Mailbox
from helpers import LIMIT


def soon():
    return compat.monotonic() + LIMIT


def test_all_events_are_taken_at_once_in_the_order_in_which_they_were_put():
    mailbox = Mailbox()
    for event in (1, 2, 3):
        mailbox.put(event)

    assert mailbox.take(soon()) == [1, 2, 3]


def test_without_an_event_the_taker_waits_until_the_deadline_and_not_less():
    mailbox = Mailbox()
    for _ in range(20):
        deadline = compat.monotonic() + 0.0015

        assert mailbox.take(deadline) == []
        assert compat.monotonic() >= deadline


def test_a_deadline_that_has_passed_is_not_waited_for():
    mailbox = Mailbox()

    assert mailbox.take(compat.monotonic() - 5) == []
    mailbox.put(1)
    assert mailbox.take(compat.monotonic() - 5) == [1]


def test_the_deadline_is_of_the_clock_that_was_given():
    mailbox = Mailbox(clock=lambda: 1000.0)

    assert mailbox.take(1000.001) == []


def test_an_event_wakes_a_taker_without_a_deadline():
    mailbox = Mailbox()
    timer = threading.Timer(0.05, mailbox.put, ['event'])
    timer.start()

    assert mailbox.take() == ['event']


def test_an_event_wakes_a_taker_long_before_its_deadline():
    mailbox = Mailbox()
    timer = threading.Timer(0.05, mailbox.put, ['event'])
    timer.start()
    deadline = soon()

    assert mailbox.take(deadline) == ['event']
    assert compat.monotonic() < deadline


def test_a_wake_up_that_was_used_does_not_wake_again():
    mailbox = Mailbox()
    threading.Timer(0.05, mailbox.put, [1]).start()
    mailbox.take()
    deadline = compat.monotonic() + 0.05

    assert mailbox.take(deadline) == []
    assert compat.monotonic() >= deadline


def test_an_event_that_is_put_just_before_the_taker_sleeps_does_not_wait():
    class Late(collections.deque):
        """At the first look it is still empty, and its putter sees nobody asleep."""
        looks = iter([False])

        def __bool__(self):
            return next(self.looks, True)
        __nonzero__ = __bool__

    mailbox, deadline = Mailbox(), soon()
    mailbox._events = Late(['event'])

    assert mailbox.take(deadline) == ['event']
    assert compat.monotonic() < deadline


def test_putting_never_blocks_though_nobody_takes():
    mailbox = Mailbox()
    events = list(range(200000))
    for event in events:
        mailbox.put(event)

    assert mailbox.take(soon()) == events


def test_nothing_is_lost_of_what_many_threads_put():
    mailbox = Mailbox()
    threads, each = 8, 2000

    def puts(name):
        for number in range(each):
            mailbox.put((name, number))

    for name in range(threads):
        threading.Thread(target=puts, args=(name,)).start()
    taken, deadline = [], soon()
    while len(taken) < threads * each and compat.monotonic() < deadline:
        taken += mailbox.take(deadline)

    assert sorted(taken) == [(name, number) for name in range(threads) for number in range(each)]
    for name in range(threads):
        assert [number for owner, number in taken if owner == name] == list(range(each))


def test_each_event_put_while_the_taker_sleeps_wakes_it():
    mailbox, back = Mailbox(), Mailbox()

    def answers():
        for _ in range(300):
            for event in mailbox.take(soon()):
                back.put(event)

    threading.Thread(target=answers).start()
    for number in range(300):
        mailbox.put(number)

        assert back.take(soon()) == [number]
