"""The loop that sends heartbeats to all targets in one rhythm, for as long as the check passes. It has one thread."""
import os
import select
import signal

from fbmon.base import children, compat
from fbmon.beat.check import Check
from fbmon.beat.rhythm import Rhythm
from fbmon.beat.target import Target
from fbmon.beat.trouble import AGAIN, Trouble
from fbmon.beat.voice import INFO, WARNING

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Sender(object):
    """One process has one. settings: see beat/settings; say: Voice; notifier: tell.sdnotify.Notifier."""

    def __init__(self, settings, voice, notifier, clock=compat.monotonic):
        self._settings, self._voice, self._notifier, self._clock = settings, voice, notifier, clock
        self._targets = [(Target(one.host, one.port, one.zone, settings.source, settings.interface), Trouble())
                         for one in settings.targets]
        now = clock()
        self._check = Check(settings.command, settings.every, voice.say, now) if settings.command else None
        self._rhythm = Rhythm(settings.interval, now)
        self._feeding = Rhythm(notifier.watchdog_interval, now) if notifier.watchdog_interval else None
        self._rounds, self._stopped, self._ready, self._status = 0, False, False, None
        self._wake, self._bell = compat.pipe()

    def run(self):
        """Send until a signal comes, or as often as wanted. Returns how many the target has got that has got most."""
        for number in STOPPING:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, self._ring)
        try:
            while not self._stopped and self._rounds != self._settings.count:
                self._turn(self._clock())
        finally:
            if self._check:
                self._check.close()
            self._notifier.stopping()
        return max(target.taken for target, _ in self._targets)

    def _turn(self, now):
        if self._may_send(now) and self._rhythm.over(now):
            self._round(now)
            if self._rounds == self._settings.count:
                return
        if self._check:
            self._check.turn(now)
        self._tell_systemd(now)
        self._voice.flush()
        self._wait(self._wake_at(now) - self._clock())

    def _may_send(self, now):
        return self._check is None or self._check.good(now)

    def _round(self, now):
        """A heartbeat to each target. One that cannot be reached holds up no other."""
        for target, trouble in self._targets:
            if self._stopped:
                return
            told = trouble.note(target.send(), now)
            if told:
                self._voice.say('%s: %s' % (target.name, told), INFO if told == AGAIN else WARNING)
        self._rounds += 1

    def _tell_systemd(self, now):
        """Only this loop feeds the watchdog, after it has done all that was due: if it hangs, we are restarted."""
        self._ready = self._ready or self._notifier.ready()
        text = self._in_words()
        if text != self._status and self._notifier.status(text):
            self._status = text
        if self._feeding and self._feeding.over(now):
            self._notifier.watchdog()

    def _in_words(self):
        if self._check and self._check.reason != '':
            return 'no heartbeats: ' + (self._check.reason and 'the check failed: ' + self._check.reason
                                        or 'the first check has not ended yet')
        wrong = ['%s: %s' % (target.name, trouble.reason) for target, trouble in self._targets if trouble.reason]
        return '; '.join(wrong) or 'heartbeats to ' + ', '.join(target.name for target, _ in self._targets)

    def _wake_at(self, now):
        """When something is due next. What the check says wakes us anyway, and so does its end."""
        moments = [now + children.LONGEST]
        if self._may_send(now):
            moments.append(self._rhythm.due)
        if self._feeding:
            moments.append(self._feeding.due)
        if self._check and self._check.wake_at() is not None:
            moments.append(self._check.wake_at())
        return min(moments)

    def _wait(self, seconds):
        poller = select.poll()
        for descriptor in (self._wake, self._check and self._check.descriptor()):
            if descriptor is not None:
                poller.register(descriptor, select.POLLIN)
        # poll(2) counts milliseconds, and must not wake us before the moment.
        compat.poll(poller, max(0, int(seconds * 1000) + 1 if seconds > 0 else 0))
        children.parts(self._wake)

    def _stop(self, *_):
        self._stopped = True
        self._ring()

    def _ring(self, *_):
        try:
            os.write(self._bell, b'.')
        except EnvironmentError:
            # It is full, so it wakes us anyway.
            pass
