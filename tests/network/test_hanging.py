"""Children of `ip` that hang in the kernel and cannot be ended: their number is limited, and the status says so."""
import pytest

from fbmon.base import starting
from fbmon.network import reading
from fbmon.network.batch import Batch
from fbmon.network.iproute import HANGING, HANGS, IpError, Reaper
from fbmon.network.monitor import Monitor
from fbmon.network.routewatch import RouteWatch

WORDS = '3 processes of ip hang and cannot be ended: none is started before one has gone'


class Undead(object):
    """A child that no SIGKILL ends, until it has gone."""

    stdin = stdout = stderr = gone = None

    def poll(self):
        return self.gone

    def kill(self):
        pass


def test_after_three_that_hang_no_other_is_admitted_until_one_has_gone():
    now = [0.0]
    reaper, children = Reaper(lambda: now[0]), [Undead() for _ in range(HANGING)]
    for child in children:
        reaper.admit()
        reaper.end(child)
    # They may be about to go.
    reaper.admit()
    now[0] = HANGS
    with pytest.raises(IpError) as raised:
        reaper.admit()

    assert str(raised.value) == WORDS
    children[0].gone = -9
    reaper.admit()
    assert reaper.waiting() == HANGING - 1


@pytest.fixture
def hanging(monkeypatch):
    """Each Reaper has as many hanging children as there may be. A test in which `ip` is started fails."""
    monkeypatch.setattr(Reaper, 'waiting', lambda self, seconds=0.0: HANGING)
    monkeypatch.setattr(starting, 'start_child', None)


def test_a_batch_fails_with_these_words(hanging):
    assert Batch().run(['one', 'two']) == {0: WORDS, 1: WORDS}


def test_the_monitor_loses_the_picture_with_these_words(hanging):
    with pytest.raises(IpError) as raised:
        Monitor(None).watch()

    assert str(raised.value) == WORDS


def test_a_reading_fails_with_these_words(hanging):
    with pytest.raises(IpError) as raised:
        reading.kernel()

    assert str(raised.value) == WORDS


def test_a_reading_of_routes_says_these_words_too(hanging):
    reports = []
    RouteWatch(reports.append, None).read([('eth0', False)])

    assert list(reports[0].failed.values()) == [WORDS]
