"""keeper.py: it makes each change once, waits until it is shown, puts right, tries again. The kernel is made up."""
import logging

import pytest

from fbmon.memory import ledger
from fbmon.network import picture
from fbmon.network.keeper import Keeper
from fbmon.network.ownership import UNSURE
from fbmon.network.shown import SHOWN_LIMIT
from fbmon.rules.items import PLAIN, AddressItem, Form, PortItem
from fbmon.rules.states import ABSENT, DOWN, MISSING, PRESENT, UP

CARD = AddressItem('eth0', '10.0.0.1')
SIX = AddressItem('eth0', 'fd00::1')
PORT = PortItem('sw0')
ETH0 = '2: eth0: <UP> mtu 1 qdisc mq'
SW0_UP = '3: sw0: <UP> mtu 1 qdisc mq'
SW0_DOWN = '3: sw0: <BROADCAST> mtu 1 qdisc mq'
CARD_LINE = '2: eth0    inet 10.0.0.1/32 scope global eth0'


class Batch(object):
    """Takes lines as `ip -batch` does. Those in `failing` fail with these words."""

    def __init__(self, order):
        self.failing = {}
        self.unsure = False
        self.ran = []
        self.restarts = 0
        self._order = order

    def run(self, lines):
        self._order.append('run')
        self.ran.append(lines)
        return dict((position, self.failing[line]) for position, line in enumerate(lines) if line in self.failing)

    def once(self, lines):
        self._order.append('once')
        return self.run(lines)

    def restart(self):
        self.restarts += 1


class Nowhere(object):
    """Records that keep nothing."""

    error = None

    def __init__(self, order=None):
        self._order = order

    def read(self):
        return []

    def rewrite(self, _lines):
        pass

    def append(self, lines, _longest, _everything):
        if self._order is not None and lines[0].startswith('+'):
            self._order.append('note')


class Ledger(ledger.Ledger):
    """The real Ledger, without a file."""

    def __init__(self, order):
        self.items, self.found, self.followed, self._records = {}, {}, set(), Nowhere(order)


def ours(*items):
    """The items of an older version, which did not note their index."""
    return dict.fromkeys(items)


class Sysctl(object):
    promotes = True
    off = None

    def promote_secondaries(self, _interface):
        return self.promotes

    def ipv6_off(self, _interface):
        return self.off


class World(object):
    """A Keeper; the test controls everything around it. now: the clock."""

    def __init__(self, *lines):
        self.now = 0.0
        self.order, self.changes, self.replaced = [], [], []
        self.batch, self.ledger, self.sysctl = Batch(self.order), Ledger(self.order), Sysctl()
        self.network = Keeper(self.batch, self.ledger, lambda *change: self.changes.append(change),
                              lambda: self.replaced.append(self.now), lambda: self.now, self.sysctl)
        self.network.interfaces = {'eth0', 'sw0'}
        if lines:
            self.read(*lines)

    def read(self, *lines):
        return self.network.read(picture.of(lines))

    def seen(self, *lines):
        return self.network.seen(tuple(picture.parse(line) for line in lines))

    def settle(self, **wanted):
        items = {'card': CARD, 'port': PORT, 'six': SIX}
        del self.batch.ran[:]
        self.network.settle(dict((items[name], target) for name, target in wanted.items()), {}, lambda item: 'why')
        return sum(self.batch.ran, [])


def test_nothing_is_done_before_the_first_reading():
    world = World()

    assert world.settle(card=PRESENT) == []
    assert world.network.actual(CARD) is None


def test_a_change_is_noted_then_executed_once_and_told_when_the_kernel_shows_it():
    world = World(ETH0, SW0_UP)

    assert world.settle(card=PRESENT, port=UP) == ['addr add 10.0.0.1/32 dev eth0']
    assert world.settle(card=PRESENT, port=UP) == []
    assert (world.order, set(world.ledger.items), world.changes) == (['note', 'run'], {CARD}, [])

    assert world.seen(CARD_LINE) == {'eth0'}
    assert world.settle(card=PRESENT, port=UP) == []
    assert world.changes == [(CARD, ABSENT, PRESENT, 'why')]
    assert world.network.deadline() is None


def test_what_somebody_else_changes_is_put_right_at_once():
    world = World(ETH0, SW0_UP, CARD_LINE)
    world.settle(card=PRESENT, port=UP)

    world.seen('Deleted ' + CARD_LINE, SW0_DOWN)
    assert world.settle(card=PRESENT, port=UP) == ['link set dev sw0 up', 'addr add 10.0.0.1/32 dev eth0']
    world.seen(CARD_LINE, SW0_UP)
    world.settle(card=PRESENT, port=UP)

    assert sorted(world.changes) == [(CARD, ABSENT, PRESENT, 'put back'), (CARD, PRESENT, ABSENT, 'by somebody else'),
                                     (PORT, DOWN, UP, 'put back'), (PORT, UP, DOWN, 'by somebody else')]


