"""The thread that keeps the Picture current: it reads everything once and then follows `ip -o monitor address link`."""
import os
import select
import threading
import time

from fbmon.base import children, compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.network import iproute, picture, reading
from fbmon.network.pauses import Pauses
from fbmon.network.talk import Talk

# The monitor puts these on the queue. Read: everything was read again. Seen: a tuple of LinkSeen and AddressSeen, in
# order. Lost: there is no current picture; why: in ip's own words.
Read = namedtuple('Read', 'picture')
Seen = namedtuple('Seen', 'changes')
Lost = namedtuple('Lost', 'why')

FOLLOW = ['-o', 'monitor', 'address', 'link']

# Seconds in which a new `ip monitor` should listen, and between two looks whether it does.
LISTEN_LIMIT = 1.0
LISTEN_STEP = 0.001

# Seconds. After lives of the child that are short, the pauses grow from FIRST to LONGEST. In a pause nothing is seen.
FIRST, LONGEST = 0.1, 2.0

# A child that has lived for so many seconds was sound. After its end the pauses begin anew.
SOUND = 2.0

STOPS = 'ip is not started any more: the daemon stops'


class Monitor(object):
    """Runs `ip monitor` for ever. The child is replaced when it ends, when it has lost something, and on demand."""

    def __init__(self, report, clock=compat.monotonic):
        self._report = report
        self._clock = clock
        self._reaper = iproute.Reaper()
        self._children = []
        self._closed = False
        self._talk = Talk()
        self._starting = threading.Lock()
        self._wake_reader, self._wake_writer = compat.pipe()

    def start(self, crashed):
        """Start the thread."""
        threads.start('monitor', self._run, crashed)

    def replace(self):
        """Let the thread replace the child and read everything again. Other threads call this; it returns at once."""
        try:
            os.write(self._wake_writer, b'.')
        except EnvironmentError as error:
            if not compat.would_block(error):
                raise

    def look(self, limit=reading.READ_LIMIT):
        """The Picture of what the kernel has now, read in the thread that calls. Raises IpError."""
        found = reading.kernel(limit, self._spawn)
        if self._closed:
            # Both threads may collect a killed child. 2.7 tells one of them that it ended well.
            raise iproute.IpError(STOPS)
        return found

    def close(self):
        """Kill all children, which the process would leave behind when it ends. Returns those that have not gone yet.

        The thread is left alone.
        """
        with threads.Briefly(self._starting):
            self._closed = True
            return children.kill(*self._children)

    def _spawn(self, arguments):
        with self._starting:
            if self._closed:
                raise iproute.IpError(STOPS)
            child = iproute.spawn_by_write(arguments)
            self._children = [one for one in self._children if one.returncode is None] + [child]
            return child

    def _run(self):
        pauses = _pauses()
        while not self._closed:
            began = self._clock()
            try:
                self.watch()
                pauses = _pauses()
                continue
            except iproute.IpError as error:
                if self._closed:
                    return
                self._report(Lost(str(error)))
            if self._clock() - began >= SOUND:
                pauses = _pauses()
            self._pause(pauses.next())

    def watch(self):
        """Follow one child, and return when replace() was called.

        Raises IpError when the child ends or something is lost.
        """
        self._reaper.admit()
        child = self._spawn(FOLLOW)
        try:
            wait_until_it_listens(child, self._clock)
            self._report(Read(self.look()))
            self._follow(child)
        finally:
            self._reaper.end(child)

    def _follow(self, child):
        output, errors = child.stdout.fileno(), child.stderr.fileno()
        poller = select.poll()
        for descriptor in (output, errors, self._wake_reader):
            poller.register(descriptor, select.POLLIN)
        self._talk.begin()
        while True:
            ready = [descriptor for descriptor, _ in compat.poll(poller)]
            if self._wake_reader in ready:
                children.read(self._wake_reader)
                return
            if errors in ready:
                said = children.read(errors)
                self._talk.take(said)
                if said == b'':
                    poller.unregister(errors)
            if output in ready:
                parts = children.parts(output)
                self._take([part for part in parts if part])
                if b'' in parts:
                    self._talk.end(children.read(errors))

    def _take(self, records):
        """Report what the records show. `ip monitor` writes each one by itself, see iproute.spawn_by_write."""
        if not all(map(iproute.is_whole, records)):
            raise iproute.IpError('ip monitor: a record came in parts')
        seen = [picture.parse(iproute.text(record)) for record in records]
        changes = tuple(change for change in seen if change)
        if changes:
            self._report(Seen(changes))

    def _pause(self, seconds):
        poller = select.poll()
        poller.register(self._wake_reader, select.POLLIN)
        if compat.poll(poller, seconds * 1000):
            children.read(self._wake_reader)


def _pauses():
    return Pauses(at_once=True, first=FIRST, longest=LONGEST)


def wait_until_it_listens(child, clock=compat.monotonic, limit=LISTEN_LIMIT, proc='/proc'):
    """Wait until the child has a netlink socket in the kernel's list that has joined groups, and until it sleeps then.

    In between the child asks for all links on the same socket, and throws away all else that comes there. If we read
    everything before it listens, we would never see a change in between. If the kernel does not tell in time, we go on:
    when a change of ours is not shown, everything is read again.
    """
    deadline = clock() + limit
    place = '%s/%d/' % (proc, child.pid)
    while clock() < deadline and child.poll() is None and not (_joined(child.pid, place) and _sleeps(place)):
        time.sleep(LISTEN_STEP)


def _joined(pid, place):
    """Whether a netlink socket with the port id `pid` has joined a group (proc(5)). Columns: sk Eth Pid Groups ..."""
    try:
        with open(place + 'net/netlink') as lines:
            rows = [line.split() for line in lines]
    except EnvironmentError:
        return True
    return any(row[2:3] == [str(pid)] and row[3].strip('0') for row in rows)


def _sleeps(place):
    """Whether the process sleeps until something comes (proc(5)): its state, after the name in brackets, is S."""
    try:
        with open(place + 'stat') as line:
            return line.read().rpartition(')')[2].split()[:1] == ['S']
    except EnvironmentError:
        return True
