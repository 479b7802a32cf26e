"""serve: the status by HTTP, until SIGTERM or Ctrl-C."""
import errno
import logging
import os
import re
import signal
import socket

from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.memory import rundir
from fbmon.web.faces import Faces
from fbmon.web.server import Server
from fbmon.web.source import Source

# Where the page is if nobody says it. Clients that the kernel lets wait for a place.
USUAL = '127.0.0.1:9742'
WAIT = 128

# host: an IPv4 or IPv6 address; port: a number from 0 (any free one) to 65535.
Place = namedtuple('Place', 'host port')

WRONG = '%r is no address and port: give 127.0.0.1:9742 or [::1]:9742'
REMEDIES = {errno.EADDRINUSE: 'somebody else serves there: see ss -ltnp, or give another one by --listen',
            errno.EADDRNOTAVAIL: 'this machine has no such address: see ip addr, or give another one by --listen',
            errno.EACCES: 'a port below 1024 is for root: give another one by --listen'}
NO_REMEDY = 'give another one by --listen'


class Wrong(Exception):
    """It cannot be served there. str() says why, and what to do."""


def place(text):
    """The Place of a text like 127.0.0.1:9742 or [::1]:9742. Raises Wrong."""
    found = re.match(r'(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\]):([0-9]{1,5})\Z', text)
    if not found or int(found.group(3)) > 65535:
        raise Wrong(WRONG % text[:60])
    host = found.group(1) or found.group(2)
    try:
        socket.inet_pton(socket.AF_INET if found.group(1) else socket.AF_INET6, host)
    except compat.SYSTEM_ERRORS:
        raise Wrong(WRONG % text[:60])
    return Place(host, int(found.group(3)))


def url(where):
    """The address of the page at a Place."""
    return 'http://%s:%d/' % ('[%s]' % where.host if ':' in where.host else where.host, where.port)


def listen(where):
    """A listening socket at a Place. Raises Wrong."""
    sock = None
    try:
        sock = socket.socket(socket.AF_INET6 if ':' in where.host else socket.AF_INET, socket.SOCK_STREAM)
        compat.close_on_exec(sock.fileno())
        # For TCP it means: also while connections of the last run are being closed. Two can never listen at once.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((where.host, where.port))
        sock.listen(WAIT)
        sock.setblocking(False)
        return sock
    except compat.SYSTEM_ERRORS as error:
        if sock:
            sock.close()
        number = compat.error_number(error)
        raise Wrong('%s: %s: %s' % (url(where), os.strerror(number) if number else error,
                                    REMEDIES.get(number, NO_REMEDY)))


def serve(where, run_dir, said):
    """Serve at a Place. said(text) tells where that is. Raises Wrong; it returns never."""
    logging.basicConfig(level=logging.WARNING, format='%(message)s')
    sock = listen(where)
    # There is nothing to put in order, and threads of 2.7 that still run would print noise.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = Server(sock, os.uname()[1], Faces(os.uname()[1]))
    server.source = Source(os.path.join(run_dir, rundir.SOCKET), server.wake)
    server.source.start(lambda: os._exit(1))
    said('serving at ' + url(where._replace(port=sock.getsockname()[1])))
    server.run()


def command(text, run_dir, say, fail):
    """The command. text: where to serve; say, fail: as in cli/output. Returns the exit code."""
    try:
        where = place(text)
    except Wrong as error:
        return fail('serve: %s' % error) and 2
    try:
        serve(where, run_dir, say)
    except Wrong as error:
        return fail('serve: %s' % error)