def test_an_address_that_makes_a_bypass_is_gone_before_anything_else_is_planned():
    world = World(ETH0, SW0_UP, CARD_LINE)
    before = []
    world.network._ownership.forms = lambda forms: before.append(list(world.batch.ran)) or forms

    world.network.settle({PORT: DOWN, SIX: PRESENT, CARD: ABSENT}, {CARD: PLAIN, SIX: PLAIN}, lambda item: 'why')

    first, rest = ['addr del 10.0.0.1/32 dev eth0'], ['link set dev sw0 down', 'addr add fd00::1/128 dev eth0 nodad']
    assert (world.batch.ran, before[:2]) == ([first, rest], [[], [first]])


def test_what_is_not_wanted_either_way_is_left_alone():
    world = World(ETH0, SW0_DOWN)

    assert world.settle() == []


def test_a_change_that_is_not_shown_within_a_second_has_everything_read_again():
    world = World(ETH0)
    world.settle(card=PRESENT)

    world.now = world.network.deadline()
    assert (world.now, world.settle(card=PRESENT)) == (SHOWN_LIMIT, [])
    assert world.replaced == [1.0]
    assert 'did not show' in world.network.trouble(CARD)

    world.read(ETH0, CARD_LINE)
    assert world.settle(card=PRESENT) == []
    assert (world.network.trouble(CARD), world.network.deadline()) == (None, None)


def test_what_fails_is_shown_in_the_words_of_ip_and_tried_again_with_growing_pauses():
    world = World(ETH0)
    world.batch.failing['addr add 10.0.0.1/32 dev eth0'] = 'RTNETLINK answers: No space'

    world.settle(card=PRESENT)
    assert world.network.all_troubles() == [
        'address 10.0.0.1 on eth0 cannot be made present: RTNETLINK answers: No space']
    world.now = world.network.deadline()
    pauses = [1]
    for _ in range(6):
        assert world.settle(card=PRESENT) != []
        assert world.network.trouble(CARD) == 'RTNETLINK answers: No space'
        assert world.settle(card=PRESENT) == []
        pauses.append(world.network.deadline() - world.now)
        world.now = world.network.deadline()

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    world.batch.failing.clear()
    world.settle(card=PRESENT)
    world.seen(CARD_LINE)
    world.settle(card=PRESENT)
    assert (world.network.all_troubles(), world.network.deadline()) == ([], None)


def test_what_failed_is_tried_at_once_when_the_kernel_reports_a_change_there_and_not_elsewhere():
    world = World(ETH0, SW0_UP)
    world.batch.failing['addr add 10.0.0.1/32 dev eth0'] = 'no'
    world.settle(card=PRESENT)

    world.seen(SW0_DOWN)
    assert world.settle(card=PRESENT) == []
    world.seen('2: eth0    inet 10.0.0.7/32 scope global eth0')
    assert world.settle(card=PRESENT) != []
    world.read(ETH0, '2: eth0    inet 10.0.0.7/32 scope global eth0')
    assert world.settle(card=PRESENT) == []
    world.read(ETH0)
    assert world.settle(card=PRESENT) != []


def test_what_failed_where_the_interface_is_missing_is_tried_when_it_is_there_and_not_before():
    world = World(ETH0)
    world.batch.failing['addr add 10.0.0.1/32 dev eth0'] = 'no'
    world.settle(card=PRESENT)

    world.seen('Deleted ' + ETH0)
    world.now = 60.0
    assert (world.settle(card=PRESENT), world.network.deadline()) == ([], None)
    world.seen(ETH0)
    assert world.settle(card=PRESENT) != []


def test_what_failed_and_is_under_way_again_is_waited_for_like_any_other():
    world = World(ETH0)
    world.batch.failing['addr add 10.0.0.1/32 dev eth0'] = 'no'
    world.settle(card=PRESENT)

    world.now = world.network.deadline()
    world.batch.failing.clear()
    assert world.settle(card=PRESENT) != []
    assert world.network.deadline() == world.now + SHOWN_LIMIT


def test_a_failure_does_not_hold_up_the_opposite_change():
    world = World(ETH0, CARD_LINE)
    world.batch.failing['addr del 10.0.0.1/32 dev eth0'] = 'no'
    world.settle(card=ABSENT)
    world.seen('Deleted ' + CARD_LINE)

    assert world.settle(card=PRESENT) == ['addr add 10.0.0.1/32 dev eth0']


