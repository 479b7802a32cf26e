import pytest

from machine import UNIT
from switch import CARD, ENV, LOG, SMALL
from waiting import wait_for

NEED_ROOT = ['start', 'stop', 'restart', 'reload', 'confirm', 'rollback', 'status', 'enable', 'disable', 'force_on',
             'force_off', 'return', 'maintenance', 'override', 'drill', 'report', 'tail', 'tailf', 'beat']


def test_start_stop_and_restart_do_what_systemctl_does(switch):
    switch.ctl('stop', check=True)
    assert switch.active() == 'inactive'

    switch.ctl('start', check=True)
    pid = switch.machine.main_pid()
    assert switch.active() == 'active'

    switch.ctl('restart', check=True)
    assert switch.machine.main_pid() not in (None, pid)


def test_a_restart_with_a_typo_says_so_and_leaves_the_daemon_at_work(switch):
    switch.start_small()
    pid = switch.machine.main_pid()
    switch.machine.write(ENV, SMALL + 'LISTEN_HEARTBEAT_ATEMPTS=3\n')

    refused = switch.ctl('restart')

    assert refused.code == 1
    assert refused.output.startswith(ENV + ':8: error: LISTEN_HEARTBEAT_ATEMPTS')
    assert 'the file is refused, nothing is done (systemctl restart' in refused.output
    assert (switch.machine.main_pid(), switch.state()) == (pid, 'normal')


def test_status_gives_systemctls_exit_codes(switch):
    assert switch.ctl('status').code == 0

    switch.ctl('stop')

    assert switch.ctl('status').code == 3
    assert switch.ctl('show').code == 3


def test_enable_and_disable_put_it_into_the_boot_and_out_of_it(switch):
    assert switch.enabled() == 'enabled'

    switch.ctl('disable', check=True)
    assert (switch.enabled(), switch.active()) == ('disabled', 'active')

    switch.ctl('enable', check=True)
    assert switch.enabled() == 'enabled'


def test_accepted_files_are_kept_and_a_reload_on_trial_ends_with_a_restart(switch):
    switch.start_small()
    switch.machine.write(ENV, SMALL + 'LISTEN_HEARTBEAT_RECOVERY=2\n')
    assert 'on trial' in switch.ctl('reload', '--confirm', '1h', check=True).output
    assert switch.ctl('show').output.startswith('the reload is taken back in ')
    # systemd gets a new line of status each half second at most.
    wait_for(lambda: 'unless fbypass_ctl confirm' in switch.ctl('status').output, 'the status of a trial')
    switch.run('systemctl', 'restart', UNIT)
    switch.wait_state('normal')
    assert switch.machine.read(ENV).decode() == SMALL
    switch.run('mv', ENV + '.unconfirmed', ENV)
    switch.ctl('reload', '--confirm', '1h', check=True)

    assert switch.ctl('confirm', check=True).output == 'confirmed: %s is what runs' % ENV
    switch.run('systemctl', 'reload', UNIT)
    switch.ctl('rollback', check=True)
    assert switch.machine.read(ENV).decode() == SMALL
    # The daemon may write there, and nothing of it is a problem.
    assert 'is not kept' not in switch.ctl('show').output
    wait_for(lambda: 'LISTEN_HEARTBEAT_RECOVERY' in switch.ctl('rollback', '--list').output, 'kept')


def test_reload_takes_a_new_file_without_a_stop(switch):
    switch.start_small()
    pid = switch.machine.main_pid()
    switch.field.dpi('192.168.1.202', 3100)
    switch.machine.write(ENV, SMALL + 'LISTEN_HB_HOST[1]=192.168.1.202\nLISTEN_HB_PORT[1]=3100\n'
                         'BYPASS_CARD_HOST[1]=192.168.1.212\n')

    switch.ctl('reload', check=True)

    wait_for(lambda: '192.168.1.212/32' in switch.addresses(), 'the new card')
    assert switch.machine.main_pid() == pid
    assert switch.status()['state'] == 'normal'


def test_reload_says_on_the_terminal_why_a_file_is_refused_and_the_old_configuration_goes_on(switch):
    switch.start_small()
    pid = switch.machine.main_pid()
    switch.machine.write(ENV, SMALL + 'LISTEN_HEARTBEAT_ATEMPTS=3\n')

    refused = switch.ctl('reload')

    assert refused.code != 0
    assert '%s:8: error: ' % ENV in refused.output
    assert 'LISTEN_HEARTBEAT_ATTEMPTS' in refused.output
    assert 'the running configuration goes on' in refused.output
    wait_for(lambda: 'LISTEN_HEARTBEAT_ATEMPTS' in switch.machine.read(LOG).decode(), 'the log says it too')
    assert (switch.machine.main_pid(), switch.state(), switch.active()) == (pid, 'normal', 'active')


