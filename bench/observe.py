"""Notes when the kernel reports a change and when it receives a heartbeat, in seconds of CLOCK_REALTIME.

The measuring process does both and does nothing else meanwhile. The time of a report is the time at which it was read,
so it includes the wake-up of this process. The time of a datagram is the kernel's own stamp of its receipt
(SO_TIMESTAMPNS), by the same clock.
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
# The header of a netlink message, followed by the header of a link or, as far as the two are alike, of an address.
_START = struct.Struct('=IHHIIBBHiI')

# Takes our heartbeats and those of BFD: UDP with 24 bytes of data, in an IP packet without options. In classic BPF:
# ldb [9]; jeq #17; ldh [24]; jeq #32; ret #64; ret #0.
_FILTER = ((0x30, 0, 0, 9), (0x15, 0, 3, 17), (0x28, 0, 0, 24), (0x15, 0, 1, 32), (0x06, 0, 0, 64), (0x06, 0, 0, 0))


class TooLate(Exception):
    """A report did not come in time. The argument says which."""


def now():
    """The current second of CLOCK_REALTIME, the clock of all times here."""
    return time.clock_gettime(time.CLOCK_REALTIME)


class Reports(object):
    """What the kernel reports of the addresses and links of a namespace since this object was made."""

    def __init__(self, namespace):
        self._sock = namespace.inside(netlink.open_socket, netlink.CHANGES)
        self._sock.setblocking(False)
        self._poller = select.poll()
        self._poller.register(self._sock, select.POLLIN)
        self._links = dict((index, link.name) for index, link in namespace.dump()[0].items())
        self._up = dict((index, link.up) for index, link in namespace.dump()[0].items())

    def close(self):
        """Close the socket."""
        self._sock.close()

    def forget(self):
        """Drop all reports that have come and that nobody has waited for. Returns their texts."""
        return [text for _, text in self._texts(self._collect(1 << 30, 0.0))]

    def wait_for(self, texts, limit=5.0):
        """Wait for these reports: '+ 10.0.0.1', '- 10.0.0.1', 'sw0 up' or 'sw0 down'. Returns {text: seconds}.

        If a report came several times, its last time counts. Raises TooLate after `limit` seconds.
        """
        deadline = time.monotonic() + limit
        found, missing = {}, set(texts)
        while missing:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TooLate('not reported within %g s: %s' % (limit, ', '.join(sorted(missing)[:4])))
            # The messages are understood only when all may be there: work before that would delay the times of the
            # following ones.
            for at, text in self._texts(self._collect(len(missing), left)):
                if text in texts:
                    found[text] = at
                    missing.discard(text)
        return found

    def _collect(self, count, limit):
        """About `count` raw changes at most, [(seconds, message)].

        It waits `limit` seconds for the first one, and 50 ms at most for each of the others.
        """
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
            # The kernel reports a link many times over when one of its flags has changed.
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
    """The heartbeats that arrive at an interface. They wake nobody up."""

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
        """Close the socket."""
        self._sock.close()

    def take(self):
        """Take out all heartbeats that have come, and return them as [(seconds, UDP port)]."""
        found = []
        while True:
            try:
                data, control, _, _ = self._sock.recvmsg(64, 64)
            except BlockingIOError:
                return found
            seconds, nanoseconds = _TIMESPEC.unpack(control[0][2])
            found.append((seconds + nanoseconds * 1e-9, struct.unpack_from('!H', data, 22)[0]))