def test_the_opposite_change_waits_until_the_one_under_way_is_shown():
    world = World(ETH0, CARD_LINE)
    world.settle(card=ABSENT)

    assert world.settle(card=PRESENT) == []
    world.seen('Deleted ' + CARD_LINE)
    assert world.settle(card=PRESENT) == ['addr add 10.0.0.1/32 dev eth0']


def test_a_failure_that_turns_out_to_be_right_is_forgotten():
    world = World(ETH0, CARD_LINE)
    world.batch.failing['addr del 10.0.0.1/32 dev eth0'] = 'Cannot assign requested address'
    world.settle(card=ABSENT)

    world.seen('Deleted ' + CARD_LINE)
    world.settle(card=ABSENT)
    assert world.network.all_troubles() == []


@pytest.mark.parametrize('line', [ETH0.replace('eth0', 'eth9'), 'Deleted ' + ETH0])
def test_a_managed_interface_that_is_renamed_or_gone_gets_a_child_that_has_not_remembered_its_index(line):
    world = World(ETH0, CARD_LINE)
    world.settle(card=PRESENT)
    before = world.batch.restarts

    world.seen(line)
    assert world.settle(card=PRESENT) == []
    assert (world.batch.restarts - before, world.changes) == (1, [(CARD, PRESENT, MISSING, 'interface is gone')])


def test_interfaces_that_nobody_manages_may_come_and_go():
    other = SW0_UP.replace('sw0', 'sw8')
    world = World(ETH0, other)
    world.settle(card=PRESENT)
    before = world.batch.restarts

    world.seen('Deleted ' + other, other, other.replace('sw8', 'sw9'))
    assert world.batch.restarts == before


def test_two_that_swap_their_names_get_a_new_child_before_anything_is_wanted_there():
    world = World(ETH0, SW0_UP)
    world.settle()
    before = world.batch.restarts

    world.seen(ETH0.replace('eth0', 'swap'), SW0_UP.replace('sw0', 'eth0'), ETH0.replace('eth0', 'sw0'))
    assert world.batch.restarts > before


def test_a_child_that_ended_or_hung_in_the_middle_has_the_kernel_read_again():
    world = World(ETH0, SW0_UP)
    world.settle(card=PRESENT)
    assert world.replaced == []

    world.batch.unsure = True
    world.settle(card=PRESENT, port=DOWN)
    assert world.replaced == [0.0]


def test_where_changes_are_not_shown_the_child_is_replaced_once_too_it_may_have_changed_another_interface():
    world = World(ETH0, SW0_UP)
    world.settle(card=PRESENT, port=DOWN)
    before, world.now = world.batch.restarts, SHOWN_LIMIT

    world.settle(card=PRESENT, port=DOWN)
    assert (world.batch.restarts, world.replaced) == (before + 1, [SHOWN_LIMIT])


def test_a_reading_that_shows_another_index_gets_a_new_child():
    world = World(ETH0)
    world.settle(card=PRESENT)
    before = world.batch.restarts

    world.read(ETH0.replace('2:', '8:'))
    assert world.batch.restarts == before + 1


def test_what_is_gone_or_up_again_is_no_longer_remembered_as_put_there():
    world = World(ETH0, SW0_UP, CARD_LINE)
    world.ledger.items = ours(CARD, PORT)
    world.settle(card=ABSENT, port=UP)

    assert set(world.ledger.items) == {CARD}
    world.seen('Deleted ' + CARD_LINE)
    world.settle(card=ABSENT, port=UP)
    assert set(world.ledger.items) == set()


def test_what_is_released_while_it_is_on_its_way_there_is_still_ours_and_goes_when_it_is_shown():
    world = World(ETH0, SW0_UP)
    world.settle(card=PRESENT, port=DOWN)

    assert world.settle(card=ABSENT, port=UP) == []
    assert set(world.ledger.items) == {CARD, PORT}
    world.seen(CARD_LINE, SW0_DOWN)
    assert world.settle(card=ABSENT, port=UP) == ['addr del 10.0.0.1/32 dev eth0', 'link set dev sw0 up']


def test_a_port_that_was_down_already_is_not_remembered():
    world = World(SW0_DOWN)

    assert world.settle(port=DOWN) == []
    assert set(world.ledger.items) == set()