def test_reload_of_a_stopped_service_fails_and_blames_no_file(switch):
    switch.ctl('stop')
    switch.machine.write(ENV, 'NONSENSE\n')

    refused = switch.ctl('reload')

    assert refused.code != 0 and 'refused, the running' not in refused.output
    assert switch.active() == 'inactive'


def test_force_on_stops_the_daemon_and_takes_the_cards_addresses_away(switch):
    switch.start_small()
    wait_for(lambda: switch.field.answers(CARD), 'the card answered')

    switch.ctl('force_on', check=True)

    assert switch.active() == 'inactive' and switch.machine.show('Result') == 'success'
    assert switch.addresses() == ['192.168.1.200/24', '192.168.1.202/32']
    assert not switch.field.answers(CARD)


def test_force_off_stops_the_daemon_adds_the_cards_addresses_and_brings_the_ports_up(switch):
    switch.start_small('bypass')

    switch.ctl('force_off', check=True)

    assert switch.active() == 'inactive'
    assert switch.addresses() == ['192.168.1.200/24', '192.168.1.202/32', '192.168.1.211/32']
    assert switch.field.answers(CARD)
    switch.wait_port('port1', 'up')


def test_both_forces_work_twice_and_on_a_stopped_service(switch):
    switch.start_small()
    switch.ctl('stop')

    assert [switch.ctl('force_' + word).code for word in ('on', 'on', 'off', 'off')] == [0, 0, 0, 0]

    assert switch.addresses() == ['192.168.1.200/24', '192.168.1.202/32', '192.168.1.211/32']


def test_after_a_force_start_gives_the_switch_back_to_the_daemon(switch):
    switch.start_small()
    switch.ctl('force_on', check=True)

    switch.ctl('start', check=True)

    wait_for(lambda: switch.field.answers(CARD), 'the card answered')


def test_tail_prints_the_last_lines(switch):
    switch.start_small()
    switch.ctl('stop')
    lines = switch.machine.read(LOG).decode().splitlines()

    assert switch.ctl('tail', '3').output.splitlines() == lines[-3:]
    assert switch.ctl('tail').output.splitlines() == lines[-100:]


@pytest.mark.parametrize('words', [['abc'], ['-5'], ['0'], ['1.5'], [''], ['5', '6']])
def test_tail_refuses_nonsense(switch, words):
    refused = switch.ctl('tail', *words)

    assert refused.code == 2 and refused.output.startswith('fbypass_ctl: tail takes')


def test_tailf_follows_the_log_across_its_rotation(switch):
    with switch.machine.running('fbypass_ctl', 'tailf', output='/root/seen'):
        wait_for(lambda: switch.machine.read('/root/seen'), 'the last lines')
        switch.run('mv', LOG, LOG + '.1')
        switch.machine.write(LOG, 'after the rotation\n')
        wait_for(lambda: b'after the rotation' in switch.machine.read('/root/seen'), 'the new file')


def test_check_show_and_beat_are_the_daemons_own(switch):
    switch.start_small()

    checked = switch.ctl('check')
    assert checked.code == 0 and '192.168.1.211' in checked.output
    assert '192.168.1.202' in switch.ctl('show', check=True).output
    assert 'fastbypass_' in switch.ctl('show', '--prometheus', check=True).output
    assert 'normal' in switch.ctl('show', '--history', check=True).output
    assert switch.ctl('beat', '192.168.1.202', '3000', '--interval', '10', '--count', '3', '--force').code == 0


def test_heartbeats_of_beat_are_as_good_as_a_dpis(switch):
    switch.configure(SMALL)

    with switch.machine.running('fbypass_ctl', 'beat', '192.168.1.202', '3000', '--interval', '50', '--force',
                                output='/root/beat'):
        switch.wait_state('normal')

    switch.wait_state('bypass')


@pytest.mark.parametrize('word', NEED_ROOT)
def test_an_unprivileged_user_is_refused_clearly(switch, word):
    pid = switch.machine.main_pid()

    refused = switch.ctl(word, user='nobody')

    expected = 'fbypass_ctl: %s needs root: try sudo fbypass_ctl %s' % (word, word)
    assert (refused.code, refused.output) == (4, expected)
    assert (switch.machine.main_pid(), switch.enabled()) == (pid, 'enabled')


def test_anybody_may_ask_for_help_and_the_version(switch):
    assert switch.ctl('help', user='nobody').output.startswith('Usage: fbypass_ctl')
    assert switch.debs.first_version in switch.ctl('version', user='nobody').output


def test_systemctl_itself_does_the_same(switch):
    switch.start_small()

    for word in ('reload', 'restart', 'stop', 'start', 'status'):
        assert switch.run('systemctl', '--no-pager', word, UNIT, check=False).code == 0
