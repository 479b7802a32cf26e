"""The IPv4 addresses of the simulated kernel, as in net/ipv4/devinet.c: primaries, secondaries, promotion."""
from sim.linux.device import HOST, LINK
from sim.linux.fib import Route


class Refused(Exception):
    """The kernel says no. str(): what `ip` prints then."""


def insert(kernel, device, fresh):
    """__inet_insert_ifa: a primary goes behind the last primary of its scope, a secondary to the end."""
    place = 0
    for number, entry in enumerate(device.four):
        if not entry.secondary and fresh.scope <= entry.scope:
            place = number + 1
        if entry.beside(fresh):
            if entry.local == fresh.local:
                raise Refused('RTNETLINK answers: File exists')
            if entry.scope != fresh.scope:
                raise Refused('RTNETLINK answers: Invalid argument')
            fresh.secondary = True
    device.four.insert(len(device.four) if fresh.secondary else place, fresh)
    kernel.tell_address(device, fresh)
    _route(kernel, device, fresh)


def delete(kernel, device, gone):
    """__inet_del_ifa: the secondaries of a primary go with it, or the first of them takes its place."""
    promoted = None
    if not gone.secondary:
        behind = device.four[device.four.index(gone) + 1:]
        followers = [entry for entry in behind if entry.secondary and entry.beside(gone)]
        if followers and device.promote:
            promoted = followers[0]
        else:
            for entry in followers:
                _drop(kernel, device, entry)
                kernel.dropped.append(entry)
    after = device.four[device.four.index(gone) + 1:]
    _drop(kernel, device, gone)
    if promoted is not None:
        _promote(kernel, device, promoted, gone, after)


def end(kernel, device):
    """inetdev_destroy: all addresses go in the order of the list, and none is promoted."""
    while device.four:
        _drop(kernel, device, device.four[0])


def link_up(kernel, device):
    """fib_netdev_event: the connected routes come back, and no others."""
    for entry in device.four:
        _route(kernel, device, entry)


def link_down(kernel, device):
    """fib_sync_down_dev: every route through the device goes."""
    kernel.fib.remove(lambda route: not route.six and route.index == device.index)


def renamed(kernel, device):
    """inetdev_changename: the labels follow, numbered from the second one on; each address is told."""
    for number, entry in enumerate(device.four, 1):
        _, colon, rest = (entry.label or '').partition(':')
        if number > 1:
            entry.label = '%s:%s' % (device.name, rest if colon else number)
        else:
            entry.label = None
        kernel.tell_address(device, entry)


def _promote(kernel, device, promoted, gone, after):
    device.four.remove(promoted)
    primaries = [entry for entry in after if not entry.secondary and gone.scope <= entry.scope]
    place = device.four.index(primaries[-1]) + 1 if primaries else len(device.four) - len(after) + 1
    device.four.insert(place, promoted)
    promoted.secondary = False
    kernel.tell_address(device, promoted)
    _route(kernel, device, promoted)


def _drop(kernel, device, entry):
    device.four.remove(entry)
    kernel.tell_address(device, entry, gone=True)
    if not entry.secondary:
        _unroute(kernel, device, entry)
    if not any(other.local == entry.local for one in kernel.devices.values() for other in one.four):
        # fib_sync_down_addr: routes of the main table that have it as their source.
        kernel.fib.remove(lambda route: not route.six and route.src == entry.local and route.table == 'main')
    if not device.four:
        # fib_disable_ip(force): the last address takes every route with it.
        kernel.fib.remove(lambda route: not route.six and route.index == device.index)


def _connected(device, entry):
    return Route(False, entry.network(), entry.prefix, device.index, 'main', entry.metric, None, entry.local,
                 HOST if entry.scope == HOST else LINK, True, '')


def _route(kernel, device, entry):
    """fib_add_ifaddr: the route of a primary to its network, while the link is up."""
    if device.up and not entry.secondary and entry.prefix < 32 and not entry.noprefixroute:
        kernel.fib.append(_connected(device, entry))


def _unroute(kernel, device, entry):
    if entry.prefix < 32:
        wanted = _connected(device, entry)
        kernel.fib.remove(lambda route: route == wanted)
