"""plan.py: wanted minus actual gives the commands, in the order in which they must come."""
import pytest

from fbmon.network import picture, plan
from fbmon.network.plan import Command
from fbmon.rules.items import PLAIN, AddressItem, Form, PortItem
from fbmon.rules.states import ABSENT, DOWN, MISSING, PRESENT, UP

CARD = AddressItem('eth0', '10.0.0.1')
SIX = AddressItem('eth0', 'fd00::1')
PORT = PortItem('sw0')


def kernel(*addresses, **ports):
    """A Picture with these addresses on eth0, and with ports, given as name=up."""
    lines = ['2: eth0: <UP> mtu 1 qdisc mq']
    lines += ['%d: %s: <%s> mtu 1 qdisc mq' % (number, name, 'UP' if up else 'BROADCAST')
              for number, (name, up) in enumerate(sorted(ports.items()), 3)]
    for words in addresses:
        address, _, secondary = words.partition(' secondary')
        given = address if ' scope ' in address else address + ' scope global'
        lines.append('2: eth0    %s%s eth0%s' % (given, ' secondary' * (words != address), secondary))
    return picture.of(lines)


@pytest.mark.parametrize('item, now, has', [
    (CARD, kernel('inet 10.0.0.1/32'), PRESENT), (CARD, kernel('inet 10.0.0.1/8'), PRESENT),
    (CARD, kernel('inet 10.0.0.11/32'), ABSENT), (CARD, picture.empty(), MISSING),
    (PORT, kernel(sw0=True), UP), (PORT, kernel(sw0=False), DOWN), (PORT, kernel(sw1=True), MISSING)])
def test_present_with_any_prefix_is_present_and_up_is_the_administrative_flag(item, now, has):
    assert plan.actual(item, now) == has


@pytest.mark.parametrize('flags, has', [('tentative', ABSENT), ('dadfailed tentative', ABSENT), ('dadfailed', ABSENT),
                                        ('optimistic tentative', PRESENT), ('nodad', PRESENT), ('', PRESENT)])
def test_a_tentative_or_dadfailed_address_is_not_present_and_is_replaced_or_removed(flags, has):
    now = kernel('inet6 fd00::1/64 scope global %s' % flags)
    replaced = ['addr del fd00::1/64 dev eth0', 'addr add fd00::1/64 nodad dev eth0'] if has == ABSENT else []

    assert plan.actual(SIX, now) == has
    assert [one.line for one in plan.commands({SIX: PRESENT}, now, {SIX: PLAIN})] == replaced
    assert [one.line for one in plan.commands({SIX: ABSENT}, now, {SIX: PLAIN})] == ['addr del fd00::1/64 dev eth0']


@pytest.mark.parametrize('now', [kernel('inet 10.0.0.1/24', sw0=True), picture.empty()])
def test_nothing_is_done_where_all_is_right_or_the_interface_is_missing(now):
    assert plan.commands({CARD: PRESENT, PORT: UP}, now, {}) == []


@pytest.mark.parametrize('item, form, line', [
    (CARD, Form(None, None), 'addr add 10.0.0.1/32 dev eth0'), (CARD, Form(24, None), 'addr add 10.0.0.1/24 dev eth0'),
    (SIX, Form(None, None), 'addr add fd00::1/128 dev eth0 nodad'),
    (SIX, Form(64, None), 'addr add fd00::1/64 dev eth0 nodad'),
    (CARD, Form(24, 5), 'addr add 10.0.0.1/24 dev eth0 valid_lft 5 preferred_lft 5'),
    (SIX, Form(64, 5), 'addr add fd00::1/64 dev eth0 nodad valid_lft 5 preferred_lft 5')])
def test_an_address_is_added_with_its_prefix_or_alone_with_its_lease_and_ipv6_without_dad(item, form, line):
    assert plan.commands({item: PRESENT}, kernel(), {item: form}) == [Command(item, line, PRESENT)]


LEASED = 'inet 10.0.0.1/24 scope global dynamic eth0\\       valid_lft 3sec preferred_lft 3sec'


