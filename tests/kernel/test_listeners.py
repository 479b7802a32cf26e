import os
import signal
import socket
import time

import pytest

import clock
import helpers
from kernel import files
from kernel.daemon import listener

# One listener, and one card that shows what it does.
ONE = '''LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
LISTEN_HEARTBEAT_TIMEOUT=150
BYPASS_CARD_HOST[0]=192.168.1.211
'''
PATIENT = ONE.replace('=150', '=60000')

# Seconds. Within this time it does not wait for the next of the tries that come every 5 s.
AT_ONCE = 3.0


def taken(namespace, port, host='0.0.0.0'):
    """A socket of somebody else at this port."""
    def bound():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, port))
        return sock
    return namespace.inside(bound)


# --- timeouts ---

def test_it_fails_attempts_times_timeout_after_its_last_heartbeat(daemon, dpis, figure):
    daemon.start(ONE + 'LISTEN_HEARTBEAT_ATTEMPTS=3\n')
    daemon.wait(lambda status: listener(status, 0)['state'] != 'unconfigured')
    last = dpis.beat(3000)

    shown = daemon.wait(lambda status: status['failed'] == 1 and listener(status, 0)['received'] == 1)
    failed = clock.monotonic() - listener(shown, 0)['since_s']

    assert (listener(shown, 0)['missed'] >= 3, failed - last > 0.449) == (True, True)
    figure('failed %.1f ms after the last heartbeat, 450 ms due' % ((failed - last) * 1000))


def test_it_fails_attempts_times_timeout_after_its_launch_without_any(daemon, dpis, figure):
    daemon.start(ONE + 'LISTEN_HEARTBEAT_ATTEMPTS=3\n')

    shown = daemon.wait_state('bypass')

    # The daemon has started before it launched its listener, so this time is longer than the listener's.
    after = shown['uptime_s'] - listener(shown, 0)['since_s']
    assert (listener(shown, 0)['missed'] >= 3, after > 0.449) == (True, True)
    figure('failed %.1f ms after the start, 450 ms due after the launch' % (after * 1000))


def test_every_heartbeat_starts_the_wait_again(daemon, dpis):
    daemon.start(ONE.replace('=150', '=250') + 'LISTEN_HEARTBEAT_ATTEMPTS=2\n')
    daemon.wait_listener(0, 'unknown')
    # Four timeouts pass, but never two in a row.
    for _ in range(4):
        dpis.beat(3000)
        missed = listener(daemon.wait_listener(0, 'active'), 0)['missed']
        daemon.wait(lambda status: listener(status, 0)['missed'] > missed)

    assert listener(daemon.status(), 0)['state'] == 'active'
    daemon.wait_listener(0, 'failed')


def test_a_failed_listener_is_active_after_so_many_heartbeats_without_a_timeout(daemon, dpis):
    daemon.start(ONE.replace('=150', '=1000') + 'LISTEN_HEARTBEAT_RECOVERY=3\n')
    daemon.wait_listener(0, 'failed')
    watch = daemon.switch.watch()

    dpis.beat(3000)
    dpis.beat(3000)
    shown = daemon.wait(lambda status: listener(status, 0)['received'] == 2)
    missed = listener(shown, 0)['missed']
    daemon.wait(lambda status: listener(status, 0)['missed'] > missed)
    dpis.beat(3000)
    dpis.beat(3000)
    shown = daemon.wait(lambda status: listener(status, 0)['received'] == 4)
    assert listener(shown, 0)['state'] == 'failed'
    watch.quiet(0)

    dpis.beat(3000)
    assert listener(daemon.wait_state('normal'), 0)['state'] == 'active'


def test_the_first_heartbeat_is_enough_after_a_launch_whatever_recovery_says(daemon, dpis):
    daemon.start(PATIENT + 'LISTEN_HEARTBEAT_RECOVERY=3\n')
    daemon.wait_listener(0, 'unknown')

    dpis.beat(3000)

    daemon.wait_listener(0, 'active')


def test_a_daemon_that_was_stopped_for_longer_than_every_timeout_sees_no_failure(switch, small, dpis):
    before = len(small.status()['history'])
    watch = switch.watch()

    small.signal(signal.SIGSTOP)
    time.sleep(1.0)
    small.signal(signal.SIGCONT)

    shown = small.wait_state('normal')
    watch.quiet(0.3)
    assert (len(shown['history']), [row['missed'] for row in shown['listeners']]) == (before, [0, 0])


