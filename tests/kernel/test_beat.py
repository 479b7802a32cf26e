"""`fbmon.py beat` as a node's sender, in two namespaces: source, interface, and networks that come and go."""
import signal
import socket

import pytest

import helpers
from fbmon.base import compat
from kernel.namespace import Namespace

SENDER = 'import sys; from fbmon.beat import main; sys.exit(main.main())'
# Root without any right.
PLAIN = ['setpriv', '--bounding-set=-all', '--inh-caps=-all']


class Network(object):
    """A node and a switch. cable(number) connects them: 10.7.NUMBER.1/24 and 10.7.NUMBER.2/24 on node0 and switch0."""

    def __init__(self):
        self.node, self.switch = Namespace('node'), Namespace('switch')
        self._socks, self._children = [], []

    def cable(self, number, addresses=True):
        self.node.ip('link', 'add', 'node%d' % number, 'type', 'veth', 'peer', 'name', 'switch%d' % number, 'netns',
                     self.switch.name)
        for where, name, host in ((self.node, 'node', 1), (self.switch, 'switch', 2)):
            where.set('ipv6/conf/%s%d/accept_dad' % (name, number), '0')
            where.ip('link', 'set', '%s%d' % (name, number), 'up')
            if addresses or where is self.switch:
                where.ip('addr', 'add', '10.7.%d.%d/24' % (number, host), 'dev', '%s%d' % (name, number))

    def listen(self, host, port=3000):
        def opened():
            sock = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((host, port))
            return sock
        self._socks.append(self.switch.inside(opened))
        self._socks[-1].settimeout(helpers.LIMIT)
        return self._socks[-1]

    def sender(self, *words):
        self._children.append(helpers.python(SENDER, '--interval', '20', *words,
                                             prefix=self.node.prefix() + PLAIN))
        return self._children[-1]

    def close(self):
        for child in self._children:
            if child.poll() is None:
                child.kill()
                child.wait()
            child.stdout.close()
            child.stderr.close()
        for sock in self._socks:
            sock.close()
        self.node.close()
        self.switch.close()


@pytest.fixture
def network(network_namespaces):
    made = Network()
    try:
        yield made
    finally:
        made.close()


def told(child, text):
    """Wait until a sender says a line with this text."""
    helpers.wait_for(lambda: text.encode('ascii') in child.stderr.readline())


def came(sock):
    """The source of the next heartbeat, after those that are there already."""
    sock.settimeout(0)
    try:
        while sock.recv(100):
            pass
    except compat.SYSTEM_ERRORS:
        sock.settimeout(helpers.LIMIT)
    return sock.recvfrom(100)[1][0]


def test_an_interface_and_a_source_may_come_later_go_and_be_others(network):
    heard = network.listen('0.0.0.0')
    child = network.sender('10.7.0.2', '3000', '--source', '10.7.0.1', '--interface', 'node0')
    told(child, '10.7.0.2 port 3000: there is no interface node0')

    network.cable(0, addresses=False)
    told(child, 'no interface here has the source address 10.7.0.1')
    network.node.ip('addr', 'add', '10.7.0.1/24', 'dev', 'node0')
    assert came(heard) == '10.7.0.1'
    network.node.ip('link', 'del', 'node0')
    network.cable(5)
    network.cable(0)

    assert came(heard) == '10.7.0.1'


def test_the_interface_decides_whatever_the_routes_say_without_any_right(network):
    network.cable(0)
    network.cable(1)
    heard = network.listen('10.7.0.2')

    network.sender('10.7.0.2', '3000', '--interface', 'node1')

    assert came(heard) == '10.7.1.1'


def test_a_link_local_address_is_reached_through_its_interface_and_again_through_the_next_one(network):
    network.cable(0)
    network.switch.ip('addr', 'add', 'fe80::2/64', 'dev', 'switch0', 'nodad')
    heard = network.listen('::')
    network.sender('fe80::2%node0', '3000')
    assert came(heard).startswith('fe80::')

    network.node.ip('link', 'del', 'node0')
    network.cable(5)
    network.cable(0)
    network.switch.ip('addr', 'add', 'fe80::2/64', 'dev', 'switch0', 'nodad')

    assert came(heard).startswith('fe80::')


def test_a_target_without_a_way_or_without_an_answer_is_told_once_and_the_other_gets_its_heartbeats(network):
    network.cable(0)
    network.node.set('ipv4/neigh/node0/mcast_solicit', '1')
    network.node.set('ipv4/neigh/node0/retrans_time_ms', '100')
    heard = network.listen('10.7.0.2')
    child = network.sender('10.9.9.9', '3000', '10.7.0.99', '3000', '10.7.0.2', '3000')

    told(child, '10.9.9.9 port 3000: Network is unreachable')
    told(child, '10.7.0.99 port 3000: No route to host')
    assert came(heard) == '10.7.0.1'
    for _ in range(50):
        heard.recv(100)
    child.terminate()

    rest = helpers.finish(child)[2].splitlines()
    assert len(rest) == 1 and rest[0].endswith('heartbeats sent'), rest


def test_a_source_that_goes_is_told_of_and_used_again_when_it_is_back(network):
    network.cable(0)
    heard = network.listen('10.7.0.2')
    network.node.ip('addr', 'add', '10.7.0.11/24', 'dev', 'node0')
    child = network.sender('10.7.0.2', '3000', '--source', '10.7.0.11')
    assert came(heard) == '10.7.0.11'

    network.node.ip('addr', 'del', '10.7.0.11/24', 'dev', 'node0')
    told(child, 'no interface here has the source address 10.7.0.11')
    network.node.ip('addr', 'add', '10.7.0.11/24', 'dev', 'node0')

    assert came(heard) == '10.7.0.11'


def test_the_senders_of_these_tests_have_no_right(network):
    child = helpers.python('print(open("/proc/self/status").read())', prefix=network.node.prefix() + PLAIN)

    assert 'CapEff:\t0000000000000000\n' in helpers.finish(child)[1]


def rename(namespace, old, new):
    namespace.batch('link set %s down' % old, 'link set %s name %s' % (old, new), 'link set %s up' % new)


def test_the_name_decides_if_two_interfaces_swap_theirs(network):
    network.cable(0)
    network.cable(1)
    heard = network.listen('10.7.0.2')
    child = network.sender('10.7.0.2', '3000', '--interface', 'node0')
    assert came(heard) == '10.7.0.1'

    # It meets no interface that is down.
    child.send_signal(signal.SIGSTOP)
    helpers.wait_for(lambda: helpers.read('/proc/%d/stat' % child.pid).rpartition(')')[2].split()[:1] == ['T'])
    rename(network.node, 'node0', 'old')
    rename(network.node, 'node1', 'node0')
    child.send_signal(signal.SIGCONT)

    helpers.wait_for(lambda: came(heard) == '10.7.1.1')
    assert came(heard) == '10.7.1.1'
