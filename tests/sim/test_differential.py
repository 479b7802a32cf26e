"""The simulated kernel and the real one get the same random `ip` commands, and after each one `ip` must show the same.

They differ in the following, which is not compared because the daemon does not use it:
- addresses and routes that the kernel makes by itself: fe80::/10, ff00::/8, the table local;
- the state, mtu, queue and hardware address of a link, and its carrier flags (NO-CARRIER, LOWER_UP, M-DOWN);
- when the detection of duplicates ends, so the flag `tentative` and the lines that tell of its end;
- what is left of a lifetime, and `expires` of a route;
- the words with which a command is refused;
- the order of IPv6 addresses and of the lines that tell of them, and when one that came is told of;
- links that are told of twice, or without a change, and when the other end of a veth is told of (linkwatch does it
  later).

SIM_COMMANDS=2000 SIM_SEED=7 makes it longer, and repeats one.
"""
import os
import random
import re
import subprocess

import helpers
from sim.linux import command
from sim.linux.ipv4 import Refused
from sim.linux.kernel import Kernel

COMMANDS = int(os.environ.get('SIM_COMMANDS', '150'))
SEED = int(os.environ.get('SIM_SEED', '1'))

NAMES = ('v0', 'v1', 'v2', 'v3', 'b0')
OTHERS = ('w0', 'w1')
ADDRESSES = tuple('10.0.0.%d/%d' % (last, prefix) for last in (1, 2, 3, 4) for prefix in (24, 32)) \
    + ('10.0.1.1/24', '10.0.1.2/24', '10.0.0.1/16', 'fd00::1/64', 'fd00::2/64', 'fd00::3/128', 'fd01::1/64')
ROUTES = ('10.9.0.0/16', '10.8.0.0/16', 'default', '10.0.7.7')
FIRST = ('link add v0 type veth peer name v1', 'link add v2 type veth peer name v3', 'link add b0 type bridge')