def test_an_ipv6_address_that_fails_names_the_switched_off_kernel():
    world = World(ETH0)
    world.batch.failing['addr add fd00::1/128 dev eth0 nodad'] = 'RTNETLINK answers: Permission denied'
    world.sysctl.off = 'IPv6 is switched off in the kernel'

    world.settle(six=PRESENT)

    assert world.network.trouble(SIX) == 'IPv6 is switched off in the kernel'


def test_promote_secondaries_that_cannot_be_set_is_told_once_per_interface(caplog):
    world = World(ETH0, CARD_LINE)
    world.sysctl.promotes = False

    with caplog.at_level(logging.WARNING):
        world.settle(card=ABSENT)
        world.seen('Deleted ' + CARD_LINE)
        world.settle(card=ABSENT)
        world.seen(CARD_LINE)
        world.settle(card=ABSENT)

    assert [record.getMessage()[:45] for record in caplog.records] == ['interface eth0: promote_secondaries cannot be']


def test_what_went_with_its_interface_is_no_longer_remembered_as_put_there():
    world = World()
    world.ledger.items = ours(CARD, PORT, SIX)

    world.read(ETH0)
    assert set(world.ledger.items) == {CARD, SIX}


def test_a_change_that_is_undone_in_the_same_breath_is_put_right_at_once():
    world = World(ETH0, SW0_UP)
    assert world.settle(card=PRESENT, port=DOWN) == ['link set dev sw0 down', 'addr add 10.0.0.1/32 dev eth0']

    world.seen(CARD_LINE, 'Deleted ' + CARD_LINE, SW0_DOWN, SW0_UP)

    assert world.settle(card=PRESENT, port=DOWN) == ['link set dev sw0 down', 'addr add 10.0.0.1/32 dev eth0']
    assert sorted(world.changes) == [
        (CARD, ABSENT, PRESENT, 'why'), (CARD, PRESENT, ABSENT, 'by somebody else'),
        (PORT, DOWN, UP, 'by somebody else'), (PORT, UP, DOWN, 'why')]


def test_a_change_on_an_interface_that_goes_meanwhile_is_not_waited_for():
    world = World(ETH0)
    world.settle(card=PRESENT)

    world.seen('Deleted ' + ETH0)
    assert (world.settle(card=PRESENT), world.network.deadline()) == ([], UNSURE)
    world.now = UNSURE
    assert (world.settle(card=PRESENT), world.network.deadline(), world.replaced) == ([], None, [UNSURE])
    world.read()
    assert world.ledger.items == {}


@pytest.mark.parametrize('secondary, times', [('', 1), (' secondary', 2)], ids=['no-secondary', 'a-secondary'])
def test_promote_secondaries_is_looked_at_before_the_first_removal_and_where_there_are_secondaries_before_each_batch(
        secondary, times):
    lines = [ETH0, CARD_LINE, CARD_LINE.replace('10.0.0.1', '10.0.0.2'),
             '2: eth0    inet 10.0.0.3/32 scope global%s eth0' % secondary]
    world, asked = World(*lines), []
    world.sysctl.promote_secondaries = lambda interface: asked.append(interface) or True

    world.network.settle({CARD: ABSENT, AddressItem('eth0', '10.0.0.2'): ABSENT}, {}, lambda item: 'why')
    assert asked == ['eth0']
    world.seen('Deleted ' + CARD_LINE, CARD_LINE)
    world.settle(card=ABSENT)
    assert asked == ['eth0'] * times

    world.seen('Deleted ' + CARD_LINE)
    world.settle(card=ABSENT)
    world.read(*[line.replace('2: ', '7: ') for line in lines])
    world.settle(card=ABSENT)
    assert asked == ['eth0'] * (times + 1)


FORMS = {CARD: Form(None, 6)}
LEASED_LINE = CARD_LINE + '\\       valid_lft 6sec preferred_lft 6sec'
RENEW = 'addr change 10.0.0.1/32 dev eth0 valid_lft 6 preferred_lft 6'


@pytest.mark.parametrize('forms, why', [
    ({}, 'by somebody else'), (FORMS, 'by somebody else, or its lease ran out')])
def test_of_a_leased_address_that_is_gone_it_is_not_said_that_somebody_must_have_removed_it(forms, why):
    world = World(ETH0, LEASED_LINE)
    world.network.settle({CARD: PRESENT}, forms, lambda item: 'why')
    world.seen('Deleted ' + LEASED_LINE)
    world.network.settle({CARD: PRESENT}, forms, lambda item: 'why')

    assert world.changes == [(CARD, PRESENT, ABSENT, why)]


