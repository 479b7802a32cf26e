"""force.py: a person removes or adds the cards' addresses for good, and what has failed is named."""
import os

import pytest

from fbmon.cli import force
from fbmon.memory.ledger import Ledger
from fbmon.network import picture
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import ABSENT, PRESENT, UP
from settings import card, listener, settings

ETH0 = r'2: eth0: <BROADCAST,UP> mtu 1500 qdisc mq state UP mode DEFAULT\    link/ether 92:fb:1d:a4:c3:0c'
SW1_DOWN = r'3: sw1: <BROADCAST> mtu 1500 qdisc mq state DOWN mode DEFAULT\    link/ether 92:fb:1d:a4:c3:0d'
SW1_UP = SW1_DOWN.replace('<BROADCAST>', '<BROADCAST,UP>')
ONE = r'2: eth0    inet 10.0.1.1/24 scope global eth0\       valid_lft forever preferred_lft forever'
LEASED = r'2: eth0    inet 10.0.1.1/24 scope global dynamic eth0\       valid_lft 9sec preferred_lft 9sec'

CARDS = settings([listener(0, ports=('sw1',))], [card(1), card(2)], lease=9000)
FIRST, SECOND, PORT = AddressItem('eth0', '10.0.1.1'), AddressItem('eth0', '10.0.1.2'), PortItem('sw1')


class Batch(object):
    """Takes the commands, and lets those fail that it is told to."""

    def __init__(self, failing=()):
        self.lines, self.failing = [], failing

    def run(self, lines):
        self.lines += lines
        return dict((number, 'RTNETLINK answers: no') for number, line in enumerate(lines)
                    if any(word in line for word in self.failing))


@pytest.fixture
def ledger(tmp_path):
    return Ledger(str(tmp_path / 'ledger'))


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(force.sysctl, 'promote_secondaries', lambda interface: True)


def apply(items, ledger, batch, before, after):
    looks = iter([picture.of(before), picture.of(after)])
    return force.apply(lambda *_: items, CARDS, ledger, batch, lambda: next(looks))


def test_force_on_wants_every_card_away_and_leaves_ports_alone(ledger):
    ledger.note({PORT: 3})

    assert force.wanted_on(CARDS, ledger) == {FIRST: ABSENT, SECOND: ABSENT}


def test_force_off_wants_every_card_there_and_up_what_the_daemon_had_put_down(ledger):
    ledger.note(dict.fromkeys([PORT, AddressItem('eth0', '10.0.0.2')], 2))

    assert force.wanted_off(CARDS, ledger) == {FIRST: PRESENT, SECOND: PRESENT, PORT: UP}


def test_what_is_not_as_before_is_told_and_nothing_else(ledger):
    told, looks = [], iter([picture.of([ETH0, SW1_DOWN, ONE]), picture.of([ETH0, SW1_UP, ONE])])
    force.apply(lambda *_: {FIRST: PRESENT, SECOND: PRESENT, PORT: UP}, CARDS, ledger, Batch(), lambda: next(looks),
                lambda *change: told.append(change))

    assert told == [(PORT, 'down', 'up')]


def test_a_card_that_uses_a_faulty_value_is_named_and_not_touched(ledger):
    broken = settings(cards=[card(1), card(2, error='BYPASS_CARD_HOST[2]=x: no address')])

    assert force.wanted_on(broken, ledger) == {FIRST: ABSENT}
    assert force.faulty(broken) == ['card 2 is unconfigured: BYPASS_CARD_HOST[2]=x: no address']


def test_force_on_removes_what_is_there_and_forgets_it(ledger):
    ledger.note({FIRST: 2, PORT: 3})
    batch = Batch()

    found = apply(force.wanted_on(CARDS, ledger), ledger, batch, [ETH0, SW1_DOWN, ONE], [ETH0, SW1_DOWN])

    assert batch.lines == ['addr del 10.0.1.1/24 dev eth0']
    assert found == (['address 10.0.1.1 on eth0 is absent', 'address 10.0.1.2 on eth0 is absent'], [])
    assert set(ledger.items) == {PORT}


def test_what_cannot_be_removed_is_named_with_ips_own_words(ledger):
    ledger.note({FIRST: 2})

    found = apply(force.wanted_on(CARDS, ledger), ledger, Batch(['10.0.1.1']), [ETH0, ONE], [ETH0, ONE])

    assert found == (['address 10.0.1.2 on eth0 is absent'],
                     ['address 10.0.1.1 on eth0 is present, not absent: RTNETLINK answers: no'])
    assert set(ledger.items) == {FIRST}


