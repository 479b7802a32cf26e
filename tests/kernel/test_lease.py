"""The cards' addresses have a lifetime in the kernel, and only a healthy controller renews it."""
import os
import signal

import pytest

import clock
import helpers
from fbmon.daemon.daemon import LEFT
from fbmon.daemon.leases import REMEDY
from kernel import files

# Seconds.
LEASE = int(os.environ.get('FBMON_LEASE', '2'))

LEASED = files.SMALL + 'BYPASS_CARD_LEASE=%d\n' % (LEASE * 1000)


@pytest.fixture
def leased(daemon, dpis):
    """The daemon with a lease, in normal."""
    dpis.steady(3000, 3100)
    daemon.start(LEASED)
    daemon.wait_state('normal')
    return daemon


def lifetimes(switch):
    """The valid_lft of each card's address, as `ip` prints it."""
    words = switch.ip('-o', 'addr', 'show', 'dev', 'eth0', 'to', '192.168.1.208/28').split()
    return [after for word, after in zip(words, words[1:]) if word == 'valid_lft']


def removals(watch):
    return [text for text in watch.take() if not text.startswith('+')]


def test_a_healthy_controller_renews_the_leases_in_time(switch, leased):
    watch = switch.watch()
    until = clock.monotonic() + 2.5 * LEASE
    while clock.monotonic() < until:
        watch.wait_for('+ 192.168.1.211/32 eth0', '+ 192.168.1.212/32 eth0')
        assert removals(watch) == []

    assert all(LEASE // 2 <= int(lifetime[:-len('sec')]) <= LEASE for lifetime in lifetimes(switch))


def test_a_stopped_daemon_lets_the_cards_go_to_bypass_and_a_continued_one_puts_them_back(switch, leased, figure):
    switch.card.until_answered('192.168.1.211')
    os.kill(leased.child.pid, signal.SIGSTOP)
    began = clock.monotonic()
    silent = switch.card.until_silent('192.168.1.211')
    helpers.wait_for(lambda: switch.cards() == [])
    figure("a stopped daemon, a lease of %d s: the card's ping went unanswered after %.1f s" % (LEASE, silent - began))

    os.kill(leased.child.pid, signal.SIGCONT)
    leased.wait_state('normal')
    switch.card.until_answered('192.168.1.211')
    assert switch.cards() == files.CARDS


def test_a_killed_daemon_lets_the_cards_go_to_bypass(switch, leased):
    leased.kill()

    helpers.wait_for(lambda: switch.cards() == [], 10.0 + LEASE)


def test_a_restart_within_the_lease_takes_no_address_away(switch, daemon, dpis):
    # A start may take long on a machine that has much to do.
    lease = 4 * LEASE
    text = files.SMALL + 'BYPASS_CARD_LEASE=%d\n' % (lease * 1000)
    dpis.steady(3000, 3100)
    daemon.start(text)
    daemon.wait_state('normal')
    watch = switch.watch()
    for _ in range(3):
        daemon.kill()
        daemon.start(text)
        daemon.wait_state('normal')
    # Before there is a decision, the addresses that are there are renewed, too.
    daemon.kill()
    dpis.silence(3100)
    daemon.start(text + 'LISTEN_HEARTBEAT_TIMEOUT[1]=60000\n')
    until = clock.monotonic() + 1.5 * lease
    while clock.monotonic() < until:
        watch.more(0.1)
    assert daemon.status()['held'] == [1]

    # A start renews them at once, and nothing else happens.
    watch.wait_for('+ 192.168.1.211/32 eth0', '+ 192.168.1.212/32 eth0')
    assert set(watch.take()) == set(['+ 192.168.1.211/32 eth0', '+ 192.168.1.212/32 eth0'])


def test_a_clean_stop_makes_them_permanent(switch, leased):
    leased.stop()

    assert lifetimes(switch) == ['forever', 'forever']
    assert switch.cards() == files.CARDS


@pytest.fixture
def long_leased(daemon, dpis):
    """long_leased(seconds): the daemon in normal, with a lease that is longer than a machine can be busy."""
    def start(seconds=60):
        daemon.start(files.SMALL + 'BYPASS_CARD_LEASE=%d\n' % (seconds * 1000))
        daemon.wait_state('normal')
        return daemon
    dpis.steady(3000, 3100)
    return start


def test_a_stop_together_with_a_reload_leaves_no_lease(switch, long_leased):
    daemon = long_leased()
    daemon.signal(signal.SIGHUP)

    assert daemon.stop()[0] == 0
    assert lifetimes(switch) == ['forever', 'forever']


def test_a_stop_just_after_a_stall_past_the_renewal_leaves_no_lease(switch, long_leased):
    daemon = long_leased(9)
    daemon.signal(signal.SIGSTOP)
    switch.watch().quiet(3.2)
    daemon.signal(signal.SIGTERM)
    daemon.signal(signal.SIGCONT)

    assert daemon.ended() == 0
    assert lifetimes(switch) == ['forever', 'forever']


def test_a_stop_while_somebody_removes_an_address_leaves_no_lease(switch, long_leased):
    for _ in range(5):
        daemon = long_leased()
        switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
        daemon.stop()
        assert set(lifetimes(switch)) == set(['forever'])


@pytest.fixture
def unread(fake_ip, long_leased):
    """The daemon after a kill and a new start. The addresses have a lease; the first reading of the kernel hangs."""
    daemon = long_leased(600)
    daemon.kill()
    fake_ip.hang('read')
    daemon.start()
    daemon.child_of('sleep')
    return daemon


def test_a_stop_before_the_first_reading_leaves_no_lease_and_no_process(switch, fake_ip, unread):
    children = list(unread.children())
    fake_ip.works('read')

    code, seconds = unread.stop()

    assert (code, seconds < 2.0, lifetimes(switch)) == (0, True, ['forever', 'forever'])
    assert not any(helpers.alive(pid) for pid in children)


def test_a_stop_that_cannot_read_the_kernel_says_that_an_address_may_keep_its_lease(switch, unread):
    children = list(unread.children())

    code, seconds = unread.stop()

    assert (code, seconds < 2.0, 'forever' in lifetimes(switch)) == (LEFT, True, False)
    # On a busy machine the second of the stop may be over before the reading is.
    log = unread.log()
    assert 'an address may keep its lease: ' in log and REMEDY in log
    assert not any(helpers.alive(pid) for pid in children)


@pytest.mark.parametrize('deed', ['fail', 'hang'])
def test_a_stop_whose_last_step_ip_does_not_take_says_that_an_address_keeps_its_lease(
        switch, fake_ip, long_leased, deed):
    daemon = long_leased(600)
    fake_ip.fail('batch', 'out of order') if deed == 'fail' else fake_ip.hang('batch')
    os.kill(daemon.child_of('batch'), signal.SIGKILL)

    code, seconds = daemon.stop()

    # If it hangs, the second of the stop and that of the change end together: either is told.
    words = 'on eth0 keeps its lease: out of order; ' if deed == 'fail' else ' of a stop; '
    log = daemon.log().replace('ip -batch: no answer within 1 s; ', ' of a stop; ')
    assert (code, seconds < 2.0, words + REMEDY in log) == (LEFT, True, True)


@pytest.mark.parametrize('first', [True, False], ids=['before', 'meanwhile'])
def test_the_end_of_a_lease_takes_no_other_address_with_it(switch, daemon, dpis, first):
    text = files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=sw3').replace(
        '192.168.1.211', '10.9.9.1/24') + 'BYPASS_CARD_LEASE=5000\n'
    dpis.steady(3000, 3100)
    if first:
        switch.batch('addr add 10.9.9.1/24 dev sw3', 'addr add 10.9.9.50/24 dev sw3')
    daemon.start(text)
    daemon.wait_state('normal')
    if not first:
        switch.ip('addr', 'add', '10.9.9.50/24', 'dev', 'sw3')
    helpers.wait_for(lambda: 'valid_lft forever' not in switch.ip('-o', 'addr', 'show', 'dev', 'sw3', 'to', '10.9.9.1'))

    daemon.kill()

    helpers.wait_for(lambda: '10.9.9.1/24' not in switch.addresses('sw3'))
    assert '10.9.9.50/24' in switch.addresses('sw3')