@pytest.mark.parametrize('line', [None, CARD_LINE], ids=['added', 'renewed'])
def test_promote_secondaries_is_set_before_an_address_gets_a_lifetime_and_looked_at_with_each_renewal(line):
    world, asked = World(*[one for one in (ETH0, line) if one]), []
    world.sysctl.promote_secondaries = lambda interface: asked.append(list(world.batch.ran)) or True
    world.network.settle({CARD: PRESENT}, FORMS, lambda item: 'why')
    if line:
        world.network.renew({CARD: PRESENT}, FORMS)
    assert asked == [[]] and len(world.batch.ran) == 1

    world.seen(LEASED_LINE)
    world.network.renew({CARD: PRESENT}, FORMS)
    assert len(asked) == 2


def test_a_lease_that_cannot_be_renewed_is_a_problem_and_logged_once_until_it_can(caplog):
    world = World(ETH0, LEASED_LINE)
    world.batch.failing[RENEW] = 'no'
    for _ in range(3):
        world.network.renew({CARD: PRESENT}, FORMS)
    words = 'the lease of address 10.0.0.1 on eth0 cannot be renewed: no'
    assert world.network.all_troubles() == [words]
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == [words]

    world.batch.failing.clear()
    world.network.renew({CARD: PRESENT}, FORMS)
    assert world.network.all_troubles() == []


# --- what is ours, whatever the interfaces are called ---

P1, P2 = '5: p1: <UP> mtu 1 qdisc mq', '6: p2: <UP> mtu 1 qdisc mq'
ON_P1, ON_P2 = AddressItem('p1', '10.0.0.1'), AddressItem('p2', '10.0.0.1')
ADD = 'addr add 10.0.0.1/32 dev p1'


def shown_on(index):
    """The monitor's line about the address on the interface with this index. The name in it may be an old one."""
    return '%d: p1    inet 10.0.0.1/32 scope global p1' % index


def settle(world, **wanted):
    """Settle with the cards on p1 and p2 as wanted; our other items are released. Returns the lines that were run."""
    items = dict((AddressItem(name, '10.0.0.1'), target) for name, target in wanted.items())
    items.update((item, ABSENT) for item in world.ledger.items if item not in items)
    del world.batch.ran[:]
    world.network.settle(items, {}, lambda item: 'why')
    return sum(world.batch.ran, [])


def test_an_address_of_ours_goes_from_an_interface_whose_name_another_one_has_got():
    world = World(P1, P2)
    assert settle(world, p1=PRESENT) == [ADD]
    world.seen(shown_on(5))
    settle(world, p1=PRESENT)

    world.seen('5: tmp: <UP> mtu 1 qdisc mq', '6: p1: <UP> mtu 1 qdisc mq', '5: p2: <UP> mtu 1 qdisc mq')
    assert settle(world, p1=PRESENT) == [ADD, 'addr del 10.0.0.1/32 dev p2']
    world.seen('Deleted ' + shown_on(5), shown_on(6))
    assert settle(world, p1=PRESENT) == []
    assert world.ledger.items == {ON_P1: 6}


def test_after_a_restart_an_address_of_ours_goes_from_the_interface_that_had_the_name():
    world = World()
    world.ledger.items = {ON_P1: 5}
    world.read('5: p2: <UP> mtu 1 qdisc mq', '6: p1: <UP> mtu 1 qdisc mq', shown_on(5))

    assert settle(world, p1=ABSENT) == ['addr del 10.0.0.1/32 dev p2']


def test_what_somebody_put_on_a_new_interface_of_the_name_is_not_ours():
    world = World(P1)
    settle(world, p1=PRESENT)
    world.seen(shown_on(5))
    settle(world, p1=PRESENT)

    world.seen('Deleted ' + P1, P1.replace('5:', '9:'), shown_on(9))
    assert (settle(world, p1=PRESENT), world.ledger.items) == ([], {})


@pytest.mark.parametrize('apart', [False, True])
def test_what_we_put_on_an_interface_made_anew_before_the_monitor_showed_it_is_ours(apart):
    world = World(P1)
    # The kernel has another p1 by now.
    assert settle(world, p1=PRESENT) == [ADD]
    world.now = 1.4
    settle(world, p1=PRESENT)

    lines = ['Deleted ' + P1, P1.replace('5:', '9:'), shown_on(9)]
    for part in [[line] for line in lines] if apart else [lines]:
        world.seen(*part)
        settle(world, p1=PRESENT)
    assert world.ledger.items == {ON_P1: 9}
    assert settle(world) == ['addr del 10.0.0.1/32 dev p1']


def test_the_same_where_everything_was_read_again_instead():
    world = World(P1)
    settle(world, p1=PRESENT)
    world.read(P1.replace('5:', '9:'), shown_on(9))
    settle(world, p1=PRESENT)

    assert world.ledger.items == {ON_P1: 9}


