import time

from field import Watch
from machine import UNIT
from switch import CARD, ENV, SMALL
from waiting import wait_for


def kill(switch, signal, pid):
    """Send a signal with the shell's own kill: small systems have no other one."""
    switch.run('sh', '-c', 'kill "$0" "$1"', signal, str(pid))


def other_pid(switch, pid, limit=30):
    """Wait for a daemon that runs with another pid than `pid`. Returns its pid."""
    def found():
        now = switch.machine.main_pid()
        return now if now != pid else None
    return wait_for(found, 'a daemon other than %s' % pid, limit)


def test_killed_twenty_times_in_a_row_it_is_back_each_time_and_the_network_sees_nothing(switch):
    switch.start_small('normal')
    watch = Watch(switch.machine)
    pid = switch.machine.main_pid()

    for _ in range(20):
        kill(switch, '-9', pid)
        pid = other_pid(switch, pid)

    switch.wait_state('normal')
    assert watch.stop() == []


def test_killed_in_bypass_it_stays_in_bypass(switch):
    switch.start_small('bypass')
    watch = Watch(switch.machine)
    pid = switch.machine.main_pid()

    kill(switch, '-9', pid)
    other_pid(switch, pid)

    switch.wait_state('bypass')
    assert watch.stop() == []


def test_a_stuck_daemon_is_replaced_by_the_watchdog(switch):
    switch.start_small('normal')
    watch = Watch(switch.machine)
    pid, began = switch.machine.main_pid(), time.time()

    kill(switch, '-STOP', pid)
    other_pid(switch, pid)

    assert 'watchdog' in switch.machine.journal().lower()
    switch.wait_state('normal')
    assert watch.stop() == []
    print('replaced after %.1f s' % (time.time() - began))


def test_the_network_and_the_run_directory_survive_a_restart_and_a_stop(switch):
    switch.start_small('bypass')
    watch = Watch(switch.machine)

    switch.ctl('restart', check=True)
    switch.wait_state('bypass')
    switch.ctl('stop', check=True)

    assert watch.stop() == []
    # The daemon remembers what it did before the restart. Otherwise nobody would bring this port up.
    switch.ctl('force_off', check=True)
    switch.wait_port('port1', 'up')


def test_a_stop_takes_less_than_two_seconds_and_is_clean(switch):
    switch.start_small('normal')
    began = time.time()

    switch.ctl('stop', check=True)

    assert time.time() - began < 2.5
    assert (switch.machine.show('Result'), switch.machine.show('ExecMainStatus')) == ('success', '0')


def test_missing_directories_stop_nothing(switch):
    switch.start_small('normal')
    switch.ctl('stop', check=True)
    switch.run('rm', '-rf', '/run/fastbypass_monitor', '/var/fastbypass_monitor/backend/logs',
               '/var/fastbypass_monitor/backend/state')

    switch.ctl('start', check=True)

    switch.wait_state('normal')
    # Nobody remembers who had added the card's address.
    assert [line for line in switch.status()['problems'] if 'was there before the daemon' not in line] == []
    assert 'global state' in switch.ctl('tail', '100', check=True).output


def test_it_tries_for_ever_while_the_configuration_cannot_be_read(switch):
    switch.machine.run('mv', ENV, ENV + '.away')

    assert switch.run('systemctl', 'restart', UNIT, check=False).code != 0
    wait_for(lambda: int(switch.machine.show('NRestarts')) > 6, 'more starts than five', 30)
    switch.machine.run('mv', ENV + '.away', ENV)

    wait_for(lambda: switch.machine.main_pid(), 'a running daemon')


def test_a_reboot_brings_the_service_back(switch):
    node = switch.start_small('normal')
    machine = switch.machine

    machine.reboot()
    assert wait_for(machine.main_pid, 'a running daemon') is not None
    # Its interface comes only now. The daemon notices it by itself.
    switch.field.plug_in()

    switch.wait_state('normal')
    wait_for(lambda: switch.field.answers(CARD), 'the card answered')
    assert machine.read(ENV).decode() == SMALL
    node.stop()
    wait_for(lambda: not switch.field.answers(CARD), 'the card not answered')
