"""Maintenance and override on the real kernel, given by the real commands. The cards' pings show what comes of it."""
import json
import os
import re

import pytest

import helpers
from kernel import files, silence

CARD = '192.168.1.211'

PORTS = (3000, 3100, 3200)


def nodes(threshold):
    """The file of three nodes with this threshold. On a busy machine none fails by itself."""
    return files.THREE.replace('FAILED=1', 'FAILED=%d' % threshold).replace('TIMEOUT=300', 'TIMEOUT=1000')


@pytest.fixture
def three(switch, daemon, dpis):
    """begin(threshold, more): starts the daemon with three active nodes. more: lines for its file."""
    def begin(threshold, more=''):
        dpis.steady(*PORTS, interval=50)
        daemon.start(nodes(threshold) + more)
        daemon.wait_state('normal')
        switch.card.until_answered(CARD)
        return daemon
    return begin


def order(daemon, *words):
    """Give an order that is taken. Returns what the command says."""
    code, output, errors = daemon.command(*words)
    assert (code, errors) == (0, ''), (output, errors)
    return output


def kept(daemon):
    return json.loads(helpers.read(os.path.join(daemon.state_dir, 'orders')))


def test_a_node_is_taken_out_upgraded_and_put_back_and_nobody_bypasses(switch, three, dpis):
    daemon, watch = three(1), switch.watch()
    said = order(daemon, 'maintenance', 'dpi-1', 'on', '--for', '2h', '--reason', 'a new kernel')
    assert said.startswith('dpi-1 is in maintenance until ') and said.endswith('; the state is normal\n')
    assert switch.ports() == 'up down up up'
    dpis.silence(3000)
    daemon.wait_listener(0, 'failed')
    assert daemon.status()['state'] == 'normal'
    assert order(daemon, 'maintenance').startswith('dpi-1 since ')
    row, = json.loads(order(daemon, 'maintenance', '--json'))
    assert (row['node'], row['reason'], row['state']) == ('dpi-1', 'a new kernel', 'failed')
    dpis.steady(3000, interval=50)
    daemon.wait_listener(0, 'active')
    assert switch.ports() == 'up down up up'

    order(daemon, 'maintenance', 'dpi-1', 'off')
    assert switch.ports() == 'up up up up'
    assert order(daemon, 'maintenance', '--json') == '[]\n'
    assert [line for line in watch.take() if '192.168' in line] == []
    assert switch.card.until_answered(CARD)


@pytest.mark.parametrize('threshold, state', [(1, 'bypass'), (2, 'bypass'), (3, 'normal')])
def test_a_second_node_that_fails_meanwhile_is_judged_by_what_is_left(switch, three, dpis, threshold, state):
    daemon = three(threshold)
    order(daemon, 'maintenance', 'dpi-1', 'on')
    assert daemon.status()['state'] == 'normal'
    dpis.silence(3100)
    daemon.wait_listener(1, 'failed')

    daemon.wait_state(state)
    assert switch.ports() == 'up down down up'


@pytest.mark.parametrize('threshold, state', [(1, 'bypass'), (2, 'bypass'), (3, 'normal')])
@pytest.mark.parametrize('end', ['stop', 'kill'])
def test_a_second_node_fails_during_an_upgrade_over_an_end_of_the_daemon(switch, three, dpis, end, threshold, state):
    daemon = three(threshold)
    order(daemon, 'maintenance', 'dpi-1', 'on')
    dpis.silence(3000, 3100)
    for index in (0, 1):
        daemon.wait_listener(index, 'failed')
    daemon.wait_state(state)
    getattr(daemon, end)()
    daemon.start()
    daemon.wait_listener(1, 'failed')
    daemon.wait_state(state)
    getattr(switch.card, 'until_silent' if state == 'bypass' else 'until_answered')(CARD)

    dpis.steady(3100, interval=50)
    daemon.wait_listener(1, 'active')
    daemon.wait_state('normal')
    assert switch.ports() == 'up down up up' and switch.card.until_answered(CARD)
    dpis.steady(3000, interval=50)
    daemon.wait_listener(0, 'active')
    assert order(daemon, 'maintenance', 'dpi-1', 'off').endswith('; the state is normal\n')
    assert switch.ports() == 'up up up up'


