import signal

import pytest

import helpers
from kernel import files
from kernel.daemon import card, listener

STRANGE = '10.77.0.1/24'


def in_bypass(switch):
    """Make the network as a bypass has left it."""
    switch.ip('addr', 'add', '192.168.1.202/32', 'dev', 'eth0')
    switch.batch('link set sw0 down', 'link set sw2 down')


def in_normal(switch):
    """Make the network as it is in normal."""
    switch.batch(*['addr add %s dev eth0' % address for address in files.NORMAL[1:]])


# --- start ---

def test_nothing_but_the_listeners_address_is_touched_until_all_listeners_have_reported(switch, daemon, dpis):
    switch.ip('addr', 'add', files.CARDS[0], 'dev', 'eth0')
    switch.ip('link', 'set', 'sw0', 'down')
    watch = switch.watch()

    daemon.start(files.PATIENT)
    daemon.wait_listener(0, 'unknown')
    dpis.beat(3000)
    shown = daemon.wait_listener(0, 'active')

    assert (shown['state'], shown['held'], [row['wanted'] for row in shown['cards'] + shown['ports']]) == (
        'unknown', [1], [None] * 5)
    assert watch.take() == ['+ 192.168.1.202/32 eth0']
    watch.quiet(0.5)

    dpis.beat(3100)
    watch.wait_for('+ 192.168.1.212/32 eth0', 'sw0 up')
    assert sorted(watch.take()) == ['+ 192.168.1.212/32 eth0', 'sw0 up']


def test_what_others_change_is_left_alone_while_held_after_a_start(switch, daemon, dpis):
    in_normal(switch)
    daemon.start(files.PATIENT)
    daemon.wait_listener(0, 'unknown')
    dpis.beat(3000)
    daemon.wait_listener(0, 'active')
    watch = switch.watch()

    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    switch.ip('link', 'set', 'sw1', 'down')

    assert watch.take() == ['- 192.168.1.211/32 eth0', 'sw1 down']
    watch.quiet(0.5)


@pytest.mark.parametrize('network, alive, state', [
    (in_normal, (3000, 3100), 'normal'), (in_bypass, (3000,), 'bypass')], ids=['normal', 'bypass'])
def test_a_start_in_the_network_as_it_should_be_changes_nothing(switch, daemon, dpis, network, alive, state):
    network(switch)
    dpis.steady(*alive)
    watch = switch.watch()

    daemon.start(files.SMALL)
    daemon.wait_state(state)

    watch.quiet(0.5)


def test_a_start_without_any_listener_touches_nothing(switch, daemon):
    watch = switch.watch()

    shown = daemon.start('# nothing\n')

    assert (shown['state'], shown['listeners']) == ('unknown', [])
    watch.quiet(0.3)


