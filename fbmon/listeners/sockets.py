"""Makes a listener's socket: bound to its address, with a large receive buffer for the time when nobody reads."""
import errno
import os
import resource
import socket

from fbmon.base import compat

RECEIVE_BUFFER = 1 << 20

# The number of descriptors that listeners leave to `ip`, log and status. Without one for `ip` nothing could be changed.
SPARE = 64
SO_RCVBUFFORCE = 33
SOCK_CLOEXEC = getattr(socket, 'SOCK_CLOEXEC', 0o2000000)


def open_socket(listener, scope=0):
    """A non-blocking UDP socket that is bound to the listener's address, not to the device. Raises SYSTEM_ERRORS.

    scope: the interface's index, which the kernel uses for IPv6 link-local addresses only. The socket has no
    SO_REUSEADDR, since a second program could then take the port unseen.
    """
    six = ':' in listener.host
    sock = made(six, socket.SOCK_DGRAM)
    try:
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _enlarge_buffer(sock)
        sock.bind((listener.host, listener.port) + ((0, scope) if six else ()))
    except BaseException:
        sock.close()
        raise
    return sock


def made(six, kind, protocol=0):
    """A non-blocking socket of IPv6 or IPv4. Raises SYSTEM_ERRORS, also if no descriptor is left but the spare ones."""
    # Close-on-exec from the beginning: an `ip monitor` that another thread starts meanwhile would keep the port taken.
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind | SOCK_CLOEXEC, protocol)
    try:
        # The system always gives the lowest free number.
        if sock.fileno() >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE:
            raise EnvironmentError(errno.EMFILE, os.strerror(errno.EMFILE))
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _enlarge_buffer(sock):
    """Give it 1 MB if the system allows it. SO_RCVBUFFORCE (socket(7)) needs CAP_NET_ADMIN; SO_RCVBUF is limited."""
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            return sock.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER // 2)
        except compat.SYSTEM_ERRORS:
            continue
