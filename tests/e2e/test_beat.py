"""The package fastbypass-beat on a booted system, alone and beside the daemon, which hears it."""
import os
import re
import shutil
import subprocess

import pytest

import packages
from switch import SMALL
from test_archive import run
from test_survival import kill
from waiting import wait_for

BEAT = os.path.join(os.path.dirname(os.environ['FBMON_DEB']), 'fastbypass_beat-%s.deb' % os.path.basename(
    os.environ['FBMON_DEB'])[len('fastbypass_monitor-'):-len('.deb')])
ENV, WELL = '/etc/fastbypass_beat/dpi.env', '/var/well'
UNIT = 'fastbypass_beat@dpi.service'
TEXT = 'BEAT_TO=192.168.1.202 3000\nBEAT_WHILE=test -e %s\nBEAT_INTERVAL=100\nBEAT_EVERY=2\n' % WELL


@pytest.fixture
def node(switch):
    """The system with both packages; the sender has its file and does not run."""
    install(switch, BEAT)
    switch.machine.write(ENV, TEXT)
    switch.machine.write(WELL, '')
    yield switch
    switch.run('rm', '-f', WELL)
    switch.run('systemctl', 'disable', '--now', UNIT, check=False)
    switch.run('dpkg', '--purge', 'fastbypass-beat', check=False)


def install(switch, deb):
    shutil.copy(deb, switch.machine.path('/root/beat.deb'))
    return switch.run('dpkg', '-i', '/root/beat.deb').output


def start(node):
    """Let the daemon hear the sender."""
    node.run('systemctl', 'enable', '--now', UNIT)
    node.configure(SMALL)
    node.wait_state('normal')


def shown(switch, name, unit=UNIT):
    return switch.run('systemctl', 'show', '--property=' + name, unit).output.partition('=')[2]


def journal(switch):
    return switch.run('journalctl', '--no-pager', '--quiet', '-u', UNIT).output


def test_lintian_and_man_have_nothing_to_say_about_it():
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/man/fastbypass_beat.8')
    done = run('man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', page,
               env=dict(os.environ, LC_ALL='C.UTF-8', MANWIDTH='80'))

    assert (done.returncode, done.stderr) == (0, '')
    assert run('lintian', '--allow-root', '--display-info', '--pedantic', BEAT).stdout == ''


def test_it_needs_no_other_package_of_ours_and_has_no_file_of_it():
    fields = subprocess.check_output(['dpkg-deb', '--field', BEAT, 'Package', 'Architecture', 'Depends'],
                                     universal_newlines=True)
    ours, theirs = [set(line.split()[5] for line in subprocess.check_output(
        ['dpkg-deb', '--contents', deb], universal_newlines=True).splitlines() if not line.endswith('/'))
        for deb in (BEAT, os.environ['FBMON_DEB'])]

    assert fields == ('Package: fastbypass-beat\nArchitecture: all\n'
                      'Depends: python3 (>= 3.6) | python2.7 | python (>= 2.7.9)\n')
    assert ours & theirs == set() and ours
    assert subprocess.check_output(['ar', 't', BEAT]).split() == [b'debian-binary', b'control.tar.xz', b'data.tar.xz']


def test_alone_it_runs_without_rights_restricts_itself_and_leaves_nothing_after_a_purge(switch):
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    install(switch, BEAT)
    try:
        assert switch.run('systemd-analyze', '--man=no', 'verify', UNIT).output == ''
        assert re.match(r'fastbypass_beat \d', switch.run('fastbypass_beat', '--version').output)
        # The check of the documents: it asks systemd, as a user without rights.
        switch.machine.write(ENV, 'BEAT_TO=127.0.0.1 3000\nBEAT_WHILE=systemctl is-active --quiet dbus\nBEAT_EVERY=5\n')
        switch.run('systemctl', 'enable', '--now', UNIT)
        wait_for(lambda: 'nothing listens there' in shown(switch, 'StatusText'), 'a check that passes')
        inside = '/proc/%s' % shown(switch, 'MainPID')
        assert switch.run('stat', '-c', '%U', inside).output == 'fastbypass_beat'
        assert switch.run('grep', 'CapEff', inside + '/status').output.split()[1].strip('0') == ''
        overall = switch.run('systemd-analyze', '--no-pager', 'security', UNIT, check=False).output.splitlines()[-1]
        assert float(re.search(r'service: ([\d.]+) ', overall).group(1)) <= 3.0, overall
        assert switch.run('dpkg', '--verify', 'fastbypass-beat').output == ''
    finally:
        switch.run('dpkg', '--purge', 'fastbypass-beat')
    assert switch.run('sh', '-c', 'ls -d $0 $* 2>/dev/null', '/etc/fastbypass_beat', '/usr/share/fastbypass_beat',
                      '/etc/systemd/system/*/fastbypass_beat*', '/run/fastbypass_beat*', check=False).output == ''


def test_the_switch_follows_the_check_and_a_stop(node):
    start(node)

    node.run('rm', WELL)
    node.wait_state('bypass')
    wait_for(lambda: shown(node, 'StatusText') == 'no heartbeats: the check failed: exit code 1', 'the status')
    node.machine.write(WELL, '')
    node.wait_state('normal')
    node.run('systemctl', 'stop', UNIT)
    node.wait_state('bypass')

    assert shown(node, 'Result') == 'success'
    assert 'exit code 1' in journal(node)


def test_a_sender_that_hangs_is_started_again_and_one_that_is_killed_too(node):
    start(node)
    for word in ('-STOP', '-KILL'):
        pid = shown(node, 'MainPID')
        kill(node, word, pid)
        wait_for(lambda: shown(node, 'MainPID') not in ('0', pid), 'another sender', 40)
        node.wait_state('normal')


def test_a_file_with_a_mistake_ends_it_once_and_says_where(node):
    node.machine.write(ENV, 'BEAT_TO=switch 3000\n')

    refused = node.run('systemctl', 'start', UNIT, check=False)

    assert refused.code != 0 and shown(node, 'ActiveState') == 'failed'
    assert journal(node).count('%s:1: error: BEAT_TO: switch 3000: not an IP address' % ENV) == 1


def test_an_upgrade_restarts_what_runs_a_removal_stops_it_and_keeps_the_file(node, tmp_path):
    start(node)
    node.run('cp', ENV, ENV.replace('dpi', 'idle'))
    pid, content = shown(node, 'MainPID'), str(tmp_path / 'content')
    subprocess.check_call(['dpkg-deb', '--raw-extract', BEAT, content])
    packages.replace(os.path.join(content, 'DEBIAN/control'), r'(?m)^Version: .*', 'Version: 1.99.99')
    later = str(tmp_path / 'later.deb')
    subprocess.check_call(['dpkg-deb', '--root-owner-group', '-Zxz', '--build', content, later],
                          stdout=subprocess.DEVNULL)

    install(node, later)

    wait_for(lambda: shown(node, 'MainPID') not in ('0', pid), 'the new version')
    assert shown(node, 'ActiveState', 'fastbypass_beat@idle.service') == 'inactive'
    node.wait_state('normal')
    node.run('dpkg', '--remove', 'fastbypass-beat')
    node.wait_state('bypass')
    assert node.machine.read(ENV).decode() == TEXT
