"""`ip` fails, hangs, answers late, is killed, stopped or missing; `ip monitor` loses changes."""
import os
import signal

import pytest

import clock
import helpers
from kernel import files
from kernel.daemon import card, port
from kernel.namespace import IP

WORDS = 'RTNETLINK answers: No buffer space available'
STRANGE = '10.77.0.1/24'


@pytest.fixture
def faulty(fake_ip, small):
    """The daemon with files.SMALL, in normal. Its `ip` is a FakeIp."""
    return small


def fail_from_now(daemon, kind):
    """Kill the child of this kind: only a new child fails or hangs as it was told."""
    pid = daemon.child_of(kind)
    os.kill(pid, signal.SIGKILL)
    helpers.wait_for(lambda: not helpers.alive(pid))


# --- the co-process ---

def test_an_ip_that_fails_is_shown_in_its_own_words_and_what_is_wanted_is_reached_when_it_works(
        switch, fake_ip, faulty, dpis, figure):
    fake_ip.fail('batch', WORDS)
    fail_from_now(faulty, 'batch')
    watch = switch.watch()

    dpis.silence(3100)
    shown = faulty.wait(lambda status: card(status, '192.168.1.211')['error'])

    found = card(shown, '192.168.1.211')
    assert (shown['state'], found['wanted'], found['actual'], found['error']) == ('bypass', 'absent', 'present', WORDS)
    assert port(shown, 'sw2') == {'name': 'sw2', 'global': False, 'listeners': [1], 'wanted': 'down', 'actual': 'up',
                                  'error': WORDS}
    assert [text for text in shown['problems'] if '192.168.1.211' in text and WORDS in text]
    assert (watch.take(), faulty.command('status')[0]) == ([], 0)

    fake_ip.works('batch')
    shown = faulty.wait_sound('bypass')
    assert (switch.addresses('eth0'), switch.ports()) == (files.BYPASS, files.PORTS_BYPASS)
    assert [row['error'] for row in shown['cards'] + shown['ports']] == [None] * 5


def test_what_failed_is_tried_again_at_once_when_the_kernel_reports_a_change_there(switch, fake_ip, faulty, dpis):
    faulty.reload(files.SMALL.replace('INFO', 'DEBUG'))
    fake_ip.fail('batch', WORDS)
    fail_from_now(faulty, 'batch')
    dpis.silence(3100)
    faulty.wait(lambda status: card(status, '192.168.1.211')['error'])
    # The kernel reports each of these changes, and each failure makes the next pause longer.
    while 'tried again in 8 s' not in faulty.log():
        switch.ip('addr', 'add', STRANGE, 'dev', 'eth0')
        switch.ip('addr', 'del', STRANGE, 'dev', 'eth0')
    watch = switch.watch()

    fake_ip.works('batch')
    switch.ip('addr', 'add', STRANGE, 'dev', 'eth0')

    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', limit=4.0)


def test_an_ip_that_hangs_is_shown_and_what_is_wanted_is_reached_when_it_works(switch, fake_ip, faulty, dpis):
    fake_ip.hang('batch')
    fail_from_now(faulty, 'batch')
    watch = switch.watch()

    dpis.silence(3100)
    shown = faulty.wait(lambda status: card(status, '192.168.1.211')['error'])

    assert (shown['state'], card(shown, '192.168.1.211')['error'], card(shown, '192.168.1.211')['actual']) == (
        'bypass', 'ip -batch: no answer within 1 s', 'present')
    assert watch.take() == []

    fake_ip.works('batch')
    faulty.wait_state('bypass')
    assert (switch.addresses('eth0'), switch.ports()) == (files.BYPASS, files.PORTS_BYPASS)


def test_an_ip_that_answers_late_but_in_time_is_waited_for(switch, fake_ip, faulty, dpis):
    fake_ip.late('batch', 0.4)
    fail_from_now(faulty, 'batch')
    watch = switch.watch()

    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down')

    faulty.wait_sound('bypass')
    assert 'cannot be made' not in faulty.log()
    assert (len(watch.take()), switch.addresses('eth0')) == (4, files.BYPASS)


