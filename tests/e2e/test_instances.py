"""Several clusters on one switch: fastbypass_monitor@NAME beside the service without a name, from install to purge."""
import json

import pytest

from field import Watch
from switch import CARD, SMALL
from waiting import wait_for

HOME = '/var/fastbypass_monitor/'
UNITS = {name: 'fastbypass_monitor@%s.service' % name for name in ('west', 'east')}
# SMALL for other clusters: nothing in it is in SMALL.
FILES = {'west': SMALL.replace('.202', '.203').replace('.211', '.221').replace('port1', 'port2'),
         'east': SMALL.replace('.202', '.204').replace('.211', '.231').replace('LISTEN_CUBRO_IFS=port1\n', '')}


@pytest.fixture
def clusters(switch):
    """The switch with three clusters in normal, and {name: the DPI node} of the instances. Only west is enabled."""
    switch.start_small()
    nodes = {}
    for name, host in (('west', '192.168.1.203'), ('east', '192.168.1.204')):
        assert 'there is no instance "%s"' % name in switch.ctl('-i', name, 'start').output
        switch.run('mkdir', HOME + name)
        switch.machine.write(HOME + name + '/.env', FILES[name])
        assert switch.ctl('-i', name, 'check', check=True).output.endswith('0 mistakes, 0 warnings')
        nodes[name] = switch.field.dpi(host, 3000)
        switch.ctl('-i', name, 'start', check=True)
        wait_normal(switch, name)
    switch.ctl('-i', 'west', 'enable', check=True)
    return switch, nodes


def status(switch, name):
    """The status of an instance; None if it gives none."""
    shown = switch.ctl('-i', name, 'show', '--json')
    return json.loads(shown.output) if shown.code == 0 else None


def wait_normal(switch, name, state='normal'):
    """Wait until an instance is in a state."""
    def there():
        found = status(switch, name)
        return found and found['state'] == state and not found['held']
    wait_for(there, '%s %s' % (name, state))


def active(switch, name):
    return switch.run('systemctl', 'is-active', UNITS[name], check=False).output


def pids(switch):
    return [switch.machine.main_pid()] + [status(switch, name)['pid'] for name in ('west', 'east')]


def test_each_is_steered_by_its_name_and_looked_at_by_the_group(clusters):
    switch, nodes = clusters
    watch = Watch(switch.machine)

    nodes['west'].stop()
    wait_normal(switch, 'west', 'bypass')
    switch.wait_port('port2', 'down')

    seen = ' '.join(watch.stop())
    assert '192.168.1.221' in seen and 'port2' in seen
    assert not any(word in seen for word in (CARD, '192.168.1.231', 'port1'))
    assert (switch.state(), status(switch, 'east')['state']) == ('normal', 'normal')
    assert [switch.run('stat', '-c', '%a %U:%G', path).output for path in (
        '/run/fastbypass_monitor/@west', HOME + 'west/state', HOME + 'west/logs')] == [
            '2750 root:fastbypass', '700 root:root', '755 root:root']
    switch.run('useradd', '--groups', 'fastbypass', 'reader', check=False)
    assert switch.ctl('-i', 'west', 'show', user='reader').output.startswith('bypass for ')
    assert 'try sudo fbypass_ctl -i west reload' in switch.ctl('-i', 'west', 'reload', user='reader').output
    assert 'bypass' in switch.ctl('-i', 'west', 'tail', check=True).output
    assert 'bypass' in switch.run('journalctl', '-t', 'fastbypass_monitor@west', '--no-pager').output
    # systemctl can reload it, too.
    switch.machine.write(HOME + 'west/.env', FILES['west'] + 'LOG_LEVEL=INFO\nLOG_LEVEL=INFO\n')
    switch.run('systemctl', 'reload', UNITS['west'])
    wait_for(lambda: status(switch, 'west')['reload']['count'] == 1, 'a reload')
    assert '1 warning: see fbypass_ctl -i west check' in switch.ctl('-i', 'west', 'reload', check=True).output
    # A check knows of the neighbours.
    switch.machine.write('/root/draft', SMALL)
    checked = ' '.join(switch.ctl('-i', 'west', 'check', '/root/draft').output.split())
    assert 'port port1 is also a port in %sbackend/.env:7: two daemons' % HOME in checked
    for name in ('west', 'east'):
        assert switch.run('systemd-analyze', '--man=no', 'verify', UNITS[name]).output == ''


def test_an_upgrade_a_boot_a_removal_and_a_purge_are_for_all_clusters(clusters):
    switch, _ = clusters
    watch, addresses, before = Watch(switch.machine), switch.addresses(), pids(switch)

    switch.install(switch.debs.later)
    assert not set(before) & set(pids(switch))
    for name in ('west', 'east'):
        wait_normal(switch, name)
        assert status(switch, name)['version'] == switch.debs.later_version
    switch.wait_state('normal')
    assert (watch.stop(), switch.addresses()) == ([], addresses)

    switch.machine.reboot()
    switch.field.plug_in()
    wait_normal(switch, 'west')
    switch.wait_state('normal')
    assert active(switch, 'east') == 'inactive'
    # Its addresses have gone with the boot.
    assert not switch.field.answers('192.168.1.231') and switch.field.answers('192.168.1.221')
    switch.ctl('-i', 'east', 'start', check=True)
    wait_normal(switch, 'east')

    watch, addresses = Watch(switch.machine), switch.addresses()
    switch.run('dpkg', '--remove', 'fastbypass-monitor')
    assert {active(switch, name) for name in UNITS} <= {'inactive', 'unknown'}
    switch.install(switch.debs.later)
    wait_normal(switch, 'west')
    assert active(switch, 'east') == 'inactive'
    switch.machine.write(HOME + 'east/.env.mine', 'mine\n')
    switch.run('dpkg', '--purge', 'fastbypass-monitor')
    assert (watch.stop(), switch.addresses()) == ([], addresses)
    assert switch.files(HOME) == [HOME + 'east', HOME + 'east/.env.mine']
    assert switch.run('sh', '-c', 'ls -d $0 $* 2>/dev/null', '/run/fastbypass_monitor',
                      '/etc/systemd/system/*/fastbypass*', check=False).output == ''
