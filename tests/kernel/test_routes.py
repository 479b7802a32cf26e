"""Routes that the kernel drops with an address of ours come back with it."""
import os
import signal

import pytest

import clock
import helpers
from kernel import files
from kernel.daemon import problems

# The cards' interface has no other address, and one card is behind a gateway.
ALONE = files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=sw3').replace(
    'BYPASS_CARD_HOST[0]=192.168.1.211', 'BYPASS_CARD_HOST[0]=10.5.0.211/24').replace(
    'BYPASS_CARD_HOST[1]=192.168.1.212', 'BYPASS_CARD_HOST[1]=10.5.0.212/24')
LEASED = ALONE + 'BYPASS_CARD_LEASE=5000\n'

BEHIND = '10.50.0.0/16 via 10.5.0.1'
MANY_KINDS = ('default via 10.5.0.1 metric 20', BEHIND,
              '10.51.0.0/16 via 10.5.0.1 table 100 proto static mtu 1400 advmss 1300', '10.52.0.0/16 src 10.5.0.212',
              '10.54.0.0/16 via 10.99.0.1 onlink', 'local 10.57.0.0/16 table local')


def add(switch, *routes):
    switch.batch(*['route add %s dev sw3' % route for route in routes])


def shown(switch, interface='sw3', family='-4'):
    """The routes of an interface, without those that the kernel itself makes."""
    lines = switch.ip('-o', family, 'route', 'show', 'table', 'all', 'dev', interface).splitlines()
    return sorted(' '.join(line.split()) for line in lines if 'proto kernel' not in line)


def remembered(daemon, text, count=1):
    """Wait until so many remembered routes have this text in them. A reload makes the daemon read them again soon."""
    asked = [0]

    def happened():
        if clock.monotonic() > asked[0] + 4.0:
            daemon.reload()
            asked[0] = clock.monotonic()
        return sum(text in line for line in notes(daemon)) == count
    helpers.wait_for(happened, 3 * helpers.LIMIT)


def notes(daemon):
    return helpers.read(daemon.run_dir + '/routes').splitlines()


def bypass_and_back(daemon, dpis):
    dpis.silence(3100)
    daemon.wait_state('bypass')
    dpis.steady(3100)
    daemon.wait_state('normal')


@pytest.fixture
def alone(daemon, dpis):
    """The daemon with the file ALONE, in normal."""
    dpis.steady(3000, 3100)
    daemon.start(ALONE)
    daemon.wait_state('normal')
    return daemon


def test_routes_that_go_with_the_last_address_of_an_interface_come_back_with_it(switch, alone, dpis):
    switch.outside.batch('addr add 10.5.0.1/24 dev far-sw3', 'addr add 10.50.0.7/32 dev lo',
                         'route add 10.5.0.208/28 dev far-sw3 src 10.50.0.7')
    add(switch, *MANY_KINDS)
    before = shown(switch)
    assert len(before) == len(MANY_KINDS)
    remembered(alone, 'sw3', len(MANY_KINDS))

    dpis.silence(3100)
    alone.wait_state('bypass')
    assert shown(switch) == []
    dpis.steady(3100)
    alone.wait_state('normal')

    helpers.wait_for(lambda: shown(switch) == before)
    # The card behind the gateway is answered again.
    switch.card.until_answered('10.5.0.211')


def test_a_route_with_a_cards_address_as_its_source_comes_back_with_it(switch, small, dpis):
    switch.ip('route', 'add', '10.52.0.0/16', 'dev', 'eth0', 'src', '192.168.1.212')
    switch.ip('route', 'add', '10.53.0.0/16', 'via', '192.168.1.1', 'dev', 'eth0')
    before = shown(switch, 'eth0')
    remembered(small, '10.52.0.0')
    assert len(notes(small)) == 1

    dpis.silence(3100)
    small.wait_state('bypass')
    assert len(shown(switch, 'eth0')) == 1
    dpis.steady(3100)
    small.wait_state('normal')

    helpers.wait_for(lambda: shown(switch, 'eth0') == before)


def test_an_ipv6_route_has_its_source_again(switch, daemon, dpis):
    helpers.require(helpers.has_ipv6(), 'needs IPv6')
    dpis.steady(3000, 3100)
    switch.ip('addr', 'add', 'fd00::9/64', 'dev', 'eth0', 'nodad')
    daemon.start(files.SMALL.replace('192.168.1.212', 'fd00::212'))
    daemon.wait_state('normal')
    switch.ip('-6', 'route', 'add', 'default', 'via', 'fd00::1', 'dev', 'eth0', 'src', 'fd00::212')
    before = shown(switch, 'eth0', '-6')
    remembered(daemon, '::/0')

    bypass_and_back(daemon, dpis)

    helpers.wait_for(lambda: shown(switch, 'eth0', '-6') == before)


def test_after_a_kill_in_bypass_the_next_one_brings_the_routes_back(switch, alone, dpis):
    add(switch, BEHIND)
    remembered(alone, '10.50')
    dpis.silence(3100)
    alone.wait_state('bypass')

    alone.kill()
    alone.start()
    alone.wait_state('bypass')
    dpis.steady(3100)
    alone.wait_state('normal')

    helpers.wait_for(lambda: shown(switch) == [BEHIND])


