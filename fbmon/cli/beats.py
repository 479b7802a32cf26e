"""Sends heartbeats as a DPI node would, for trying a switch out."""
import socket
import sys
import time

from fbmon.base import compat

PAYLOAD = b'HEARTBEAT'


def send(host, port, interval, count=None):
    """Send a datagram to host and port every `interval` ms, `count` times or until Ctrl-C; returns the exit code."""
    sent = 0
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0]
        sock = socket.socket(family, socket.SOCK_DGRAM)
        due = compat.monotonic()
        while count is None or sent < count:
            sock.sendto(PAYLOAD, address)
            sent += 1
            due += interval / 1000.0
            if sent != count:
                time.sleep(max(0, due - compat.monotonic()))
    except KeyboardInterrupt:
        pass
    # A text that could be no host name is a UnicodeError of 3.
    except (socket.gaierror, UnicodeError):
        sys.stderr.write('%s port %d: not an IP address; give an IPv4 or IPv6 address\n' % (host, port))
        return 1
    except compat.SYSTEM_ERRORS as error:
        sys.stderr.write('%s port %d: %s\n' % (host, port, getattr(error, 'strerror', None) or error))
        return 1
    print('%d heartbeat%s sent to %s port %d' % (sent, 's'[sent == 1:], host, port))
    return 0
