import re

import pytest

from field import Watch
from machine import UNIT
from switch import BACKEND, CARD, ENV, SMALL


def test_a_fresh_install_runs_at_once_enabled_and_manages_nothing(switch):
    assert (switch.active(), switch.enabled()) == ('active', 'enabled')
    assert switch.machine.read(ENV) == switch.machine.read(BACKEND + '/sample.env')

    status = switch.status()

    assert (status['state'], status['listeners'], status['cards'], status['ports']) == ('unknown', [], [], [])
    assert switch.addresses() == ['192.168.1.200/24']
    shown = switch.ctl('status').output
    assert 'Status: "' in shown and 'unknown' in shown


def test_an_install_touches_no_address_and_no_link(switch):
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    watch = Watch(switch.machine)

    switch.install(switch.debs.first)

    assert watch.stop() == []


@pytest.mark.parametrize('state', ['normal', 'bypass'])
def test_an_upgrade_restarts_the_daemon_and_the_network_sees_nothing(switch, state):
    switch.start_small(state)
    watch, addresses, pid = Watch(switch.machine), switch.addresses(), switch.machine.main_pid()

    switch.install(switch.debs.later)

    assert switch.machine.main_pid() not in (None, pid)
    assert switch.status()['version'] == switch.debs.later_version
    switch.wait_state(state)
    assert watch.stop() == []
    assert switch.addresses() == addresses
    assert switch.machine.read(ENV).decode() == SMALL


@pytest.mark.parametrize('force', ['force_on', 'force_off'])
def test_after_a_force_an_upgrade_leaves_the_daemon_stopped(switch, force):
    switch.start_small()
    switch.ctl(force, check=True)
    watch, addresses = Watch(switch.machine), switch.addresses()

    switch.install(switch.debs.later)

    assert (switch.active(), switch.enabled()) == ('inactive', 'enabled')
    assert watch.stop() == []
    assert switch.addresses() == addresses
    assert switch.machine.read(ENV).decode() == SMALL


def test_an_upgrade_keeps_disabled_what_was_disabled(switch):
    switch.ctl('disable')

    switch.install(switch.debs.later)

    assert (switch.active(), switch.enabled()) == ('active', 'disabled')


def test_a_reinstall_of_the_same_version_is_an_upgrade(switch):
    switch.start_small()
    watch, pid = Watch(switch.machine), switch.machine.main_pid()

    switch.install(switch.debs.first)

    assert switch.machine.main_pid() not in (None, pid)
    switch.wait_state('normal')
    assert watch.stop() == []


def test_a_removal_stops_the_daemon_and_keeps_network_configuration_state_and_logs(switch):
    switch.start_small()
    switch.machine.write(BACKEND + '/state/orders', 'a word\n')
    watch = Watch(switch.machine)

    switch.run('dpkg', '--remove', 'fastbypass-monitor')

    assert switch.active() in ('inactive', 'unknown')
    assert watch.stop() == []
    assert switch.field.answers(CARD)
    assert [path for path in switch.files('/var/fastbypass_monitor') if '/state/files' not in path] == [
        BACKEND, ENV, BACKEND + '/logs', BACKEND + '/logs/fastbypass_monitor.log', BACKEND + '/state',
        BACKEND + '/state/journal', BACKEND + '/state/orders']
    assert switch.files('/usr/share/fastbypass_monitor') == []


def test_installed_again_after_a_removal_it_runs_with_the_old_configuration(switch):
    switch.start_small()
    switch.run('dpkg', '--remove', 'fastbypass-monitor')
    watch = Watch(switch.machine)

    switch.install(switch.debs.first)

    assert (switch.active(), switch.enabled()) == ('active', 'enabled')
    switch.wait_state('normal')
    assert watch.stop() == []
    assert switch.machine.read(ENV).decode() == SMALL


def test_the_state_directory_is_roots_alone_and_an_upgrade_keeps_what_is_in_it(switch):
    switch.start_small()
    switch.machine.write(BACKEND + '/state/orders', 'a word\n')

    switch.install(switch.debs.later)

    switch.wait_state('normal')
    assert switch.machine.read(BACKEND + '/state/orders') == b'a word\n'
    assert switch.run('stat', '-c', '%a %U:%G', BACKEND + '/state').output == '700 root:root'


def test_a_purge_takes_configuration_state_and_logs_but_not_the_network(switch):
    switch.start_small()
    switch.machine.write(BACKEND + '/state/orders', 'a word\n')
    watch, addresses = Watch(switch.machine), switch.addresses()

    switch.run('dpkg', '--purge', 'fastbypass-monitor')

    assert watch.stop() == []
    assert switch.addresses() == addresses
    assert switch.files('/var/fastbypass_monitor') == []
    assert switch.run('sh', '-c', 'ls -d $0 $* 2>/dev/null',
                      '/var/fastbypass_monitor', '/run/fastbypass_monitor', '/usr/share/fastbypass_monitor',
                      '/etc/systemd/system/*/fastbypass*',
                      '/var/lib/systemd/deb-systemd-helper-enabled/*fastbypass*',
                      check=False).output == ''


def test_a_purge_leaves_an_administrators_copies_alone(switch):
    switch.machine.write(BACKEND + '/.env.of-last-year', 'mine\n')

    switch.run('dpkg', '--purge', 'fastbypass-monitor')

    assert switch.files('/var/fastbypass_monitor') == [BACKEND, BACKEND + '/.env.of-last-year']


def test_programs_run_by_hand_leave_nothing_behind_either(switch):
    python = 'python2.7' if switch.machine.suite == 'bullseye' else 'python3'
    switch.run(python, '/usr/share/fastbypass_monitor/fbmon.py', 'check', check=False)
    switch.run('dpkg', '--remove', 'fastbypass-monitor')

    assert switch.run('sh', '-c', 'ls -d /usr/share/fastbypass_monitor 2>/dev/null', check=False).output == ''


def test_dpkg_finds_every_file_as_it_was_packed(switch):
    switch.start_small()

    assert switch.run('dpkg', '--verify', 'fastbypass-monitor').output == ''


def test_the_unit_has_nothing_that_this_systemd_does_not_know(switch):
    assert switch.run('systemd-analyze', '--man=no', 'verify', UNIT + '.service').output == ''
    assert 'Unknown' not in switch.machine.journal()


def test_the_unit_gives_no_more_than_the_work_needs(switch):
    shown = switch.run('systemd-analyze', '--no-pager', 'security', UNIT + '.service', check=False).output
    overall = shown.splitlines()[-1]
    print(overall)

    # systemd calls 9 and more UNSAFE, and 3 OK. The rest is because of root, the network and its addresses.
    assert float(re.search(r'service: ([\d.]+) ', overall).group(1)) <= 3.0


def test_a_policy_against_starting_services_is_obeyed(switch):
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    switch.machine.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n')
    switch.run('chmod', '755', '/usr/sbin/policy-rc.d')
    try:
        switch.install(switch.debs.first)
        assert switch.active() == 'inactive'
    finally:
        switch.run('rm', '/usr/sbin/policy-rc.d')
