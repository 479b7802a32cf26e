"""The socket of a listener: bound to its address, with a receive buffer that holds what comes while nobody reads."""
import errno
import os
import resource
import socket

from fbmon.base import compat

RECEIVE_BUFFER = 1 << 20

# Descriptors that listeners leave to `ip`, log and status: without a new `ip` nothing could be changed any more.
SPARE = 64
SO_RCVBUFFORCE = 33
SOCK_CLOEXEC = getattr(socket, 'SOCK_CLOEXEC', 0o2000000)


def open_socket(listener, scope=0):
    """A non-blocking UDP socket bound to the listener's address, not to the device. Raises socket.error.

    scope: the interface's index, which the kernel heeds for IPv6 link-local addresses only. Without SO_REUSEADDR:
    with it, a second program could take the port unseen.
    """
    six = ':' in listener.host
    # Close-on-exec from its birth: an `ip monitor` started by another thread meanwhile would keep the port taken.
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM | SOCK_CLOEXEC)
    try:
        # The system always gives the lowest number that is free.
        if sock.fileno() >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE:
            raise EnvironmentError(errno.EMFILE, os.strerror(errno.EMFILE))
        sock.setblocking(False)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _enlarge_buffer(sock)
        sock.bind((listener.host, listener.port) + ((0, scope) if six else ()))
    except BaseException:
        sock.close()
        raise
    return sock


def _enlarge_buffer(sock):
    """1 MB where the system allows: SO_RCVBUFFORCE of socket(7) wants CAP_NET_ADMIN, SO_RCVBUF is limited."""
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            return sock.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER // 2)
        except compat.SYSTEM_ERRORS:
            continue
