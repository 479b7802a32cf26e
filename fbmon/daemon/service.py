"""What systemd is told: that the service is up, one line of status, and that it is alive."""
from fbmon.base import compat


class Service(object):
    """Speaks through a Notifier when there is something new to say. For the controller's thread."""

    def __init__(self, notifier, clock=compat.monotonic):
        self._notifier = notifier
        self._clock = clock
        self._feed_at = None
        self._ready = False
        self._text = None

    def deadline(self):
        """Monotonic seconds at which the watchdog is to be fed, or None."""
        return self._feed_at

    def step(self, text, ready, healthy):
        """Tell what is new. text: the line for `systemctl status`; ready: whether the service is up; healthy(): whether
        every thread does its work, asked only when the watchdog is due."""
        if ready and not self._ready:
            self._ready = True
            self._notifier.ready()
        if text != self._text:
            self._text = text
            self._notifier.status(text)
        interval = self._notifier.watchdog_interval
        if interval and (self._feed_at is None or self._clock() >= self._feed_at):
            self._feed_at = self._clock() + interval
            if healthy():
                self._notifier.watchdog()
