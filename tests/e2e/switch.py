"""A switch as its operator sees it: the machine, the package, the configuration and the DPI nodes around it."""
import json
import os
import re
import shutil

from machine import UNIT
from waiting import wait_for

BACKEND = '/var/fastbypass_monitor/backend'
ENV = BACKEND + '/.env'
LOG = BACKEND + '/logs/fastbypass_monitor.log'
CARD = '192.168.1.211'

# A listener that fails within half a second, and one card.
SMALL = '''LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HEARTBEAT_TIMEOUT=500
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
BYPASS_CARD_HOST[0]=192.168.1.211
LISTEN_CUBRO_IFS=port1
'''


class Switch(object):
    """The deeds of an operator at a switch."""

    def __init__(self, machine, field, debs):
        self.machine, self.field, self.debs = machine, field, debs
        self.run = machine.run

    def install_afresh(self):
        """Remove all traces of an earlier test; then dpkg -i."""
        self.run('dpkg', '--purge', 'fastbypass-monitor', check=False)
        self.run('rm', '-rf', '/var/fastbypass_monitor', '/run/fastbypass_monitor', '/usr/share/fastbypass_monitor')
        self.machine.ip('addr', 'flush', 'dev', 'eth0', 'scope', 'global')
        self.machine.ip('addr', 'add', '192.168.1.200/24', 'dev', 'eth0')
        for port in ('port1', 'port2'):
            self.machine.ip('link', 'set', port, 'up')
            self.wait_port(port, 'up')
        self.install(self.debs.first)

    def install(self, deb):
        """dpkg -i, as the operator types it. Returns dpkg's output."""
        name = 'fastbypass_monitor-%s.deb' % {
            self.debs.later: self.debs.later_version, self.debs.first: self.debs.first_version}.get(deb, '1.0.00')
        shutil.copy(deb, self.machine.path('/root/' + name))
        return self.run('dpkg', '-i', '/root/' + name).output

    def ctl(self, *words, **options):
        """Run `fbypass_ctl WORDS`. Returns its Result."""
        return self.run('fbypass_ctl', *words, check=options.pop('check', False), **options)

    def configure(self, text):
        """Write the configuration file, and restart the daemon."""
        self.machine.write(ENV, text)
        self.ctl('restart', check=True)

    def start_small(self, state='normal'):
        """Run SMALL, and wait until it has reached the state. Returns the DPI node."""
        node = self.field.dpi('192.168.1.202', 3000)
        self.configure(SMALL)
        self.wait_state('normal')
        if state == 'bypass':
            node.stop()
            self.wait_state('bypass')
        self.wait_port('port1', 'up' if state == 'normal' else 'down')
        return node

    def status(self):
        """The status dict of `fbypass_ctl show --json`."""
        return json.loads(self.ctl('show', '--json', check=True).output)

    def state(self):
        """The global state; None while no daemon answers."""
        shown = self.ctl('show', '--json')
        return json.loads(shown.output)['state'] if shown.code == 0 else None

    def wait_state(self, state):
        """Wait until all listeners have reported and the global state is this one."""
        wait_for(lambda: self.state() == state and not self.status()['held'], 'global state ' + state)

    def active(self):
        """What systemd says about the service: active, inactive, failed, …"""
        return self.run('systemctl', 'is-active', UNIT, check=False).output

    def enabled(self):
        """What systemd says about the service: enabled or disabled."""
        return self.run('systemctl', 'is-enabled', UNIT, check=False).output

    def addresses(self):
        """The addresses on eth0, sorted."""
        lines = self.machine.ip('-o', '-4', 'addr', 'show', 'dev', 'eth0').splitlines()
        return sorted(line.split()[3] for line in lines)

    def port(self, name):
        """up or down; None while the flag is set already but the kernel's own state has not followed."""
        shown = self.machine.ip('-o', 'link', 'show', 'dev', name)
        flag, state = 'UP' in re.split('[<,>]', shown), shown.split(' state ')[1].split()[0]
        return {(True, 'UP'): 'up', (False, 'DOWN'): 'down'}.get((flag, state))

    def wait_port(self, name, state):
        """Wait until a port is up or down."""
        wait_for(lambda: self.port(name) == state, '%s %s' % (name, state))

    def files(self, directory):
        """All paths below a directory of the machine."""
        top = self.machine.path(directory)
        return sorted(os.path.join(where, name)[len(self.machine.tree):]
                      for where, directories, names in os.walk(top) for name in directories + names)
