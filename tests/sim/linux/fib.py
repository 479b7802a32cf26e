"""The routing table of the simulated kernel: which routes come and go with addresses and links (net/ipv4/fib_*.c).

Only what concerns the daemon: unicast routes of IPv4 and IPv6 with a device; the local and broadcast ones, which the
kernel makes and removes by itself and nobody asks for, are left out.
"""
from collections import namedtuple

# six: of IPv6; network, prefix: the destination; via, src: numbers or None; connected: the kernel's own (proto kernel).
Route = namedtuple('Route', 'six network prefix index table metric via src scope connected rest')


class Fib(object):
    """Routes in the order in which they were made."""

    def __init__(self):
        self.routes = []

    def add(self, route):
        """True unless there is one with the same destination, table and metric (NLM_F_EXCL)."""
        if any(self._same(route, other) for other in self.routes):
            return False
        self.routes.append(route)
        return True

    def append(self, route):
        """Put it beside others of the same destination, as the kernel does with its own (NLM_F_APPEND)."""
        if route not in self.routes:
            self.routes.append(route)

    def replace(self, route):
        """Put it in the place of one with the same destination, table and metric, or add it."""
        for number, other in enumerate(self.routes):
            if self._same(route, other):
                self.routes[number] = route
                return
        self.routes.append(route)

    def remove(self, wanted):
        """Remove the routes that wanted(route) names; returns them."""
        gone = [route for route in self.routes if wanted(route)]
        self.routes = [route for route in self.routes if route not in gone]
        return gone

    def through(self, index):
        """The routes through a device."""
        return [route for route in self.routes if route.index == index]

    @staticmethod
    def _same(one, other):
        key = one[:3] + (one.table, one.metric)
        # Routes of IPv6 through different gateways or devices live beside each other.
        if one.six:
            return key == other[:3] + (other.table, other.metric) and \
                (one.index, one.via) == (other.index, other.via)
        return key == other[:3] + (other.table, other.metric)
