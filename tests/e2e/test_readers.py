"""Members of the group fastbypass read the status without root and do nothing else; all others get nothing."""
import json
import os
import re

import pytest

from machine import UNIT
from switch import BACKEND
from test_commands import NEED_ROOT
from test_survival import kill, other_pid

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEMBER, OTHER, RUN = 'alice', 'bob', '/run/fastbypass_monitor'
LAUNCH = '/usr/share/fastbypass_monitor/launch'
SENTENCE = ('fbypass_ctl: %s needs root or the group fastbypass: try sudo fbypass_ctl %s, or sudo usermod -aG '
            'fastbypass bob and log in again')
# What the two users get while a daemon works.
READS = 'a status'
SHOWN = (READS, SENTENCE % ('show', 'show'))


@pytest.fixture
def people(switch):
    """One member of the group and one other user. let_in(name) makes a member."""
    def let_in(name):
        switch.run('usermod', '-aG', 'fastbypass', name)

    for name in (MEMBER, OTHER):
        switch.run('useradd', '--no-create-home', name)
    let_in(MEMBER)
    yield let_in
    for name in (MEMBER, OTHER):
        switch.run('userdel', name)


def rights(switch, *names):
    """The mode and owners of the run directory and of files in it, as stat shows them."""
    return switch.run('stat', '-c', '%a %U:%G', *[os.path.join(RUN, name) for name in ('',) + names]).output.split('\n')


def look(switch, user):
    """READS if a user is shown the status, or what it is told instead. On a busy machine the state may change."""
    shown = switch.ctl('show', '--json', user=user)
    return READS if shown.code == 0 and 'listeners' in json.loads(shown.output) else shown.output


def test_a_member_reads_every_face(switch, people):
    switch.start_small()

    for face, has in (([], '192.168.1.202'), (['--json'], '"listeners": ['), (['--prometheus'], 'fastbypass_up 1'),
                      (['--history'], '-> normal'), (['--config'], '192.168.1.211')):
        shown = switch.ctl('show', *face, user=MEMBER)
        assert (shown.code, has in shown.output) == (0, True), shown
    checked = switch.ctl('check', user=MEMBER)
    assert (checked.code, '0 mistakes' in checked.output, 'denied' in checked.output) == (0, True, False), checked
    against = switch.ctl('check', '--against', user=MEMBER)
    assert against.code == 0, against


def test_a_member_commands_nothing_and_reads_no_file_of_the_daemon(switch, people):
    switch.start_small()
    pid = switch.machine.main_pid()
    switch.machine.write(BACKEND + '/state/orders', 'a word\n')

    for word in NEED_ROOT:
        refused = switch.ctl(word, user=MEMBER)
        assert (refused.code, 'needs root' in refused.output) == (4, True), refused
    for words in ('return', 'reload', 'maintenance 0 on', 'override bypass', 'drill 1'):
        refused = switch.run(LAUNCH, *words.split(), user=MEMBER, check=False)
        told = '%s: refused: only root may give a command' % words.split()[0]
        assert (refused.code, told in refused.output) == (1, True), refused
    refused = switch.run(LAUNCH, 'force_on', user=MEMBER, check=False)
    assert (refused.code, 'Permission denied' in refused.output) == (1, True), refused
    for deed in ['cat %s/%s' % (RUN, name) for name in ('ledger', 'history', 'daemon.lock', 'routes', 'return')] + [
            'touch %s/mine' % RUN, 'rm -f %s/status.sock' % RUN, 'ls %s/state' % BACKEND,
            'cat %s/state/orders' % BACKEND, 'touch %s/logs/mine' % BACKEND, 'touch %s/.env' % BACKEND]:
        refused = switch.run(*deed.split(), user=MEMBER, check=False)
        assert refused.code != 0, deed

    assert switch.machine.main_pid() == pid
    assert 'force_on' not in switch.ctl('show', '--history', check=True).output
    assert rights(switch, 'status.sock') == ['2750 root:fastbypass', '660 root:fastbypass']
    assert set(line[:4] for line in rights(switch, 'ledger', 'history', 'daemon.lock')[1:]) == {'600 '}