def test_an_ip_that_answers_too_late_is_replaced_and_does_no_harm_when_it_comes_round(switch, fake_ip, faulty, dpis):
    fake_ip.late('batch', 1.6)
    fail_from_now(faulty, 'batch')

    dpis.silence(3100)
    faulty.wait_log('ip -batch: no answer within 1 s')
    dpis.steady(3100)
    fake_ip.works('batch')

    faulty.wait_sound('normal')
    assert (switch.addresses('eth0'), switch.ports()) == (files.NORMAL, files.PORTS_NORMAL)


def test_a_stop_takes_no_longer_while_ip_hangs(switch, fake_ip, faulty, dpis, figure):
    fake_ip.hang('batch')
    fail_from_now(faulty, 'batch')
    dpis.silence(3100)
    faulty.wait_listener(1, 'failed')
    switch.ip('link', 'set', 'sw1', 'down')

    code, seconds = faulty.stop()

    assert (code, seconds < 2.0) == (0, True)
    figure('stop while ip hangs: %.0f ms' % (seconds * 1000))


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGSTOP], ids=['killed', 'stopped'])
def test_a_co_process_that_is_killed_or_stopped_is_replaced(switch, small, dpis, number, figure):
    batch = small.child_of('batch')
    os.kill(batch, number)
    watch = switch.watch()

    dpis.silence(3100)
    removed = watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0').at

    shown = small.wait_sound('bypass')
    assert (small.child_of('batch') != batch, helpers.alive(batch)) == (True, False)
    # The change was tried once more at once, without a pause.
    assert 'cannot be made' not in small.log()
    assert (switch.addresses('eth0'), switch.ports()) == (files.BYPASS, files.PORTS_BYPASS)
    figure('co-process gone by signal %d: addresses removed %.0f ms after the state changed'
           % (number, (removed - state_changed(shown)) * 1000))


def test_an_old_ip_that_ends_at_a_port_that_has_gone_leaves_nothing_else_undone(switch, fake_ip, faulty, dpis):
    dpis.silence(3100)
    faulty.wait_sound('bypass')
    fake_ip.old()
    fail_from_now(faulty, 'batch')
    os.kill(faulty.child_of('monitor'), signal.SIGSTOP)
    switch.ip('link', 'del', 'sw0')

    dpis.steady(3100)
    faulty.wait(lambda status: port(status, 'sw0')['actual'] == 'missing' and card(status, '192.168.1.211')['actual']
                == card(status, '192.168.1.212')['actual'] == 'present')

    assert (switch.addresses('eth0'), switch.port('sw2')) == (files.NORMAL, 'up')
    faulty.wait_log('port sw0 cannot be made up: ip -batch ended: Error: argument "sw0" is wrong: Unknown device')
    assert 'present: ip -batch ended' not in faulty.log()


def state_changed(status):
    """The monotonic second at which the global state changed."""
    return clock.monotonic() - status['state_since_s']


def test_what_one_command_cannot_do_does_not_keep_the_others_from_being_done(switch, daemon, dpis):
    if not helpers.has_ipv6():
        pytest.skip('no IPv6 here')
    switch.set('ipv6/conf/eth0/disable_ipv6', '1')
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL + 'BYPASS_CARD_HOST[5]=fd00::5\n')
    daemon.wait(lambda status: card(status, 'fd00::5')['error'])
    daemon.wait(lambda status: card(status, '192.168.1.211')['actual'] == 'present')

    assert switch.addresses('eth0') == files.NORMAL


# --- the monitor ---

def test_a_monitor_that_is_killed_is_replaced_and_what_happened_meanwhile_is_put_right(switch, small):
    monitor = small.child_of('monitor')
    watch = switch.watch()

    os.kill(monitor, signal.SIGSTOP)
    switch.batch('addr del 192.168.1.211/32 dev eth0', 'link set sw1 down')
    os.kill(monitor, signal.SIGKILL)

    watch.wait_for('+ 192.168.1.211/32 eth0', 'sw1 up')
    small.wait_sound('normal')
    assert small.child_of('monitor') != monitor


