"""Asks the kernel for links and addresses by rtnetlink(7), without `ip`, so that the tests can judge `ip` too."""
import ctypes
import os
import socket
import struct
from collections import namedtuple

# index: of the interface; up: the administrative flag.
Link = namedtuple('Link', 'index name up')

# index: of the interface; text: '192.168.1.1/24'; tentative: it is not usable yet (duplicate address detection).
Address = namedtuple('Address', 'index text tentative')

ERROR, DONE, NEW_LINK, DEL_LINK, GET_LINK, NEW_ADDRESS, DEL_ADDRESS, GET_ADDRESS = 2, 3, 16, 17, 18, 20, 21, 22
NEW_NAMES, DEL_NAMES = 108, 109
REQUEST_DUMP = 0x301

# NLM_F_REQUEST and NLM_F_ACK; NLM_F_CREATE, NLM_F_EXCL and NLM_F_APPEND.
REQUEST_CHANGE, NEW = 0x5, 0xe00

# RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
CHANGES = 0x1 | 0x10 | 0x100

IFLA_IFNAME, IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_FLAGS = 3, 1, 2, 3, 8
IFLA_IFALIAS, IFLA_PROP_LIST, IFLA_ALT_IFNAME, NESTED = 20, 52, 53, 0x8000
IFF_UP, IFA_F_TENTATIVE = 0x1, 0x40
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33

_HEADER = struct.Struct('=IHHII')
_LINK = struct.Struct('=BxHiII')
_ADDRESS = struct.Struct('=BBBBi')
_ATTRIBUTE = struct.Struct('=HH')

_libc = ctypes.CDLL(None, use_errno=True)


def inside(path, function, *arguments):
    """Call function(*arguments) while this thread is in the network namespace at `path`, and return the result.

    A socket that the function makes stays in that namespace.
    """
    here, there = [os.open(one, os.O_RDONLY) for one in ('/proc/thread-self/ns/net', path)]
    try:
        _enter(there)
        try:
            return function(*arguments)
        finally:
            _enter(here)
    finally:
        os.close(here)
        os.close(there)


def _enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, 'setns: ' + os.strerror(number))


def open_socket(groups=0):
    """A netlink socket in the namespace in which this thread is. groups: what it subscribes to."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    sock.bind((0, groups))
    return sock


def dump(sock):
    """({index: Link}, [Address, ...]) as the kernel has them now."""
    links = dict((link.index, link) for _, link in _ask(sock, GET_LINK, _LINK.pack(0, 0, 0, 0, 0)))
    return links, [address for _, address in _ask(sock, GET_ADDRESS, _ADDRESS.pack(0, 0, 0, 0, 0))]


def _ask(sock, kind, body):
    sock.send(_HEADER.pack(_HEADER.size + len(body), kind, REQUEST_DUMP, 1, 0) + body)
    found = []
    while True:
        data = sock.recv(1 << 20)
        found += parse(data)
        if any(kind == DONE for kind, _ in _messages(data)):
            return found


def parse(data):
    """[(kind, Link or Address), ...] of the data that was read from a socket. Other messages are left out."""
    found = []
    for kind, body in _messages(data):
        if kind in (NEW_LINK, DEL_LINK):
            family, _, index, flags, _ = _LINK.unpack_from(body)
            # A bridge reports its ports in messages of another family.
            if family == socket.AF_UNSPEC:
                name = _attributes(body[_LINK.size:])[IFLA_IFNAME].rstrip(b'\0').decode('ascii')
                found.append((kind, Link(index, name, bool(flags & IFF_UP))))
        elif kind in (NEW_ADDRESS, DEL_ADDRESS):
            found.append((kind, _address(body)))
    return found


def name_also(sock, index, names, gone=False):
    """Give an interface other names, as bytes, or remove them. `ip` refuses a line end in one; the kernel does not."""
    listed = b''.join(_attribute(IFLA_ALT_IFNAME, name + b'\0') for name in names)
    _change(sock, DEL_NAMES if gone else NEW_NAMES, 0 if gone else NEW,
            _LINK.pack(0, 0, index, 0, 0) + _attribute(IFLA_PROP_LIST | NESTED, listed))


def set_alias(sock, index, alias):
    """Give an interface an alias, as bytes."""
    _change(sock, NEW_LINK, 0, _LINK.pack(0, 0, index, 0, 0) + _attribute(IFLA_IFALIAS, alias))


def set_up(sock, index, up):
    """Bring an interface up or down."""
    _change(sock, NEW_LINK, 0, _LINK.pack(0, 0, index, int(up), IFF_UP))


def set_address(sock, index, host, label=None, gone=False):
    """Add an IPv4 address, as /32, to an interface, or remove it. label: any bytes, up to 15."""
    packed = socket.inet_aton(host)
    body = _ADDRESS.pack(socket.AF_INET, 32, 0, 0, index) + _attribute(IFA_LOCAL, packed)
    body += _attribute(IFA_ADDRESS, packed) + (_attribute(IFA_LABEL, label + b'\0') if label else b'')
    _change(sock, DEL_ADDRESS if gone else NEW_ADDRESS, 0 if gone else NEW, body)


def _change(sock, kind, flags, body):
    """Ask the kernel for a change. Raises OSError with the kernel's words."""
    sock.send(_HEADER.pack(_HEADER.size + len(body), kind, REQUEST_CHANGE | flags, 1, 0) + body)
    for kind, answer in _messages(sock.recv(1 << 16)):
        if kind == ERROR:
            number = -struct.unpack_from('=i', answer)[0]
            if number:
                raise OSError(number, os.strerror(number))


def _attribute(kind, data):
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(data), kind) + data + b'\0' * (-len(data) % 4)


def _address(body):
    family, prefix, flags, _, index = _ADDRESS.unpack_from(body)
    attributes = _attributes(body[_ADDRESS.size:])
    if IFA_FLAGS in attributes:
        flags = struct.unpack('=I', attributes[IFA_FLAGS])[0]
    host = socket.inet_ntop(family, attributes.get(IFA_LOCAL, attributes.get(IFA_ADDRESS)))
    return Address(index, '%s/%d' % (host, prefix), bool(flags & IFA_F_TENTATIVE))


def _messages(data):
    while len(data) >= _HEADER.size:
        length, kind = _HEADER.unpack_from(data)[:2]
        yield kind, data[_HEADER.size:length]
        data = data[(length + 3) & ~3:]


def _attributes(data):
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        found[kind & 0x3fff] = data[_ATTRIBUTE.size:length]
        data = data[(max(length, 4) + 3) & ~3:]
    return found
