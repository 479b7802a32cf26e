"""The simulated kernel: its devices, what it tells `ip monitor address link`, and what happens later by itself."""
import heapq

from sim.linux import ipv4, ipv6, text
from sim.linux.device import HOST, Address, Device
from sim.linux.fib import Fib
from sim.linux.ipv4 import Refused

# Stands for the end of the next lifetime while that must be looked for.
NOT_KNOWN = -1.0


class Kernel(object):
    """A network namespace at `now` (monotonic seconds). told: the lines of `ip -o monitor address link` so far; optic:
    what makes the light of a Device, None if each one has light while it is up."""

    def __init__(self, now=0.0, optic=None):
        self.now = now
        self._optic = optic
        self.devices = {}
        self.fib = Fib()
        self.told = []
        self.dropped = []    # the Addresses that went with the primary of a command
        self.changes = 0    # how often something was told; while it is the same, nothing has changed
        self._next = 1
        self._later = []
        self._soonest = NOT_KNOWN
        self._order = 0
        lo = self.create('lo', 'lo')
        self.set_up(lo)
        ipv4.insert(self, lo, Address('127.0.0.1', 127 << 24 | 1, 8, False, scope=HOST))
        del self.told[:]

    # --- time ---

    def later(self, seconds, deed, *arguments):
        """Call deed(kernel, *arguments) in so many seconds."""
        self._order += 1
        heapq.heappush(self._later, (self.now + seconds, self._order, deed, arguments))

    def next_time(self):
        """The second at which something happens by itself, or None."""
        at = self._later[0][0] if self._later else None
        if self._soonest == NOT_KNOWN:
            times = [entry.until for device in self.devices.values() for entry in device.four + device.six
                     if entry.until is not None]
            self._soonest = min(times) if times else None
        return at if self._soonest is None or (at is not None and at < self._soonest) else self._soonest

    def advance(self, now):
        """Let time pass until `now`."""
        while True:
            at = self.next_time()
            if at is None or at > now:
                break
            self.now = max(self.now, at)
            if self._later and self._later[0][0] <= at:
                _, _, deed, arguments = heapq.heappop(self._later)
                deed(self, *arguments)
            else:
                self._expire()
        self.now = now

    def _expire(self):
        for device in list(self.devices.values()):
            for entry in device.four + device.six:
                if entry.until is not None and entry.until <= self.now and entry in device.four + device.six:
                    (ipv6.expire if entry.six else ipv4.delete)(self, device, entry)

    # --- links ---

    def find(self, name):
        """The Device with this name, or None."""
        for device in self.devices.values():
            if device.name == name:
                return device
        return None

    def create(self, name, kind='bridge'):
        """Make an interface, which is down, and return its Device."""
        if self.find(name):
            raise Refused('RTNETLINK answers: File exists')
        device = self.devices[self._next] = Device(self._next, name, kind)
        device.optic = self._optic and self._optic(self, device)
        self._next += 1
        if len(self.devices) > 1:
            self.tell_link(device)
        return device

    def create_pair(self, name, other):
        """Make a veth, and return the Devices of its two ends."""
        if self.find(name) or self.find(other):
            raise Refused('RTNETLINK answers: File exists')
        second, first = self.create(other, 'veth'), self.create(name, 'veth')
        first.peer, second.peer = second, first
        return first, second

    def destroy(self, device):
        """Remove an interface. The other end of a veth goes with it."""
        going = [device] + ([device.peer] if device.peer else [])
        for one in going:
            self.set_down(one)
        for one in going:
            ipv4.end(self, one)
            for entry in list(one.six):
                self.remove_address(one, entry)
            self.fib.remove(lambda route, index=one.index: route.index == index)
            for port in self.devices.values():
                if port.master is one:
                    self.enslave(port, None)
        for one in going:
            del self.devices[one.index]
            self.tell_link(one, gone=True)

    def set_up(self, device):
        """`ip link set up`."""
        if not device.up:
            device.up, device.downed = True, False
            if device.optic:
                device.optic.link_up()
            ipv4.link_up(self, device)
            ipv6.link_up(self, device)
            self.tell_link(device)
            self._peer_sees(device)

    def set_down(self, device):
        """`ip link set down`."""
        if device.up:
            device.up = False
            if device.optic:
                device.optic.link_down()
            self.tell_link(device)
            ipv4.link_down(self, device)
            ipv6.link_down(self, device)
            self._peer_sees(device)

    def rename(self, device, name):
        """`ip link set name`, also while the link is up."""
        if self.find(name):
            raise Refused('RTNETLINK answers: File exists')
        device.name = name
        self.tell_link(device)
        ipv4.renamed(self, device)

    def enslave(self, device, master):
        """Make a device a port of a bridge, or with None of no bridge."""
        if master is not device.master:
            device.master = master
            self.tell_link(device)

    def _peer_sees(self, device):
        if device.peer is not None and device.peer.up and device.peer.index in self.devices:
            self.tell_link(device.peer)

    # --- addresses ---

    def add_address(self, device, fresh):
        """`ip addr add`. Returns the Address that is there now."""
        fresh.index = device.index
        (ipv6 if fresh.six else ipv4).insert(self, device, fresh)
        return fresh

    def remove_address(self, device, entry):
        """`ip addr del`, or the end of a lifetime. Returns the Address that is gone."""
        (ipv6 if entry.six else ipv4).delete(self, device, entry)
        return entry

    def change_address(self, device, entry, until, noprefixroute=False):
        """`ip addr change` of an entry that is there. until: the second at which its lifetime ends, None for ever."""
        if entry.six:
            ipv6.change(self, device, entry, until, noprefixroute)
        else:
            entry.until, entry.noprefixroute = until, noprefixroute
        self.tell_address(device, entry)

    # --- what is told ---

    def tell_link(self, device, gone=False):
        """A line for `ip monitor`."""
        self._tell(text.link(self, device), gone)

    def tell_address(self, device, entry, gone=False):
        """A line for `ip monitor`."""
        self._tell(text.address(self, device, entry), gone)

    def _tell(self, line, gone):
        self.changes += 1
        self._soonest = NOT_KNOWN
        self.told.append('Deleted ' + line if gone else line)

    def show_links(self):
        """The lines of `ip -o link`."""
        return [text.link(self, self.devices[index]) for index in sorted(self.devices)]

    def show_addresses(self):
        """The lines of `ip -o addr`."""
        return [text.address(self, device, entry) for _, device in sorted(self.devices.items())
                for entry in device.four + device.six]

    def show_routes(self, name, six=False):
        """The lines of `ip -o [-6] route show table all dev NAME`, without those of the table local."""
        device = self.find(name)
        return [text.route(route) for route in self.fib.through(device.index) if route.six == six] if device else []

    def show_all_routes(self, six=False):
        """The lines of `ip -o [-6] route show table all`, without those of the table local."""
        return [text.route(route, self.devices[route.index].name) for route in self.fib.routes if route.six == six]