def test_a_node_that_fell_silent_while_the_daemon_was_stopped_has_failed(switch, small, dpis):
    dpis.silence(3100)
    # None of its heartbeats waits in the socket any more: such a one would count from the moment when it is read.
    small.wait(lambda status: listener(status, 1)['last_heartbeat_s'] > 0.05)
    small.signal(signal.SIGSTOP)
    time.sleep(0.6)
    small.signal(signal.SIGCONT)
    continued = clock.monotonic()

    shown = small.wait_state('bypass')
    failed = clock.monotonic() - listener(shown, 1)['since_s']
    assert [row['state'] for row in shown['listeners']] == ['active', 'failed']
    # It failed at the moment when that was due, and not after another wait.
    assert failed < continued


# --- what a heartbeat is ---

@pytest.mark.parametrize('size', [0, 1, 9, 1400, 5000])
def test_a_datagram_of_any_size_is_a_heartbeat_an_empty_one_too(daemon, dpis, size):
    daemon.start(PATIENT)
    daemon.wait_listener(0, 'unknown')

    dpis.beat(3000, size=size)

    assert listener(daemon.wait_listener(0, 'active'), 0)['received'] == 1


def test_datagrams_from_other_sources_are_counted_and_start_no_wait_again(daemon, dpis):
    daemon.start(ONE + 'LISTEN_HB_SOURCE=192.168.1.1, 192.168.1.11\n')
    daemon.wait_listener(0, 'unknown')
    dpis.beat(3000, source='192.168.1.1')
    dpis.beat(3000, source='192.168.1.11')
    assert listener(daemon.wait_listener(0, 'active'), 0)['ignored'] == 0

    sent = 0
    while listener(daemon.status(), 0)['state'] == 'active':
        dpis.beat(3000, source='192.168.1.2')
        sent += 1
        assert sent < 5000

    shown = daemon.wait(lambda status: listener(status, 0)['ignored'] == sent)
    assert (listener(shown, 0)['received'], listener(shown, 0)['state']) == (2, 'failed')


# --- launched and not launched ---

def test_a_listener_joins_at_once_when_its_interface_appears(switch, daemon, dpis):
    switch.ip('link', 'del', 'sw3')
    dpis.steady(3000)
    daemon.start(files.SMALL + 'LISTEN_HEARTBEAT_IFS[1]=sw3\nLISTEN_HB_HOST[1]=10.8.8.1/24\n')
    shown = daemon.wait_state('normal')
    assert (listener(shown, 1)['state'], listener(shown, 1)['error']) == (
        'unconfigured', 'interface sw3 is not there')
    assert 'listener 1 is unconfigured: interface sw3 is not there' in shown['problems']

    switch.create('sw3')
    made = clock.monotonic()
    shown = daemon.wait(lambda status: listener(status, 1)['state'] in ('unknown', 'failed'))

    assert (listener(shown, 1)['error'], switch.addresses('sw3')) == (None, ['10.8.8.1/24'])
    assert clock.monotonic() - made < AT_ONCE


def test_a_listener_joins_at_once_when_its_address_appears(switch, fake_ip, daemon, dpis):
    fake_ip.fail('batch', 'RTNETLINK answers: Operation not supported')
    daemon.start(PATIENT)
    shown = daemon.wait(lambda status: listener(status, 0)['error'])
    assert (listener(shown, 0)['state'], listener(shown, 0)['error']) == (
        'unconfigured', 'RTNETLINK answers: Operation not supported')

    switch.ip('addr', 'add', '192.168.1.202/24', 'dev', 'eth0')
    added = clock.monotonic()

    daemon.wait_listener(0, 'unknown')
    assert clock.monotonic() - added < AT_ONCE


def test_a_port_that_somebody_else_has_leaves_the_listener_unconfigured_until_it_is_free(switch, daemon, dpis, figure):
    other = taken(switch, 3100)
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    shown = daemon.wait_state('normal')
    assert (listener(shown, 1)['state'], listener(shown, 1)['error'], shown['failed']) == (
        'unconfigured', 'Address already in use', 0)

    other.close()
    closed = clock.monotonic()
    daemon.wait_listener(1, 'active')

    figure('joined %.1f s after its port was free (tried every 5 s)' % (clock.monotonic() - closed))
    daemon.wait_state('normal')


def test_a_listener_that_joins_holds_the_state_until_it_has_reported(switch, daemon, dpis):
    switch.ip('link', 'del', 'sw3')
    dpis.steady(3000)
    daemon.start(files.SMALL + 'LISTEN_HEARTBEAT_IFS[1]=sw3\nLISTEN_HB_HOST[1]=10.8.8.1/24\n'
                               'LISTEN_HEARTBEAT_TIMEOUT[1]=60000\n')
    daemon.wait_state('normal')
    switch.create('sw3')
    daemon.wait(lambda status: status['held'] == [1])
    watch = switch.watch()

    dpis.silence(3000)
    shown = daemon.wait_listener(0, 'failed')

    assert (shown['state'], shown['held']) == ('normal', [1])
    watch.quiet(0.3)


