"""A network interface of the simulated kernel, and one entry of its addresses."""

NOWHERE, HOST, LINK, GLOBAL = 255, 254, 253, 0
SCOPES = {'global': GLOBAL, 'link': LINK, 'host': HOST}


class Address(object):
    """An entry. local: a number; until: the second at which its lifetime ends, None for never; failed: whether the
    detection of duplicates has found one. The kernel itself does not know index (of its interface), ours and fresh: see
    sim.marks."""
    __slots__ = ('text', 'local', 'prefix', 'scope', 'secondary', 'until', 'label', 'six', 'nodad', 'tentative',
                 'metric', 'noprefixroute', 'failed', 'index', 'ours', 'fresh',
                 'deprecated')

    def __init__(self, text, local, prefix, six, **options):
        self.text = text
        self.local = local
        self.prefix = prefix
        self.six = six
        self.scope = options.get('scope', GLOBAL)
        self.until = options.get('until')
        self.label = options.get('label')
        self.nodad = options.get('nodad', False)
        self.metric = options.get('metric', 0)
        self.noprefixroute = options.get('noprefixroute', False)
        self.secondary = self.tentative = self.failed = self.ours = False
        self.fresh, self.index, self.deprecated = True, None, False

    def network(self):
        """The network of the address, as a number."""
        bits = 128 if self.six else 32
        return self.local >> (bits - self.prefix) << (bits - self.prefix)

    def beside(self, other):
        """Whether both are in the same network with the same prefix."""
        return self.prefix == other.prefix and self.network() == other.network()


class Device(object):
    """An interface. peer: the Device at the other end of a veth, or None; master: the Device of its bridge, or None;
    downed: whether the daemon has brought it down, see sim.marks; optic: its light, see sim.optics, or None if it
    plays no part."""
    __slots__ = ('index', 'name', 'kind', 'up', 'peer', 'master', 'four', 'six', 'promote', 'alias', 'ipv6', 'downed',
                 'optic')

    def __init__(self, index, name, kind):
        self.index = index
        self.name = name
        self.kind = kind
        self.up = False
        self.peer = self.master = self.optic = None
        self.four = []
        self.six = []
        self.promote = self.downed = False
        self.alias = None
        self.ipv6 = True

    def carrier(self):
        """Whether it is connected to something that is up (LOWER_UP)."""
        if self.kind == 'veth':
            return self.up and self.peer is not None and self.peer.up
        return self.up and (self.optic is None or self.optic.lit)
