"""Nobody can misuse the file, the status socket or a name in the kernel."""
import os
import random
import re
import socket
import time

import helpers
from fbmon.base import compat
from fbmon.config import reader
from fbmon.network import plan
from fbmon.network.picture import Address
from fbmon.rules import wanted
from fbmon.rules.states import ABSENT, DOWN, PRESENT, UP
from kernel import files
from kernel.daemon import port as row_of

# The kernel takes all of these names.
HOSTILE = ['a;id', '$(id)', '`id`', '-force', 'up', 'a|b', '*', '&', 'help', '~', '{a}', '<x', '>y', '!1', 'dev']

# All commands that `ip -batch` may get, one a line. `ip` reads # as a comment, and quotes and \ as a shell does.
NAME = r'[!-~]{1,15}'
LINE = re.compile(r'''(addr\ (add|del|change)\ [0-9a-f.:]+/\d+\ dev\ %s(\ nodad)?(\ valid_lft\ \d+\ preferred_lft\ \d+)?
                      |link\ set\ dev\ %s\ (up|down))\Z''' % (NAME, NAME), re.VERBOSE)

NOISE = ['10.0.0.1', '10.0.0.2/24', 'fd00::1', 'eth0', 'sw0', 'sw1', '3000', ';', '&&', '|', '$(reboot)', '`reboot`',
         '"', "'", '\\', '\\n', '\n', '\r', '\r\n', '\0', '\t', ' ', ',', '#', '-force', '--', '-batch', 'dev', 'up',
         '%', '@', '../..', '/bin/sh', u'\u2028', u'\u00e9', '*', '?', '{', '}', '=', '[0]', '-1', '0x10']

KEYS = ['LISTEN_HB_HOST[%d]', 'LISTEN_HB_PORT[%d]', 'LISTEN_HEARTBEAT_IFS[%d]', 'LISTEN_CUBRO_IFS[%d]',
        'BYPASS_CARD_HOST[%d]', 'BYPASS_CARD_IFS[%d]', 'LISTEN_HB_SOURCE[%d]', 'ON_CHANGE', 'BYPASS_CARD_LEASE']


class Everything(object):
    """A Picture in which each interface is there, and no item is as wanted."""

    def __init__(self, there):
        self.up = self._there = there

    def link(self, _name):
        return self

    def entries(self, _interface, address):
        family = 'inet6' if ':' in address else 'inet'
        return (Address(2, family, address, 24, address + '/24', False, None),) if self._there else ()


def noise(source):
    """A random file whose lines are nearly right."""
    lines = ['LISTEN_HEARTBEAT_IFS=eth0', 'BYPASS_CARD_IFS=eth1']
    for _ in range(30):
        value = ''.join(source.choice(NOISE) for _ in range(source.randint(1, 4)))
        key = source.choice(KEYS)
        lines.append(u'%s=%s%s' % (key.replace('%d', str(source.randint(0, 3))), '/' * (key == 'ON_CHANGE'), value))
    for index in range(4):
        lines += ['LISTEN_HB_HOST[%d]=10.0.1.%d' % (index, index + 1), 'LISTEN_HB_PORT[%d]=3000' % index]
        lines += ['BYPASS_CARD_HOST[%d]=10.0.2.%d' % (index, index + 1)]
    source.shuffle(lines)
    return u'\n'.join(lines)


def commands(settings):
    """All lines that `ip` could get for these settings."""
    names = wanted.names(settings)
    found = []
    for address, port in ((PRESENT, UP), (ABSENT, DOWN)):
        items = dict((item, address) for item in list(names.cards) + list(names.listeners))
        items.update((item, port) for item in names.ports)
        found += plan.commands(items, Everything(there=address == ABSENT), names.forms)
    found += plan.renewals(dict((item, PRESENT) for item in names.cards), Everything(there=True), names.forms)
    return [command.line for command in found]


def test_whatever_is_in_the_file_ip_is_given_single_commands_on_addresses_and_links_alone():
    count = programs = 0
    for seed in range(400):
        settings = reader.read(noise(random.Random(seed))).settings
        lines = commands(settings)
        count += len(lines)
        programs += settings.on_change is not None
        assert [line for line in lines if not LINE.match(line) or re.search(r'''["'\\#]''', line)] == [], seed
        assert settings.on_change is None or re.match(r'/[ -~]*\Z', settings.on_change), seed
    # Enough of the random files lead to commands and programs.
    assert count > 1000 and programs > 50


def test_interfaces_with_the_most_hostile_names_are_ports_as_any_other(switch, daemon, dpis, tmp_path):
    for number, name in enumerate(HOSTILE):
        switch.ip('link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', 'peer%d' % number)
        switch.ip('link', 'set', 'dev', name, 'addrgenmode', 'none', 'up')
    helpers.write_program(str(tmp_path / 'hook'), 'exec >>%s/told; printf "<%%s>" "$#" "$@"; echo' % tmp_path)
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL + 'LISTEN_CUBRO_IFS[0]=%s\nON_CHANGE=%s/hook\n' % (', '.join(HOSTILE), tmp_path))
    daemon.wait_state('normal')
    watch = switch.watch()

    dpis.silence(3000)
    shown = daemon.wait_state('bypass')

    assert [(row_of(shown, name)['actual'], switch.port(name)) for name in HOSTILE] == [('down', 'down')] * len(HOSTILE)
    assert sorted(watch.take()) == sorted(['%s down' % name for name in HOSTILE + ['sw0']]
                                          + ['- %s eth0' % address for address in files.CARDS])
    told = ['<4><port><%s><up><down>' % name for name in HOSTILE]
    helpers.wait_for(lambda: set(told) <= set(helpers.read(tmp_path / 'told').splitlines()))
    assert 'uid=' not in daemon.said() + daemon.log() + helpers.read(tmp_path / 'told')


def test_clients_that_are_silent_or_gone_keep_neither_the_daemon_nor_others_from_their_work(switch, small, dpis):
    clients, watch = [], switch.watch()
    path = os.path.join(small.run_dir, 'status.sock')
    for number in range(400):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.setblocking(False)
        try:
            client.connect(path)
        except compat.SYSTEM_ERRORS:
            # The queue is full, so give the daemon a moment.
            time.sleep(0.002)
        clients.append(client)
        if number % 3 == 0:
            clients.pop(0).close()

    due = dpis.silence(3100) + 0.3
    seen = watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0').at
    code, shown, _ = small.command('status', '--json')
    for client in clients:
        client.close()

    assert (code, seen - due < 5.0, '"state": "bypass"' in shown) == (0, True, True)
    small.wait_sound('bypass')
    assert small.stop()[0] == 0
