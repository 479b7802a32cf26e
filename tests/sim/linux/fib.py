"""The routing table of the simulated kernel: which routes come and go with addresses and links (net/ipv4/fib_*.c).

It only has what concerns the daemon: unicast routes of IPv4 and IPv6 with a device. Local and broadcast routes are left
out: the kernel makes and removes them by itself, and nobody asks for them.
"""
from collections import namedtuple

# six: whether it is IPv6; network, prefix: the destination; via, src: numbers or None; connected: whether it is the
# kernel's own (proto kernel).
Route = namedtuple('Route', 'six network prefix index table metric via src scope connected rest')


class Fib(object):
    """The routes, in the order in which they were made."""

    def __init__(self):
        self.routes = []

    def add(self, route):
        """Add a route. Returns False if there is one with the same destination, table and metric (NLM_F_EXCL)."""
        if any(self._same(route, other) for other in self.routes):
            return False
        self.routes.append(route)
        return True

    def append(self, route):
        """Add a route beside others with the same destination, as the kernel does with its own (NLM_F_APPEND)."""
        if route not in self.routes:
            self.routes.append(route)

    def replace(self, route):
        """Replace the route with the same destination, table and metric by this one, or add it if there is none."""
        for number, other in enumerate(self.routes):
            if self._same(route, other):
                self.routes[number] = route
                return
        self.routes.append(route)

    def remove(self, wanted):
        """Remove the routes for which wanted(route) is true. Returns them."""
        gone = [route for route in self.routes if wanted(route)]
        self.routes = [route for route in self.routes if route not in gone]
        return gone

    def through(self, index):
        """The routes through a device."""
        return [route for route in self.routes if route.index == index]

    @staticmethod
    def _same(one, other):
        key = one[:3] + (one.table, one.metric)
        # IPv6 routes through different gateways or devices can be there side by side.
        if one.six:
            return key == other[:3] + (other.table, other.metric) and \
                (one.index, one.via) == (other.index, other.via)
        return key == other[:3] + (other.table, other.metric)
