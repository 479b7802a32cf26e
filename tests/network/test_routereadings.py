"""routereadings.py: when routes are read, which readings are believed, and what the operator is told."""
import pytest

from fbmon.memory.records import Records
from fbmon.network import picture, routereadings
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routereadings import RouteReadings
from fbmon.network.routewatch import RoutesRead
from fbmon.rules.items import AddressItem
from fbmon.rules.states import ABSENT, PRESENT
from fbmon.rules.wanted import Names
from test_routekeeper import Batch

LINK, CARD_LINE = '7: p1: <UP> mtu 1 qdisc mq', '7: p1    inet 10.5.0.211/24 scope global p1'
OWN_LINE = '7: p1    inet 10.5.0.2/24 scope global p1'
CARD = AddressItem('p1', '10.5.0.211')
NAMES = Names(frozenset(), frozenset([CARD]), frozenset(), {})
FIRST, SECOND = '10.50.0.0/16 via 10.5.0.1 ', '10.51.0.0/16 via 10.5.0.1 '
FIRST_WORDS, SECOND_WORDS = '10.50.0.0/16 dev p1 via 10.5.0.1', '10.51.0.0/16 dev p1 via 10.5.0.1'


class World(object):
    def __init__(self, tmp_path):
        self.now, self.asked, self.target = 0.0, [], PRESENT
        self.keeper = RouteKeeper(Batch(), Records(str(tmp_path / 'routes')))
        self.readings = RouteReadings(self.keeper, self.asked.append, lambda: self.now)
        self.picture = picture.of([LINK, CARD_LINE])

    def step(self):
        self.readings.step({CARD: self.target}, NAMES, lambda: {CARD: self.target}, self.picture)

    def until_asked(self):
        before = len(self.asked)
        while len(self.asked) == before:
            assert self.readings.deadline() is not None
            self.now = max(self.now, self.readings.deadline())
            self.step()

    def read(self, *lines, **options):
        self.step()
        self.until_asked()
        self.answer(*lines, **options)

    def answer(self, *lines, **options):
        found = {('p1', False): options.get('found', list(lines))}
        self.readings.taken(RoutesRead(found, options.get('failed', {}), options.get('took', 0.003)), NAMES,
                            self.picture)

    def seen(self, line):
        picture.apply(self.picture, picture.parse(line))
        self.readings.touched(['p1'], self.picture)

    def remembered(self):
        return sorted(route.words for route in self.keeper.of('p1', 7))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_routes_are_read_a_second_after_what_is_decided_and_then_ever_more_seldom(world):
    world.step()
    assert (world.asked, world.readings.deadline()) == ([], 1.0)
    times = []
    for _ in range(5):
        world.read(FIRST)
        times.append(world.now)

    assert times == [1.0, 5.0, 21.0, 81.0, 141.0]
    assert world.asked == [[('p1', False)]] * 5
    assert world.remembered() == [FIRST_WORDS]


def test_a_reading_that_took_long_is_followed_by_a_long_pause(world):
    world.read(FIRST, took=0.5)

    assert world.readings.deadline() == world.now + 50.0


def test_nothing_is_read_in_bypass_and_nothing_comes_round(world):
    world.target = ABSENT
    world.step()
    world.now = world.readings.deadline()
    world.step()

    assert (world.asked, world.readings.deadline()) == ([], None)
    world.seen('Deleted ' + CARD_LINE)
    world.now = world.readings.deadline()
    world.step()
    assert (world.asked, world.readings.deadline()) == ([], None)


def test_a_change_has_them_read_again_when_it_has_been_quiet_and_a_renewed_lease_does_not(world):
    for _ in range(4):
        world.read(FIRST)
    at = world.readings.deadline()
    world.seen(CARD_LINE + '\\       valid_lft 6sec preferred_lft 6sec')
    assert world.readings.deadline() == at

    world.seen(OWN_LINE)
    assert world.readings.deadline() == world.now + routereadings.QUIET


def test_what_is_new_is_remembered_at_once_and_what_is_missing_is_doubted_for_a_while(world):
    world.read(FIRST)
    world.read(SECOND)
    assert world.remembered() == [FIRST_WORDS, SECOND_WORDS]

    world.now += routereadings.DOUBT
    world.step()
    assert world.remembered() == [SECOND_WORDS]


