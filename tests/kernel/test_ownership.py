import os
import signal

import pytest

import helpers
from kernel import files

FIRST, SECOND = files.CARDS

# The cards have a network of their own on sw3, and one of them is its primary address.
PRIMARY = files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=sw3').replace(
    'BYPASS_CARD_HOST[0]=192.168.1.211', 'BYPASS_CARD_HOST[0]=10.9.9.1/24')

# The cards are on another interface than the listeners.
APART = files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=sw3')

# Listener 1 has an address of its own.
TWO_HOSTS = files.SMALL.replace('HOST[1]=192.168.1.202', 'HOST[1]=192.168.1.203')
ONE_LISTENER = files.without(files.SMALL, 'HB_HOST[1]', '3100', 'CUBRO_IFS[1]')

# Words in front of a command: a daemon that they run cannot change settings of the kernel.
NO_SETTINGS = ('unshare', '-m', 'sh', '-c',
               'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "$@"', 'sh')


# --- cards ---

def test_a_cards_address_that_the_daemon_put_there_goes_with_the_card(switch, small):
    watch = switch.watch()

    small.reload(files.without(files.SMALL, '192.168.1.211'))

    watch.wait_for('- 192.168.1.211/32 eth0')
    small.wait_state('normal')
    assert watch.take() == ['- 192.168.1.211/32 eth0']


def test_a_cards_address_that_was_there_before_stays_without_the_card(switch, daemon, dpis):
    switch.ip('addr', 'add', FIRST, 'dev', 'eth0')
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    watch = switch.watch()

    daemon.reload(files.without(files.SMALL, '192.168.1.211', '192.168.1.212'))

    watch.wait_for('- 192.168.1.212/32 eth0')
    daemon.wait_state('normal')
    assert watch.take() == ['- 192.168.1.212/32 eth0']


def test_a_card_that_moves_to_another_interface_moves_its_address(switch, small):
    small.reload(files.SMALL + 'BYPASS_CARD_IFS[0]=sw3\n')

    small.wait(lambda status: switch.cards('sw3') == [FIRST])
    small.wait_state('normal')
    assert (switch.cards('eth0'), switch.cards('sw3')) == ([SECOND], [FIRST])


@pytest.mark.parametrize('end', ['stop', 'kill'])
def test_what_an_earlier_run_left_behind_goes_with_the_first_decision_and_not_before(switch, small, dpis, end):
    getattr(small, end)()
    watch = switch.watch()

    small.start(files.without(files.SMALL, '192.168.1.211', 'IFS[0]').replace('TIMEOUT=300', 'TIMEOUT=60000')
                + 'LISTEN_HB_HOST[2]=192.168.1.202\nLISTEN_HB_PORT[2]=3200\n')
    small.wait_listener(0, 'active')
    small.wait_listener(1, 'active')
    watch.quiet(0.3)

    dpis.beat(3200)
    watch.wait_for('- 192.168.1.211/32 eth0')
    small.wait_state('normal')
    assert watch.take() == ['- 192.168.1.211/32 eth0']


def test_what_was_there_before_stays_after_a_restart_too(switch, daemon, dpis):
    switch.ip('addr', 'add', FIRST, 'dev', 'eth0')
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    daemon.kill()

    daemon.start(files.without(files.SMALL, '192.168.1.211', '192.168.1.212'))
    daemon.wait(lambda status: switch.cards() == [FIRST])

    switch.watch().quiet(0.3)


