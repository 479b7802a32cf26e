"""What `ip -o` prints of the simulated kernel, in the form of iproute2 6.1."""
import socket
import struct

from sim.linux.device import GLOBAL, HOST, LINK

_SCOPES = {GLOBAL: 'global', LINK: 'link', HOST: 'host'}


def number(address):
    """An address as a number."""
    if ':' in address:
        high, low = struct.unpack('!QQ', socket.inet_pton(socket.AF_INET6, address))
        return high << 64 | low
    return struct.unpack('!I', socket.inet_pton(socket.AF_INET, address))[0]


def address_of(value, six):
    """A number as an address."""
    if six:
        return socket.inet_ntop(socket.AF_INET6, struct.pack('!QQ', value >> 64, value & (1 << 64) - 1))
    return socket.inet_ntop(socket.AF_INET, struct.pack('!I', value))


def link(_kernel, device):
    """A line of `ip -o link`."""
    flags = ['LOOPBACK'] if device.kind == 'lo' else ['BROADCAST', 'MULTICAST']
    if device.up:
        flags = ([] if device.carrier() else ['NO-CARRIER']) + flags + ['UP'] \
            + (['LOWER_UP'] if device.carrier() else [])
    lower = '' if device.kind != 'veth' else '@%s' % (device.peer.name if device.peer else 'NONE')
    master = ' master %s' % device.master.name if device.master else ''
    state = 'UP' if device.carrier() else 'DOWN'
    alias = '\\    alias %s' % device.alias if device.alias else ''
    return '%d: %s%s: <%s> mtu 1500 qdisc noqueue%s state %s mode DEFAULT group default qlen 1000\\    ' \
        'link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff%s' % (
            device.index, device.name, lower, ','.join(flags), master, state, alias)


def address(kernel, device, entry):
    """A line of `ip -o addr`."""
    life = 'forever' if entry.until is None else '%dsec' % max(0, round(entry.until - kernel.now))
    flags = [(' secondary', entry.secondary), (' dadfailed', entry.failed),
             (' deprecated', entry.deprecated), (' tentative', entry.tentative), (' nodad', entry.six and entry.nodad),
             (' dynamic', entry.until is not None), (' noprefixroute', entry.noprefixroute)]
    tail = ' ' if entry.six else ' %s' % (entry.label or device.name)
    return '%d: %s    %s %s/%d %sscope %s%s%s\\       valid_lft %s preferred_lft %s' % (
        device.index, device.name, 'inet6' if entry.six else 'inet', entry.text, entry.prefix,
        'metric %d ' % entry.metric if entry.metric else '', _SCOPES[entry.scope],
        ''.join(word for word, there in flags if there), tail, life, '0sec' if entry.deprecated else life)


def route(found, device=None):
    """A line of `ip -o route show table all dev NAME`, or of all devices: then with the name of its own."""
    whole = 128 if found.six else 32
    prefix = '' if found.prefix == whole else '/%d' % found.prefix
    words = ['default' if found.prefix == 0 else address_of(found.network, found.six) + prefix]
    if found.via is not None:
        words += ['via', address_of(found.via, found.six)]
    if device is not None:
        words += ['dev', device]
    if found.table != 'main':
        words += ['table', found.table]
    if found.connected:
        words += ['proto', 'kernel']
    if not found.six and found.via is None:
        words += ['scope', _SCOPES[found.scope]]
    if found.src is not None:
        words += ['src', address_of(found.src, found.six)]
    if found.metric:
        words += ['metric', '%d' % found.metric]
    return ' '.join(words) + (' pref medium' if found.six else ' ')
