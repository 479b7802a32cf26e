"""What the kernel says, and when, in seconds of CLOCK_REALTIME: its reports of changes, and the datagrams' receipt.

Both in the measuring process, which does nothing else meanwhile. A report has the time at which it was read, which
the wake-up of this process is part of; a datagram has the kernel's own stamp of its receipt (SO_TIMESTAMPNS), the
clock of which is the same.
"""
import ctypes
import select
import socket
import struct
import time

from kernel import netlink

SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
ETH_P_IP = 0x0800

_TIMESPEC = struct.Struct('=qq')
# The header of a netlink message, and that of a link or, as far as it has the same form, of an address.
_START = struct.Struct('=IHHIIBBHiI')

# What is sent as a heartbeat, by us and by BFD: UDP with 24 bytes in it; an IP header has no options. classic BPF:
# ldb [9]; jeq #17; ldh [24]; jeq #32; ret #64; ret #0.
_FILTER = ((0x30, 0, 0, 9), (0x15, 0, 3, 17), (0x28, 0, 0, 24), (0x15, 0, 1, 32), (0x06, 0, 0, 64), (0x06, 0, 0, 0))


class TooLate(Exception):
    """What was waited for did not come in time."""


def now():
    """The clock of all times here."""
    return time.clock_gettime(time.CLOCK_REALTIME)


class Reports(object):
    """What the kernel reports of addresses and links of a namespace, from its start."""

    def __init__(self, namespace):
        self._sock = namespace.inside(netlink.open_socket, netlink.CHANGES)
        self._sock.setblocking(False)
        self._poller = select.poll()
        self._poller.register(self._sock, select.POLLIN)
        self._links = dict((index, link.name) for index, link in namespace.dump()[0].items())
        self._up = dict((index, link.up) for index, link in namespace.dump()[0].items())

    def close(self):
        """The end of it."""
        self._sock.close()

    def forget(self):
        """The texts of all that has come up to now and nobody waited for."""
        return [text for _, text in self._texts(self._collect(1 << 30, 0.0))]

    def wait_for(self, texts, limit=5.0):
        """{text: seconds} of these reports, '+ 10.0.0.1', '- 10.0.0.1', 'sw0 up' or 'sw0 down'; the last time where
        one came several times. Raises TooLate."""
        deadline = time.monotonic() + limit
        found, missing = {}, set(texts)
        while missing:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TooLate('not reported within %g s: %s' % (limit, ', '.join(sorted(missing)[:4])))
            # Understood when all may be there: what is done before that would delay the time of what follows.
            for at, text in self._texts(self._collect(len(missing), left)):
                if text in texts:
                    found[text] = at
                    missing.discard(text)
        return found

    def _collect(self, count, limit):
        """At most about `count` raw changes, [(seconds, message)]; waits for the first one `limit` seconds, and for the
        others no longer than 50 ms each."""
        raw = []
        while len(raw) < count and self._poller.poll((min(limit, 0.05) if raw else limit) * 1000):
            while True:
                try:
                    data = self._sock.recv(65536)
                except BlockingIOError:
                    break
                at = now()
                if self._is_change(data):
                    raw.append((at, data))
        return raw

    def _is_change(self, data):
        _, kind, _, _, _, family, _, _, index, flags = _START.unpack_from(data)
        if kind in (netlink.NEW_LINK, netlink.DEL_LINK):
            # A link is reported many times over when one of its flags has changed.
            before, up = self._up.get(index), bool(flags & netlink.IFF_UP)
            self._up[index] = up
            return family == socket.AF_UNSPEC and before != up
        return True

    def _texts(self, raw):
        for at, data in raw:
            for kind, what in netlink.parse(data):
                if isinstance(what, netlink.Link):
                    yield at, '%s %s' % (what.name, 'up' if what.up else 'down')
                else:
                    yield at, '%s %s' % ('+' if kind == netlink.NEW_ADDRESS else '-', what.text.partition('/')[0])


class Capture(object):
    """The heartbeats that arrive at an interface; nobody is woken by them."""

    def __init__(self, namespace, interface='eth0'):
        self._sock = namespace.inside(socket.socket, socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        program = b''.join(struct.pack('=HBBI', *line) for line in _FILTER)
        memory = ctypes.create_string_buffer(program, len(program))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                              struct.pack('HL', len(_FILTER), ctypes.addressof(memory)))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.setblocking(False)
        namespace.inside(self._sock.bind, (interface, ETH_P_IP))

    def close(self):
        """The end of it."""
        self._sock.close()

    def take(self):
        """[(seconds, UDP port)] of all that has come up to now, which is forgotten by this."""
        found = []
        while True:
            try:
                data, control, _, _ = self._sock.recvmsg(64, 64)
            except BlockingIOError:
                return found
            seconds, nanoseconds = _TIMESPEC.unpack(control[0][2])
            found.append((seconds + nanoseconds * 1e-9, struct.unpack_from('!H', data, 22)[0]))