@pytest.mark.parametrize('target, words, lease, line', [
    (PRESENT, 'inet 10.0.0.1/24', 5, 'addr change 10.0.0.1/24 dev eth0 valid_lft 5 preferred_lft 5'),
    (PRESENT, LEASED, 5, 'addr change 10.0.0.1/24 dev eth0 valid_lft 5 preferred_lft 5'),
    (PRESENT, LEASED, None, 'addr change 10.0.0.1/24 dev eth0 valid_lft forever preferred_lft forever'),
    (PRESENT, 'inet 10.0.0.1/24', None, None), (PRESENT, 'inet 10.0.0.7/24', 5, None),
    (None, LEASED, 5, 'addr change 10.0.0.1/24 dev eth0 valid_lft 5 preferred_lft 5'),
    (None, 'inet 10.0.0.1/24', 5, None)])
def test_a_lease_is_renewed_where_the_address_is_and_undecided_only_where_a_lease_is(target, words, lease, line):
    found = plan.renewals({CARD: target}, kernel(words), {CARD: Form(24, lease)})

    assert found == ([Command(CARD, line, PRESENT)] if line else [])


FIRST = 'addr change fd00::1/64 dev eth0%s noprefixroute valid_lft 5 preferred_lft 0'
THEN = 'addr change fd00::1/64 dev eth0%s valid_lft 5 preferred_lft 5'
TIMES = '\\       valid_lft 3sec preferred_lft %dsec'


@pytest.mark.parametrize('words, lines', [
    ('metric 7 scope global nodad home mngtmpaddr ', [FIRST, THEN, ' metric 7 nodad home mngtmpaddr']),
    ('scope global noprefixroute ', [THEN, ' noprefixroute']),
    ('scope global deprecated noprefixroute ', [THEN, ' noprefixroute']),
    ('scope global dynamic nodad ' + TIMES % 3, [THEN, ' nodad']),
    ('scope global deprecated dynamic nodad noprefixroute ' + TIMES % 0, [THEN, ' nodad'])])
def test_a_renewal_says_again_what_an_ipv6_address_has_and_a_first_lifetime_leaves_its_route_for_a_moment(words, lines):
    now = picture.of(['2: eth0: <UP> mtu 1 qdisc mq', '2: eth0    inet6 fd00::1/64 ' + words])

    assert [one.line for one in plan.renewals({SIX: PRESENT}, now, {SIX: Form(64, 5)})] == [
        line % lines[-1] for line in lines[:-1]]


def test_a_renewal_takes_an_ipv6_address_with_a_change_under_way_for_one_that_may_be_permanent_by_now():
    now = picture.of(['2: eth0: <UP> mtu 1 qdisc mq', '2: eth0    inet6 fd00::1/64 scope global dynamic ' + TIMES % 3])

    def lines(lease):
        found = plan.renewals({SIX: PRESENT}, now, {SIX: Form(64, lease)}, lambda item: item == SIX)
        return [one.line for one in found]

    assert lines(5) == [FIRST % '', THEN % '']
    assert lines(None) == ['addr change fd00::1/64 dev eth0 valid_lft forever preferred_lft forever']


def test_a_renewal_says_the_metric_of_an_ipv4_address_again_and_no_flag_or_label():
    now = picture.of(['2: eth0: <UP> mtu 1 qdisc mq',
                      '2: eth0    inet 10.0.0.1/24 metric 7 brd 10.0.0.255 scope link noprefixroute eth0:home'])

    assert [one.line for one in plan.renewals({CARD: PRESENT}, now, {CARD: Form(24, 5)})] == [
        'addr change 10.0.0.1/24 dev eth0 metric 7 valid_lft 5 preferred_lft 5']


def test_absent_means_no_entry_of_it_each_removed_with_the_prefix_that_the_kernel_shows():
    now = kernel('inet 10.0.0.1/24', 'inet 10.0.0.1 peer 10.0.0.9/32', 'inet 10.0.0.2/24')

    assert plan.commands({CARD: ABSENT}, now, {}) == [
        Command(CARD, 'addr del 10.0.0.1/24 dev eth0', ABSENT),
        Command(CARD, 'addr del 10.0.0.1 peer 10.0.0.9/32 dev eth0', ABSENT)]


