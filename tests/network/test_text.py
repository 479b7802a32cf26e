"""reading.py and monitor.py beside the kernel's own word where interfaces bear hostile texts: other names, aliases and
labels that hold line ends and whole records. `ip` takes no such name; the kernel does, by rtnetlink(7)."""
import errno
import random

import pytest

from fbmon.network import monitor, pauses, picture, reading
from helpers import require, wait_for, write_program
from kernel import netlink
from kernel.namespace import IP

FALSE = '192.168.1.212'

# What begins a record, and what it may be; {0}, {1}: the index and the name of an interface.
BEGINNINGS = ['a\n', '\n', 'a\n\n', 'a\\', 'altname ', 'a\n[LINK]', u'a\u2028', u'a\x85', 'a\r\n']
RECORDS = ['{0}: {1}    inet %s/32 scope global {1}' % FALSE,
           '{0}: {1}    inet %s/32 scope global {1}\\       valid_lft forever preferred_lft forever\n' % FALSE,
           '{0}: {1}    inet6 fd00::1/64 scope global nodad \\       valid_lft 5sec preferred_lft 5sec',
           'Deleted {0}: {1}    inet 10.0.0.{0}/32 scope global {1}',
           '{0}: {1}: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noop master sw1 state UP',
           '{0}: {1}@eth0: <BROADCAST> mtu 1500 qdisc noop state DOWN \\    alias x\n',
           'Deleted {0}: {1}: <BROADCAST> mtu 1500 qdisc noop state DOWN',
           '77: eth9: <UP> mtu 1 qdisc noop state UP\\    altname eth1',
           '    altname eth1\\    link/ether', "it's \"{1}\""]


@pytest.fixture
def kernel(namespace):
    """A Kernel with eth0, sw0 and sw1."""
    for name, peer in (('eth0', 'sw0'), ('sw1', 'sw2')):
        namespace('link', 'add', name, 'type', 'veth', 'peer', 'name', peer)
        # The kernel gives them addresses of its own, at any time.
        for each in (name, peer):
            namespace('link', 'set', 'dev', each, 'addrgenmode', 'none')
    made = Kernel(namespace)
    try:
        netlink.name_also(made.sock, made.indexes['sw2'], [b'sw2-also'])
    except EnvironmentError as error:
        require(False, 'needs a kernel that gives interfaces other names (5.5): %s' % error)
    yield made
    made.sock.close()


class Kernel(object):
    """A network namespace whose names and labels somebody has chosen who means harm."""

    def __init__(self, namespace, seed=29):
        self.sock = netlink.inside(namespace.path, netlink.open_socket)
        self.dice = random.Random(seed)
        self.indexes = dict((link.name, index) for index, link in self.has()[0].items())
        self.names = dict((index, []) for index in self.indexes.values())
        for index in self.names:
            netlink.set_address(self.sock, index, '10.0.0.%d' % index)

    def has(self):
        """({index: Link}, {(index, '10.0.0.1/32'), ...}, [members of something], [addresses with an end])"""
        links, addresses = netlink.dump(self.sock)
        return links, set((one.index, one.text) for one in addresses), [], []

    def text(self, most):
        """Random bytes that may look like records."""
        name, index = self.dice.choice(sorted(self.indexes.items()))
        pieces = [self.dice.choice(BEGINNINGS) + self.dice.choice(RECORDS).format(index, name)
                  for _ in range(self.dice.randint(1, 3))]
        return (''.join(pieces) + str(self.dice.randint(0, 999))).encode('utf-8')[:most]

    def step(self):
        """Make one random change."""
        try:
            self.dice.choice([self.rename, self.rename, self.alias, self.toggle, self.address])(
                self.dice.choice(sorted(self.names)))
        except EnvironmentError as error:
            # A name that is taken, an address that is there, or is not; more names than a message of the kernel holds.
            assert error.errno in (errno.EEXIST, errno.EADDRNOTAVAIL, errno.EINVAL)

    def rename(self, index):
        """Add or remove other names of an interface; now and then so many that `ip` prints them in parts."""
        if self.names[index] and self.dice.random() < 0.5:
            netlink.name_also(self.sock, index, [self.names[index].pop()], gone=True)
            return
        for _ in range(40 if self.dice.random() < 0.05 else 1):
            name = self.text(127)
            netlink.name_also(self.sock, index, [name])
            self.names[index].append(name)

    def alias(self, index):
        """Give an interface another alias."""
        netlink.set_alias(self.sock, index, self.text(255))

    def toggle(self, index):
        """Bring an interface up or down."""
        netlink.set_up(self.sock, index, self.dice.random() < 0.5)

    def address(self, index):
        """Add or remove an address, with a label that breaks its record or without one."""
        label = self.dice.choice([None, b'a\n7: b', b'valid_lft 9sec\n', b'\\\n', b'a:b\\'])
        netlink.set_address(self.sock, index, '10.1.0.%d' % self.dice.randint(1, 3), label, self.dice.random() < 0.4)