@pytest.mark.parametrize('ends', ['running', 'stopped', 'killed'])
@pytest.mark.parametrize('state', ['normal', 'bypass'])
def test_an_address_that_was_there_before_is_as_it_was_once_the_file_does_not_name_it(
        switch, daemon, dpis, ends, state):
    switch.ip('addr', 'add', '192.168.1.211/26', 'brd', '+', 'label', 'eth0:own', 'dev', 'eth0', 'noprefixroute')
    before = about(switch, '192.168.1.211')
    dpis.steady(3000)
    daemon.start(files.SMALL)
    daemon.wait_state('bypass')
    assert about(switch, '192.168.1.211') == []
    if state == 'normal':
        dpis.steady(3000, 3100)
        daemon.wait_state('normal')
        assert about(switch, '192.168.1.211') == before

    corrected = files.without(files.SMALL, '192.168.1.211')
    if ends == 'running':
        daemon.reload(corrected)
    else:
        getattr(daemon, {'stopped': 'stop', 'killed': 'kill'}[ends])()
        daemon.start(corrected)

    daemon.wait(lambda status: status['state'] == state and about(switch, '192.168.1.211') == before)
    daemon.wait(lambda status: '= address' not in helpers.read(daemon.run_dir + '/ledger').splitlines()[-1])
    assert about(switch, '192.168.1.211') == before


def test_check_and_the_status_warn_of_a_card_that_is_somebody_elses_address_and_of_none_of_ours(switch, daemon, dpis):
    switch.ip('addr', 'add', FIRST, 'dev', 'eth0')
    words = 'address 192.168.1.211 on eth0 was there before the daemon'
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    ledger = helpers.read(daemon.run_dir + '/ledger')

    for state in ('normal', 'bypass'):
        problems = '\n'.join(daemon.wait_state(state)['problems'])
        for text in (problems, daemon.command('check')[1]):
            assert text.count('was there before the daemon') == text.count(words) == 1, text
        if state == 'normal':
            assert helpers.read(daemon.run_dir + '/ledger') == ledger
            dpis.silence(3100)


LATER = {'without a lease': files.SMALL, 'without the card': files.without(files.SMALL, '192.168.1.211'),
         'with a mistake': files.SMALL.replace('192.168.1.211', '192.168.1.2111')}


@pytest.mark.parametrize('later', sorted(LATER))
def test_an_address_that_was_there_before_does_not_keep_the_lease_of_a_daemon_that_was_killed(
        switch, daemon, dpis, later):
    switch.ip('addr', 'add', '192.168.1.211/26', 'brd', '+', 'label', 'eth0:own', 'dev', 'eth0', 'noprefixroute')
    before = about(switch, '192.168.1.211')
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL + 'BYPASS_CARD_LEASE=60000\n')
    daemon.wait_state('normal')
    helpers.wait_for(lambda: 'forever' not in about(switch, '192.168.1.211'))
    daemon.kill()

    daemon.start(LATER[later])

    helpers.wait_for(lambda: about(switch, '192.168.1.211') == before)


def about(switch, address):
    """[The words that `ip` prints about an address on eth0], without `secondary`, which depends on the order."""
    lines = [line for line in switch.ip('-o', 'addr', 'show', 'dev', 'eth0').splitlines() if ' %s/' % address in line]
    return [word for line in lines for word in line.split()[2:] if word != 'secondary']


@pytest.mark.parametrize('ends', ['running', 'stopped', 'killed'])
def test_an_address_of_ours_does_not_stay_on_an_interface_that_has_got_another_name(switch, daemon, dpis, ends):
    switch.create('sw9')
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')
    if ends != 'running':
        getattr(daemon, {'stopped': 'stop', 'killed': 'kill'}[ends])()

    switch.batch('link set sw3 down', 'link set sw9 down', 'link set sw3 name away', 'link set sw9 name sw3',
                 'link set away name sw9', 'link set sw3 up', 'link set sw9 up')
    if ends != 'running':
        daemon.start()

    daemon.wait(lambda status: (switch.addresses('sw3'), switch.addresses('sw9')) == (files.CARDS, []))
    dpis.silence(3100)
    daemon.wait_state('bypass')
    daemon.wait(lambda status: switch.addresses('sw3') + switch.addresses('sw9') == [])