def test_a_node_that_sends_nothing_counts_as_failed_when_the_time_of_its_maintenance_is_over(switch, three, dpis):
    daemon = three(1)
    order(daemon, 'maintenance', 'dpi-1', 'on', '--for', '3s')
    dpis.silence(3000)
    daemon.wait_state('bypass')
    switch.card.until_silent(CARD)

    told = [(one['kind'], one['name'], one['to'], one['why']) for one in daemon.status()['history']]
    over = told.index(('operator', 'dpi-1', 'off', 'its time is over'))
    assert ('global', 'state', 'bypass') in [one[:3] for one in told[over:]]


@pytest.mark.parametrize('end', ['stop', 'kill'])
def test_orders_last_over_a_restart_and_end_while_no_daemon_runs(switch, three, dpis, end):
    daemon = three(1)
    order(daemon, 'maintenance', 'dpi-1', 'on', '--reason', 'long')
    order(daemon, 'maintenance', 'dpi-2', 'on', '--for', '1h')
    dpis.silence(3000)
    getattr(daemon, end)()
    found = kept(daemon)
    # As if two hours had passed since then.
    for time in ('since', 'until'):
        found['maintenance']['dpi-2'][time] -= 7200
    helpers.write(os.path.join(daemon.state_dir, 'orders'), json.dumps(found))
    daemon.start()

    status = daemon.wait_state('normal')
    assert [row['maintenance'] and row['maintenance']['reason'] for row in status['nodes']] == ['long', None, None]
    assert switch.ports() == 'up down up up'
    assert ('operator', 'dpi-2', 'maintenance', 'off') in [
        (one['kind'], one['name'], one['from'], one['to']) for one in status['history']]
    helpers.wait_for(lambda: list(kept(daemon)['maintenance']) == ['dpi-1'])


def test_without_a_daemon_the_command_writes_the_order_and_the_start_takes_it(switch, daemon, dpis):
    helpers.write(daemon.config, nodes(1))
    assert 'no daemon runs' in order(daemon, 'maintenance', '0', 'on')
    assert daemon.command('maintenance', 'dpi-9', 'on')[::2] == (
        1, 'maintenance: refused: there is no node dpi-9: did you mean dpi-1 or dpi-2 or dpi-3?\n')
    order(daemon, 'override', 'bypass', '--for', '1h')
    assert order(daemon, 'override').startswith('bypass since ')
    dpis.steady(*PORTS, interval=50)
    daemon.start()

    status = daemon.wait_state('bypass')
    assert status['nodes'][0]['maintenance'] and status['override']['state'] == 'bypass'
    assert order(daemon, 'override', 'off') == 'no override: the rules decide; the state is normal\n'
    switch.card.until_answered(CARD)


def test_an_override_decides_at_once_and_ends_by_itself(switch, three, dpis):
    daemon = three(1)
    order(daemon, 'override', 'bypass', '--for', '2s')
    daemon.wait(lambda status: status['override'] is None)
    history = daemon.wait_state('normal')['history']
    switch.card.until_answered(CARD)
    told = [(one['kind'], one['name'], one['to']) for one in history]
    began = told.index(('operator', 'override', 'bypass'))
    assert [one for one in told[began:] if one[1] in ('override', 'state', CARD)] == [
        ('operator', 'override', 'bypass'), ('global', 'state', 'bypass'), ('card', CARD, 'absent'),
        ('operator', 'override', 'off'), ('global', 'state', 'normal'), ('card', CARD, 'present')]
    order(daemon, 'override', 'normal')
    dpis.silence(*PORTS)
    for index in range(3):
        daemon.wait_listener(index, 'failed')
    assert daemon.status()['state'] == 'normal' and switch.ports() == 'up down down down'
    order(daemon, 'override', 'off')
    switch.card.until_silent(CARD)


