"""Watches the cards' pings (BYPASS_CARD_PING_TIMEOUT): one thread for all cards. It decides nothing."""
import errno
import logging
import math
import select
import socket
import struct
import time

from fbmon.base import compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.config.addresses import link_local
from fbmon.listeners import sockets
from fbmon.listeners.bell import Bell
from fbmon.rules import pings
from fbmon.rules.states import SEEN, SILENT

# What is watched. timeout: seconds; scopes: {AddressItem of a card: the index of its interface if the address is
# link-local, otherwise 0}; present: {AddressItem: the monotonic second since when the kernel has it}.
Order = namedtuple('Order', 'timeout scopes present')

NOTHING = Order(0.0, {}, {})

# Seconds for which the thread rests after it has read pings. So neither many cards nor a flood wakes it more often.
PAUSE = 0.02

# At most so many pings of one card are read in one turn; what the small receive buffer does not take is lost. That is
# enough: it only matters that there are pings.
MOST = 16
RECEIVE_BUFFER = 16384

# Seconds until a socket that could not be opened is tried again.
RETRY = 5.0

# icmp(7) and the kernel's icmpv6.h: a filter has a bit for each type that is kept away from the socket.
ICMPV6 = 58
OF_FOUR = (255, 1, struct.Struct('=I'))
OF_SIX = (ICMPV6, 1, struct.Struct('=8I'))
ECHO_FOUR, ECHO_SIX = 8, 128
ALL = 0xffffffff

# ip(7) and the kernel's in6.h. Before 5.17 IPv4 does not honour it for raw sockets; see PingWatch.
FREEBIND_FOUR = (socket.IPPROTO_IP, 15)
FREEBIND_SIX = (41, 78)

# What a bind says while the address or its interface is not there.
NOT_HERE = (errno.EADDRNOTAVAIL, errno.ENODEV)

NEEDS = 'the pings of the cards cannot be seen: %s (BYPASS_CARD_PING_TIMEOUT needs CAP_NET_RAW, which the unit gives)'
CANNOT = 'the pings for %s cannot be seen: %s'