def test_what_a_new_lifetime_put_on_an_interface_made_anew_before_the_monitor_showed_it_is_ours():
    world = World(P1)
    assert settle(world, p1=PRESENT) == [ADD]
    # The kernel has another p1 by now, without the address. The change adds it there.
    world.network.make_permanent({ON_P1: PRESENT}, {ON_P1: Form(32, 3)})

    world.seen(shown_on(5), 'Deleted ' + shown_on(5), 'Deleted ' + P1, P1.replace('5:', '9:'), shown_on(9))
    settle(world, p1=PRESENT)
    assert world.ledger.items == {ON_P1: 9}


def test_what_was_there_before_does_not_become_ours_by_a_new_lifetime_but_is_on_an_interface_made_anew():
    world = World(P1, shown_on(5))
    world.network.make_permanent({ON_P1: PRESENT}, {ON_P1: Form(32, 3)})
    world.seen(shown_on(5))
    assert world.ledger.items == {}

    world.network.make_permanent({ON_P1: PRESENT}, {ON_P1: Form(32, 3)})
    world.seen('Deleted ' + P1, P1.replace('5:', '9:'), shown_on(9))
    assert world.ledger.items == {ON_P1: 9}


def test_an_address_that_may_be_on_an_interface_made_anew_is_remembered_where_the_daemon_dies_before_it_knows():
    world = World(P1)
    settle(world, p1=PRESENT)

    world.seen('Deleted ' + P1)
    assert world.ledger.items == {ON_P1: None}


def test_two_interfaces_that_seem_to_have_one_name_keep_what_is_ours_and_everything_is_read_again():
    world = World(P1, P2, shown_on(5), shown_on(6))
    world.ledger.items = {ON_P1: 5, ON_P2: 6}

    # They have swapped their names, and all lines about this are lost except one.
    world.seen(P1.replace('5:', '6:'))
    settle(world, p1=PRESENT, p2=PRESENT)
    assert (sorted(world.ledger.items.values()), world.ledger.items[ON_P1], world.replaced) == ([5, 6], 6, [0.0])

    world.read(P1.replace('5:', '6:'), P2.replace('6:', '5:'), shown_on(5), shown_on(6))
    assert world.ledger.items == {ON_P1: 6, ON_P2: 5}


@pytest.mark.parametrize('landed, expected', [(5, {ON_P2: 5}), (6, {ON_P1: 6})])
def test_what_we_put_on_one_of_two_interfaces_that_were_swapped_meanwhile_is_ours_where_it_turns_up(landed, expected):
    world = World(P1, P2)
    # The names are swapped by now. The child may know the old or the new ones.
    settle(world, p1=PRESENT)
    world.now = 1.4
    settle(world)

    world.seen('5: tmp: <UP> mtu 1 qdisc mq', '6: p1: <UP> mtu 1 qdisc mq', '5: p2: <UP> mtu 1 qdisc mq')
    settle(world)
    world.seen(shown_on(landed))
    assert settle(world) == ['addr del 10.0.0.1/32 dev %s' % list(expected)[0].interface]
    assert dict((item, index) for item, index in world.ledger.items.items() if item in expected) == expected


def test_what_was_there_before_is_not_taken_for_being_back_where_its_removal_was_lost_without_a_word():
    world = World(ETH0, CARD_LINE)
    world.settle(card=ABSENT)
    for world.now in (0.5, SHOWN_LIMIT):
        # A reload: the file does not name it any more, so that it is to be there again.
        world.settle(card=PRESENT)
    assert (set(world.ledger.found), world.replaced) == ({CARD}, [SHOWN_LIMIT])

    world.read(ETH0)
    assert world.settle(card=PRESENT) == ['addr add 10.0.0.1/32 dev eth0']


def test_of_an_interface_that_is_made_anew_again_and_again_only_the_last_one_is_remembered():
    world = World()
    for index in range(2, 9):
        world.read(ETH0.replace('2:', '%d:' % index), CARD_LINE.replace('2:', '%d:' % index))
        world.settle(card=ABSENT)
        world.seen('Deleted ' + CARD_LINE.replace('2:', '%d:' % index))
        world.settle(card=ABSENT)

    assert world.network._promotion._promoted == {8}


