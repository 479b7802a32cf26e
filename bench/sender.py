"""DPI nodes: one process that sends the heartbeats of all of them, told by lines on its standard input what to do.

    python3 bench/sender.py HOST PORT COUNT INTERVAL_MS SOURCE

Listener n is at HOST, PORT + n. Two heartbeats of one node are 75 to 100 % of the interval apart, by chance, as RFC
5880 (6.8.7) has it for BFD: nodes do not beat in step. Orders:

    all            every node lives, and beats at once
    none           every node is dead
    kill N         node N is dead
    revive N       node N lives, and beats at once
    last           every node beats once more, one right after the other, and is dead

Each order is answered with a line when it has been done.
"""
import heapq
import os
import random
import select
import socket
import sys
import time

# As long as a BFD control packet, so that one filter finds either.
HEARTBEAT = b'fastbypass_monitor bench'


class Sender(object):
    """The nodes that live, and when each of them beats next."""

    def __init__(self, host, port, count, interval, source):
        self._targets = [(host, port + number) for number in range(count)]
        self._interval = interval
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((source, 0))
        self._alive = set()
        # (monotonic seconds, node); what a dead node still has in here is passed over.
        self._due = []
        self._scheduled = {}
        self._poller = select.poll()
        self._poller.register(0, select.POLLIN)

    def run(self):
        """Until the standard input ends."""
        while True:
            if self._poller.poll(self._patience()):
                line = _line()
                if not line:
                    return
                words = line.split()
                getattr(self, words[0])(*[int(word) for word in words[1:]])
                os.write(1, b'.\n')
            self._beat_due()

    def all(self):
        """Every node lives; the first beats are spread over an interval."""
        for node in range(len(self._targets)):
            self._alive.add(node)
            self._schedule(node, time.monotonic() + self._interval * random.random())

    def none(self):
        """Every node is dead."""
        self._alive.clear()

    def kill(self, node):
        """One node is dead."""
        self._alive.discard(node)

    def revive(self, node):
        """One node lives."""
        self._alive.add(node)
        self._send(node)
        self._schedule(node, self._next())

    def last(self):
        """The last beats of all."""
        self._alive.clear()
        for node in range(len(self._targets)):
            self._send(node)

    def _next(self):
        return time.monotonic() + self._interval * random.uniform(0.75, 1.0)

    def _schedule(self, node, at):
        self._scheduled[node] = at
        heapq.heappush(self._due, (at, node))

    def _patience(self):
        if not self._due:
            return None
        return max(0.0, self._due[0][0] - time.monotonic()) * 1000

    def _beat_due(self):
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            at, node = heapq.heappop(self._due)
            if node in self._alive and self._scheduled[node] == at:
                self._send(node)
                self._schedule(node, self._next())

    def _send(self, node):
        try:
            self._sock.sendto(HEARTBEAT, self._targets[node])
        except OSError:
            # Refused by a port that nobody listens at: as lost as any other datagram.
            pass


def _line():
    """One order, read byte by byte: nothing may wait in a buffer that poll does not see."""
    line = b''
    while not line.endswith(b'\n'):
        byte = os.read(0, 1)
        if not byte:
            return ''
        line += byte
    return line.decode('ascii')


if __name__ == '__main__':
    # A sender that is not scheduled in time looks like DPI nodes that have died.
    os.nice(-10)
    Sender(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]) / 1000, sys.argv[5]).run()