@pytest.mark.parametrize('shown', [True, False], ids=['shown', 'not shown in time'])
def test_after_names_were_swapped_what_is_put_on_an_interface_goes_to_the_one_that_has_the_name(
        switch, daemon, dpis, shown):
    switch.create('sw9')
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')
    # By now the child that makes the changes has remembered the index of sw3.
    dpis.silence(3100)
    daemon.wait_state('bypass')
    if not shown:
        os.kill(daemon.child_of('monitor'), signal.SIGSTOP)
    switch.batch('link set sw3 down', 'link set sw9 down', 'link set sw3 name away', 'link set sw9 name sw3',
                 'link set away name sw9', 'link set sw3 up', 'link set sw9 up')
    watch = switch.watch()
    if shown:
        # When this is put right, the swap has been shown, too.
        switch.ip('link', 'set', 'sw1', 'down')
        watch.wait_for('sw1 up')

    dpis.steady(3100)

    daemon.wait(lambda status: (switch.addresses('sw3'), switch.addresses('sw9')) == (files.CARDS, []))
    assert not shown or [text for text in watch.take() if 'sw9' in text] == []


def test_what_somebody_has_put_on_an_interface_that_was_made_anew_is_not_ours(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')
    daemon.stop()
    switch.recreate('sw3')
    switch.ip('addr', 'add', FIRST, 'dev', 'sw3')

    daemon.start(files.without(APART, '192.168.1.211', '192.168.1.212'))
    daemon.wait_state('normal')

    switch.watch().quiet(0.3)
    assert switch.addresses('sw3') == [FIRST]


# --- listeners' addresses ---

def test_a_listeners_address_that_the_daemon_put_there_goes_with_its_last_listener(switch, daemon, dpis):
    three = TWO_HOSTS + 'LISTEN_HB_HOST[2]=192.168.1.203\nLISTEN_HB_PORT[2]=3200\n'
    dpis.steady(3000)
    dpis.steady(3100, 3200, host='192.168.1.203')
    daemon.start(three)
    daemon.wait_state('normal')
    watch = switch.watch()

    daemon.reload(files.without(three, 'HB_HOST[1]', '3100', 'CUBRO_IFS[1]'))
    daemon.wait(lambda status: len(status['listeners']) == 2)
    watch.quiet(0.3)

    daemon.reload(ONE_LISTENER)
    watch.wait_for('- 192.168.1.203/32 eth0')
    assert watch.take() == ['- 192.168.1.203/32 eth0']


def test_a_listeners_address_that_was_there_before_stays(switch, daemon, dpis):
    switch.ip('addr', 'add', '192.168.1.203/24', 'dev', 'eth0')
    dpis.steady(3000)
    dpis.steady(3100, host='192.168.1.203')
    daemon.start(TWO_HOSTS)
    daemon.wait_state('normal')
    watch = switch.watch()

    daemon.reload(ONE_LISTENER)
    daemon.wait(lambda status: len(status['listeners']) == 1)

    watch.quiet(0.3)
    assert '192.168.1.203/24' in switch.addresses('eth0')


def test_a_listeners_address_that_becomes_a_cards_is_a_cards(switch, daemon, dpis):
    dpis.steady(3000)
    dpis.steady(3100, host='192.168.1.203')
    daemon.start(TWO_HOSTS)
    daemon.wait_state('normal')
    watch = switch.watch()

    daemon.reload(ONE_LISTENER + 'BYPASS_CARD_HOST[2]=192.168.1.203\n')
    daemon.wait_state('normal')
    watch.quiet(0.2)

    dpis.silence(3000)
    daemon.wait_state('bypass')
    assert switch.addresses('eth0') == files.BYPASS


# --- ports ---

def test_a_port_that_the_daemon_had_put_down_comes_up_when_no_list_names_it(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    watch = switch.watch()

    small.reload(files.without(files.SMALL, 'LISTEN_CUBRO_IFS=sw0'))

    watch.wait_for('sw0 up')
    small.wait_state('bypass')
    assert watch.take() == ['sw0 up']


def test_a_port_that_the_daemon_had_put_down_comes_up_when_its_list_is_left_alone(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    watch = switch.watch()

    small.reload(files.SMALL + 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[1]=0\n')

    watch.wait_for('sw2 up')
    assert watch.take() == ['sw2 up']


def test_a_port_that_somebody_else_had_put_down_stays_down_when_no_list_names_it(switch, daemon, dpis):
    switch.ip('link', 'set', 'sw0', 'down')
    dpis.steady(3000)
    daemon.start(files.SMALL)
    daemon.wait_state('bypass')

    daemon.reload(files.without(files.SMALL, 'LISTEN_CUBRO_IFS=sw0', 'CUBRO_IFS[1]'))

    daemon.wait(lambda status: switch.port('sw2') == 'up')
    daemon.wait_state('bypass')
    assert switch.ports() == 'down up up up'


def test_a_port_that_an_earlier_run_had_put_down_comes_up_with_the_next_runs_first_decision(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    small.kill()
    watch = switch.watch()

    small.start(files.without(files.SMALL, 'LISTEN_CUBRO_IFS=sw0'))
    watch.wait_for('sw0 up')
    small.wait_state('bypass')

    assert watch.take() == ['sw0 up']


# --- prefixes ---

def test_a_prefix_in_the_file_is_the_one_that_is_put_there(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL.replace('192.168.1.211', '192.168.1.211/25').replace('192.168.1.202', '192.168.1.202/24'))
    daemon.wait_state('normal')

    assert switch.addresses('eth0') == [files.OWN, '192.168.1.202/24', '192.168.1.211/25', SECOND]


def test_an_address_with_another_prefix_is_present_and_removed_with_that_prefix(switch, daemon, dpis):
    switch.batch('addr add 192.168.1.211/24 dev eth0', 'addr add 192.168.1.202/24 dev eth0')
    dpis.steady(3000, 3100)
    watch = switch.watch()

    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    assert watch.take() == ['+ 192.168.1.212/32 eth0']

    dpis.silence(3100)
    daemon.wait_state('bypass')
    assert sorted(watch.take()) == ['- 192.168.1.211/24 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down']


def test_a_removal_takes_every_entry_of_the_address(switch, small, dpis):
    switch.batch('addr add 192.168.1.211/24 dev eth0', 'addr add 192.168.1.211/25 dev eth0',
                 'addr add 192.168.1.211 peer 10.3.3.3/32 dev eth0', 'addr add 192.168.1.211/24 dev sw3')

    dpis.silence(3100)
    small.wait_state('bypass')

    assert (switch.addresses('eth0'), switch.addresses('sw3')) == (files.BYPASS, ['192.168.1.211/24'])


# --- others on the interface ---

@pytest.mark.parametrize('wrapper', [(), NO_SETTINGS], ids=['promoted', 'put back'])
def test_taking_a_primary_address_away_takes_no_other_address_and_no_route(switch, daemon, dpis, wrapper):
    helpers.require(not wrapper or os.system('unshare -m true') == 0, 'needs mount namespaces')
    dpis.steady(3000, 3100)
    daemon.start(PRIMARY, wrapper=wrapper)
    daemon.wait_state('normal')
    switch.batch('addr add 10.9.9.50/24 dev sw3', 'addr add 10.9.9.51/24 dev sw3',
                 'route add 10.99.0.0/16 via 10.9.9.7')

    dpis.silence(3100)
    daemon.wait_state('bypass')

    daemon.wait(lambda status: len(switch.addresses('sw3')) == 2)
    assert switch.addresses('sw3') == ['10.9.9.50/24', '10.9.9.51/24']
    assert switch.get('ipv4/conf/sw3/promote_secondaries') == ('0' if wrapper else '1')
    assert ('promote_secondaries cannot be set' in daemon.log()) == bool(wrapper)
    if not wrapper:
        assert '10.99.0.0/16 via 10.9.9.7' in switch.ip('route')


def test_hundreds_of_cards_in_a_network_of_their_own_go_without_one_being_promoted(switch, daemon, dpis):
    cards = ['10.9.%d.%d' % (8 + number // 250, 1 + number % 250) for number in range(400)]
    dpis.steady(3000, 3100)
    daemon.start(files.without(files.SMALL, 'BYPASS') + 'BYPASS_CARD_IFS=sw3\n' + ''.join(
        'BYPASS_CARD_HOST[%d]=%s/23\n' % pair for pair in enumerate(cards)))
    daemon.wait(lambda status: len(switch.addresses('sw3')) == 400)
    daemon.wait_state('normal')
    watch = switch.watch()

    dpis.silence(3100)
    daemon.wait_state('bypass')

    assert sorted(watch.take()) == sorted(['- %s/23 sw3' % card for card in cards] + ['sw0 down', 'sw2 down'])
    assert switch.addresses('sw3') == [] and 'cannot be made' not in daemon.log()


def test_a_reload_that_renumbers_adds_before_it_removes_and_no_route_is_lost(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(PRIMARY)
    daemon.wait_state('normal')
    switch.ip('route', 'add', '10.99.0.0/16', 'via', '10.9.9.7')
    watch = switch.watch()

    daemon.reload(PRIMARY.replace('10.9.9.1/24', '10.9.9.2/24'))
    watch.wait_for('+ 10.9.9.2/24 sw3', '- 10.9.9.1/24 sw3')
    daemon.wait_state('normal')

    # When its primary is removed, it becomes primary itself. The kernel reports that, too.
    assert watch.take() == ['+ 10.9.9.2/24 sw3', '- 10.9.9.1/24 sw3', '+ 10.9.9.2/24 sw3']
    assert '10.99.0.0/16 via 10.9.9.7' in switch.ip('route')


@pytest.mark.parametrize('wrapper', [(), NO_SETTINGS], ids=['promoted', 'put back'])
def test_a_listeners_address_that_is_renumbered_is_there_before_the_old_one_goes(switch, daemon, dpis, wrapper):
    helpers.require(not wrapper or os.system('unshare -m true') == 0, 'needs mount namespaces')
    before = TWO_HOSTS.replace('192.168.1.203', '10.9.9.3/24') + 'LISTEN_HEARTBEAT_IFS[1]=sw3\n'
    dpis.steady(3000)
    daemon.start(before, wrapper=wrapper)
    daemon.wait_listener(1, 'failed')

    daemon.reload(before.replace('10.9.9.3', '10.9.9.4'))

    daemon.wait_listener(1, 'failed')
    daemon.wait(lambda status: switch.addresses('sw3') == ['10.9.9.4/24'])


def test_no_setting_is_changed_before_the_first_removal(switch, small, dpis):
    assert switch.get('ipv4/conf/eth0/promote_secondaries') == '0'

    dpis.silence(3100)
    small.wait_state('bypass')

    assert [switch.get('ipv4/conf/%s/promote_secondaries' % name) for name in ('eth0', 'sw0', 'sw3')] == [
        '1', '0', '0']


def test_a_setting_that_somebody_takes_back_is_made_again_before_the_next_removal(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(PRIMARY)
    daemon.wait_state('normal')
    dpis.silence(3100)
    daemon.wait_state('bypass')
    switch.set('ipv4/conf/sw3/promote_secondaries', '0')
    dpis.steady(3000, 3100)
    daemon.wait_state('normal')
    switch.ip('addr', 'add', '10.9.9.50/24', 'dev', 'sw3')

    dpis.silence(3100)
    daemon.wait_state('bypass')

    assert switch.addresses('sw3') == ['10.9.9.50/24']