def test_a_secondary_that_is_about_to_go_is_not_put_back_with_what_the_kernel_drops():
    secondary = CARD_LINE.replace('.1/32', '.2/32').replace('global', 'global secondary')
    world, other = World(ETH0, CARD_LINE, secondary), AddressItem('eth0', '10.0.0.2')
    world.sysctl.promotes = False
    world.network.settle({CARD: PRESENT, other: ABSENT}, {}, str)

    world.network.settle({CARD: ABSENT, other: ABSENT}, {}, str)
    assert world.batch.ran == [['addr del 10.0.0.2/32 dev eth0'], ['addr del 10.0.0.1/32 dev eth0']]


def test_a_port_that_is_released_before_the_monitor_has_shown_it_down_comes_up_when_it_does():
    world = World(SW0_UP)
    world.settle(port=DOWN)
    world.now = 1.5
    world.settle(port=DOWN)

    assert world.settle(port=UP) == []
    world.seen(SW0_DOWN)
    assert world.settle(port=UP) == ['link set dev sw0 up']


def test_what_was_under_way_and_is_not_wanted_either_way_for_a_while_is_still_ours_when_it_is_shown():
    world = World(P1)
    settle(world, p1=PRESENT)
    world.network.settle({}, {}, lambda item: 'why')
    assert settle(world) == []

    world.seen(shown_on(5))
    assert settle(world) == ['addr del 10.0.0.1/32 dev p1']


def test_what_never_turned_up_is_forgotten_in_the_end():
    world = World(P1)
    settle(world, p1=PRESENT)
    world.now = 1.5
    settle(world)
    assert (world.ledger.items, world.network.deadline()) == ({ON_P1: 5}, 5.0)

    world.now = 5.0
    settle(world)
    # While it is not sure that the monitor has lost nothing, it is ours.
    assert (world.ledger.items, world.network.deadline(), world.replaced) == ({ON_P1: 5}, None, [1.5, 5.0])
    world.now = 60.0
    world.read(P1)
    settle(world)
    assert (world.ledger.items, world.network.deadline()) == ({}, None)


def test_what_the_monitor_has_lost_without_a_word_is_ours_when_everything_was_read_again():
    world = World(P1)
    settle(world, p1=PRESENT)
    # A reload, or a freeze: nothing is decided about it any more.
    world.network.settle({}, {}, str)
    assert world.network.deadline() == SHOWN_LIMIT

    world.now = SHOWN_LIMIT
    world.network.settle({}, {}, str)
    assert (world.replaced, world.network.deadline()) == ([SHOWN_LIMIT], UNSURE)
    world.read(P1, shown_on(5))
    assert settle(world) == ['addr del 10.0.0.1/32 dev p1']


def test_a_removal_that_goes_on_failing_has_everything_read_again():
    world = World(ETH0, CARD_LINE)
    world.batch.failing['addr del 10.0.0.1/32 dev eth0'] = 'Cannot assign requested address'
    world.settle(card=ABSENT)
    assert world.replaced == []

    world.now = world.network.deadline()
    world.settle(card=ABSENT)
    assert world.replaced == [world.now]
    world.read(ETH0)
    assert (world.settle(card=ABSENT), world.network.all_troubles()) == ([], [])


# --- what was there before us ---

FOUND = '2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global noprefixroute eth0:one'
AGAIN = 'addr add 10.0.0.1/24 brd 10.0.0.255 noprefixroute label eth0:one dev eth0'


def named(world, target):
    """Settle with the card in the file. Returns the lines that were run."""
    del world.batch.ran[:]
    world.network.settle({CARD: target}, {CARD: Form(32, None)}, lambda item: 'why')
    return sum(world.batch.ran, [])


def test_what_was_there_before_us_comes_back_as_it_was_and_is_not_ours():
    world = World(ETH0, FOUND)
    assert world.settle(card=ABSENT) == ['addr del 10.0.0.1/24 dev eth0']
    world.seen('Deleted ' + FOUND)

    assert named(world, PRESENT) == [AGAIN]
    world.seen(FOUND)
    assert (named(world, PRESENT), world.ledger.items) == ([], {})
    assert named(world, ABSENT) == ['addr del 10.0.0.1/24 dev eth0']


def test_with_a_lease_it_comes_back_as_it_was_but_for_that():
    world = World(ETH0, FOUND + '\\       valid_lft 6sec preferred_lft 6sec')
    world.network.settle({CARD: ABSENT}, FORMS, lambda item: 'why')
    world.seen('Deleted ' + FOUND)
    del world.batch.ran[:]

    world.network.settle({CARD: PRESENT}, FORMS, lambda item: 'why')
    assert world.batch.ran == [[AGAIN + ' valid_lft 6 preferred_lft 6']]


