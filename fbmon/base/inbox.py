"""The queue between the threads and the controller. Many threads put events in; one takes them, with a deadline.

queue.Queue does not suit us, because get(timeout) of 2.7 polls every 50 ms by the wall clock.
"""
import collections
import math
import os
import select

from fbmon.base import compat


class Inbox(object):
    """Events in the order in which they were put in."""

    def __init__(self, clock=compat.monotonic):
        self._clock = clock
        self._events = collections.deque()
        self._asleep = self._rung = False
        self._reader, self._writer = compat.pipe()
        self._poller = select.poll()
        self._poller.register(self._reader, select.POLLIN)

    def put(self, event):
        """Add an event, and wake the thread that takes. It never blocks."""
        self._events.append(event)
        if self._asleep:
            self._asleep = False
            os.write(self._writer, b'.')

    def take(self, deadline=None):
        """[All events that are there]. If there is none, wait for one until deadline (monotonic seconds, or None)."""
        if not self._events:
            self._wait(deadline)
        return [self._events.popleft() for _ in range(len(self._events))]

    def _wait(self, deadline):
        if self._rung:
            # This is not done right after the wake-up, because a system call lets other threads run first.
            os.read(self._reader, 4096)
            self._rung = False
        self._asleep = True
        # An event that was put in just before this left no byte in the pipe.
        if not self._events:
            left = None if deadline is None else max(0, math.ceil((deadline - self._clock()) * 1000))
            self._rung = bool(compat.poll(self._poller, left))
        self._asleep = False
