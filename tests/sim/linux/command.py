"""Carries out the lines of `ip -batch` that the daemon, operators and strangers write, in the simulated kernel."""
from sim.linux.device import SCOPES, Address
from sim.linux.fib import Route
from sim.linux.ipv4 import Refused
from sim.linux.text import number

NO_DEVICE = 'Cannot find device "%s"'


def run(kernel, line, indexes=None):
    """Carry out one line. Returns the Address or Device that it changes. Raises Refused with the words of `ip`.
    indexes: {name: index} that a running `ip` remembers (ll_name_to_index), None for one that remembers nothing."""
    words = line.split()
    deed = {'addr': _address, 'link': _link, 'route': _route}[words[0]]
    return deed(kernel, words[1:], indexes if indexes is not None else {})


def _device(kernel, name, indexes):
    if name not in indexes:
        found = kernel.find(name)
        if found is None:
            raise Refused(NO_DEVICE % name)
        indexes[name] = found.index
    if indexes[name] not in kernel.devices:
        raise Refused('RTNETLINK answers: No such device')
    return kernel.devices[indexes[name]]


def _options(words, flags=()):
    """{word: the word that follows it, or True for a flag}"""
    found, rest = {}, list(words)
    while rest:
        word = rest.pop(0)
        found[word] = True if word in flags else rest.pop(0)
    return found


def _address(kernel, words, indexes):
    verb, place = words[0], words[1]
    options = _options(words[2:], ('nodad', 'noprefixroute', 'home', 'mngtmpaddr', 'autojoin'))
    device = _device(kernel, options['dev'], indexes)
    local, _, prefix = place.partition('/')
    six = ':' in local
    bits = int(prefix or (128 if six else 32))
    value = number(local)
    there = [entry for entry in (device.six if six else device.four)
             if entry.local == value and (entry.prefix == bits or six)]
    if verb == 'del':
        if not there:
            raise Refused('RTNETLINK answers: Cannot assign requested address')
        return kernel.remove_address(device, there[0])
    until = options.get('valid_lft', 'forever')
    until = None if until == 'forever' else kernel.now + int(until)
    deprecated = options.get('preferred_lft') == '0'
    if verb == 'add' or not there:
        scope = SCOPES[options.get('scope', 'host' if value >> 24 == 127 and not six else 'global')]
        fresh = Address(
            local, value, bits, six, scope=scope, until=until, label=options.get('label'), nodad='nodad' in options,
            metric=int(options.get('metric', 0)), noprefixroute='noprefixroute' in options)
        fresh.deprecated = deprecated
        return kernel.add_address(device, fresh)
    entry = there[0]
    entry.nodad, entry.deprecated = 'nodad' in options, deprecated
    kernel.change_address(device, entry, until, 'noprefixroute' in options)
    return entry


def _link(kernel, words, indexes):
    if words[0] == 'add':
        if 'peer' in words:
            return kernel.create_pair(words[1], words[words.index('peer') + 2])
        return kernel.create(words[1], words[3])
    if words[0] == 'del':
        return kernel.destroy(_device(kernel, words[1], indexes))
    words = [word for word in words[1:] if word != 'dev']
    # `ip link set` forgets the index that it remembers for a name.
    indexes.pop(words[0], None)
    device = _device(kernel, words[0], indexes)
    indexes.pop(words[0], None)
    if words[1] == 'up':
        kernel.set_up(device)
    elif words[1] == 'down':
        kernel.set_down(device)
    elif words[1] == 'name':
        kernel.rename(device, words[2])
    elif words[1] == 'nomaster':
        kernel.enslave(device, None)
    elif words[1] == 'master':
        master = _device(kernel, words[2], indexes)
        if master.kind != 'bridge' or device.kind == 'bridge':
            raise Refused('RTNETLINK answers: Operation not supported')
        kernel.enslave(device, master)
    elif words[1] == 'alias':
        device.alias = ' '.join(words[2:])
    return device


def _route(kernel, words, indexes):
    verb, place = words[0], words[1]
    options = _options([word for word in words[2:] if word != 'onlink'])
    six = ':' in place or ':' in options.get('via', '') or ':' in options.get('src', '')
    network, _, prefix = ('::/0' if six else '0.0.0.0/0').partition('/') if place == 'default' else place.partition('/')
    six = ':' in network
    device = _device(kernel, options['dev'], indexes)
    via = number(options['via']) if 'via' in options else None
    src = number(options['src']) if 'src' in options else None
    fresh = Route(six, number(network), int(prefix or (128 if six else 32)), device.index, options.get('table', 'main'),
                  int(options.get('metric', 1024 if six else 0)), via, src, SCOPES['link'], False, '')
    if verb == 'del':
        if not kernel.fib.remove(lambda route: _matches(route, fresh)):
            raise Refused('RTNETLINK answers: No such process')
        return
    _check(kernel, device, fresh)
    if verb == 'replace':
        kernel.fib.replace(fresh)
    elif not kernel.fib.add(fresh):
        raise Refused('RTNETLINK answers: File exists')


def _matches(route, wanted):
    return route[:5] == wanted[:5] and wanted.via in (None, route.via) and wanted.src in (None, route.src) \
        and not route.connected


def _check(kernel, device, fresh):
    """Raise Refused if the kernel does not take a route now (fib_check_nh)."""
    if not device.up:
        raise Refused('RTNETLINK answers: Network is down')
    if fresh.via is not None and not any(
            route.via is None and route.index == device.index and route.six == fresh.six
            and _covers(route, fresh.via) for route in kernel.fib.routes if route.table in ('main', fresh.table)):
        raise Refused('Error: Nexthop has invalid gateway.')
    if fresh.src is not None and not any(entry.local == fresh.src for one in kernel.devices.values()
                                         for entry in one.four + one.six):
        raise Refused('Error: Invalid prefsrc address.')


def _covers(route, value):
    bits = 128 if route.six else 32
    return route.network == value >> (bits - route.prefix) << (bits - route.prefix)
