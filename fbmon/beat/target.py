"""Sends heartbeats to one address and port, for ever, and finds out why one does not arrive."""
import errno
import fcntl
import os
import socket
import struct

from fbmon.base import compat

PAYLOAD = b'HEARTBEAT'

# Of linux/in.h, linux/in6.h, linux/sockios.h and linux/socket.h. Python has no names for them.
IP_RECVERR, IP_UNICAST_IF = 11, 50
IPV6_RECVERR, IPV6_UNICAST_IF = 25, 76
SIOCGIFINDEX = 0x8933
MSG_ERRQUEUE = 0x2000

# The most reports of the kernel that are thrown away at once.
MOST = 100

HINTS = {errno.ECONNREFUSED: 'nothing listens there', errno.EPERM: 'a firewall of this machine?',
         errno.EHOSTUNREACH: 'it does not answer, or there is no way to it',
         errno.ENETUNREACH: 'no route leads there, or its interface is down',
         errno.ENOBUFS: 'the interface is too busy'}


class Target(object):
    """One target. Its socket is not connected: the kernel looks for way and source address anew each time."""

    def __init__(self, host, port, zone=None, source=None, interface=None):
        self.name = '%s port %d' % (host + ('%' + zone if zone else ''), port)
        self._host, self._port, self._source = host, port, source
        # An interface needs no privilege (IP_UNICAST_IF in ip(7)), other than SO_BINDTODEVICE before Linux 5.7.
        self._interface, self._zone = interface, zone or interface
        self._six = ':' in host
        self._sock, self._index = None, 0
        # How many heartbeats the kernel has taken.
        self.taken = 0

    def send(self):
        """Send a heartbeat. Returns why it, or an earlier one, does not arrive, as far as the kernel knows; or None.

        If an old socket fails, a new one is tried at once: the interface or the address may be another one by now.
        """
        while True:
            fresh = self._sock is None
            try:
                return self._sent()
            except compat.SYSTEM_ERRORS as error:
                self.close()
                if fresh:
                    return self._words(compat.error_number(error))

    def close(self):
        """Close the socket. The next heartbeat opens another one."""
        if self._sock:
            self._sock.close()
        self._sock = None

    def _sent(self):
        index = self._index_now()
        if self._sock is None or index != self._index:
            self.close()
            self._sock, self._index = self._opened(index), index
        earlier = self._reported()
        self._sock.sendto(PAYLOAD, (self._host, self._port) + ((0, index) if self._six else ()))
        self.taken += 1
        return self._words(earlier) if earlier else None

    def _index_now(self):
        """The index that the interface has now, 0 if none is given. Raises SYSTEM_ERRORS if it is not there."""
        if not self._zone:
            return 0
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            name = self._zone.encode('ascii')
            return struct.unpack('16si12x', fcntl.ioctl(sock, SIOCGIFINDEX, struct.pack('16si12x', name, 0)))[1]
        finally:
            sock.close()

    def _opened(self, index):
        sock = socket.socket(socket.AF_INET6 if self._six else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            compat.close_on_exec(sock.fileno())
            sock.setblocking(False)
            level, errors, chosen = (socket.IPPROTO_IPV6, IPV6_RECVERR, IPV6_UNICAST_IF) if self._six else (
                socket.IPPROTO_IP, IP_RECVERR, IP_UNICAST_IF)
            sock.setsockopt(level, errors, 1)
            if self._interface:
                sock.setsockopt(level, chosen, struct.pack('!I', index))
            if self._source:
                sock.bind((self._source, 0) + ((0, index) if self._six else ()))
            return sock
        except BaseException:
            sock.close()
            raise

    def _reported(self):
        """The errno of what a router, the target or the kernel has reported about earlier ones; 0 if nothing.

        Otherwise the kernel would return it instead of sending (IP_RECVERR in ip(7)).
        """
        found = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            for _ in range(MOST):
                self._sock.recv(1, MSG_ERRQUEUE)
        except compat.SYSTEM_ERRORS:
            pass
        self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return found

    def _words(self, number):
        if number == errno.ENODEV:
            return 'there is no interface %s' % self._zone
        if self._source and number in (errno.EADDRNOTAVAIL, errno.EINVAL):
            return 'no interface here has the source address %s' % self._source
        return os.strerror(number) + (': ' + HINTS[number] if number in HINTS else '')