class Real(object):
    """The real kernel: a namespace, and `ip` in it."""

    def __init__(self, namespace):
        self._ip = namespace
        self._mark = 60000
        self._monitor = subprocess.Popen(['ip', '-o', 'monitor', 'address', 'link'], stdout=subprocess.PIPE)
        # The monitor listens when it tells of the first mark.
        helpers.wait_for(lambda: self._subscribed())

    def _subscribed(self):
        with open('/proc/%d/stat' % self._monitor.pid) as stat:
            state = stat.read().rpartition(')')[2].split()[0]
        with open('/proc/%d/net/netlink' % self._monitor.pid) as table:
            rows = [line.split() for line in table]
        return state == 'S' and any(row[2] == str(self._monitor.pid) and row[3].strip('0') for row in rows[1:])

    def run(self, line):
        """Run a line. Returns whether the kernel accepted it."""
        child = subprocess.Popen(['ip'] + line.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.communicate()
        return child.returncode == 0

    def promote(self, name, value):
        """Set promote_secondaries."""
        self._ip.python('import sys; open("/proc/sys/net/ipv4/conf/%s/promote_secondaries" % sys.argv[1], "w")'
                        '.write(sys.argv[2])', name, value).communicate()

    def told(self):
        """The lines of the monitor since the last call."""
        self._mark += 1
        subprocess.check_call(['ip', 'link', 'set', 'lo', 'mtu', str(self._mark)])
        found = []
        while True:
            line = self._monitor.stdout.readline().decode()
            assert line, 'ip monitor has ended'
            if ' mtu %d ' % self._mark in line:
                return found
            found.append(line.rstrip('\n'))

    def close(self):
        """End the monitor."""
        self._monitor.kill()
        self._monitor.communicate()


def links(lines):
    """What is compared of links: (index, name, up, master)."""
    found = []
    for line in lines:
        match = re.match(r'(\d+): ([^:@]+)[^<]*<([^>]*)>(.*)', line)
        master = re.search(r' master (\S+)', match.group(4))
        found.append((int(match.group(1)), match.group(2), 'UP' in match.group(3).split(','),
                      master.group(1) if master else None))
    return sorted(found)


def addresses(lines, name_matters=True):
    """What is compared of addresses, in order for IPv4."""
    found = []
    for line in lines:
        match = re.match(r'(Deleted )?(\d+): (\S+)\s+(inet6?) (\S+)(.*?)\\?\s+valid_lft (\S+)', line)
        if match and not match.group(5).startswith(('fe80:', '127.', '::1')):
            words = sorted(set(match.group(6).replace('\\', ' ').split()) - set(['tentative']))
            found.append((bool(match.group(1)), int(match.group(2)), match.group(3) if name_matters else '',
                          match.group(4), match.group(5), tuple(words), match.group(7) == 'forever'))
    return [one for one in found if one[3] == 'inet'], sorted(one for one in found if one[3] == 'inet6')


def routes(lines):
    """What is compared of routes."""
    kept = [re.sub(r' expires \S+| linkdown| dead| onlink', '', line).split() for line in lines
            if not line.startswith(('local ', 'broadcast ', 'multicast ', 'fe80:', 'ff00:', 'anycast '))
            and ' expires -' not in line and ' dev lo ' not in line]
    return sorted(' '.join(words) for words in kept)


def told_of_addresses(lines):
    """What the monitor tells of addresses; of IPv6 only those that go. It may tell later of those that come."""
    four, six = addresses(lines, name_matters=False)
    return four, sorted(one[:5] for one in six if one[0])


def told_of_links(lines):
    """The indexes of the links of which the monitor tells, with those that are gone apart."""
    found = set()
    for line in lines:
        match = re.match(r'(Deleted )?(\d+): [^\s:]+: <.* qdisc ', line)
        if match and match.group(2) != '1':
            found.add((bool(match.group(1)), int(match.group(2))))
    return found


def choose(dice, kernel):
    """A random command."""
    names = [device.name for device in kernel.devices.values() if device.name != 'lo']
    if not names:
        return 'link add v0 type veth peer name v1'
    name = dice.choice(names)
    place = dice.choice(ADDRESSES)
    kind = dice.random()
    if kind < .35:
        options = dice.choice(['', '', ' valid_lft 500 preferred_lft 500', ' metric 7', ' noprefixroute'])
        return 'addr add %s dev %s%s%s' % (place, name, ' nodad' if ':' in place else '', options)
    if kind < .55:
        there = [(entry, device) for device in kernel.devices.values() for entry in device.four + device.six
                 if device.name != 'lo']
        if there:
            entry, device = dice.choice(there)
            return 'addr del %s/%d dev %s' % (entry.text, entry.prefix, device.name)
    if kind < .62:
        there = [(entry, device) for device in kernel.devices.values() for entry in device.four + device.six
                 if device.name != 'lo' and not entry.metric and not entry.noprefixroute]
        if there:
            entry, device = dice.choice(there)
            life = dice.choice(['400', 'forever'])
            return 'addr change %s/%d dev %s%s valid_lft %s preferred_lft %s' % (
                entry.text, entry.prefix, device.name, ' nodad' if entry.six else '', life, life)
    if kind < .78:
        return 'link set dev %s %s' % (name, dice.choice(['up', 'up', 'down']))
    if kind < .9:
        via = dice.choice(['', ' via 10.0.0.77', ' via 10.0.1.77'])
        src = dice.choice(['', '', ' src 10.0.0.%d' % dice.randint(1, 4)])
        table = dice.choice(['', '', ' table 100'])
        verb = dice.choice(['add', 'add', 'replace', 'del'])
        return 'route %s %s%s dev %s%s%s' % (verb, dice.choice(ROUTES), via, name, src, table)
    if kind < .93:
        return 'link set dev %s %s' % (name, dice.choice(['master b0', 'nomaster'])) \
            if kernel.find('b0') and name != 'b0' else 'link set dev %s up' % name
    if kind < .95:
        free = [one for one in NAMES + OTHERS if one not in names]
        return 'link set dev %s name %s' % (name, dice.choice(free)) if free else 'link set dev %s up' % name
    if kind < .97:
        return 'promote %s %d' % (name, dice.randint(0, 1))
    if kind < .98:
        return 'link del %s' % name
    free = [one for one in NAMES + OTHERS if one not in names]
    if len(free) > 1:
        return 'link add %s type veth peer name %s' % tuple(free[:2])
    return 'link set dev %s up' % name


def test_the_simulated_kernel_does_what_the_real_one_does(namespace):
    seed = SEED
    dice, kernel, real = random.Random(seed), Kernel(), Real(namespace)
    done = []
    try:
        for number in range(COMMANDS):
            line = FIRST[number] if number < len(FIRST) else choose(dice, kernel)
            done.append(line)
            before = len(kernel.told)
            if line.startswith('promote'):
                _, name, value = line.split()
                real.promote(name, value)
                kernel.find(name).promote = value == '1'
                continue
            taken = real.run(line)
            try:
                command.run(kernel, line)
                model = True
            except Refused:
                model = False
            compare(seed, done, kernel, real, taken, model, kernel.told[before:])
    finally:
        real.close()


def compare(seed, done, kernel, real, taken, model, told):
    """Fail and show the last commands if the two kernels differ."""
    text = 'SIM_SEED=%d, after %d commands: ...\n%s' % (seed, len(done), '\n'.join(done[-12:]))
    ip = real._ip
    assert model == taken, text
    assert links(kernel.show_links()) == links(ip('-o', 'link').splitlines()), text
    assert addresses(kernel.show_addresses()) == addresses(ip('-o', 'addr').splitlines()), text
    for option, six in (('-4', False), ('-6', True)):
        there = ip('-o', option, 'route', 'show', 'table', 'all').splitlines()
        assert routes(kernel.show_all_routes(six)) == routes(there), text
    lines = real.told()
    assert told_of_addresses(told) == told_of_addresses(lines), '\n'.join([text, 'model:'] + told + ['kernel:'] + lines)
    assert told_of_links(told) - later(kernel, done[-1]) <= told_of_links(lines), text


def later(kernel, line):
    """The lines about the other end of the veth that a command brings up or down."""
    device = kernel.find(line.split()[3]) if line.startswith('link set dev ') else None
    return set([(False, device.peer.index)]) if device and device.peer else set()