SIX = files.SMALL + 'BYPASS_CARD_HOST[2]=fd00::211/64\n'


@pytest.mark.parametrize('metric', ['', ' metric 77'])
def test_a_renewal_changes_nothing_else_of_an_address(switch, daemon, dpis, metric):
    switch.batch('addr add 192.168.1.211/25 dev eth0 brd 192.168.1.255 scope link label eth0:x noprefixroute' + metric,
                 'addr add fd00::211/64 dev eth0 nodad noprefixroute home' + metric)
    before = set(switch.ip('-o', 'addr', 'show', 'dev', 'eth0').split(' '))
    dpis.steady(3000, 3100)
    daemon.start(SIX + 'BYPASS_CARD_LEASE=3000\n')
    daemon.wait_state('normal')
    helpers.wait_for(lambda: 'forever' not in switch.ip('-o', 'addr', 'show', 'dev', 'eth0', 'to', 'fd00::211'))

    assert before - set(switch.ip('-o', 'addr', 'show', 'dev', 'eth0').split(' ')) <= set(['forever', 'forever\n'])


def test_a_first_lease_and_its_end_leave_the_route_of_another_address(switch, daemon, dpis):
    switch.batch('addr add fd00::200/64 dev eth0 nodad', 'addr add fd00::211/64 dev eth0 nodad')
    dpis.steady(3000, 3100)
    daemon.start(SIX + 'BYPASS_CARD_LEASE=300000\n')
    daemon.wait_state('normal')
    helpers.wait_for(lambda: 'forever' not in switch.ip('-o', 'addr', 'show', 'dev', 'eth0', 'to', 'fd00::211'))

    assert 'fd00::/64 dev eth0' in switch.ip('-6', 'route') and 'expires' not in switch.ip('-6', 'route')


