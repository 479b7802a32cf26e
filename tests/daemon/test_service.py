"""service.py: what it says to systemd, how often, and again if it was not taken."""
import pytest

from fbmon.daemon.service import PAUSE, RETRY, Service


class Notifier(object):
    """Takes what it is told, or refuses everything while it is `full`."""

    def __init__(self):
        self.said, self.full, self.watchdog_interval = [], False, None

    def ready(self):
        return self._take('ready')

    def status(self, text):
        return self._take(text)

    def watchdog(self):
        return self._take('watchdog')

    def _take(self, what):
        self.said += [] if self.full else [what]
        return not self.full


class World(object):
    """A Service on the clock of a test. step() returns what was said, and when it has something to say by itself."""

    def __init__(self):
        self.now, self.healthy, self.notifier = 100.0, True, Notifier()
        self.service = Service(self.notifier, lambda: self.now)

    def step(self, text='text', after=0.0):
        self.now += after
        self.notifier.said = []
        self.service.step(text, True, lambda: self.healthy)
        due = self.service.deadline()
        return self.notifier.said, None if due is None else round(due - self.now, 6)


@pytest.fixture
def world():
    return World()


def test_it_is_tried_again_within_a_second_and_not_more_often_than_five_times_in_one():
    assert 0.2 <= RETRY <= 1.0 and 0.2 <= PAUSE <= 1.0


def test_what_was_taken_is_not_said_again_and_nothing_is_waited_for(world):
    assert world.step() == (['ready', 'text'], None)
    assert world.step() == ([], None)
    assert world.step(after=60) == ([], None)


def test_ready_is_said_until_it_was_taken_and_the_status_after_it(world):
    world.notifier.full = True
    assert world.step() == ([], RETRY)
    world.notifier.full = False
    assert world.step(after=RETRY / 2) == ([], RETRY / 2)
    assert world.step(after=RETRY / 2) == (['ready', 'text'], None)


def test_a_feed_that_was_not_taken_is_tried_again_soon(world):
    world.notifier.watchdog_interval = 3.0
    assert world.step() == (['ready', 'watchdog', 'text'], 3.0)
    world.notifier.full = True
    assert world.step(after=3.0) == ([], RETRY)
    assert world.step(after=RETRY) == ([], RETRY)
    world.notifier.full = False
    assert world.step(after=RETRY) == (['watchdog'], 3.0)


def test_a_feed_that_was_withheld_is_tried_again_soon(world):
    world.notifier.watchdog_interval = 3.0
    world.step()
    world.healthy = False
    assert world.step(after=3.0) == ([], RETRY)
    world.healthy = True
    assert world.step(after=RETRY) == (['watchdog'], 3.0)


def test_of_many_changes_of_the_status_the_latest_is_told_and_not_every_one(world):
    world.step('one')
    assert [world.step('two', 0.1), world.step('three', 0.1)] == [([], PAUSE - 0.1), ([], PAUSE - 0.2)]
    assert world.step('three', PAUSE) == (['three'], None)


def test_a_status_that_is_what_it_was_again_is_not_told(world):
    world.step('one')
    world.step('two', 0.1)
    assert world.step('one', 0.1) == ([], None)


def test_a_status_is_never_in_front_of_a_feed_that_was_not_taken(world):
    world.notifier.watchdog_interval = 3.0
    world.step('one')
    world.notifier.full = True
    assert world.step('two', 3.0) == ([], RETRY)
    world.notifier.full = False
    assert world.step('two', RETRY) == (['watchdog', 'two'], 3.0)