def test_what_was_missing_because_its_address_had_gone_is_kept(world):
    world.read(FIRST)
    world.read()
    world.seen('Deleted ' + CARD_LINE)
    world.now += routereadings.DOUBT
    world.step()
    world.now += 100.0
    world.step()

    assert world.remembered() == [FIRST_WORDS]


def test_a_reading_during_which_something_changed_counts_for_nothing(world):
    world.step()
    world.until_asked()
    world.seen('Deleted ' + CARD_LINE)
    world.answer(FIRST)

    assert world.remembered() == []
    world.seen(CARD_LINE)
    world.read(FIRST)
    assert world.remembered() == [FIRST_WORDS]


def test_while_the_network_is_not_watched_nothing_is_read_and_nothing_is_gone(world):
    world.read(FIRST)
    world.until_asked()
    world.readings.blind()
    world.answer()

    assert world.remembered() == [FIRST_WORDS]
    world.readings.hasten()
    world.read(SECOND)
    assert SECOND_WORDS in world.remembered()


def test_before_the_network_was_read_for_the_first_time_nothing_comes_round(world):
    known, world.picture = world.picture, None
    world.step()
    world.readings.reloaded()
    world.now = world.readings.deadline()
    world.step()

    assert (world.asked, world.readings.deadline()) == ([], None)
    world.picture = known
    world.readings.hasten()
    world.read(FIRST)
    assert world.remembered() == [FIRST_WORDS]


def test_where_the_interface_has_an_address_of_its_own_only_routes_from_ours_matter(world):
    world.picture = picture.of([LINK, CARD_LINE, OWN_LINE])
    world.read(FIRST, '10.52.0.0/16 src 10.5.0.211 ')

    assert world.remembered() == ['10.52.0.0/16 dev p1 src 10.5.0.211']


def test_of_an_interface_with_too_many_none_is_remembered_and_the_operator_knows(world, caplog):
    world.read(FIRST)
    for _ in range(2):
        world.read(found=None)
    text = 'routes of p1 are not put back with its addresses: it has more than 1000'
    assert (world.remembered(), world.readings.lines()) == ([], [text])
    assert [record.getMessage() for record in caplog.records] == [text]

    world.read(FIRST)
    assert (world.remembered(), world.readings.lines()) == ([FIRST_WORDS], [])


def test_what_cannot_be_read_is_told_and_forgets_nothing(world):
    world.read(FIRST)
    world.read(failed={('p1', False): 'ip route: no answer within 5 s'})

    assert world.remembered() == [FIRST_WORDS]
    assert world.readings.lines() == [
        'routes of p1 are not put back with its addresses: ip route: no answer within 5 s']


def test_what_could_not_be_put_back_is_told_kept_and_tried_again_after_a_change_until_a_reload(world):
    world.read(FIRST)
    line = 'route add ' + FIRST_WORDS
    world.keeper._batch.failing[line] = 'Error: Device for nexthop is not up.'
    world.keeper.put_back([CARD], world.picture)
    assert world.readings.lines() == []

    world.read()
    told = ['route %s cannot be put back: Error: Device for nexthop is not up.' % FIRST_WORDS]
    assert (world.readings.lines(), world.remembered()) == (told, [FIRST_WORDS])
    world.keeper._batch.take()
    world.read()
    assert world.keeper._batch.take() == []
    world.seen(LINK.replace('UP', 'BROADCAST'))
    world.read()
    assert world.keeper._batch.take() == [line]

    world.keeper._batch.failing.clear()
    world.seen(LINK)
    world.read(FIRST)
    assert (world.keeper._batch.take(), world.readings.lines(), world.remembered()) == ([line], [], [FIRST_WORDS])

    world.keeper._batch.failing[line] = 'no'
    world.keeper.put_back([CARD], world.picture)
    world.readings.reloaded()
    world.read()
    world.now += routereadings.DOUBT
    world.step()
    assert (world.readings.lines(), world.remembered()) == ([], [])