def test_sighup_is_harmless_from_the_first_moment(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.launch(files.SMALL)
    helpers.wait_for(lambda: handles_hangups(daemon.child.pid))

    while daemon.status() is None:
        daemon.signal(signal.SIGHUP)
        assert daemon.child.poll() is None

    daemon.wait_state('normal')


def handles_hangups(pid):
    """Whether SIGHUP does not end the process any more: it handles or ignores it."""
    fields = dict(line.split(':', 1) for line in helpers.read('/proc/%d/status' % pid).splitlines())
    return any(int(fields.get(name, '0'), 16) & 1 << signal.SIGHUP - 1 for name in ('SigIgn', 'SigCgt'))


# --- stop ---

@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize('dead, network', [((), files.NORMAL), ((3100,), files.BYPASS)], ids=['normal', 'bypass'])
def test_a_stop_leaves_addresses_and_ports_as_they_are(switch, small, dpis, figure, number, dead, network):
    dpis.silence(*dead)
    small.wait_state('bypass' if dead else 'normal')
    children = small.children()
    watch = switch.watch()

    code, seconds = small.stop(number)

    assert (code, seconds < 2, switch.addresses('eth0')) == (0, True, network)
    watch.quiet(0.3)
    helpers.wait_for(lambda: not any(helpers.alive(pid) for pid in children))
    figure('stop by signal %d: %.0f ms' % (number, seconds * 1000))


# --- restart ---

@pytest.mark.parametrize('end', ['stop', 'kill'])
@pytest.mark.parametrize('dead, state', [((), 'normal'), ((3100,), 'bypass')], ids=['normal', 'bypass'])
def test_a_restart_changes_nothing(switch, small, dpis, end, dead, state):
    dpis.silence(*dead)
    small.wait_state(state)
    watch = switch.watch()

    getattr(small, end)()
    small.start()
    small.wait_state(state)

    watch.quiet(0.5)


def test_after_a_restart_in_bypass_nothing_changes_until_all_nodes_have_reported(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    watch = switch.watch()

    small.kill()
    small.start(files.PATIENT)
    small.wait_listener(0, 'active')
    assert small.status()['held'] == [1]
    watch.quiet(0.3)
    dpis.beat(3100)
    small.wait_state('normal')

    assert sorted(watch.take()) == ['+ 192.168.1.211/32 eth0', '+ 192.168.1.212/32 eth0', 'sw0 up', 'sw2 up']


def test_a_change_that_was_missed_while_the_daemon_was_dead_is_made_by_the_next_start(switch, small, dpis):
    small.kill()
    dpis.silence(3100)
    watch = switch.watch()

    small.start()
    small.wait_state('bypass')

    assert sorted(watch.take()) == ['- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down']


# --- reload ---

def test_a_reload_of_the_same_file_changes_nothing(switch, small):
    history = small.status()['history']
    watch = switch.watch()

    assert 'configuration loaded again' in small.reload()
    small.wait_state('normal')

    watch.quiet(0.3)
    assert small.status()['history'] == history


def test_a_reload_in_bypass_changes_nothing(switch, small, dpis):
    dpis.silence(3100)
    history = small.wait_state('bypass')['history']
    watch = switch.watch()

    small.reload()
    small.wait_state('bypass')

    watch.quiet(0.3)
    assert small.status()['history'] == history


def test_a_reload_with_more_in_the_file_does_not_touch_what_stays(switch, small, dpis):
    dpis.steady(3200, host='192.168.1.203')
    before = len(small.status()['history'])
    watch = switch.watch()

    small.reload(files.SMALL + 'LISTEN_HB_HOST[5]=192.168.1.203\nLISTEN_HB_PORT[5]=3200\nLISTEN_CUBRO_IFS[5]=sw3\n'
                               'BYPASS_CARD_HOST[2]=192.168.1.213\n')
    small.wait(lambda status: listener(status, 5)['state'] == 'active' and not status['held'])

    watch.wait_for('+ 192.168.1.203/32 eth0', '+ 192.168.1.213/32 eth0')
    assert watch.take() == ['+ 192.168.1.203/32 eth0', '+ 192.168.1.213/32 eth0']
    watch.quiet(0.3)
    assert [(one['kind'], one['name']) for one in small.status()['history'][before:]] == [
        ('reload', 'file'), ('listener', '5'), ('address', '192.168.1.203'), ('listener', '5'),
        ('card', '192.168.1.213')]


def test_while_a_new_listener_is_unknown_the_state_is_held_and_kept(switch, small, dpis):
    small.reload(files.SMALL + 'LISTEN_HB_HOST[5]=192.168.1.202\nLISTEN_HB_PORT[5]=3200\n'
                               'LISTEN_HEARTBEAT_TIMEOUT[5]=60000\nBYPASS_CARD_HOST[2]=192.168.1.213\n')
    shown = small.wait(lambda status: status['held'] == [5])
    assert (shown['state'], card(shown, '192.168.1.213')['wanted']) == ('normal', None)
    watch = switch.watch()

    # The daemon puts right what was decided. A node that fails meanwhile changes nothing.
    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    watch.wait_for('+ 192.168.1.211/32 eth0')
    dpis.silence(3100)
    small.wait_listener(1, 'failed')
    assert watch.take() == ['- 192.168.1.211/32 eth0', '+ 192.168.1.211/32 eth0']
    watch.quiet(0.3)

    dpis.beat(3200)
    small.wait_state('bypass')
    assert sorted(watch.take()) == ['- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down']


def test_a_listener_that_goes_with_a_reload_no_longer_counts(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')

    small.reload(files.without(files.SMALL, '[1]=192.168.1.202', '3100', 'LISTEN_CUBRO_IFS[1]'))
    small.wait_state('normal')

    assert (switch.addresses('eth0'), switch.ports()) == (files.NORMAL, files.PORTS_NORMAL)


@pytest.mark.parametrize('text', [files.SMALL + 'LISTEN_HB_PROT[0]=1\n', files.SMALL.replace('3100', '70000')],
                         ids=['unknown key', 'out of range'])
def test_a_reload_of_a_file_with_a_mistake_is_refused_as_a_whole(switch, small, text):
    watch = switch.watch()

    assert 'reload refused' in small.reload(text.replace('BYPASS_CARD_HOST[0]=192.168.1.211', ''))
    shown = small.wait(lambda status: 'reload refused' in ' '.join(status['problems']))

    assert (shown['state'], len(shown['cards'])) == ('normal', 2)
    watch.quiet(0.3)
    small.reload(files.SMALL)
    small.wait_sound('normal')


def test_a_start_with_a_mistake_launches_what_is_valid(switch, daemon, dpis):
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL + 'LISTEN_HB_HOST[7]=192.168.1.300\nLISTEN_HB_PORT[7]=3700\nBYPASS_CARD_HOST[7]=x\n')
    shown = daemon.wait_state('normal')

    assert listener(shown, 7)['state'] == 'unconfigured'
    assert 'LISTEN_HB_HOST[7]=192.168.1.300' in listener(shown, 7)['error']
    assert switch.addresses('eth0') == files.NORMAL


def test_what_the_daemon_does_not_manage_is_never_touched(switch, small, dpis):
    switch.ip('addr', 'add', STRANGE, 'dev', 'eth0')
    switch.ip('addr', 'add', STRANGE, 'dev', 'sw0')
    switch.ip('link', 'set', 'sw3', 'down')

    dpis.silence(3100)
    small.wait_state('bypass')
    dpis.steady(3100)
    small.wait_state('normal')
    small.reload()
    small.stop()

    assert (switch.addresses('eth0'), switch.addresses('sw0'), switch.ports()) == (
        sorted(files.NORMAL + [STRANGE]), [STRANGE], 'up up up down')


def test_a_killed_daemon_leaves_no_child_behind(small):
    children = small.all_children()

    small.kill()

    # At least ip twice, and the writers of the log and the journal.
    assert len(children) >= 4
    helpers.wait_for(lambda: not any(helpers.alive(pid) for pid in children))
