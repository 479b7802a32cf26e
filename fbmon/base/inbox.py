"""The queue between the threads and the controller: many put, one takes, and taking can have a time limit.

queue.Queue would do but for that limit: on 2.7 its get(timeout) polls every 50 ms by the wall clock.
"""
import collections
import math
import os
import select

from fbmon.base import compat


class Inbox(object):
    """Events in the order in which they were put."""

    def __init__(self, clock=compat.monotonic):
        self._clock = clock
        self._events = collections.deque()
        self._asleep = self._rung = False
        self._reader, self._writer = compat.pipe()
        self._poller = select.poll()
        self._poller.register(self._reader, select.POLLIN)

    def put(self, event):
        """Add an event and wake the taker. Never blocks."""
        self._events.append(event)
        if self._asleep:
            self._asleep = False
            os.write(self._writer, b'.')

    def take(self, deadline=None):
        """All events that are there; waits for one until deadline (monotonic seconds, None: no limit)."""
        if not self._events:
            self._wait(deadline)
        return [self._events.popleft() for _ in range(len(self._events))]

    def _wait(self, deadline):
        if self._rung:
            # Not right after the wake-up: a system call lets other threads run first.
            os.read(self._reader, 4096)
            self._rung = False
        self._asleep = True
        # An event that was put just before left no byte in the pipe.
        if not self._events:
            left = None if deadline is None else max(0, math.ceil((deadline - self._clock()) * 1000))
            self._rung = bool(compat.poll(self._poller, left))
        self._asleep = False
