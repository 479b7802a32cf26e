"""wanted.py: the items that a file names, what is wanted of them, and the items that it no longer names."""
import pytest

from fbmon.rules import wanted
from fbmon.rules.decision import UNDECIDED, Decision
from fbmon.rules.items import AddressItem, Form, PortItem
from fbmon.rules.states import ABSENT, BYPASS, DOWN, NORMAL, PRESENT, UP
from settings import card, listener, settings

HOST = AddressItem('eth0', '10.0.0.2')
CARD = AddressItem('eth0', '10.0.1.0')


def test_the_file_names_addresses_with_their_prefixes_and_the_ports_that_a_list_has_a_say_in():
    names = wanted.names(settings(
        [listener(0, prefix=24, ports=('sw1', 'sw2')), listener(1, ports=('sw3',), shutdown=False)], [card(0)],
        ports=('sw4',), faulty_ports={'sw2': 'why'}))

    assert names == wanted.Names(frozenset([HOST]), frozenset([CARD]), frozenset([PortItem('sw1'), PortItem('sw4')]),
                                 {HOST: Form(24, None), CARD: Form(None, None)})


def test_a_global_list_whose_flag_is_0_names_no_port():
    assert wanted.names(settings(ports=('sw4',), shutdown=False)).ports == frozenset()


def test_a_component_that_uses_a_faulty_value_is_not_named():
    names = wanted.names(settings([listener(0, error='why')], [card(0, error='why')]))

    assert names == wanted.Names(frozenset(), frozenset(), frozenset(), {})


def test_before_a_decision_only_the_listeners_addresses_are_wanted():
    names = wanted.names(settings([listener(0)], [card(0)], ports=('sw0',)))

    assert wanted.wanted(names, UNDECIDED, ()) == {HOST: PRESENT}


def test_a_decision_that_is_held_counts_only_for_what_the_file_still_names():
    names = wanted.names(settings([listener(0)], [card(0)], ports=('sw0',)))
    held = Decision(BYPASS, {tuple(CARD): ABSENT, ('eth0', '10.0.1.9'): ABSENT}, {'sw0': DOWN, 'sw9': DOWN})

    assert wanted.wanted(names, held, ()) == {HOST: PRESENT, CARD: ABSENT, PortItem('sw0'): DOWN}


def test_what_is_released_goes_and_a_released_port_comes_up():
    names = wanted.names(settings([listener(0)], [card(0)]))
    put_there = [HOST, CARD, AddressItem('eth0', '10.0.1.9'), PortItem('sw9')]

    left = wanted.left_behind(names, put_there)

    assert left == {AddressItem('eth0', '10.0.1.9'), PortItem('sw9')}
    assert wanted.wanted(names, UNDECIDED, left) == {
        HOST: PRESENT, AddressItem('eth0', '10.0.1.9'): ABSENT, PortItem('sw9'): UP}


def test_of_what_is_ours_the_addresses_that_are_to_be_there_are_refreshed():
    names = wanted.names(settings([listener(0)], [card(0)]))
    ours = [HOST, CARD, AddressItem('eth0', '10.0.1.9'), PortItem('sw9')]

    assert wanted.refreshed(names, Decision(BYPASS, {tuple(CARD): PRESENT}, {}), ours) == [HOST, CARD]
    assert wanted.refreshed(names, Decision(BYPASS, {tuple(CARD): ABSENT}, {}), ours) == [HOST]


def test_an_address_that_another_listener_still_uses_is_not_left_behind():
    names = wanted.names(settings([listener(1)]))

    assert wanted.left_behind(names, [HOST]) == set()


@pytest.mark.parametrize('lease, seconds', [(0, None), (1000, 1), (5000, 5), (5001, 6)])
def test_only_the_cards_addresses_have_a_lease_in_whole_seconds_rounded_up(lease, seconds):
    names = wanted.names(settings([listener(0)], [card(0)], lease=lease))

    assert names.forms == {HOST: Form(None, None), CARD: Form(None, seconds)}


def test_all_cards_addresses_are_leased_where_the_file_has_a_lease_and_otherwise_those_that_the_daemon_put_there():
    names, others = wanted.names(settings([], [card(0), card(1)])), AddressItem('eth0', '10.0.9.9')
    second = AddressItem('eth0', '10.0.1.1')

    assert wanted.leased(names, 1, ()) == {CARD, second}
    assert wanted.leased(names, 0, {second, others}) == {second}


def test_what_was_there_for_good_before_us_is_leased_by_nobody_else_whether_the_file_names_it_or_not():
    names, others = wanted.names(settings([], [card(0)])), AddressItem('eth0', '10.0.9.9')

    assert wanted.leased(names, 0, (), {CARD, others}) == {CARD, others}


def test_what_is_decided_to_be_present_is_renewed_and_before_a_decision_what_is_there():
    second = AddressItem('eth0', '10.0.1.1')

    assert wanted.renewed([CARD, second], Decision(BYPASS, {CARD: PRESENT, second: ABSENT}, {})) == {CARD: PRESENT}
    assert wanted.renewed([CARD, second], UNDECIDED) == {CARD: None, second: None}


def test_what_a_held_decision_does_not_know_yet_is_renewed_if_it_is_there():
    second = AddressItem('eth1', '10.0.1.12')
    assert wanted.renewed([CARD, second], Decision(NORMAL, {CARD: PRESENT}, {})) == {CARD: PRESENT, second: None}


@pytest.mark.parametrize('lease, seconds', [(0, 0), (1, 1), (1000, 1), (1001, 2)])
def test_a_lease_is_given_to_the_kernel_in_whole_seconds_rounded_up(lease, seconds):
    assert wanted.whole_seconds(lease) == seconds