def test_another_user_gets_nothing_but_the_sentence(switch, people):
    switch.start_small()

    for words in (['show'], ['show', '--json'], ['show', '--prometheus'], ['show', '--history'], ['show', '--config'],
                  ['check']):
        refused = switch.ctl(*words, user=OTHER)
        assert (refused.code, refused.output) == (4, SENTENCE % (words[0], words[0]))
    # The kernel refuses as well, not only the script.
    refused = switch.run(LAUNCH, 'status', '--json', user=OTHER, check=False)
    assert (refused.code, refused.output.split('\n')[0]) == (
        3, 'fastbypass_monitor gives no status (%s/status.sock: Permission denied)' % RUN)
    for words in ('maintenance 0 on', 'override bypass', 'drill 1'):
        refused = switch.run(LAUNCH, *words.split(), user=OTHER, check=False)
        assert (refused.code, 'all the same' in refused.output) == (3, False), refused
    assert switch.status()['override'] is None and not switch.status()['nodes'][0]['maintenance']
    assert switch.run('ls', RUN, user=OTHER, check=False).code != 0


def test_without_a_daemon_a_member_is_told_so_and_what_only_root_can_see(switch, people):
    switch.start_small()
    switch.ctl('force_on', check=True)

    shown = switch.ctl('show', user=MEMBER)

    assert (shown.code, 'is not running' in shown.output, '192.168.1.211' in shown.output) == (3, True, True), shown
    assert ('while no daemon runs, only root can see the history, the orders and whether the state is forced'
            in shown.output)
    assert switch.ctl('show', '--prometheus', user=MEMBER).output.count('\nfastbypass_up 0') == 1
    assert 'forced bypass' in switch.ctl('show').output
    refused = switch.run(LAUNCH, 'override', 'bypass', user=MEMBER, check=False)
    assert (refused.code, 'override: refused: ' in refused.output) == (1, True), refused
    switch.ctl('override', 'freeze', check=True)
    frozen = '\nfastbypass_override{state="freeze"} 1'
    assert [frozen in switch.ctl('show', '--prometheus', user=user).output for user in (None, MEMBER)] == [True, False]


def test_a_member_reads_after_a_restart_a_kill_and_a_lost_directory(switch, people):
    switch.start_small()

    switch.ctl('restart', check=True)
    switch.wait_state('normal')
    assert (look(switch, MEMBER), look(switch, OTHER)) == SHOWN
    pid = switch.machine.main_pid()
    kill(switch, '-9', pid)
    other_pid(switch, pid)
    switch.wait_state('normal')
    assert (look(switch, MEMBER), look(switch, OTHER)) == SHOWN
    switch.run('rm', '-rf', RUN)
    switch.ctl('restart', check=True)
    switch.wait_state('normal')
    assert (look(switch, MEMBER), look(switch, OTHER)) == SHOWN


def test_a_member_reads_after_a_boot_even_where_systemd_is_too_old_for_the_lines_of_the_unit(switch, people):
    switch.start_small()
    directory = '/etc/systemd/system/%s.service.d' % UNIT
    switch.run('mkdir', directory)
    switch.machine.write(directory + '/old.conf', '[Service]\nExecStartPre=\n')
    try:
        switch.machine.reboot()
        switch.field.plug_in()
        switch.wait_state('normal')

        assert (look(switch, MEMBER), look(switch, OTHER)) == SHOWN
    finally:
        switch.run('rm', '-rf', directory)
        switch.run('systemctl', 'daemon-reload')


def test_an_upgrade_from_a_version_without_the_group_makes_it_and_puts_the_directory_right(switch, people):
    switch.start_small()
    # A daemon of 1.2.00 has made its directory for root alone.
    switch.ctl('stop', check=True)
    switch.run('groupdel', 'fastbypass')
    switch.run('chown', '-R', 'root:root', RUN)
    # A mode of three digits would leave the setgid bit.
    switch.run('chmod', '00700', RUN)
    switch.ctl('start', check=True)
    switch.wait_state('normal')
    assert rights(switch, 'status.sock') == ['700 root:root', '600 root:root']
    assert look(switch, MEMBER).startswith('fbypass_ctl: show needs root or the group')

    switch.install(switch.debs.later)
    people(MEMBER)

    switch.wait_state('normal')
    assert rights(switch, 'status.sock') == ['2750 root:fastbypass', '660 root:fastbypass']
    assert (look(switch, MEMBER), switch.status()['problems']) == (READS, [])
    assert groups(switch) == 1


def groups(switch):
    """How many groups fastbypass there are."""
    return len(re.findall(r'(?m)^fastbypass:', switch.machine.read('/etc/group').decode()))


