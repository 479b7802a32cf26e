"""IPv6 addresses that do not answer: a neighbour had the same one (dadfailed), or may have it (tentative)."""
import signal

import pytest

import helpers
from kernel import files
from kernel.daemon import listener

CARD, HOST = 'fd00::212', 'fd00::202'


@pytest.fixture(autouse=True)
def ipv6(switch):
    """IPv6 addresses at both ends of eth0. Both ends search for doubles."""
    switch.speak_ipv6()
    for where, name in ((switch, 'eth0'), (switch.outside, 'far-eth0')):
        where.set('ipv6/conf/all/accept_dad', '1')
        where.set('ipv6/conf/%s/accept_dad' % name, '1')


def said(switch, address):
    """The set of words that `ip` prints about an address on eth0; empty if it is not there."""
    lines = switch.ip('-o', 'addr', 'show', 'dev', 'eth0').splitlines()
    return set(word for line in lines if ' %s/' % address in line for word in line.split())


def dadfailed(switch, address):
    """Make the address dadfailed: a neighbour has it when the switch gets it, and then goes. The flag stays."""
    switch.outside.ip('addr', 'add', address + '/64', 'dev', 'far-eth0', 'nodad')
    switch.ip('addr', 'replace', address + '/64', 'dev', 'eth0')
    helpers.wait_for(lambda: 'dadfailed' in said(switch, address))
    switch.outside.ip('addr', 'del', address + '/64', 'dev', 'far-eth0')


def tentative(switch, address):
    """Make the address tentative: the search for a double takes longer than any test."""
    switch.set('ipv6/conf/eth0/dad_transmits', '600')
    switch.ip('addr', 'add', address + '/64', 'dev', 'eth0')
    assert said(switch, address) & set(['tentative', 'dadfailed']) == set(['tentative'])


silences = pytest.mark.parametrize('silence', [dadfailed, tentative])


@silences
def test_a_cards_address_that_nobody_answers_for_is_replaced_by_ours_and_its_ping_is_answered(
        switch, daemon, dpis, silence):
    silence(switch, CARD)
    assert not switch.card.answers(CARD)
    dpis.steady(3000)
    dpis.steady(3100, host=HOST)

    daemon.start(files.SIX)
    switch.card.until_answered(CARD)

    daemon.wait_state('normal')
    assert (switch.addresses('eth0').count(CARD + '/64'), 'nodad' in said(switch, CARD)) == (1, True)
    assert said(switch, CARD) & set(['tentative', 'dadfailed']) == set()


@silences
def test_a_listeners_address_that_nobody_answers_for_is_replaced_by_ours_and_it_hears(switch, daemon, dpis, silence):
    silence(switch, HOST)
    dpis.steady(3000)
    dpis.steady(3100, host=HOST)

    daemon.start(files.SIX)
    shown = daemon.wait_state('normal')

    assert (listener(shown, 1)['state'], switch.addresses('eth0').count(HOST + '/64')) == ('active', 1)
    assert 'nodad' in said(switch, HOST) and said(switch, HOST) & set(['tentative', 'dadfailed']) == set()


@silences
def test_what_somebody_makes_silent_while_the_daemon_runs_is_made_ours_again(switch, daemon, dpis, silence):
    dpis.steady(3000)
    dpis.steady(3100, host=HOST)
    daemon.start(files.SIX)
    daemon.wait_state('normal')
    # It is as after an ifup with addresses of its own that nobody has looked at yet.
    daemon.signal(signal.SIGSTOP)
    for entry, address in ((CARD + '/64', CARD), (HOST + '/128', HOST)):
        switch.ip('addr', 'del', entry, 'dev', 'eth0')
        silence(switch, address)
    daemon.signal(signal.SIGCONT)

    switch.card.until_answered(CARD)
    daemon.wait_state('normal')
    for address in (CARD, HOST):
        assert 'nodad' in said(switch, address) and said(switch, address) & set(['tentative', 'dadfailed']) == set()


@silences
def test_in_bypass_a_cards_address_that_nobody_answers_for_goes_as_any_other(switch, daemon, dpis, silence):
    silence(switch, CARD)
    dpis.steady(3000)

    daemon.start(files.SIX)
    daemon.wait_state('bypass')

    assert said(switch, CARD) == set()