def test_removals_come_first_then_ports_up_then_ports_down_then_additions():
    wanted = {CARD: ABSENT, AddressItem('eth0', '10.0.0.3'): PRESENT, PORT: DOWN, PortItem('sw1'): UP}

    now = kernel('inet 10.0.0.1/32', sw0=True, sw1=False)
    lines = [command.line for command in plan.commands(wanted, now, {CARD: PLAIN})]

    assert lines == ['addr del 10.0.0.1/32 dev eth0', 'link set dev sw1 up', 'link set dev sw0 down',
                     'addr add 10.0.0.3/32 dev eth0']


def test_what_the_file_no_longer_names_goes_after_what_takes_its_place():
    wanted = {CARD: ABSENT, AddressItem('eth0', '10.0.0.3'): PRESENT, SIX: ABSENT, PORT: UP}
    now = kernel('inet 10.0.0.1/24', 'inet6 fd00::1/64', sw0=False)

    lines = [command.line for command in plan.commands(wanted, now, {SIX: PLAIN})]

    assert lines == ['addr del fd00::1/64 dev eth0', 'link set dev sw0 up', 'addr add 10.0.0.3/32 dev eth0',
                     'addr del 10.0.0.1/24 dev eth0']


def test_where_secondaries_are_dropped_what_takes_its_place_comes_after_it():
    wanted = {CARD: ABSENT, AddressItem('eth0', '10.0.0.3'): PRESENT}

    lines = [command.line for command in plan.commands(wanted, kernel('inet 10.0.0.1/24'), {}, lambda interface: False)]

    assert lines == ['addr del 10.0.0.1/24 dev eth0', 'addr add 10.0.0.3/32 dev eth0']


@pytest.mark.parametrize('forms', [{}, {CARD: PLAIN, AddressItem('eth0', '10.0.0.2'): PLAIN}])
@pytest.mark.parametrize('keeps, put_back', [(True, []), (False, ['addr add 10.0.0.3/24 dev eth0'])])
def test_secondaries_go_before_their_primary_and_none_of_them_is_put_back(forms, keeps, put_back):
    now = kernel('inet 10.0.0.1/24', 'inet 10.0.0.2/24 secondary', 'inet 10.0.0.3/24 secondary')
    wanted = {CARD: ABSENT, AddressItem('eth0', '10.0.0.2'): ABSENT}

    lines = [command.line for command in plan.commands(wanted, now, forms, lambda interface: keeps)]

    assert lines == ['addr del 10.0.0.2/24 dev eth0', 'addr del 10.0.0.1/24 dev eth0'] + put_back


def test_secondaries_that_the_kernel_will_drop_are_put_back_in_the_same_batch():
    now = kernel('inet 10.0.0.1/24', 'inet 10.0.0.2/24 secondary', 'inet 10.0.0.3/24')

    lines = [command.line for command in plan.commands({CARD: ABSENT}, now, {}, lambda interface: False)]

    assert lines == ['addr del 10.0.0.1/24 dev eth0', 'addr add 10.0.0.2/24 dev eth0']


def test_they_are_put_back_as_they_were_and_not_where_they_are_about_to_go():
    now = kernel('inet 10.0.0.1/24', 'inet 10.0.0.2/24 brd 10.0.0.255 scope link secondary\\ valid_lft 9sec',
                 'inet 10.0.0.3/24 secondary')

    lines = [command.line for command in plan.commands({CARD: ABSENT}, now, {}, lambda interface: False,
                                                       lambda item: item.address == '10.0.0.3')]

    assert lines == ['addr del 10.0.0.1/24 dev eth0',
                     'addr add 10.0.0.2/24 brd 10.0.0.255 scope link dev eth0 valid_lft 9 preferred_lft 9']


def test_promoting_secondaries_is_only_asked_for_before_an_ipv4_removal():
    asked = []
    now = kernel('inet 10.0.0.1/24', 'inet6 fd00::1/64')

    plan.commands({SIX: ABSENT}, now, {}, asked.append)
    assert asked == []
    plan.commands({CARD: ABSENT, SIX: ABSENT}, now, {}, asked.append)
    assert asked == ['eth0']