def test_freeze_changes_nothing_and_its_end_puts_all_right(switch, three, dpis):
    daemon = three(1)
    order(daemon, 'override', 'freeze', '--reason', 'work on the management network')
    assert not any('-batch' in line for line in daemon.children().values())
    switch.ip('addr', 'del', CARD + '/32', 'dev', 'eth0')
    switch.ip('link', 'set', 'sw3', 'down')
    watch = switch.watch()
    dpis.silence(3000)
    daemon.wait_listener(0, 'failed')
    daemon.reload(nodes(2))
    daemon.kill()
    daemon.start()
    daemon.wait_listener(0, 'failed')
    assert switch.ports() == 'up up up down'
    watch.quiet(0.3)
    dpis.steady(3000, interval=50)
    daemon.wait_listener(0, 'active')

    order(daemon, 'override', 'off')
    daemon.wait_sound('normal')
    assert switch.ports() == 'up up up up'
    switch.card.until_answered(CARD)


@pytest.mark.parametrize('state', ['bypass', 'normal', 'freeze'])
def test_the_end_of_an_override_decides_at_once_and_waits_for_no_return(switch, three, dpis, state):
    daemon = three(1, 'BYPASS_RETURN=manual\n')
    dpis.silence(3000)
    daemon.wait_state('bypass')
    order(daemon, 'override', state)
    dpis.steady(3000, interval=50)
    daemon.wait_listener(0, 'active')
    assert order(daemon, 'override', 'off') == 'no override: the rules decide; the state is normal\n'
    switch.card.until_answered(CARD)

    order(daemon, 'override', state)
    dpis.silence(3000)
    daemon.wait_listener(0, 'failed')
    order(daemon, 'override', state, '--for', '3s')
    assert daemon.wait(lambda status: status['override'] is None)['state'] == 'bypass'
    switch.card.until_silent(CARD)


def test_while_frozen_only_readings_are_started_whatever_happens(switch, three, dpis):
    if not silence.has_strace():
        pytest.skip('no strace here')
    daemon = three(1)
    order(daemon, 'override', 'freeze')
    tracer = silence.trace(daemon)
    switch.ip('addr', 'del', CARD + '/32', 'dev', 'eth0')
    switch.recreate('sw2')
    dpis.silence(*PORTS)
    for index in range(3):
        daemon.wait_listener(index, 'failed')
    daemon.reload(nodes(2))
    for line in daemon.children().values():
        assert '-batch' not in line

    started = [line for line in silence.end(daemon, tracer).splitlines() if 'execve(' in line]
    assert [line for line in started if re.search('"-batch"|"add"|"del"|"change"|"set"|"replace"', line)] == []


def test_a_refusal_says_why_and_changes_nothing(switch, three, dpis):
    daemon = three(1)
    order(daemon, 'maintenance', 'dpi-1', 'on')
    order(daemon, 'maintenance', 'dpi-2', 'on')
    code, output, errors = daemon.command('maintenance', 'dpi-3', 'on')

    assert (code, output) == (1, '') and 'refused: dpi-3 is the last active node that is not in maintenance' in errors
    assert daemon.status()['state'] == 'normal' and sorted(kept(daemon)['maintenance']) == ['dpi-1', 'dpi-2']


def test_a_state_directory_that_cannot_be_written_refuses_the_order(switch, three):
    daemon = three(1)
    daemon.lose_state()
    helpers.write(daemon.state_dir, '')
    code, _, errors = daemon.command('override', 'bypass')

    assert code == 1 and 'override: refused: ' in errors and 'cannot be written' in errors
    assert daemon.status()['state'] == 'normal' and daemon.status()['override'] is None