def open_socket(address, scope=0):
    """A non-blocking raw socket that receives the echo requests for an address. Raises SYSTEM_ERRORS.

    scope: the index of the interface, for link-local addresses only.
    """
    six = ':' in address
    sock = sockets.made(six, socket.SOCK_RAW, ICMPV6 if six else socket.IPPROTO_ICMP)
    try:
        # Nothing else may come in before it is bound.
        _let_in(sock, six, None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            sock.setsockopt(*(FREEBIND_SIX if six else FREEBIND_FOUR) + (1,))
        except compat.SYSTEM_ERRORS:
            # An old kernel. Then the address must be there.
            pass
        sock.bind((address, 0) + ((0, scope) if six else ()))
        drain(sock)
        _let_in(sock, six, ECHO_SIX if six else ECHO_FOUR)
    except BaseException:
        sock.close()
        raise
    return sock


def _let_in(sock, six, kind):
    """Let only this type of messages into the socket, or none."""
    level, option, form = OF_SIX if six else OF_FOUR
    words = [ALL] * (form.size // 4)
    if kind is not None:
        words[kind // 32] &= ~(1 << kind % 32)
    sock.setsockopt(level, option, form.pack(*words))


def drain(sock):
    """Read what waits in a socket, at most MOST messages. Returns their number. Raises SYSTEM_ERRORS."""
    for number in range(MOST):
        try:
            sock.recv(1)
        except compat.SYSTEM_ERRORS as error:
            if compat.would_block(error) or compat.interrupted(error):
                return number
            raise
    return MOST


class PingWatch(object):
    """The thread. known: {AddressItem: pings.Pings}; errors: {AddressItem: why its pings cannot be seen}.

    A socket stays when its address goes and comes back. An old kernel opens none while the address is not there: then
    it is tried again when it is there. Only the thread itself touches the sockets.
    """

    def __init__(self, report, clock=compat.monotonic, opener=open_socket, rest=time.sleep):
        self.known = {}
        self.errors = {}
        self._report = report
        self._clock = clock
        self._open = opener
        self._rest = rest
        self._closing = False
        self._order = self._taken = NOTHING
        self._socks = {}    # {AddressItem: (scope, socket, the monotonic second since when it hears)}
        self._items = {}    # {descriptor: AddressItem}
        self._retry = None    # the monotonic second at which sockets that are missing are tried again
        self._bell = Bell()
        self._poller = select.poll()
        self._poller.register(self._bell.descriptor, select.POLLIN)

    def start(self, crashed):
        """Start the thread, and return it. Raises one of threads.NO_THREAD."""
        return threads.start('pings', self._run, crashed)

    def watch(self, timeout, scopes, present):
        """Watch what this Order says from now on, and return it. Another thread calls this; it returns at once."""
        self._order = order = Order(timeout, scopes, present)
        self._bell.ring()
        return order

    def close(self):
        """End the thread, and do not wait for it: nobody needs what it frees."""
        self._closing = True
        self._bell.ring()
        self._bell.close()

    def abandon(self):
        """Close what a thread that was never started would close."""
        self._leave()
        self._bell.close()

    def _run(self):
        try:
            while not self._closing:
                self.turn(compat.poll(self._poller, self.left()))
        finally:
            self._leave()

    def _leave(self):
        for item in list(self._socks):
            self._drop(item)
        self._bell.leave()

    def left(self):
        """The ms until a card is silent or a socket is tried again; None for no limit."""
        times = [due for _, due in self._dues()] + ([] if self._retry is None else [self._retry])
        return max(0, math.ceil((min(times) - self._clock()) * 1000)) if times else None

    def turn(self, ready):
        """Read the pings first, and call a card silent then: this process may have been stopped for a while.

        ready: what poll(2) has found.
        """
        found = [self._items.get(descriptor) for descriptor, _ in ready]
        heard = [self._read(item) for item in found if item]
        if len(heard) < len(found):
            self._bell.heard()
        if self._order is not self._taken or self._retry is not None and self._clock() >= self._retry:
            self._take(self._order)
        now = self._clock()
        for item, due in self._dues():
            if now >= due:
                self._become(item, SILENT, 'no ping for %d ms' % round(self._taken.timeout * 1000))
        if any(heard):
            self._rest(PAUSE)

    def _dues(self):
        """[(AddressItem, the monotonic second at which this card falls silent)] of those that can."""
        return [(item, pings.due(self.known[item], max(since, self._socks[item][2]), self._taken.timeout))
                for item, since in self._taken.present.items()
                if item in self._socks and self.known[item].state != SILENT]

    def _read(self, item):
        """Read the pings that wait for this card. Returns their number."""
        try:
            number = drain(self._socks[item][1])
        except compat.SYSTEM_ERRORS as error:
            self._drop(item)
            self._failed(item, error)
            return 0
        if number:
            self.known[item] = pings.after(self.known[item], self._clock(), number)
            if self.known[item].state != SEEN:
                self._become(item, SEEN, 'a ping')
        return number

    def _become(self, item, state, why):
        old = self.known[item].state
        self.known[item] = self.known[item]._replace(state=state)
        self._report(pings.PingsChanged(self, item, old, state, why))

    def _take(self, order):
        """Close the sockets that this Order has no use for, and open those that are missing."""
        self._taken, self._retry = order, None
        for item in [item for item, held in self._socks.items() if order.scopes.get(item) != held[0]]:
            self._drop(item)
        for item in [item for item in self.known if item not in order.scopes]:
            del self.known[item]
            self.errors.pop(item, None)
        for item, scope in sorted(order.scopes.items()):
            self.known.setdefault(item, pings.NONE)
            if item in self._socks:
                continue
            # A link-local address can only be bound on an interface that is there.
            if scope or not link_local(item.address):
                self._listen(item, scope)
            else:
                # Its interface is missing, and the card's row says so.
                self.errors.pop(item, None)

    def _listen(self, item, scope):
        try:
            sock = self._open(item.address, scope)
        except compat.SYSTEM_ERRORS as error:
            if item not in self._taken.present and compat.error_number(error) in NOT_HERE:
                self.errors.pop(item, None)
            else:
                self._failed(item, error)
            return
        self.errors.pop(item, None)
        self._socks[item], self._items[sock.fileno()] = (scope, sock, self._clock()), item
        self._poller.register(sock, select.POLLIN)

    def _failed(self, item, error):
        """Note why the pings of a card cannot be seen, and try again later."""
        said = getattr(error, 'strerror', None) or '%s' % error
        why = NEEDS % said if compat.error_number(error) in (errno.EPERM, errno.EACCES) else CANNOT % (
            item.address, said)
        if why not in self.errors.values():
            logging.warning('%s', why)
        self.errors[item] = why
        self._retry = self._clock() + RETRY

    def _drop(self, item):
        sock = self._socks.pop(item)[1]
        del self._items[sock.fileno()]
        self._poller.unregister(sock)
        sock.close()