def test_an_address_on_an_interface_that_is_not_there_is_absent(ledger):
    found = apply(force.wanted_on(CARDS, ledger), ledger, Batch(), [], [])

    assert found == (['address 10.0.1.1 on eth0 is absent', 'address 10.0.1.2 on eth0 is absent'], [])


def test_force_off_adds_without_a_lease_makes_leases_permanent_and_brings_ports_up(ledger):
    ledger.note({PORT: 3})
    batch = Batch()

    found = apply(force.wanted_off(CARDS, ledger), ledger, batch, [ETH0, SW1_DOWN, LEASED],
                  [ETH0, SW1_UP, ONE, ONE.replace('10.0.1.1', '10.0.1.2')])

    assert batch.lines == ['link set dev sw1 up', 'addr add 10.0.1.2/32 dev eth0',
                           'addr change 10.0.1.1/24 dev eth0 valid_lft forever preferred_lft forever']
    assert found == (['address 10.0.1.1 on eth0 is present', 'address 10.0.1.2 on eth0 is present',
                      'port sw1 is up'], [])
    assert PORT not in ledger.items


def test_an_address_that_will_still_go_by_itself_is_not_there_for_good(ledger):
    items = {FIRST: PRESENT}

    found = apply(items, ledger, Batch(['change']), [ETH0, LEASED], [ETH0, LEASED])

    assert found == ([], ['address 10.0.1.1 on eth0 is present for a time only: RTNETLINK answers: no'])


def test_force_off_names_an_interface_that_is_not_there(ledger):
    found = apply({FIRST: PRESENT, PORT: UP}, ledger, Batch(), [], [])

    assert found == ([], ['address 10.0.1.1 on eth0 is missing, not present: interface eth0 is not there',
                          'port sw1 is missing, not up: interface sw1 is not there'])


def test_what_is_added_is_noted_before(ledger):
    noted = []

    class Watching(Batch):
        def run(self, lines):
            noted.append(set(ledger.items))
            return {}

    apply({FIRST: PRESENT}, ledger, Watching(), [ETH0], [ETH0, ONE])

    assert noted == [{FIRST}]


@pytest.mark.parametrize('command, commands', [
    (force.wanted_on, ['addr del 10.0.1.1/24 dev eth7']),
    (force.wanted_off, ['addr add 10.0.1.1/32 dev eth0', 'addr add 10.0.1.2/32 dev eth0',
                        'addr del 10.0.1.1/24 dev eth7'])])
def test_what_was_put_on_an_interface_with_another_name_now_goes_with_both(ledger, command, commands):
    ledger.note({FIRST: 2})
    batch, other = Batch(), [ETH0.replace('2: eth0', '5: eth0')]
    looks = iter([picture.of(other + [ETH0.replace('eth0', 'eth7'), ONE]), picture.of(other)])

    force.apply(command, CARDS, ledger, batch, lambda: next(looks))

    assert batch.lines == commands


def test_what_is_only_made_permanent_is_not_taken_for_ours(ledger):
    apply({FIRST: PRESENT}, ledger, Batch(), [ETH0, LEASED], [ETH0, ONE])

    assert ledger.items == {}


# --- who ---

@pytest.mark.parametrize('environ, login, user, expected', [
    ({'SUDO_USER': 'alice'}, 'bob', 'root', 'alice'), ({'SUDO_USER': ''}, 'bob', 'root', 'bob'),
    ({}, None, 'root', 'root'), ({}, None, None, 'uid %d' % os.getuid()),
    ({'SUDO_USER': 'a\x1b[2J\nb'}, None, None, 'a?[2J?b'), ({'SUDO_USER': 'x' * 99}, None, None, 'x' * 32)])
def test_who_gives_a_command_has_a_name_whatever_is_known(monkeypatch, environ, login, user, expected):
    def known(name, error):
        if name is None:
            raise error
        return name
    monkeypatch.setattr(force.os, 'getlogin', lambda: known(login, OSError()))
    monkeypatch.setattr(force.pwd, 'getpwuid', lambda uid: type('', (), {'pw_name': known(user, KeyError())}))

    assert force.who(environ) == expected