def shown(found):
    """The parts of a Picture that Kernel.has() returns, too."""
    entries = [entry for here in found.addresses.values() for each in here.values() for entry in each]
    return (dict((link.index, netlink.Link(link.index, link.name, link.up)) for link in found.links.values()),
            set((entry.index, '%s/%d' % (entry.address, entry.prefix)) for entry in entries),
            [link.name for link in found.links.values() if link.master],
            [entry for entry in entries if entry.lifetime is not None])


# In blocks, as `ip` of 7.1 and later writes what it has read; its monitor writes each record by itself.
BLOCKS = """
case "$*" in *monitor*) exec nsenter --net=%s %s "$@";; esac
nsenter --net=%s %s "$@" > $DIR/all && dd if=$DIR/all bs=4096 2>/dev/null
"""


def write_in_blocks(namespace, tmp_path):
    """From now on `ip` writes in blocks."""
    write_program(str(tmp_path / 'bin' / 'ip'), BLOCKS % ((namespace.path, IP) * 2))


@pytest.fixture(params=['each record by itself', 'in blocks'])
def writes(request, namespace, tmp_path):
    """The two ways in which `ip` writes what it has read, one after the other."""
    if request.param == 'in blocks':
        write_in_blocks(namespace, tmp_path)


@pytest.mark.usefixtures('writes')
def test_no_text_makes_a_reading_show_what_is_not_there(kernel):
    for _ in range(25):
        for _ in range(5):
            kernel.step()

        assert shown(reading.kernel()) == kernel.has()


def test_a_name_whose_line_end_is_where_ip_ends_a_write_begins_no_record(kernel):
    index, record = kernel.indexes['sw0'], RECORDS[0].format(kernel.indexes['eth0'], 'eth0')
    line = next(line for line in reading.capture(reading.LINKS) if line.startswith('%d: ' % index))
    # In front of each name stand 13 bytes; its last two are `a` and the line end.
    fill = 4096 - len(line) - 13 - 2
    sizes = [fill // 30 - 13] * 29 + [fill - fill // 30 * 29 - 13]
    names = [b'%02d' % number + b'x' * (size - 2) for number, size in enumerate(sizes)]
    netlink.name_also(kernel.sock, index, names + [('a\n' + record).encode('ascii')])

    assert shown(reading.kernel()) == kernel.has()


def test_both_ways_to_read_show_the_same(namespace, kernel, tmp_path):
    namespace('link', 'add', 'br0', 'type', 'bridge')
    namespace('link', 'set', 'dev', 'sw1', 'master', 'br0', 'up')
    netlink.name_also(kernel.sock, kernel.indexes['sw1'], [b'enp3s0', b"it's", b'"'])
    by_lines = reading.kernel()

    write_in_blocks(namespace, tmp_path)
    assert reading.kernel() == by_lines
    assert [by_lines.link(name).lower for name in ('eth0', 'br0')] == ['sw0', None]
    assert by_lines.link('sw1')[-2:] == ('br0', ('enp3s0', "it's", '"'))


def test_no_text_makes_the_monitor_show_what_is_not_there(kernel, monkeypatch):
    class Quick(pauses.Pauses):
        def next(self):
            return 0.0
    monkeypatch.setattr(monitor, 'Pauses', Quick)
    follower = Follower()
    watched = monitor.Monitor(follower.take)
    watched.start(lambda: follower.crashes.append(True))
    try:
        for number in range(1, 40):
            for _ in range(8):
                kernel.step()
            netlink.set_address(kernel.sock, 1, '10.2.0.%d' % number)
            wait_for(lambda: follower.crashes or '10.2.0.%d' % number in follower.picture.addresses.get(1, ()))

            assert (shown(follower.picture), follower.crashes) == (kernel.has(), [])
    finally:
        watched.close()
        watched.replace()


class Follower(object):
    """Keeps a Picture current by the reports of a Monitor, as the keeper does."""

    def __init__(self):
        self.picture = picture.empty()
        self.crashes = []

    def take(self, event):
        if isinstance(event, monitor.Read):
            self.picture = event.picture
        elif isinstance(event, monitor.Seen):
            for change in event.changes:
                picture.apply(self.picture, change)