def test_the_group_is_made_once_and_outlives_a_removal_and_a_purge(switch, people):
    for deed in ('--remove', '--purge'):
        switch.run('dpkg', deed, 'fastbypass-monitor')
        assert groups(switch) == 1
    for _ in range(2):
        switch.install(switch.debs.first)
        assert groups(switch) == 1
    assert look(switch, MEMBER) == READS


@pytest.mark.parametrize('begin, end', [
    ('mv /usr/sbin/groupadd /usr/sbin/groupadd.aside', 'mv /usr/sbin/groupadd.aside /usr/sbin/groupadd'),
    ('mount --bind -o ro /etc/group /etc/group', 'umount /etc/group')])
def test_where_the_group_cannot_be_made_the_package_is_installed_and_works_for_root(switch, begin, end):
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    switch.run('groupdel', 'fastbypass')
    switch.run('sh', '-c', begin)
    try:
        said = switch.install(switch.debs.first)
    finally:
        switch.run('sh', '-c', end)

    assert 'the group fastbypass could not be made: only root can read the status' in said
    assert (switch.active(), switch.state()) == ('active', 'unknown')
    assert rights(switch, 'status.sock') == ['700 root:root', '600 root:root']


# --- docs/monitoring.md, as written ---

@pytest.fixture
def agents(switch):
    """The users of Zabbix's agent and of node_exporter, as their packages make them."""
    for name in ('zabbix', 'prometheus'):
        switch.run('useradd', '--system', '--no-create-home', '--home', '/nonexistent', name)
    yield
    for name in ('zabbix', 'prometheus'):
        switch.run('userdel', name)


def written(pattern):
    """What docs/monitoring.md has at the only place of a pattern."""
    with open(os.path.join(TOP, 'docs/monitoring.md')) as stream:
        found, = re.findall(pattern, stream.read(), re.S | re.M)
    return found


def test_zabbix_reads_by_the_line_of_the_document_without_sudo(switch, agents):
    switch.start_small()
    switch.run('sh', '-c', written(r'^    (usermod -aG fastbypass zabbix)$'))
    assert json.loads(switch.run('sh', '-c', written(r'^    (runuser -u zabbix [^\n]*)')).output)['state'] != 'down'
    copy = written(r'^    cp (\S+/zabbix-agent\.conf) [^\n]*$')
    line = switch.run('sed', '-n', 's/^UserParameter=fastbypass.status,//p', copy).output

    # As root's cron would: the agent has no terminal and its own groups.
    assert json.loads(switch.run('sh', '-c', line, user='zabbix').output)['state'] != 'down'
    switch.ctl('stop')
    assert switch.run('sh', '-c', line, user='zabbix').output == '{"state":"down"}'


def test_node_exporters_file_is_written_by_its_own_user_with_the_units_of_the_document(switch, agents):
    switch.start_small()
    units, place = '/etc/systemd/system/fastbypass-metrics.', '/var/lib/prometheus/node-exporter'
    switch.run('mkdir', '-p', place)
    switch.run('sh', '-c', written(r'^    (chown prometheus [^\n]*)'))
    for kind in ('service', 'timer'):
        text = written(r'^`%s`:\n\n(.*?)\n\n\S' % re.escape(units + kind))
        switch.machine.write(units + kind, re.sub(r'(?m)^    ', '', text) + '\n')
    try:
        switch.run('systemctl', 'daemon-reload')
        switch.run('systemctl', 'enable', '--now', 'fastbypass-metrics.timer')
        switch.run('systemctl', 'start', 'fastbypass-metrics.service')
        assert 'fastbypass_up 1' in switch.run('cat', place + '/fastbypass.prom').output

        switch.ctl('stop')
        switch.run('systemctl', 'start', 'fastbypass-metrics.service')
        assert 'fastbypass_up 0' in switch.run('cat', place + '/fastbypass.prom').output
        line = written(r'^    \* \* \* \* \* prometheus ([^\n]*)')
        switch.run('usermod', '-aG', 'fastbypass', 'prometheus')
        switch.ctl('start', check=True)
        switch.run('sh', '-c', line, user='prometheus')
        assert 'fastbypass_up 1' in switch.run('cat', place + '/fastbypass.prom').output
    finally:
        switch.run('systemctl', 'disable', '--now', 'fastbypass-metrics.timer')
        switch.run('rm', '-rf', units + 'service', units + 'timer', place)
        switch.run('systemctl', 'daemon-reload')