@pytest.mark.parametrize('end', ['stopped for a while', 'killed'])
def test_routes_that_went_at_the_end_of_a_lease_come_back_with_the_address(switch, daemon, dpis, end):
    dpis.steady(3000, 3100)
    daemon.start(LEASED)
    daemon.wait_state('normal')
    add(switch, BEHIND)
    remembered(daemon, '10.50')

    if end == 'killed':
        daemon.kill()
    else:
        os.kill(daemon.child.pid, signal.SIGSTOP)
    helpers.wait_for(lambda: switch.cards('sw3') == [])
    assert shown(switch) == []
    if end == 'killed':
        daemon.start()
    else:
        os.kill(daemon.child.pid, signal.SIGCONT)

    daemon.wait_state('normal')
    helpers.wait_for(lambda: shown(switch) == [BEHIND])


def test_force_off_brings_the_routes_back_that_force_on_took(switch, alone):
    add(switch, BEHIND)
    remembered(alone, '10.50')
    assert alone.stop()[0] == 0

    assert alone.command('force_on')[0] == 0
    assert shown(switch) == []
    code, said, wrong = alone.command('force_off')

    assert (code, wrong) == (0, '')
    assert shown(switch) == [BEHIND]


def test_a_route_that_somebody_removes_in_normal_does_not_come_back(switch, alone, dpis):
    add(switch, BEHIND, '10.51.0.0/16 via 10.5.0.1')
    remembered(alone, 'sw3', 2)

    switch.ip('route', 'del', '10.51.0.0/16', 'dev', 'sw3')
    remembered(alone, '10.51.0.0', 0)
    bypass_and_back(alone, dpis)

    helpers.wait_for(lambda: shown(switch) == [BEHIND])


def test_a_route_whose_source_the_file_names_no_more_is_forgotten_without_a_word(switch, alone, dpis):
    add(switch, BEHIND, '10.52.0.0/16 src 10.5.0.212')
    remembered(alone, 'sw3', 2)

    alone.reload(files.without(ALONE, 'BYPASS_CARD_HOST[1]'))
    bypass_and_back(alone, dpis)

    helpers.wait_for(lambda: len(notes(alone)) == 1)
    assert shown(switch) == [BEHIND]
    assert 'cannot be put back' not in ' '.join(problems(alone.status())) + alone.log()


def test_a_route_that_stays_with_somebodys_address_is_not_said_to_be_lost(switch, alone, dpis):
    add(switch, BEHIND)
    remembered(alone, '10.50')

    switch.ip('addr', 'add', '10.5.0.99/24', 'dev', 'sw3')
    bypass_and_back(alone, dpis)

    # The daemon does not put it back any more.
    helpers.wait_for(lambda: notes(alone) == [])
    assert shown(switch) == [BEHIND]
    assert 'cannot be put back' not in ' '.join(problems(alone.status())) + alone.log()


def test_what_somebody_puts_in_a_routes_place_meanwhile_stays(switch, alone, dpis):
    add(switch, BEHIND)
    remembered(alone, '10.50')
    dpis.silence(3100)
    alone.wait_state('bypass')
    switch.ip('route', 'add', '10.50.0.0/16', 'via', '192.168.1.1', 'dev', 'eth0')
    dpis.steady(3100)
    alone.wait_state('normal')

    assert (shown(switch), shown(switch, 'eth0')) == ([], ['10.50.0.0/16 via 192.168.1.1'])


def test_a_reading_that_hangs_holds_up_nothing_and_is_not_left_behind(switch, daemon, dpis, fake_ip):
    fake_ip.hang('route')
    dpis.steady(3000, 3100)
    daemon.start(ALONE)
    daemon.wait_state('normal')
    pid = daemon.child_of('sleep')

    dpis.silence(3100)
    daemon.wait_state('bypass')
    dpis.steady(3100)
    daemon.wait_state('normal')

    words = 'route show table all dev sw3: no answer within 5 s'
    daemon.wait(lambda status: words in ' '.join(problems(status)))
    daemon.reload()
    hanging = daemon.child_of('sleep')
    assert daemon.stop()[0] == 0
    assert not helpers.alive(hanging) and not helpers.alive(pid)


def test_a_route_that_cannot_be_put_back_is_told_and_the_address_is_there(switch, alone, dpis):
    add(switch, BEHIND)
    remembered(alone, '10.50')
    dpis.silence(3100)
    alone.wait_state('bypass')
    switch.ip('link', 'set', 'sw3', 'down')
    dpis.steady(3100)
    alone.wait_state('normal')
    words = 'route 10.50.0.0/16 dev sw3 via 10.5.0.1 cannot be put back: '
    alone.wait(lambda status: any(words in problem for problem in status['problems']))
    alone.wait_log(words)

    switch.ip('link', 'set', 'sw3', 'up')

    helpers.wait_for(lambda: shown(switch) == [BEHIND])
    alone.wait(lambda status: not any(words in problem for problem in status['problems']))


def test_a_hundred_thousand_routes_elsewhere_cost_nothing_noticeable(switch, alone, dpis, figure):
    add(switch, BEHIND)
    switch.batch(*['route add 20.%d.%d.%d via 192.168.1.1 dev eth0' % (one >> 16, one >> 8 & 255, one & 255)
                   for one in range(100000)])
    remembered(alone, '10.50')
    assert len(notes(alone)) == 1

    watch = switch.watch()
    began = dpis.silence(3100)
    gone = watch.wait_for('- 10.5.0.211/24 sw3').at
    alone.wait_state('bypass')
    dpis.steady(3100)
    alone.wait_state('normal')

    helpers.wait_for(lambda: shown(switch) == [BEHIND])
    figure('with 100,000 routes elsewhere: the address is gone %.1f ms after the timeout' % (
        (gone - began) * 1000 - 300))
