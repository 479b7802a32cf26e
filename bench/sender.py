"""Sends the heartbeats of all DPI nodes from one process, which reads its orders from its standard input.

    python3 bench/sender.py HOST PORT COUNT INTERVAL_MS SOURCE

Listener n is at HOST and PORT + n. Two heartbeats of a node are 75 to 100 % of the interval apart, each time drawn
anew, as in RFC 5880 (6.8.7) for BFD. So the nodes do not beat in step. The orders are:

    all            every node lives; their first beats are spread over one interval
    none           every node is dead
    kill N         node N is dead
    revive N       node N lives and beats at once
    last           every node beats once more, one right after the other, and is dead

When an order has been carried out, a line is the answer.
"""
import heapq
import os
import random
import select
import socket
import sys
import time

# As long as a BFD control packet, so that one filter finds both.
HEARTBEAT = b'fastbypass_monitor bench'


class Sender(object):
    """Knows which nodes live and when each of them beats next."""

    def __init__(self, host, port, count, interval, source):
        self._targets = [(host, port + number) for number in range(count)]
        self._interval = interval
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((source, 0))
        self._alive = set()
        # A heap of (monotonic seconds, node). Entries that no longer hold are passed over when they are due.
        self._due = []
        self._scheduled = {}
        self._poller = select.poll()
        self._poller.register(0, select.POLLIN)

    def run(self):
        """Carry out orders and send the beats that are due, until the standard input ends."""
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
        """Every node lives. Their first beats are spread over one interval."""
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
        """One node lives and beats at once."""
        self._alive.add(node)
        self._send(node)
        self._schedule(node, self._next())

    def last(self):
        """Every node beats once more and is dead."""
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
            # Nobody listens at that port. The datagram is lost, as any other could be.
            pass


def _line():
    """One order, '' at the end. It is read byte by byte, since poll does not see what waits in a buffer."""
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
