"""A model of a switch with a daemon: the rules of model.py, and what others have done to the network."""
from collections import namedtuple

from kernel import model

HOST, CARD = '192.168.1.20%d', '192.168.1.21%d'
PORTS = ('sw0', 'sw1', 'sw2', 'sw3')
OWN = {'eth0': '192.168.1.200/24'}

# index: of the listener; host, interface: of its address; port: its UDP port, by which the tests know the DPI node;
# ports, shutdown: the listener's list of ports and its flag; prefix: of the address in the file, None without one.
Node = namedtuple('Node', 'index host interface port ports shutdown prefix')
Node.__new__.__defaults__ = (None,)

# index: of the card; address: what it pings; interface: where this address is; prefix: as above.
Card = namedtuple('Card', 'index address interface prefix')
Card.__new__.__defaults__ = (None,)

# ports, shutdown: the global list and its flag; keys: ((key, value), ...) of further lines.
File = namedtuple('File', 'threshold nodes cards ports shutdown keys')


def random_file(source):
    """A File with one to four nodes, drawn from a random source."""
    nodes = [Node(index, HOST % source.choice((2, 3)), 'eth0', 3000 + index, some(source, PORTS, 2),
                  source.random() < 0.8) for index in sorted(source.sample(range(5), source.randint(1, 4)))]
    cards = [Card(index, CARD % index, 'eth0') for index in sorted(source.sample(range(1, 4), source.randint(0, 3)))]
    return File(source.randint(1, len(nodes)), nodes, cards, some(source, PORTS, 2), source.random() < 0.8,
                (('LISTEN_HEARTBEAT_TIMEOUT', 250),))


def some(source, population, most):
    """Up to `most` of these, drawn from a random source."""
    return tuple(sorted(source.sample(population, source.randint(0, most))))


def text(file):
    """The text of the configuration file."""
    lines = ['LISTEN_HEARTBEAT_FAILED=%d' % file.threshold, 'LISTEN_CUBRO_IFS=' + ','.join(file.ports),
             'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=%d' % file.shutdown]
    lines += ['%s=%s' % pair for pair in file.keys]
    for node in file.nodes:
        lines += ['LISTEN_HB_HOST[%d]=%s' % (node.index, _with_prefix(node.host, node.prefix)),
                  'LISTEN_HB_PORT[%d]=%d' % (node.index, node.port),
                  'LISTEN_HEARTBEAT_IFS[%d]=%s' % (node.index, node.interface),
                  'LISTEN_CUBRO_IFS[%d]=%s' % (node.index, ' '.join(node.ports)),
                  'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[%d]=%d' % (node.index, node.shutdown)]
    for card in file.cards:
        lines += ['BYPASS_CARD_HOST[%d]=%s' % (card.index, _with_prefix(card.address, card.prefix)),
                  'BYPASS_CARD_IFS[%d]=%s' % (card.index, card.interface)]
    return '\n'.join(lines) + '\n'


def _with_prefix(address, prefix):
    return address if prefix is None else '%s/%d' % (address, prefix)


def judged(file, states, before=model.NOTHING):
    """The model's Verdict on {index: local state}. Its cards are (interface, address)."""
    lists = [model.PortList(file.ports, file.shutdown, None)]
    lists += [model.PortList(node.ports, node.shutdown, node.index) for node in file.nodes]
    cards = [(card.interface, card.address) for card in file.cards]
    return model.judge(model.Rules(file.threshold, cards, lists, ()), states, before)


class World(object):
    """What the network is like when nothing more happens.

    own: {interface: its first address, or None}. addresses: the (interface, address with prefix) that are there; down:
    the ports that are down; ours: what the daemon has done, as (interface, address) that it has added and names of
    ports that it has shut; found: {(interface, address): entries} that somebody else had added and the daemon has
    removed.
    """

    def __init__(self, own=OWN):
        self.file = None
        self.alive = set()
        self.verdict = model.NOTHING
        self.addresses = set(pair for pair in own.items() if pair[1])
        self.down = set()
        self.ours = set()
        self.found = {}
        self._own = own

    def rest(self):
        """Change the world as the daemon does once all listeners have reported."""
        self.verdict = judged(self.file, self.states(), self.verdict)
        named = set(self._present((node.interface, node.host)) for node in self.file.nodes)
        for card, word in self.verdict.cards.items():
            named.add(self._present(card) if word == 'present' else self._absent(card))
        for port, word in self.verdict.ports.items():
            named.add(self._up(port) if word == 'up' else self._port_down(port))
        for released in self.ours - named:
            self._absent(released) if isinstance(released, tuple) else self._up(released)
        for item in set(self.found) - named:
            self._present(item)
            del self.found[item]

    def states(self):
        """{index: local state} of all listeners."""
        return dict((node.index, 'active' if node.port in self.alive else 'failed') for node in self.file.nodes)

    def entries(self, item):
        """The (interface, address with prefix) of an (interface, address), with any prefix."""
        return set((interface, entry) for interface, entry in self.addresses
                   if (interface, entry.split('/')[0]) == item)

    def recreated(self, name):
        """Somebody has deleted an interface and made it anew. It is up."""
        self.down.discard(name)
        self.found = dict((item, entries) for item, entries in self.found.items() if item[0] != name)
        self.flushed(name)

    def flushed(self, name):
        """Somebody has removed all addresses of an interface, and has added its own again."""
        self.addresses = set(one for one in self.addresses if one[0] != name)
        if self._own.get(name):
            self.addresses.add((name, self._own[name]))

    def _present(self, item):
        if not self.entries(item) and item in self.found:
            self.addresses |= self.found[item]
        elif not self.entries(item):
            self.addresses.add((item[0], '%s/%d' % (item[1], self._prefix(item))))
            self.ours.add(item)
        return item

    def _prefix(self, item):
        given = dict(((one.interface, one.host), one.prefix) for one in self.file.nodes)
        given.update(((one.interface, one.address), one.prefix) for one in self.file.cards)
        return given.get(item) or (128 if ':' in item[1] else 32)

    def _absent(self, item):
        if self.entries(item) and item not in self.ours:
            self.found.setdefault(item, self.entries(item))
        self.addresses -= self.entries(item)
        self.ours.discard(item)
        return item

    def _up(self, port):
        self.down.discard(port)
        self.ours.discard(port)
        return port

    def _port_down(self, port):
        if port not in self.down:
            self.down.add(port)
            self.ours.add(port)
        return port


def assert_status(status, world):
    """Fails if the status of a switch on which nothing more happens differs from the World."""
    assert dict((row['name'], row['wanted']) for row in status['ports'] if row['wanted']) == world.verdict.ports
    assert dict(((row['interface'], row['address']), row['wanted']) for row in status['cards']) == world.verdict.cards
    assert (status['held'], status['failed']) == ([], list(world.states().values()).count('failed'))
