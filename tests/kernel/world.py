"""A switch with a daemon as it should be: the rules of model.py, and what others have done to the network."""
from collections import namedtuple

from kernel import model

HOST, CARD = '192.168.1.20%d', '192.168.1.21%d'
PORTS = ('sw0', 'sw1', 'sw2', 'sw3')

# index: of the listener; host: the last digit of its address; port: of both, UDP; the list and its flag.
Node = namedtuple('Node', 'index host port ports shutdown')

# threshold; nodes; cards: last digits; ports, shutdown: the global list and its flag.
File = namedtuple('File', 'threshold nodes cards ports shutdown')


def random_file(source):
    """A File of one to four nodes, by chance."""
    nodes = [Node(index, source.choice((2, 3)), 3000 + index, some(source, PORTS, 2), source.random() < 0.8)
             for index in sorted(source.sample(range(5), source.randint(1, 4)))]
    return File(source.randint(1, len(nodes)), nodes, sorted(source.sample(range(1, 4), source.randint(0, 3))),
                some(source, PORTS, 2), source.random() < 0.8)


def some(source, population, most):
    """Up to `most` of these, by chance."""
    return tuple(sorted(source.sample(population, source.randint(0, most))))


def text(file):
    """The configuration file."""
    lines = ['LISTEN_HEARTBEAT_IFS=eth0', 'BYPASS_CARD_IFS=eth0', 'LISTEN_HEARTBEAT_TIMEOUT=250',
             'LISTEN_HEARTBEAT_FAILED=%d' % file.threshold, 'LISTEN_CUBRO_IFS=' + ','.join(file.ports),
             'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=%d' % file.shutdown]
    for node in file.nodes:
        lines += ['LISTEN_HB_HOST[%d]=%s' % (node.index, HOST % node.host),
                  'LISTEN_HB_PORT[%d]=%d' % (node.index, node.port),
                  'LISTEN_CUBRO_IFS[%d]=%s' % (node.index, ' '.join(node.ports)),
                  'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[%d]=%d' % (node.index, node.shutdown)]
    return '\n'.join(lines + ['BYPASS_CARD_HOST[%d]=%s' % (card, CARD % card) for card in file.cards]) + '\n'


class World(object):
    """What the network is when all has come to rest. addresses, down: what is there on eth0, and the ports that are
    down; ours: those of them that the daemon has put there."""

    def __init__(self):
        self.file = None
        self.alive = set()
        self.verdict = model.NOTHING
        self.addresses = set(['192.168.1.200/24'])
        self.down = set()
        self._ours = set()

    def rest(self):
        """All listeners have reported, and the daemon has done what follows."""
        states = self.states()
        lists = [model.PortList(self.file.ports, self.file.shutdown, None)]
        lists += [model.PortList(node.ports, node.shutdown, node.index) for node in self.file.nodes]
        self.verdict = model.judge(model.Rules(self.file.threshold, self.file.cards, lists, ()), states, self.verdict)
        named = set()
        for host in set(node.host for node in self.file.nodes):
            named.add(self._present(HOST % host))
        for card, word in self.verdict.cards.items():
            named.add(self._present(CARD % card) if word == 'present' else self._absent(CARD % card))
        for port, word in self.verdict.ports.items():
            named.add(self._up(port) if word == 'up' else self._port_down(port))
        for released in self._ours - named:
            self._up(released) if released in PORTS else self._absent(released)

    def states(self):
        """{index: local state} of the listeners."""
        return dict((node.index, 'active' if node.port in self.alive else 'failed') for node in self.file.nodes)

    def _present(self, address):
        if not self._entries(address):
            self.addresses.add(address + '/32')
            self._ours.add(address)
        return address

    def _absent(self, address):
        self.addresses -= self._entries(address)
        self._ours.discard(address)
        return address

    def _entries(self, address):
        return set(entry for entry in self.addresses if entry.split('/')[0] == address)

    def _up(self, port):
        self.down.discard(port)
        self._ours.discard(port)
        return port

    def _port_down(self, port):
        if port not in self.down:
            self.down.add(port)
            self._ours.add(port)
        return port
