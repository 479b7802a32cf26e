import pytest

import helpers
from kernel import files
from kernel.daemon import card, listener

HOST = 'fd00::202'


@pytest.fixture(autouse=True)
def ipv6(switch):
    """IPv6 addresses at both ends of eth0."""
    switch.speak_ipv6()
    switch.outside.ip('addr', 'add', 'fd00::2/64', 'dev', 'far-eth0', 'nodad')


@pytest.fixture
def six(daemon, dpis):
    """The daemon with files.SIX, in normal."""
    dpis.steady(3000)
    dpis.steady(3100, host=HOST)
    daemon.start(files.SIX)
    daemon.wait_state('normal')
    return daemon


def test_an_ipv6_card_is_answered_in_normal_and_not_in_bypass(switch, six, dpis):
    switch.card.until_answered('fd00::212')
    assert switch.addresses('eth0') == sorted(
        [files.OWN, '192.168.1.202/32', '192.168.1.211/32', 'fd00::200/64', 'fd00::202/128', 'fd00::212/64'])

    dpis.silence(3100, host=HOST)
    shown = six.wait_state('bypass')
    assert listener(shown, 1)['state'] == 'failed'
    switch.card.until_silent('fd00::212')
    assert switch.addresses('eth0') == sorted([files.OWN, '192.168.1.202/32', 'fd00::200/64', 'fd00::202/128'])

    dpis.steady(3100, host=HOST)
    six.wait_state('normal')
    switch.card.until_answered('fd00::212')


def test_an_ipv6_address_can_be_used_from_the_first_moment(switch, six, dpis):
    assert [one for one in switch.dump()[1] if one.tentative] == []


def test_sources_of_an_ipv6_listener_are_told_apart(daemon, dpis):
    daemon.start(files.SIX.replace('TIMEOUT=300', 'TIMEOUT=60000') + 'LISTEN_HB_SOURCE[1]=fd00::0:1\n')
    daemon.wait_listener(1, 'unknown')

    dpis.beat(3100, host=HOST, source='fd00::2')
    daemon.wait(lambda status: listener(status, 1)['ignored'] == 1)
    dpis.beat(3100, host=HOST, source='fd00::1')

    assert listener(daemon.wait_listener(1, 'active'), 1)['received'] == 1


def test_a_port_that_went_down_and_up_gets_its_ipv6_address_back(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL + 'BYPASS_CARD_HOST[5]=fd00:5::1/64\nBYPASS_CARD_IFS[5]=sw0\n')
    daemon.wait_state('normal')
    assert switch.addresses('sw0') == ['fd00:5::1/64']

    dpis.silence(3100)
    daemon.wait_state('bypass')
    assert (switch.port('sw0'), switch.addresses('sw0')) == ('down', [])
    dpis.steady(3100)
    daemon.wait_state('normal')
    assert (switch.port('sw0'), switch.addresses('sw0')) == ('up', ['fd00:5::1/64'])

    switch.ip('link', 'set', 'sw0', 'down')
    daemon.wait(lambda status: (switch.port('sw0'), switch.addresses('sw0')) == ('up', ['fd00:5::1/64']))


def test_an_ipv6_address_that_was_written_in_another_way_is_the_same_one(switch, daemon, dpis):
    switch.ip('addr', 'add', 'fd00:0:0::212/64', 'dev', 'eth0', 'nodad')
    dpis.steady(3000)
    dpis.steady(3100, host=HOST)
    watch = switch.watch()

    daemon.start(files.SIX.replace('fd00::212/64', 'FD00:0:0:0::0212'))
    daemon.wait_state('normal')

    assert sorted(watch.take()) == ['+ 192.168.1.202/32 eth0', '+ 192.168.1.211/32 eth0', '+ fd00::202/128 eth0']


def test_a_silent_address_that_was_there_before_is_there_as_it_was_once_the_file_does_not_name_it(
        switch, daemon, dpis):
    switch.outside.ip('addr', 'add', 'fd00::212/64', 'dev', 'far-eth0', 'nodad')
    switch.ip('addr', 'add', 'fd00::212/80', 'dev', 'eth0')
    helpers.wait_for(lambda: 'dadfailed' in switch.ip('-6', 'addr', 'show', 'dev', 'eth0', 'to', 'fd00::212'))
    dpis.steady(3000)
    dpis.steady(3100, host=HOST)
    daemon.start(files.SIX)
    daemon.wait_state('normal')
    assert 'dadfailed' not in switch.ip('-6', 'addr', 'show', 'dev', 'eth0', 'to', 'fd00::212')

    daemon.reload(files.without(files.SIX, 'fd00::212'))
    daemon.wait(lambda status: '= address' not in helpers.read(daemon.run_dir + '/ledger').splitlines()[-1])

    assert 'fd00::212/80' in switch.addresses('eth0')


def test_where_ipv6_is_switched_off_its_components_are_unconfigured_and_ipv4_goes_on(switch, daemon, dpis):
    switch.set('ipv6/conf/eth0/disable_ipv6', '1')
    dpis.steady(3000)

    daemon.start(files.SIX)
    shown = daemon.wait(lambda status: listener(status, 1)['error'] and card(status, 'fd00::212')['error'])

    assert listener(shown, 1)['state'] == 'unconfigured'
    assert 'IPv6 is switched off' in listener(shown, 1)['error'] and 'IPv6 is switched off' in card(
        shown, 'fd00::212')['error']
    daemon.wait(lambda status: status['state'] == 'normal' and switch.cards() == ['192.168.1.211/32'])

    # They join when IPv6 is switched on.
    dpis.steady(3100, host=HOST)
    switch.set('ipv6/conf/eth0/disable_ipv6', '0')
    switch.ip('addr', 'add', 'fd00::200/64', 'dev', 'eth0', 'nodad')
    daemon.wait_listener(1, 'active')
    daemon.wait_state('normal')
