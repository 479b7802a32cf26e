"""The thread that keeps the actual picture current: `ip -o monitor address link`, begun with a full reading."""
import os
import select
import threading
from collections import namedtuple

from fbmon.base import compat, threads
from fbmon.network import iproute, picture, reading
from fbmon.network.pauses import Pauses

# What the monitor puts on the queue. Read: everything was read again. Seen: LinkSeen and AddressSeen in order.
# Lost: there is no current picture, why is in ip's own words.
Read = namedtuple('Read', 'picture')
Seen = namedtuple('Seen', 'changes')
Lost = namedtuple('Lost', 'why')

FOLLOW = ['-o', 'monitor', 'address', 'link']

# Seconds for a new `ip monitor` to have subscribed, and between two looks whether it has.
SUBSCRIBE_LIMIT = 1.0
SUBSCRIBE_STEP = 0.001

# A monitor that has lived for so many seconds was sound: its end is the first of its kind.
SOUND = 10.0


class Monitor(object):
    """Runs `ip monitor` for ever: replaced when it ends, when it complains, and on demand."""

    def __init__(self, report, clock=compat.monotonic):
        self._report = report
        self._clock = clock
        self._reaper = iproute.Reaper()
        self._child = None
        self._closed = False
        self._starting = threading.Lock()
        self._wake_reader, self._wake_writer = compat.pipe()

    def start(self, crashed):
        """Start the thread."""
        threads.start('monitor', self._run, crashed)

    def replace(self):
        """Have the child replaced and everything read again. Called from another thread; returns at once."""
        try:
            os.write(self._wake_writer, b'.')
        except EnvironmentError as error:
            if not compat.would_block(error):
                raise

    def close(self):
        """End the child: the process is about to end and would leave it behind. The thread is left alone."""
        with self._starting:
            self._closed = True
            iproute.kill(self._child)

    def _run(self):
        pauses = Pauses(at_once=True)
        while not self._closed:
            began = self._clock()
            try:
                self.watch()
                pauses = Pauses(at_once=True)
                continue
            except iproute.IpError as error:
                self._report(Lost(str(error)))
            if self._clock() - began >= SOUND:
                pauses = Pauses(at_once=True)
            self._pause(pauses.next())

    def watch(self):
        """One life of the child; returns when replace() was called. Raises IpError when it ends or complains."""
        with self._starting:
            if self._closed:
                return
            child = self._child = iproute.spawn(FOLLOW)
        try:
            wait_until_subscribed(child, self._clock)
            self._report(Read(reading.kernel()))
            self._follow(child)
        finally:
            self._reaper.end(child)

    def _follow(self, child):
        output, errors = child.stdout.fileno(), child.stderr.fileno()
        poller = select.poll()
        for descriptor in (output, errors, self._wake_reader):
            poller.register(descriptor, select.POLLIN)
        rest = b''
        while True:
            ready = [descriptor for descriptor, _ in compat.poll(poller)]
            if self._wake_reader in ready:
                iproute.read(self._wake_reader)
                return
            # Whatever it says there, something may have been lost: `netlink receive error` goes on afterwards.
            if errors in ready:
                said = iproute.words(iproute.read(errors) or b'')
                raise iproute.IpError('ip monitor: %s' % (said or 'ended'))
            if output in ready:
                rest = self._take(rest, iproute.read(output))

    def _take(self, rest, part):
        """Report the complete lines of what was read; returns the incomplete last one."""
        if part == b'':
            raise iproute.IpError('ip monitor: ended')
        complete, _, rest = (rest + (part or b'')).rpartition(b'\n')
        seen = [picture.parse(line) for line in complete.decode('utf-8', 'replace').splitlines()]
        changes = tuple(change for change in seen if change)
        if changes:
            self._report(Seen(changes))
        return rest

    def _pause(self, seconds):
        poller = select.poll()
        poller.register(self._wake_reader, select.POLLIN)
        if compat.poll(poller, seconds * 1000):
            iproute.read(self._wake_reader)


def wait_until_subscribed(child, clock=compat.monotonic, limit=SUBSCRIBE_LIMIT, table='/proc/net/netlink'):
    """Wait until the kernel lists a netlink socket of the child that has joined groups (proc(5)).

    What changes between the full reading and the subscription would never be seen. Where the kernel does not
    tell in time, go on: a change that is not shown has everything read again.
    """
    poller = select.poll()
    poller.register(child.stderr.fileno(), select.POLLIN)
    deadline = clock() + limit
    while clock() < deadline and child.poll() is None and not _subscribed(child.pid, table):
        compat.poll(poller, SUBSCRIBE_STEP * 1000)


def _subscribed(pid, table):
    """Whether a socket with port id `pid` has a group; its columns: sk Eth Pid Groups ..."""
    try:
        with open(table) as lines:
            rows = [line.split() for line in lines]
    except EnvironmentError:
        return True
    return any(row[2:3] == [str(pid)] and row[3].strip('0') for row in rows)
