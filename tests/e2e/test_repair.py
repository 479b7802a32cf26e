"""The package can be repaired, removed and upgraded even if parts are missing, and that ends no daemon that works."""
import shutil

import pytest

import packages
from field import Watch
from machine import UNIT
from switch import CARD, ENV, SMALL
from waiting import wait_for

PROGRAM, HOME = '/usr/share/fastbypass_monitor', '/var/fastbypass_monitor'
EARLY = '''[Unit]
Wants=network.target
Before=network.target fastbypass_monitor.service

[Service]
Type=oneshot
ExecStart=/usr/bin/dpkg -i %s

[Install]
WantedBy=multi-user.target
'''


def test_a_program_that_was_removed_is_repaired_and_the_network_sees_nothing(switch):
    switch.start_small()
    watch, pid = Watch(switch.machine), switch.machine.main_pid()
    switch.run('rm', '-rf', PROGRAM)

    switch.install(switch.debs.first)

    assert switch.machine.main_pid() not in (None, pid)
    switch.wait_state('normal')
    assert watch.stop() == []
    assert switch.run('dpkg', '--verify', 'fastbypass-monitor').output == ''


def test_a_configuration_that_was_removed_does_not_end_the_daemon_that_has_it(switch):
    switch.start_small()
    watch, pid = Watch(switch.machine), switch.machine.main_pid()
    switch.run('rm', '-rf', HOME)

    said = switch.install(switch.debs.first)

    assert 'the daemon works on with what it has' in said
    assert (switch.machine.main_pid(), switch.state()) == (pid, 'normal')
    assert watch.stop() == []
    # From here on everything is as after any edit of the file.
    switch.configure(SMALL)
    switch.wait_state('normal')


@pytest.mark.parametrize('directory', [PROGRAM, HOME])
def test_what_is_missing_keeps_nobody_from_removing_the_package(switch, directory):
    switch.start_small()
    watch = Watch(switch.machine)
    switch.run('rm', '-rf', directory)

    switch.run('dpkg', '--remove', 'fastbypass-monitor')
    switch.run('dpkg', '--purge', 'fastbypass-monitor')

    assert switch.active() in ('inactive', 'unknown')
    assert watch.stop() == []
    assert switch.field.answers(CARD)
    assert (switch.files(PROGRAM), switch.files(HOME)) == ([], [])


def test_an_upgrade_that_fails_leaves_the_daemon_at_work(switch):
    switch.start_small()
    watch, pid = Watch(switch.machine), switch.machine.main_pid()
    switch.run('mount', '--bind', PROGRAM, PROGRAM)
    try:
        switch.run('mount', '-o', 'remount,bind,ro', PROGRAM)
        with pytest.raises(AssertionError):
            switch.install(switch.debs.later)
    finally:
        switch.run('umount', PROGRAM)

    assert (switch.machine.main_pid(), switch.state()) == (pid, 'normal')
    switch.install(switch.debs.later)
    switch.wait_state('normal')
    assert switch.status()['version'] == switch.debs.later_version
    assert watch.stop() == []


def test_an_upgrade_with_a_typo_in_the_file_leaves_the_daemon_at_work_and_says_so(switch):
    switch.start_small()
    watch, pid = Watch(switch.machine), switch.machine.main_pid()
    switch.machine.write(ENV, SMALL.replace('BYPASS_CARD_IFS', 'BYPASS_CARDS_IFS'))

    said = switch.install(switch.debs.later)

    assert 'fbypass_ctl check finds mistakes: the daemon works on as it is' in said
    assert switch.machine.main_pid() == pid
    assert watch.stop() == []
    assert switch.field.answers(CARD)


def test_a_purge_in_a_chroot_leaves_the_machines_daemon_and_its_record_alone(switch):
    switch.start_small()
    pid, kept = switch.machine.main_pid(), switch.files('/run/fastbypass_monitor')
    switch.run('sh', '-c', 'mkdir -p /chroot/run /chroot/proc /chroot/dev /chroot/root && '
               'cp -a /bin /sbin /lib* /usr /etc /chroot && mkdir /chroot/var && '
               'cp -a /var/lib /var/fastbypass_monitor /chroot/var && '
               'mkdir -p /chroot/var/log /chroot/tmp && mknod -m 666 /chroot/dev/null c 1 3; '
               'mount --bind /run /chroot/run && mount --bind /proc /chroot/proc')
    try:
        switch.run('chroot', '/chroot', 'dpkg', '--purge', 'fastbypass-monitor')
        switch.run('chroot', '/chroot', 'groupdel', 'fastbypass')
        switch.run('chroot', '/chroot', 'groupadd', '--gid', '4242', 'fastbypass')
        shutil.copy(switch.debs.first, switch.machine.path('/chroot/root/it.deb'))
        switch.run('chroot', '/chroot', 'dpkg', '-i', '/root/it.deb')
        switch.run('chroot', '/chroot', 'dpkg', '--purge', 'fastbypass-monitor')

        assert switch.run('stat', '-c', '%a %U:%G', '/run/fastbypass_monitor').output == '2750 root:fastbypass'
        assert not (set(kept) - set(switch.files('/run/fastbypass_monitor')))
        assert switch.run('ls', '/chroot/usr/share/fastbypass_monitor', check=False).code != 0
        assert (switch.machine.main_pid(), switch.state()) == (pid, 'normal')
    finally:
        switch.run('umount', '/chroot/run', '/chroot/proc', check=False)
        switch.run('rm', '-rf', '--one-file-system', '/chroot')


def test_installed_while_the_system_starts_before_the_network_nothing_waits_for_ever(switch):
    switch.start_small()
    switch.install(switch.debs.later)
    switch.machine.write('/etc/systemd/system/early.service',
                         EARLY % ('/root/fastbypass_monitor-%s.deb' % switch.debs.later_version))
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    switch.run('systemctl', 'enable', 'early.service')
    try:
        # It would not come back if the installation waited for the service, and the service for the network.
        switch.machine.reboot()
        switch.field.plug_in()

        assert switch.run('systemctl', 'is-failed', 'early.service', check=False).output != 'failed'
        wait_for(switch.machine.main_pid, 'a running daemon')
    finally:
        switch.run('systemctl', 'disable', 'early.service', check=False)
        switch.run('rm', '-f', '/etc/systemd/system/early.service')


def compiled(path):
    """Whether the postinst has compiled a file."""
    return '__pycache__' in path or path.endswith('.pyc')


def test_an_upgrade_from_the_first_version_leaves_no_stray_file_and_a_removal_none(switch, tmp_path):
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    switch.install(packages.first_version(switch.debs.first, str(tmp_path)))
    assert PROGRAM + '/fbmon/listener.py' in switch.files(PROGRAM)

    switch.install(switch.debs.first)

    packed = switch.run('dpkg', '--listfiles', 'fastbypass-monitor').output.splitlines()
    assert [path for path in switch.files(PROGRAM) if path not in packed and not compiled(path)] == []
    assert [path for path in switch.files(PROGRAM + '/fbmon') if path.endswith('.pyc')
            and path.startswith(PROGRAM + '/fbmon/listener.')] == []
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    assert (switch.files(PROGRAM), switch.files(HOME)) == ([], [])
    assert switch.run('sh', '-c', 'ls -d $0 $0/* 2> /dev/null', PROGRAM, check=False).output == ''
    assert switch.run('systemctl', 'is-active', UNIT, check=False).output in ('inactive', 'unknown')
