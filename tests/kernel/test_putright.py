import os
import signal

import pytest

import helpers
from kernel import files, silence
from kernel.daemon import card, port

# How often each reaction is measured for the median.
TRIES = 7

# The cards are on an interface of their own, which can vanish without the heartbeats.
APART = files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=sw3')


def reaction(switch, watch, words, changed, restored):
    """Make a change by hand. Returns the ms from the kernel's report of it to the report that it is undone."""
    child = switch.begin(*words)
    began = watch.wait_for(changed).at
    ended = watch.wait_for(restored).at
    assert child.wait() == 0
    assert watch.take() == [changed, restored]
    return (ended - began) * 1000


def median(values):
    return sorted(values)[len(values) // 2]


@pytest.mark.parametrize('dead, words, changed, restored', [
    ((), 'addr del 192.168.1.211/32 dev eth0', '- 192.168.1.211/32 eth0', '+ 192.168.1.211/32 eth0'),
    ((), 'addr del 192.168.1.202/32 dev eth0', '- 192.168.1.202/32 eth0', '+ 192.168.1.202/32 eth0'),
    ((3100,), 'addr add 192.168.1.211/24 dev eth0', '+ 192.168.1.211/24 eth0', '- 192.168.1.211/24 eth0'),
    ((), 'link set sw0 down', 'sw0 down', 'sw0 up'),
    ((), 'link set sw1 down', 'sw1 down', 'sw1 up'),
    ((3100,), 'link set sw0 up', 'sw0 up', 'sw0 down'),
    ((3100,), 'link set sw2 up', 'sw2 up', 'sw2 down')],
    ids=['card deleted', "listener's address deleted", 'card added in bypass', 'global port set down',
         'local port set down', 'global port set up in bypass', "failed listener's port set up"])
def test_what_is_changed_by_hand_is_put_right(switch, small, dpis, figure, dead, words, changed, restored):
    dpis.silence(*dead)
    small.wait_state('bypass' if dead else 'normal')
    watch = switch.watch()

    times = [reaction(switch, watch, words.split(), changed, restored) for _ in range(TRIES)]

    small.wait_state('bypass' if dead else 'normal')
    watch.quiet(0.2)
    figure('put right, median of %d: %5.2f ms: ip %s' % (TRIES, median(times), words))


def test_a_flush_is_put_right_and_what_is_not_managed_stays_away(switch, small, figure):
    watch = switch.watch()

    child = switch.begin('addr', 'flush', 'dev', 'eth0')
    began = watch.wait_for('- ' + files.OWN + ' eth0').at
    ended = watch.wait_for(*['+ %s eth0' % address for address in files.NORMAL[1:]]).at
    assert child.wait() == 0

    # A flush goes on until it finds nothing. So it may remove once more what was just put back.
    helpers.wait_for(lambda: switch.addresses('eth0') == files.NORMAL[1:])
    small.wait_state('normal')
    figure('put right: %5.2f ms: ip addr flush' % ((ended - began) * 1000))


def test_several_changes_at_once_are_put_right(switch, small):
    switch.batch('addr del 192.168.1.212/32 dev eth0', 'link set sw0 down', 'addr del 192.168.1.202/32 dev eth0',
                 'link set sw2 down', 'addr add 192.168.1.211/24 dev eth0')

    watch = switch.watch()
    small.wait(lambda _: (switch.addresses('eth0'), switch.ports()) == (
        sorted(files.NORMAL + ['192.168.1.211/24']), files.PORTS_NORMAL))

    watch.take()
    watch.quiet(0.2)


def test_a_change_of_ours_that_is_undone_before_we_have_seen_it_is_put_right_at_once(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    watch = switch.watch()
    monitor = small.child_of('monitor')

    os.kill(monitor, signal.SIGSTOP)
    dpis.steady(3100)
    watch.wait_for('+ 192.168.1.211/32 eth0', '+ 192.168.1.212/32 eth0')
    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    watch.take()
    os.kill(monitor, signal.SIGCONT)

    watch.wait_for('+ 192.168.1.211/32 eth0')
    small.wait_state('normal')
    assert 'cannot be made present' not in small.log()
    assert small.child_of('monitor') == monitor


def test_what_is_put_right_is_logged_with_its_reason(switch, small):
    watch = switch.watch()
    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    watch.wait_for('+ 192.168.1.211/32 eth0')

    small.wait_log('card 192.168.1.211: absent -> present: put back')

    assert 'card 192.168.1.211: present -> absent: by somebody else' in small.log()


@pytest.mark.parametrize('dead, state, cards', [((), 'normal', files.CARDS), ((3100,), 'bypass', [])],
                         ids=['normal', 'bypass'])
def test_an_interface_of_cards_that_is_deleted_and_made_anew_is_put_right(switch, daemon, dpis, dead, state, cards):
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')
    dpis.silence(*dead)
    daemon.wait_state(state)

    for _ in range(3):
        switch.ip('link', 'del', 'sw3')
        shown = daemon.wait(lambda status: card(status, '192.168.1.211')['actual'] == 'missing')
        assert shown['state'] == state and 'sw3' in card(shown, '192.168.1.211')['error']

        switch.create('sw3')
        switch.ip('addr', 'add', '10.1.0.1/24', 'dev', 'sw3')
        daemon.wait_state(state)

        assert (switch.cards('sw3'), switch.addresses('eth0')) == (sorted(cards + ['10.1.0.1/24']), files.BYPASS)


@pytest.mark.parametrize('dead, expected', [((), 'up'), ((3100,), 'down')], ids=['normal', 'bypass'])
def test_a_port_that_is_deleted_and_made_anew_is_put_right(switch, small, dpis, dead, expected):
    dpis.silence(*dead)
    small.wait_state('bypass' if dead else 'normal')
    switch.ip('link', 'del', 'sw0')
    shown = small.wait(lambda status: port(status, 'sw0')['actual'] == 'missing')
    assert 'sw0' in port(shown, 'sw0')['error']

    # It is made and set up. Without that a new interface is down.
    switch.create('sw0')
    if not dead:
        switch.ip('link', 'set', 'sw0', 'down')

    small.wait(lambda _: switch.port('sw0') == expected)
    small.wait_state('bypass' if dead else 'normal')


def test_the_interface_of_everything_is_deleted_and_made_anew(switch, small):
    for _ in range(3):
        switch.recreate('eth0')
        switch.ip('addr', 'add', files.OWN, 'dev', 'eth0')
        small.wait(lambda status: set(files.NORMAL[:2]) <= set(switch.addresses('eth0')))

    small.wait(lambda status: status['failed'] == 0)
    small.wait_state('normal')
    assert (switch.addresses('eth0'), switch.ports()) == (files.NORMAL, files.PORTS_NORMAL)
    switch.card.until_answered('192.168.1.211')


def test_a_renamed_interface_is_missing_and_has_what_it_had_when_it_is_back(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')

    rename(switch, 'sw3', 'other')
    daemon.wait(lambda status: card(status, '192.168.1.211')['actual'] == 'missing')
    # The addresses that the daemon had added are not wanted on an interface with another name.
    helpers.wait_for(lambda: switch.cards('other') == [])
    rename(switch, 'other', 'sw3')

    daemon.wait_state('normal')
    helpers.wait_for(lambda: switch.cards('sw3') == files.CARDS)


def test_what_a_renamed_interface_has_when_it_comes_back_in_bypass_is_removed(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')

    rename(switch, 'sw3', 'other')
    dpis.silence(3100)
    daemon.wait(lambda status: status['state'] == 'bypass')
    rename(switch, 'other', 'sw3')

    daemon.wait_state('bypass')
    helpers.wait_for(lambda: switch.cards('sw3') == [])


@pytest.mark.parametrize('before', ['normal', 'bypass'])
def test_another_interface_that_takes_the_name_is_the_one_that_counts(switch, daemon, dpis, before):
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')
    dpis.silence(*() if before == 'normal' else (3100,))
    daemon.wait_state(before)

    rename(switch, 'sw3', 'other')
    switch.ip('link', 'add', 'sw3', 'type', 'veth', 'peer', 'name', 'spare')
    dpis.steady(3100)
    daemon.wait(lambda status: status['state'] == 'normal')
    daemon.wait_state('normal')

    helpers.wait_for(lambda: (switch.cards('sw3'), switch.cards('other')) == (files.CARDS, []))


def rename(switch, old, new):
    """Rename an interface. It is down meanwhile, because older kernels rename no interface that is up."""
    switch.batch('link set %s down' % old, 'link set %s name %s' % (old, new), 'link set %s up' % new)


def test_a_card_whose_interface_comes_later_gets_its_address(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    switch.ip('link', 'del', 'sw3')
    daemon.start(APART)
    shown = daemon.wait(lambda status: status['state'] == 'normal')
    assert [row['actual'] for row in shown['cards']] == ['missing'] * 2

    switch.create('sw3')

    daemon.wait_state('normal')
    assert switch.cards('sw3') == files.CARDS


def test_when_all_is_put_right_the_daemon_is_silent(switch, small, dpis):
    switch.batch('addr del 192.168.1.211/32 dev eth0', 'link set sw0 down', 'addr add 192.168.1.211/24 dev eth0')
    small.wait_state('normal')
    switch.recreate('sw1')
    switch.recreate('eth0')
    switch.ip('addr', 'add', files.OWN, 'dev', 'eth0')
    dpis.silence(3100)
    small.wait_state('bypass')
    dpis.steady(3100)
    small.wait(lambda status: status['failed'] == 0)
    small.wait_state('normal')
    switch.watch().quiet(0.3)

    silence.check(switch, small, 2.0)

    assert sorted(silence.lasting(small).values()) == silence.CHILDREN


def test_what_looks_for_started_processes_finds_them(switch, small):
    if not silence.has_strace():
        pytest.skip('no strace here')
    tracer = silence.trace(small)

    def found():
        os.kill(small.child_of('monitor'), 9)
        return 'execve(' in helpers.read(small.directory + '/strace')
    # This looks at the threads of the daemon one after the other.
    helpers.wait_for(found)
    small.child_of('monitor')

    assert 'execve(' in silence.end(small, tracer)
