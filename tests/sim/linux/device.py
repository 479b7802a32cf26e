"""A network interface of the simulated kernel, and what one entry of its addresses is."""

NOWHERE, HOST, LINK, GLOBAL = 255, 254, 253, 0
SCOPES = {'global': GLOBAL, 'link': LINK, 'host': HOST}


class Address(object):
    """An entry: local and network are numbers, until is the second at which its lifetime ends (None: never); failed: by
    the detection of duplicates. What the kernel does not know: index, of its interface; ours, fresh: see sim.marks."""
    __slots__ = ('text', 'local', 'prefix', 'scope', 'secondary', 'until', 'label', 'six', 'nodad', 'tentative',
                 'metric', 'noprefixroute', 'failed', 'index', 'ours', 'fresh')

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
        self.fresh, self.index = True, None

    def network(self):
        """The network that it is in, as a number."""
        bits = 128 if self.six else 32
        return self.local >> (bits - self.prefix) << (bits - self.prefix)

    def beside(self, other):
        """Whether both are of one network with the same prefix."""
        return self.prefix == other.prefix and self.network() == other.network()


class Device(object):
    """An interface. peer: the other end of a veth; master: the bridge that it is a port of; both
    Devices or None; downed: by the daemon, see sim.marks."""
    __slots__ = ('index', 'name', 'kind', 'up', 'peer', 'master', 'four', 'six', 'promote', 'alias', 'ipv6', 'downed')

    def __init__(self, index, name, kind):
        self.index = index
        self.name = name
        self.kind = kind
        self.up = False
        self.peer = self.master = None
        self.four = []
        self.six = []
        self.promote = self.downed = False
        self.alias = None
        self.ipv6 = True

    def carrier(self):
        """Whether it is connected to something that is up (LOWER_UP)."""
        if self.kind == 'veth':
            return self.up and self.peer is not None and self.peer.up
        return self.up