def test_a_leased_ipv6_address_has_its_route_as_soon_as_its_link_is_up(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(SIX + 'BYPASS_CARD_LEASE=300000\n')
    daemon.wait_state('normal')
    switch.ip('link', 'set', 'eth0', 'down')
    helpers.wait_for(lambda: 'fd00::211/64' in switch.addresses('eth0'))

    switch.ip('link', 'set', 'eth0', 'up')
    helpers.wait_for(lambda: 'fd00::/64 dev eth0' in switch.ip('-6', 'route'))


def test_a_lease_that_a_reload_takes_from_somebodys_address_is_not_taken_for_an_end_of_its_own(
        switch, long_leased, dpis):
    switch.ip('addr', 'add', '192.168.1.211/32', 'dev', 'eth0')
    daemon = long_leased()
    helpers.wait_for(lambda: 'forever' not in lifetimes(switch))
    watch, monitor = switch.watch(), daemon.child_of('monitor')

    # A bypass is decided before the daemon is shown that the lease is over.
    os.kill(monitor, signal.SIGSTOP)
    daemon.reload(files.SMALL)
    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0')
    if helpers.alive(monitor):
        os.kill(monitor, signal.SIGCONT)
    daemon.wait_state('bypass')
    dpis.steady(3100)
    daemon.wait_state('normal')

    assert lifetimes(switch) == ['forever', 'forever']


def test_a_stop_while_somebodys_address_comes_back_leaves_no_lease_whatever_its_prefix(switch, long_leased, dpis):
    switch.ip('addr', 'add', '192.168.1.211/24', 'dev', 'eth0')
    switch.ip('addr', 'add', '192.168.1.211/28', 'dev', 'eth0')
    daemon = long_leased()
    helpers.wait_for(lambda: 'forever' not in lifetimes(switch))
    dpis.silence(3100)
    daemon.wait_state('bypass')
    watch = switch.watch()

    # It is not shown any more.
    os.kill(daemon.child_of('monitor'), signal.SIGSTOP)
    dpis.steady(3100)
    watch.wait_for('+ 192.168.1.211/24 eth0', '+ 192.168.1.211/28 eth0')

    assert daemon.stop()[0] == 0
    assert lifetimes(switch) == ['forever', 'forever', 'forever']
    assert [entry for entry in switch.cards() if '.211/' in entry] == ['192.168.1.211/24', '192.168.1.211/28']


def test_force_off_makes_them_permanent(switch, leased):
    leased.kill()

    assert leased.command('force_off')[0] == 0
    assert lifetimes(switch) == ['forever', 'forever']
