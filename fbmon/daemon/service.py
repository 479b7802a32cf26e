"""Sends messages to systemd: that the service is up, that it is alive, and one line of status."""
from fbmon.base import compat

# Seconds until a message that was not taken or was held back is tried again: much less than the rest of the watchdog's
# time.
RETRY = 0.5

# Seconds between two lines of status. Only the latest one counts, and the queue of systemd is short.
PAUSE = 0.5


class Service(object):
    """Says what is new to a Notifier, again and again until it is taken. For the controller's thread.

    If the queue is full, or a listener has not caught up yet after a stall, the next try comes half a second later.
    """

    def __init__(self, notifier, clock=compat.monotonic):
        self._notifier = notifier
        self._clock = clock
        self._ready = False
        self._text = None
        self._refused = False
        self._status_from = clock()
        # The monotonic second at which each message is due next, or None.
        self._ready_at = self._feed_at = self._status_at = None

    def deadline(self):
        """The monotonic second at which step() has something to say by itself, or None."""
        times = [at for at in (self._ready_at, self._feed_at, self._status_at) if at is not None]
        return min(times) if times else None

    def step(self, text, ready, healthy):
        """Say what is new.

        text: the line for `systemctl status`; ready: whether the service is up; healthy(): whether each thread does its
        work, called only when the watchdog is due.
        """
        now = self._clock()
        self._refused = False
        if ready and not self._ready and (self._ready_at is None or now >= self._ready_at):
            self._ready = self._said(self._notifier.ready())
            self._ready_at = None if self._ready else now + RETRY
        interval = self._notifier.watchdog_interval
        if interval and (self._feed_at is None or now >= self._feed_at):
            fed = healthy() and self._said(self._notifier.watchdog())
            self._feed_at = now + (interval if fed else min(RETRY, interval))
        if text != self._text and now >= self._status_from:
            self._tell_status(text, now)
        self._status_at = None if text == self._text else self._status_from

    def _tell_status(self, text, now):
        """Say the line of status, but not if a message that keeps the service alive was refused just now."""
        self._status_from = now + PAUSE
        if not self._refused and self._ready_at is None and self._said(self._notifier.status(text)):
            self._text = text

    def _said(self, taken):
        self._refused = self._refused or not taken
        return taken
