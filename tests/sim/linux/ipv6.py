"""The IPv6 addresses of the simulated kernel, as in net/ipv6/addrconf.c: detection of duplicates, and their end with
the link."""
from sim.linux.device import LINK
from sim.linux.fib import Route
from sim.linux.ipv4 import Refused

# Seconds that the detection of duplicates takes (RFC 4862). The kernel waits up to one more second at random.
DAD = 1.0

# The metric of the route that comes with an address, if none is given (IP6_RT_PRIO_ADDRCONF).
METRIC = 256


def insert(kernel, device, fresh):
    """A new address: tentative for a while on a link with carrier, and without a route while the link is down."""
    if not device.ipv6:
        raise Refused('RTNETLINK answers: Permission denied')
    if any(entry.local == fresh.local for entry in device.six):
        raise Refused('RTNETLINK answers: File exists')
    device.six.insert(0, fresh)
    fresh.tentative = not fresh.nodad and not (device.up and device.kind == 'lo')
    if fresh.tentative and device.up:
        kernel.later(DAD, _detected, device, fresh)
    _route(kernel, device, fresh)
    kernel.tell_address(device, fresh)


def delete(kernel, device, gone):
    """ipv6_del_addr: the route of a network goes with its last permanent address. After an address that had a lifetime
    it stays until its own time is over."""
    device.six.remove(gone)
    kernel.tell_address(device, gone, gone=True)
    if gone.until is None and not gone.noprefixroute:
        _clean(kernel, device, gone)


def expire(kernel, device, gone):
    """When the lifetime of an address ends, its route ends, too."""
    delete(kernel, device, gone)
    _clean(kernel, device, gone)


def change(kernel, device, entry, until, noprefixroute):
    """inet6_addr_modify: a permanent address that gets a lifetime loses its route (6.18 gives the route a time that is
    over). The next change makes the route again."""
    had = entry.until is None and not entry.noprefixroute
    entry.until, entry.noprefixroute = until, noprefixroute
    if noprefixroute:
        if had:
            _clean(kernel, device, entry)
        return
    first = _first_route(kernel, device, entry) if had else None
    if first is None:
        _route(kernel, device, entry)
    elif first.metric != (entry.metric or METRIC):
        # modify_prefix_route takes the first route for its own, even if that belongs to another address.
        kernel.fib.remove(lambda other: other is first)
        _route(kernel, device, entry)
    elif until is not None:
        kernel.fib.remove(lambda other: other is first)


def _first_route(kernel, device, entry):
    """addrconf_get_prefix_route: the route to this network with the least metric, or None."""
    return min(_routes(kernel, device, entry) or [None], key=lambda route: route and route.metric)


def _routes(kernel, device, entry):
    return [route for route in kernel.fib.routes if _of(route, device, entry)]


def _clean(kernel, device, entry):
    """check_cleanup_prefix_route."""
    if not any(other is not entry and other.beside(entry) for other in device.six):
        first = _first_route(kernel, device, entry)
        kernel.fib.remove(lambda other: other is first)


def link_up(kernel, device):
    """Permanent addresses that came while the link was down get their routes (fixup_permanent_addr); others do not."""
    for entry in list(device.six):
        if entry.until is None:
            _route(kernel, device, entry)
        if entry.tentative:
            kernel.later(DAD, _detected, device, entry)


def link_down(kernel, device):
    """addrconf_ifdown: all addresses go, and all routes through the device."""
    kernel.fib.remove(lambda route: route.six and route.index == device.index)
    for entry in list(device.six):
        device.six.remove(entry)
        kernel.tell_address(device, entry, gone=True)


def _detected(kernel, device, entry):
    if entry in device.six and entry.tentative and not entry.failed and device.up:
        entry.tentative = False
        kernel.tell_address(device, entry)


def double(kernel, device, entry):
    """The detection of duplicates finds one: the address stays, but does not answer."""
    if entry in device.six and entry.tentative and not entry.failed:
        entry.failed = True
        kernel.tell_address(device, entry)


def _of(route, device, entry):
    return route.six and route.connected and route.index == device.index and \
        (route.network, route.prefix) == (entry.network(), entry.prefix)


def _route(kernel, device, entry):
    if device.up and not entry.noprefixroute:
        where = (device.index, 'main', entry.metric or METRIC)
        kernel.fib.append(Route(*((True, entry.network(), entry.prefix) + where + (None, None, LINK, True, ''))))
