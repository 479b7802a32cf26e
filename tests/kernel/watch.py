"""Notes every change of addresses and links in a namespace, in order, as the kernel reports it."""
import select
from collections import namedtuple

import clock
from fbmon.base import compat

from kernel import netlink

# at: the monotonic second at which it was read; text: '+ 10.0.0.1/24 eth0', '- 10.0.0.1/24 eth0', 'sw0 up',
# 'sw0 down', 'sw0 is new', 'sw0 is gone' or 'sw0 is now sw9'.
Event = namedtuple('Event', 'at text')

# Our own mark among the events: an address that nobody manages, on an interface that nobody manages.
MARK = '127.77.7.7/32'


class Watch(object):
    """Notes changes from the moment when it is made. A report of a link with the same name and flag is no event."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._sock = netlink.inside(namespace.path, netlink.open_socket, netlink.CHANGES)
        self._poller = select.poll()
        self._poller.register(self._sock, select.POLLIN)
        self._links = namespace.dump()[0]
        self._marks = 0
        self._events = []

    def close(self):
        """Close the socket."""
        self._sock.close()

    def wait_for(self, *texts, **options):
        """Wait until all of these events have come, in any order. Returns the last Event. Fails after limit seconds."""
        deadline = clock.monotonic() + options.get('limit', 20.0)
        while True:
            missing = set(texts).difference(event.text for event in self._events)
            if not missing:
                return max(event for event in self._events if event.text in texts)
            left = deadline - clock.monotonic()
            assert left > 0, 'not seen: %s; seen: %s' % (sorted(missing), self._texts())
            self._read(left)

    def more(self, seconds):
        """Read what has come, or wait some seconds for it. Returns whether an event came."""
        before = len(self._events)
        self._read(seconds)
        return len(self._events) > before

    def take(self):
        """Take out all events up to now, and return their texts."""
        self._fence()
        texts, self._events = self._texts(), []
        return texts

    def quiet(self, seconds):
        """Fails if there is an event that was not taken yet, or if one comes in the next seconds."""
        deadline = clock.monotonic() + seconds
        while clock.monotonic() < deadline:
            self._read(deadline - clock.monotonic())
        events = self.take()
        assert events == [], 'not quiet: ' + ', '.join(events)

    def _fence(self):
        """Make our mark and read until it comes back: then all earlier changes have been read too."""
        marks = self._marks
        self._namespace.ip('addr', 'add', MARK, 'dev', 'lo')
        self._namespace.ip('addr', 'del', MARK, 'dev', 'lo')
        deadline = clock.monotonic() + 20.0
        while self._marks < marks + 2:
            assert clock.monotonic() < deadline, 'the kernel does not show the mark'
            self._read(1.0)

    def _texts(self):
        return [event.text for event in self._events]

    def _read(self, seconds):
        """Read the first data that is there, or that comes within some seconds."""
        # A negative time would mean to wait for ever.
        if not compat.poll(self._poller, max(0, seconds) * 1000):
            return
        # Too many events at once make recv() fail (ENOBUFS). So no event is lost unnoticed.
        data = self._sock.recv(1 << 20)
        at = clock.monotonic()
        for kind, what in netlink.parse(data):
            text = self._link(kind, what) if isinstance(what, netlink.Link) else self._address(kind, what)
            if text:
                self._events.append(Event(at, text))

    def _link(self, kind, link):
        before = self._links.get(link.index)
        if kind == netlink.DEL_LINK:
            self._links.pop(link.index, None)
            return link.name + ' is gone'
        self._links[link.index] = link
        if before is None:
            return link.name + ' is new'
        if before.name != link.name:
            return '%s is now %s' % (before.name, link.name)
        return None if before.up == link.up else '%s %s' % (link.name, 'up' if link.up else 'down')

    def _address(self, kind, address):
        if address.text == MARK:
            self._marks += 1
            return None
        link = self._links.get(address.index)
        sign = '+' if kind == netlink.NEW_ADDRESS else '-'
        return '%s %s %s' % (sign, address.text, link.name if link else address.index)