def test_an_unconfigured_listener_does_not_count_and_its_list_has_no_say(switch, daemon, dpis):
    other = taken(switch, 3100)
    switch.ip('link', 'set', 'sw2', 'down')
    dpis.steady(3000)
    try:
        daemon.start(files.SMALL)
        daemon.wait_state('normal')
        assert (switch.ports(), switch.cards()) == ('up up down up', files.CARDS)

        dpis.silence(3000)
        assert daemon.wait_state('bypass')['failed'] == 1
        assert (switch.ports(), switch.cards()) == ('down down down up', [])
    finally:
        other.close()


def test_a_launched_listener_whose_interface_goes_fails_and_stays_launched(switch, small):
    switch.ip('link', 'del', 'eth0')

    shown = small.wait(lambda status: status['state'] == 'bypass' and status['failed'] == 2)

    assert [(row['state'], row['error']) for row in shown['listeners']] == [('failed', None)] * 2
    switch.create('eth0')
    switch.ip('addr', 'add', files.OWN, 'dev', 'eth0')
    switch.outside.ip('addr', 'add', '192.168.1.1/24', 'dev', 'far-eth0')
    small.wait_state('normal')


# --- reload ---

def test_a_released_listeners_port_is_free_before_the_reload_goes_on(switch, small, dpis):
    # The same host and port on another interface is another listener. It is launched at once only if the port is free.
    small.reload(files.SMALL + 'LISTEN_HEARTBEAT_IFS[1]=sw3\n')

    shown = small.wait(lambda status: listener(status, 1)['interface'] == 'sw3')

    assert listener(shown, 1)['state'] in ('unknown', 'active')
    assert 'is unconfigured' not in small.log()


def test_a_listener_that_waits_for_a_long_time_is_released_at_once(switch, daemon, dpis):
    daemon.start(PATIENT)
    daemon.wait_listener(0, 'unknown')

    daemon.reload('# nothing\n')
    daemon.wait(lambda status: status['listeners'] == [])

    taken(switch, 3000).close()


def test_a_listener_of_the_same_place_keeps_state_and_counters_and_takes_new_timers(daemon, dpis):
    daemon.start(PATIENT)
    daemon.wait_listener(0, 'unknown')
    dpis.beat(3000)
    before = listener(daemon.wait_listener(0, 'active'), 0)

    daemon.reload(PATIENT.replace('[0]', '[7]') + 'LISTEN_CUBRO_IFS[7]=sw1\n')
    after = listener(daemon.wait(lambda status: status['listeners'][0]['index'] == 7), 7)
    assert (after['state'], after['received'], after['since_s'] >= before['since_s']) == ('active', 1, True)

    daemon.reload(ONE.replace('[0]', '[7]'))
    shown = daemon.wait_state('bypass')
    assert (listener(shown, 7)['state'], listener(shown, 7)['received']) == ('failed', 1)


def test_new_sources_apply_to_a_listener_that_stays(daemon, dpis):
    daemon.start(PATIENT)
    daemon.wait_listener(0, 'unknown')
    dpis.beat(3000, source='192.168.1.2')
    daemon.wait_listener(0, 'active')

    daemon.reload(PATIENT + 'LISTEN_HB_SOURCE=192.168.1.1\n')
    dpis.beat(3000, source='192.168.1.2')

    shown = daemon.wait(lambda status: listener(status, 0)['ignored'] == 1)
    assert listener(shown, 0)['received'] == 1


def held_by(pids):
    """The files of all descriptors of these processes, as far as the processes are still there."""
    found = []
    for pid in pids:
        try:
            directory = '/proc/%d/fd/' % pid
            found += [os.readlink(directory + name) for name in os.listdir(directory)]
        except OSError:
            continue
    return found


def test_children_that_are_started_later_hold_no_listeners_port(switch, small):
    before = small.children()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    small.wait(lambda status: set(small.children()).difference(before))
    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    small.wait(lambda status: len(set(small.children()).difference(before)) == 2)

    ports = set(udp_sockets(switch))
    assert len(ports) == 2
    # A child that is not `ip` yet still has all descriptors of the daemon. Once it is `ip`, it keeps what it has.
    helpers.wait_for(lambda: not ports.intersection(held_by(small.children())))


def udp_sockets(switch):
    """['socket:[INODE]', ...] of all UDP sockets in the namespace."""
    lines = switch.run('cat', '/proc/net/udp').splitlines()[1:]
    return ['socket:[%s]' % line.split()[9] for line in lines]
