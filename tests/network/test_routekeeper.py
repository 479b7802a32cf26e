"""routekeeper.py: which routes it remembers, in the run directory too, and which of them it tries again and when."""
import pytest

import helpers
from fbmon.memory.records import Records
from fbmon.network import picture
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routes import of_words
from fbmon.rules.items import AddressItem
from fbmon.rules.states import ABSENT, PRESENT

SEEN = picture.of(['7: p1: <UP> mtu 1 qdisc mq', '8: p2: <UP> mtu 1 qdisc mq'])
BACK = picture.of(['7: p1: <UP> mtu 1 qdisc mq', '7: p1    inet 10.5.0.211/24 scope global p1'])
CARD, OTHER, SIX = [AddressItem('p1', address) for address in ('10.5.0.211', '10.5.0.212', 'fd00::5')]
FOUR = of_words('10.50.0.0/16 dev p1 via 10.5.0.1')
FROM_SIX = of_words('fd01::/64 dev p1 src fd00::5')


class Batch(object):
    def __init__(self):
        self.ran, self.failing = [], {}

    def once(self, lines):
        self.ran += lines
        return dict((number, self.failing[line]) for number, line in enumerate(lines) if line in self.failing)

    def take(self):
        taken, self.ran = self.ran, []
        return taken


@pytest.fixture
def keeper(tmp_path):
    return made(tmp_path)


def made(tmp_path):
    return RouteKeeper(Batch(), Records(str(tmp_path / 'routes')))


def test_nothing_is_done_where_nothing_is_remembered(keeper):
    keeper.gone(CARD)
    keeper.put_back([CARD], SEEN)
    keeper.returned({CARD: PRESENT}, BACK)

    assert (bool(keeper), keeper._batch.ran) == (False, [])


def test_routes_are_tried_with_an_address_of_their_family_on_their_interface(keeper):
    keeper.remember('p1', 7, [FOUR, FROM_SIX])
    assert keeper

    keeper.put_back([AddressItem('p2', '10.6.0.1')], SEEN)
    keeper.put_back([AddressItem('p1', 'fd00::6')], SEEN)
    assert keeper._batch.take() == []
    keeper.put_back([CARD, OTHER], SEEN)
    assert keeper._batch.take() == ['route add 10.50.0.0/16 dev p1 via 10.5.0.1']
    keeper.put_back([SIX], SEEN)
    assert keeper._batch.take() == ['route del fd01::/64 dev p1', 'route add fd01::/64 dev p1 src fd00::5']


def test_a_new_interface_of_the_same_name_gets_none_of_the_old_ones_routes(keeper):
    keeper.remember('p1', 7, [FOUR])

    keeper.put_back([CARD], picture.of(['9: p1: <UP> mtu 1 qdisc mq']))
    assert keeper._batch.take() == []


def test_what_went_with_an_address_that_came_back_otherwise_is_tried_once(keeper):
    keeper.remember('p1', 7, [FOUR])
    keeper.gone(CARD)

    for wanted, seen in (({CARD: PRESENT}, SEEN), ({CARD: ABSENT}, BACK), ({}, BACK)):
        keeper.returned(wanted, seen)
        assert keeper._batch.take() == []
    keeper.returned({CARD: PRESENT}, BACK)
    assert keeper._batch.take() == ['route add ' + FOUR.words]
    keeper.returned({CARD: PRESENT}, BACK)
    assert keeper._batch.take() == []


def test_what_failed_is_known_until_it_worked_or_is_forgotten_and_tried_again_alone(keeper):
    other = of_words('10.51.0.0/16 dev p1 scope link')
    keeper.remember('p1', 7, [FOUR, other])
    keeper._batch.failing['route add ' + FOUR.words] = 'Error: Nexthop has invalid gateway.'

    keeper.put_back([CARD], SEEN)
    assert keeper._batch.take() == ['route add ' + other.words, 'route add ' + FOUR.words]
    assert keeper.lost() == ['route %s cannot be put back: Error: Nexthop has invalid gateway.' % FOUR.words]
    keeper._batch.failing.clear()
    keeper.again('p1', SEEN)
    assert (keeper._batch.take(), keeper.failed) == (['route add ' + FOUR.words], {})

    keeper._batch.failing['route add ' + FOUR.words] = 'RTNETLINK answers: File exists'
    keeper.put_back([CARD], SEEN)
    assert (keeper.lost(), len(keeper.failed)) == ([], 1)
    keeper.remember('p1', 7, [other])
    assert keeper.failed == {}


def test_it_is_remembered_across_restarts_and_a_damaged_file_does_no_harm(keeper, tmp_path):
    keeper.remember('p1', 7, [FOUR, FROM_SIX])
    assert made(tmp_path).of('p1', 7) == (FROM_SIX, FOUR)

    helpers.write(tmp_path / 'routes', u'7 p1 %s\n\nx p1 a b c\n7 p1\n7 p1 word\n\u2603\n8 p2 1' % FOUR.words)
    again = made(tmp_path)
    assert again.of('p1', 7) == (FOUR,)
    again.remember('p1', 7, [])
    assert (bool(again), helpers.read(tmp_path / 'routes')) == (False, '')