def test_what_was_there_before_us_and_got_a_lease_loses_it_when_the_file_does_not_name_it_any_more():
    world = World(ETH0, FOUND)
    world.network.renew({CARD: PRESENT}, FORMS)
    world.seen(FOUND + '\\       valid_lft 6sec preferred_lft 6sec')
    assert CARD in world.ledger.found

    assert world.settle(card=PRESENT) == ['addr change 10.0.0.1/24 dev eth0 valid_lft forever preferred_lft forever']
    assert world.ledger.found == {}


def test_what_was_there_before_us_for_a_time_is_for_good_once_it_has_had_a_lease_of_ours():
    line = CARD_LINE + '\\       valid_lft 900sec preferred_lft 900sec'
    world = World(ETH0, line)
    world.settle(card=ABSENT)
    world.seen('Deleted ' + line)
    assert world.settle(card=PRESENT) == ['addr add 10.0.0.1/32 dev eth0 valid_lft 900 preferred_lft 900']
    world.seen(line)
    assert world.ledger.ending() == {CARD}

    world.network.renew({CARD: PRESENT}, {CARD: Form(None, 5)})
    assert (world.ledger.ending(), world.ledger.lasting()) == (set(), {CARD})


def test_a_silent_address_that_was_there_before_us_is_replaced_as_it_was_and_is_not_ours():
    world = World(ETH0, '2: eth0    inet6 fd00::1/64 scope global dadfailed tentative noprefixroute')

    assert world.settle(six=PRESENT) == ['addr del fd00::1/64 dev eth0',
                                         'addr add fd00::1/64 noprefixroute nodad dev eth0']
    assert world.ledger.items == {}
    assert world.ledger.found == {SIX: (2, ('fd00::1/64 noprefixroute',))}


def test_a_silent_address_of_ours_is_still_ours():
    world = World(ETH0)
    world.settle(six=PRESENT)
    world.seen('2: eth0    inet6 fd00::1/128 scope global tentative')
    world.now = SHOWN_LIMIT + 2
    world.settle(six=PRESENT)

    assert (world.settle(six=PRESENT), world.ledger.items, world.ledger.found) == ([], {SIX: 2}, {})


def test_what_was_there_before_us_and_is_there_is_none_of_our_business_once_the_file_does_not_name_it():
    world = World(ETH0, FOUND)
    world.settle(card=ABSENT)
    world.seen('Deleted ' + FOUND)

    assert (world.settle(card=PRESENT), CARD in world.ledger.found) == ([AGAIN], True)
    world.seen(FOUND)
    assert (world.settle(card=PRESENT), world.ledger.found) == ([], {})


def test_what_was_on_an_interface_that_is_gone_is_not_put_on_the_next_one():
    world = World(ETH0, FOUND)
    world.settle(card=ABSENT)
    world.seen('Deleted ' + ETH0, ETH0.replace('2:', '7:'))

    assert world.ledger.found == {}


# --- routes ---

class Routes(object):
    """A stand-in for a RouteKeeper that has something to put back."""

    def __init__(self, order):
        self.back, self.went, self._order = [], [], order

    def __len__(self):
        return 1

    def put_back(self, items, _picture):
        if items:
            self._order.append('routes')
        self.back += items

    def gone(self, item):
        self.went.append(item)

    def returned(self, wanted, picture):
        items = [item for item in self.went if wanted.get(item) == PRESENT and picture.entries(*item)]
        if items:
            self.went = []
            self.put_back(items, picture)


def test_routes_are_put_back_right_after_an_address_and_with_no_removal():
    world = World(ETH0, CARD_LINE)
    routes = world.network._routes = Routes(world.order)
    world.settle(card=ABSENT)
    world.seen('Deleted ' + CARD_LINE)
    world.settle(card=ABSENT)
    assert routes.back == []

    del world.order[:]
    world.network.settle({CARD: PRESENT}, {}, lambda item: 'why', lambda: world.order.append('acted'))
    assert (routes.back, world.order) == ([CARD], ['note', 'run', 'routes', 'acted'])


def test_routes_are_put_back_when_an_address_that_was_gone_is_there_again_by_itself():
    world = World(ETH0, CARD_LINE)
    routes = world.network._routes = Routes(world.order)
    world.settle(card=PRESENT)
    world.seen('Deleted ' + CARD_LINE, CARD_LINE)

    assert world.settle(card=PRESENT) == []
    assert routes.back == [CARD]


def test_no_route_is_put_back_for_an_address_that_could_not_be_added():
    world = World(ETH0)
    routes = world.network._routes = Routes(world.order)
    world.batch.failing['addr add 10.0.0.1/32 dev eth0'] = 'no'

    world.settle(card=PRESENT)
    assert routes.back == []