def test_a_monitor_that_hangs_is_replaced_when_it_does_not_show_a_change(switch, small, dpis):
    monitor = small.child_of('monitor')
    os.kill(monitor, signal.SIGSTOP)
    watch = switch.watch()

    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down')
    small.wait_state('bypass')

    assert (small.child_of('monitor') != monitor, helpers.alive(monitor)) == (True, False)
    assert len(watch.take()) == 4
    switch.ip('link', 'set', 'sw0', 'up')
    watch.wait_for('sw0 down')


def test_a_monitor_that_cannot_be_started_is_shown_and_all_is_put_right_when_it_can(switch, fake_ip, faulty, dpis):
    fake_ip.fail('monitor', 'netlink: Cannot allocate memory')
    fail_from_now(faulty, 'monitor')
    faulty.wait(lambda status: 'netlink: Cannot allocate memory' in ' '.join(status['problems']))
    watch = switch.watch()

    # The daemon cannot put right what nobody shows it. But it can still act on the heartbeats.
    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    dpis.silence(3100)
    watch.wait_for('- 192.168.1.212/32 eth0')
    switch.ip('link', 'set', 'sw1', 'down')
    fake_ip.works('monitor')

    watch.wait_for('sw1 up')
    faulty.wait_sound('bypass')
    assert (switch.addresses('eth0'), switch.ports()) == (files.BYPASS, files.PORTS_BYPASS)


def test_a_monitor_that_has_lost_events_is_replaced(switch, small):
    monitor = small.child_of('monitor')
    os.kill(monitor, signal.SIGSTOP)
    lines = ['addr %s 10.66.0.1/32 dev lo' % word for _ in range(6000) for word in ('add', 'del')]
    switch.batch(*lines[:9000])
    switch.batch('addr del 192.168.1.211/32 dev eth0', 'link set sw1 down')
    switch.batch(*lines[9000:])
    watch = switch.watch()

    os.kill(monitor, signal.SIGCONT)

    watch.wait_for('+ 192.168.1.211/32 eth0', 'sw1 up')
    small.wait_state('normal')
    assert small.child_of('monitor') != monitor


# --- no ip at all ---

def test_without_ip_the_daemon_runs_says_so_and_begins_when_it_is_there(switch, daemon, dpis, tmp_path):
    place = tmp_path / 'empty'
    place.mkdir()
    daemon.path = str(place)
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL)
    shown = daemon.wait(lambda status: 'ip cannot be started' in ' '.join(status['problems']))
    assert shown['state'] == 'unknown'
    # A listener needs no `ip` if its address is there already.
    switch.ip('addr', 'add', '192.168.1.202/32', 'dev', 'eth0')
    daemon.wait_listener(0, 'active')
    os.symlink(IP, str(place / 'ip'))

    daemon.wait_sound('normal')
    assert switch.addresses('eth0') == files.NORMAL


@pytest.mark.parametrize('kind', ['read', 'batch', 'monitor'])
@pytest.mark.parametrize('deed', ['fail', 'hang'])
def test_an_ip_that_does_not_work_at_the_start_is_survived(switch, fake_ip, daemon, dpis, kind, deed):
    dpis.steady(3000, 3100)
    fake_ip.fail(kind, WORDS) if deed == 'fail' else fake_ip.hang(kind)

    daemon.start(files.SMALL)
    if (deed, kind) != ('hang', 'monitor'):
        words = WORDS if deed == 'fail' else 'no answer within'
        daemon.wait(lambda status: words in ' '.join(status['problems']))
        fake_ip.works(kind)

    daemon.wait_listener(0, 'active')
    fake_ip.works(kind)
    daemon.wait_sound('normal')
    assert switch.addresses('eth0') == files.NORMAL


def test_an_ip_that_is_late_with_everything_at_the_start_is_waited_for(switch, fake_ip, daemon, dpis):
    dpis.steady(3000, 3100)
    for kind in ('read', 'batch', 'monitor'):
        fake_ip.late(kind, 0.3)

    daemon.start(files.SMALL)

    daemon.wait_sound('normal')
    assert (switch.addresses('eth0'), 'cannot be' in daemon.log()) == (files.NORMAL, False)
