"""A bypass card that pings with ICMP echo requests of its own."""
import os
import select
import socket
import struct
import time

import clock
from fbmon.base import compat

# type, code, checksum, identifier, sequence.
_ECHO = struct.Struct('!BBHHH')

ICMPV6 = 58
LIMIT = 20.0


class Card(object):
    """Pings from a namespace, with raw sockets that are in that namespace."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._socks = {}
        self._sequence = 0

    def answers(self, address, limit=0.1):
        """Whether the address answers a ping within limit seconds."""
        six = ':' in address
        sock = self._sock(six)
        self._sequence = (self._sequence + 1) & 0xffff
        try:
            sock.sendto(_request(six, self._sequence), (address, 0))
        except compat.SYSTEM_ERRORS:
            # The kernel asked for the hardware address, and nobody answered.
            return False
        return self._wait(sock, six, clock.monotonic() + limit)

    def until_answered(self, address):
        """Ping until an answer comes. Returns its monotonic second."""
        return self._until(address, True)

    def until_silent(self, address):
        """Ping until no answer comes. Returns the monotonic second of the ping without an answer."""
        return self._until(address, False)

    def close(self):
        """Close the sockets."""
        for sock in self._socks.values():
            sock.close()

    def _until(self, address, wanted):
        deadline = clock.monotonic() + LIMIT
        while True:
            asked = clock.monotonic()
            # While we wait for an answer, a short limit does no harm: the next ping comes at once.
            if self.answers(address, 0.005 if wanted else 0.1) == wanted:
                return clock.monotonic() if wanted else asked
            assert asked < deadline, '%s %s within %g s' % (address, 'no answer' if wanted else 'no silence', LIMIT)
            time.sleep(0.002)

    def _sock(self, six):
        if six not in self._socks:
            family, protocol = (socket.AF_INET6, ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
            self._socks[six] = self._namespace.inside(socket.socket, family, socket.SOCK_RAW, protocol)
        return self._socks[six]

    def _wait(self, sock, six, deadline):
        while True:
            left = deadline - clock.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                return False
            data = sock.recv(2048)
            # An IPv4 socket gives the IP header too. The low half of the first byte has its length in words of 4 bytes.
            start = 0 if six else (bytearray(data)[0] & 0xf) * 4
            kind, _, _, identifier, sequence = _ECHO.unpack_from(data, start)
            if (kind, identifier, sequence) == (129 if six else 0, os.getpid() & 0xffff, self._sequence):
                return True


def _request(six, sequence):
    """The bytes of an echo request. The kernel itself makes the checksum of ICMPv6."""
    fields = (128 if six else 8, 0, os.getpid() & 0xffff, sequence)
    words = ((fields[0] << 8) + fields[1], fields[2], fields[3])
    total = sum(words)
    checksum = 0 if six else ~((total & 0xffff) + (total >> 16)) & 0xffff
    return _ECHO.pack(fields[0], fields[1], checksum, fields[2], fields[3])
