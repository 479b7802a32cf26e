"""The switch of the soak: sixty DPI nodes, eleven cards and sixteen ports, and random configuration files for it."""
import helpers
from kernel.world import Card, File, Node, some

# eth2 has only addresses of cards. A gateway is at its other end.
OWN = {'eth0': '192.168.1.200/24', 'eth1': '192.168.2.200/24', 'eth2': None}
# Heartbeats come from the first address of each interface; the second one is a stranger's. There is only one link-local
# address.
OUTSIDE = {'eth0': ('192.168.1.1', '192.168.1.2'), 'eth1': ('192.168.2.1', '192.168.2.2'), 'eth2': ('192.168.3.1',)}
LINK_LOCAL = 'fe80::1'
SOURCES, STRANGERS = '192.168.1.1, 192.168.2.1, fe80::1', {'eth0': '192.168.1.2', 'eth1': '192.168.2.2'}
PORTS = tuple('sw%d' % number for number in range(16))

# The ms between two heartbeats of a node, and the pairs (TIMEOUT, ATTEMPTS), of which a file has one.
INTERVAL = 200
TIMERS = ((500, 2), (1000, 1), (350, 3))
# ms. This is shorter than the time for which a file with a lease is used, and longer than a start.
LEASE = 5000

# (index, host, interface, UDP port) of each node. If there is IPv6, the last two are at link-local addresses.
PLACES = [(index, '192.168.%d.20%d' % (index % 2 + 1, index // 2 % 3 + 1), 'eth%d' % (index % 2), 3000 + index)
          for index in range(60)]
if helpers.has_ipv6():
    PLACES[58:] = [(index, 'fe80::202', interface, port) for index, _, interface, port in PLACES[58:]]

# All cards. On eth1 the switch's own address is in their network; on eth2 there is no such address.
CARDS = [Card(index, '192.168.%d.21%d' % (index % 2 + 1, index // 2 + 1), 'eth%d' % (index % 2), (None, 24)[index % 2])
         for index in range(8)]
CARDS += [Card(8 + number, '192.168.3.21%d' % (number + 1), 'eth2', 24) for number in range(3)]


def base_file():
    """The File with all nodes and cards, to which the daemon comes back: its memory is compared under this file.

    sw0 to sw3 are in the global list, sw2 to sw9 in local lists. There is no ON_CHANGE program, since it would take
    memory itself.
    """
    lists = [('sw%d' % (index % 6 + 2),) if index < 24 else ('sw8', 'sw9') if index % 12 == 0 else ()
             for index in range(60)]
    nodes = [_node(place, ports, True) for place, ports in zip(PLACES, lists)]
    return File(5, nodes, CARDS, PORTS[:4], True, keys(TIMERS[0]))


def random_file(source, hook):
    """A random File with most of the nodes."""
    places = sorted(source.sample(PLACES, source.randint(40, 60)))
    nodes = [_node(place, some(source, PORTS, 2) if source.random() < 0.4 else (), source.random() < 0.8)
             for place in places]
    cards = sorted(source.sample(CARDS, source.randint(1, len(CARDS))))
    further = [pair for pair in (('LISTEN_HB_SOURCE', SOURCES), ('BYPASS_CARD_LEASE', LEASE), ('ON_CHANGE', hook),
                                 ('LISTEN_HEARTBEAT_RECOVERY', 3), ('LOG_LEVEL', 'DEBUG')) if source.random() < 0.4]
    return File(source.choice((1, 2, 4, 8, 16, len(nodes))), nodes, cards, some(source, PORTS, 4),
                source.random() < 0.8, keys(source.choice(TIMERS), *further))


def _node(place, ports, shutdown):
    return Node(*place, ports=ports, shutdown=shutdown, prefix=64 if ':' in place[1] else None)


def target(host, interface):
    """The address to which a heartbeat for a host is sent, from the other end of its interface."""
    return host + '%far-' + interface if ':' in host else host


def renumbered(source, file):
    """(the File in which one card has another address of its network, this card before, this card after)."""
    card = source.choice(file.cards)
    network, _, last = card.address.rpartition('.')
    other = card._replace(address='%s.%d' % (network, int(last) + (10 if int(last) < 220 else -10)))
    return file._replace(cards=[other if one == card else one for one in file.cards]), card, other


def keys(timers, *further):
    """The further keys of a File."""
    return (('LISTEN_HEARTBEAT_TIMEOUT', timers[0]), ('LISTEN_HEARTBEAT_ATTEMPTS', timers[1])) + further


def key(file, name, default=0):
    """The value of one of the further keys in a File."""
    return dict(file.keys).get(name, default)


def silence(*files):
    """The seconds for which a node can be silent so that no listener fails, in whatever order these files come."""
    timeouts = [key(one, 'LISTEN_HEARTBEAT_TIMEOUT') for one in files]
    whole = min(timeout * key(one, 'LISTEN_HEARTBEAT_ATTEMPTS') for timeout, one in zip(timeouts, files))
    # A timeout under one file may be followed by the last one under the next file.
    return min([whole] + [2 * min(timeouts)] * (len(files) > 1)) / 1000.0


def with_a_mistake(source, text):
    """The text of a file that must be refused."""
    lines = text.splitlines(True)
    port = source.choice([line for line in lines if line.startswith('LISTEN_HB_PORT[')])
    return source.choice([
        text + 'LISTEN_HB_PROT[0]=3000\n',
        text + 'BYPASS_CARD_HOST[9]=192.168.1.300\n',
        text + 'LISTEN_HEARTBEAT_FAILED=61\n',
        text + 'LISTEN_CUBRO_IFS[77]=sw1\n',
        text.replace(port, ''),
        text.replace(port, port.split('=')[0] + '=70000\n'),
        text.replace('=', ' '),
        bytes(bytearray(source.randrange(256) for _ in range(5000)))])
