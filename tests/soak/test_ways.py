import pytest

from kernel.model import NOTHING
from kernel.world import Card, File, World
from soak import ways

ONE, SOURCED = '10.50.0.0/16 via 192.168.3.1', '10.52.0.0/16 scope link src 192.168.3.212'
FIRST, SECOND, SOMEBODYS = [('eth2', '192.168.3.21%d/24' % number) for number in (1, 2, 9)]


class Truth(World):
    """A World whose file names the first two addresses. here: the addresses that are there, all added by the daemon."""

    def __init__(self, *here):
        World.__init__(self, {})
        cards = [Card(number, '192.168.3.21%d' % number, 'eth2', 24) for number in (1, 2)]
        self.file = File(1, [], cards, (), True, ())
        self.addresses = set(here)
        self.ours = set((interface, entry.partition('/')[0]) for interface, entry in here)
        self.verdict = NOTHING


@pytest.fixture
def kernel(monkeypatch):
    """(the set of routes that are there, the set of routes that the daemon knows, in its words)."""
    there, known = set(), set()
    monkeypatch.setattr(ways, 'shown', lambda switch: set(there))
    monkeypatch.setattr(ways, 'known', lambda daemon: set(known))
    return there, known


@pytest.fixture
def both():
    made = ways.Ways()
    made.there.update((ONE, SOURCED))
    return made


def test_routes_are_there_with_an_address_of_the_interface_and_with_their_source(kernel, both):
    assert both.wrong(None, Truth(), False) == []
    assert both.wrong(None, Truth(FIRST), False) == ['route too few: ' + ONE]
    assert both.wrong(None, Truth(FIRST, SECOND), False) == ['route too few: ' + ONE, 'route too few: ' + SOURCED]
    assert both.wrong(None, Truth(FIRST), True) == []

    kernel[0].update((ONE, 'another'))
    assert both.wrong(None, Truth(), False) == ['route too many: ' + ONE, 'route too many: another']


def test_while_all_is_gone_all_will_come_back(kernel, both):
    both.adopt(None, Truth(), None)

    assert (both.there, both.doubtful) == ({ONE, SOURCED}, set())


def test_one_whose_source_has_gone_while_others_stay_may_be_forgotten(kernel, both):
    kernel[0].add(ONE)

    both.adopt(None, Truth(FIRST), None)

    assert (both.there, both.doubtful) == ({ONE}, {SOURCED})


def test_what_somebody_elses_address_keeps_there_may_be_forgotten(kernel, both):
    kernel[0].add(ONE)

    both.adopt(None, Truth(FIRST, SOMEBODYS), None)

    assert (both.there, both.doubtful) == (set(), {ONE, SOURCED})
    assert both.wrong(None, Truth(FIRST), False) == []


def test_a_doubtful_one_is_sure_again_once_the_daemon_knows_it(kernel, both):
    both.doubt()
    kernel[0].add(ONE)
    both.adopt(None, Truth(FIRST), None)
    assert (both.there, both.doubtful) == (set(), {ONE, SOURCED})

    kernel[1].add('10.50.0.0/16 dev eth2 via 192.168.3.1')
    both.adopt(None, Truth(FIRST), None)

    assert (both.there, both.doubtful) == ({ONE}, {SOURCED})


def test_one_that_is_not_there_yet_may_come_back_if_the_daemon_knows_it(kernel, both):
    both.doubt()
    kernel[1].add('10.50.0.0/16 dev eth2 via 192.168.3.1')
    both.adopt(None, Truth(FIRST), None)
    assert ONE in both.doubtful

    kernel[1].clear()
    both.adopt(None, Truth(FIRST), None)
    assert ONE not in both.doubtful
