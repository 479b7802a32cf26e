"""A switch in one namespace, and the DPI nodes and bypass cards around it in another one."""
import helpers
from kernel.card import Card
from kernel.dpi import Dpis
from kernel.namespace import Namespace, ip

# On eth0 from the beginning. It gives the switch a route to the cards' network, 192.168.1.0/24.
OWN = '192.168.1.200/24'

PORTS = ('sw0', 'sw1', 'sw2', 'sw3')

# The addresses of DPI nodes and cards, at the other end of eth0.
OUTSIDE = ('192.168.1.1', '192.168.1.2', '192.168.1.11', '192.168.1.12')


class Switch(Namespace):
    """eth0 leads to DPI nodes and cards; sw0 ... sw3 are ports towards the DPIs. All are up in the beginning.

    Its attribute dpis sends heartbeats and card pings. The arguments make another switch; own: {interface: its
    address, or None}; outside: {interface: the addresses at its other end}; ports: their names.
    """

    def __init__(self, own=None, outside=None, ports=PORTS):
        self._own = own or {'eth0': OWN}
        self._ports = ports
        Namespace.__init__(self, 'switch')
        self.outside = Namespace('outside')
        self.dpis = Dpis(self.outside)
        self.card = Card(self.outside)
        try:
            self.create(*tuple(self._own) + ports)
            self.batch(*['addr add %s dev %s' % (address, name) for name, address in self._own.items()
                         if address])
            self.outside.batch(*['addr add %s/24 dev far-%s' % (address, name) for name, addresses
                                 in (outside or {'eth0': OUTSIDE}).items() for address in addresses])
        except BaseException:
            self.close()
            raise

    def create(self, *names):
        """Make interfaces, each with its other end outside. A name always gets the same hardware address.

        They have no link-local IPv6 addresses: these come and go late, as if somebody had changed them.
        """
        ip('-batch', '-', text=''.join(
            'link add %s netns %s address %s type veth peer name far-%s netns %s\n' % (
                name, self.name, hardware_address(name), name, self.outside.name) for name in names))
        for where, start in ((self, ''), (self.outside, 'far-')):
            where.batch(*['link set %s%s addrgenmode none' % (start, name) for name in names]
                        + ['link set %s%s up' % (start, name) for name in names])
        for name in names:
            # Ask a neighbour that did not answer again soon.
            for version in ('ipv4', 'ipv6'):
                self.outside.set('%s/neigh/far-%s/retrans_time_ms' % (version, name), '20')

    def recreate(self, name, meanwhile=lambda: None):
        """Delete an interface and make it anew with another index, as when its driver is loaded again.

        meanwhile() is called while it is not there.
        """
        before = self.link(name).index
        outside = self.outside.addresses('far-' + name)
        self.ip('link', 'del', name)
        meanwhile()
        self.create(name)
        if outside:
            self.outside.batch(*['addr add %s dev far-%s%s' % (address, name, ' nodad' if ':' in address else '')
                                 for address in outside])
        assert self.link(name).index != before

    def swap(self, first, second, down=False):
        """Exchange the names of two interfaces, as some boots do. down: take both down for that."""
        states = dict((name, self.port(name)) for name in (first, second))
        self.batch(*['link set %s down' % name for name in (first, second) if down] + [
            'link set %s name %s' % pair for pair in ((first, 'away'), (second, first), ('away', second))] + [
            'link set %s %s' % (name, states[other]) for name, other in ((first, second), (second, first)) if down])

    def speak_ipv6(self):
        """Give both ends of eth0 an IPv6 address. Skips the test if the machine has no IPv6."""
        helpers.require(helpers.has_ipv6(), 'needs IPv6')
        self.ip('addr', 'add', 'fd00::200/64', 'dev', 'eth0', 'nodad')
        self.outside.ip('addr', 'add', 'fd00::1/64', 'dev', 'far-eth0', 'nodad')

    def port(self, name):
        """'up' or 'down', by the administrative flag, or 'missing'."""
        link = self.link(name)
        return 'missing' if link is None else 'up' if link.up else 'down'

    def ports(self):
        """The states of sw0 ... sw3 as one text, for example 'up up down up'."""
        return ' '.join(self.port(name) for name in PORTS)

    def network(self):
        """({(interface, address with prefix), ...} of all interfaces but the ports, {ports that are down})."""
        links, addresses = self.dump()
        names = dict((link.index, link.name) for link in links.values())
        return (set((names.get(one.index), one.text) for one in addresses if names.get(one.index) in self._own),
                set(link.name for link in links.values() if link.name in self._ports and not link.up))

    def cards(self, interface='eth0'):
        """The cards' addresses on an interface: all but the switch's own and those of listeners (192.168.1.20x)."""
        return [address for address in self.addresses(interface)
                if address != OWN and not address.startswith('192.168.1.20')]

    def close(self):
        """Remove everything."""
        for each in (self.dpis, self.card, self.outside):
            each.close()
        Namespace.close(self)


def hardware_address(name):
    """A hardware address that depends only on the name."""
    return '02:00:00:' + ':'.join('%02x' % ord(letter) for letter in (name + '  ')[1:4])
