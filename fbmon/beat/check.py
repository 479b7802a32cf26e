"""Runs the command that says whether the node works, again and again, beside the sending of heartbeats.

Each run has a shell and a session of its own, and may take as long as it is until the next one. What it leaves behind
is killed. As long as one has not gone, because its disk hangs, no other is started.
"""
import os
import signal

from fbmon.base import children, compat, starting
from fbmon.beat.rhythm import Rhythm
from fbmon.beat.voice import INFO, WARNING

# The bytes of its output that are kept: the last ones.
KEPT = 400

# What the shell's own exit codes mean (sh(1)).
CODES = {126: 'exit code 126, it cannot be executed', 127: 'exit code 127, it was not found'}

PASSES, AGAIN = 'the check passes: heartbeats begin', 'the check passes again: heartbeats go on'
FAILED, STILL = 'the check failed, so no heartbeats: ', 'the check still fails, now: '


class Check(object):
    """The command and what it has said last. say(text, level) tells each change of it once."""

    def __init__(self, command, every, say, now):
        self._command, self._every, self._say = command, every, say
        self._rhythm = Rhythm(every, now)
        self._child, self._begun, self._killed, self._output = None, None, False, b''
        self._good_until = None
        # What was told: None before the first run, '' if it passes, else why it failed.
        self.reason = None

    def good(self, now):
        """Whether heartbeats may go out: the last run has passed, and began two periods ago at most.

        So it does not count for ever if we, or it, were stopped meanwhile.
        """
        return self._good_until is not None and now <= self._good_until

    def turn(self, now):
        """Do what is due: see how a run ends, kill it, begin the next one."""
        if self._child:
            self._read()
            self._look(now)
        if not self._child and self._rhythm.over(now):
            self._begin(now)

    def wake_at(self):
        """When turn() must be called at the latest, even if nothing happens; None if it need not."""
        if self._child is None:
            return self._rhythm.due
        return None if self._killed else self._begun + self._every

    def descriptor(self):
        """The descriptor of its output; None if there is none."""
        return self._child.stdout.fileno() if self._child and not self._child.stdout.closed else None

    def close(self):
        """Kill a run that has not ended."""
        if self._child:
            self._kill()

    def _begin(self, now):
        self._begun, self._killed, self._output = now, False, b''
        try:
            with open(os.devnull) as null:
                self._child = starting.start_child(['/bin/sh', '-c', self._command], session=True, stdin=null,
                                                   stdout=starting.PIPE, stderr=starting.STDOUT)
            compat.unblocked(self._child.stdout.fileno())
        except EnvironmentError as error:
            self._failed('it cannot be started: %s' % os.strerror(error.errno))

    def _read(self):
        if self._child.stdout.closed:
            return
        parts = children.parts(self._child.stdout.fileno())
        self._output = (self._output + b''.join(parts))[-KEPT:]
        if parts[-1:] == [b'']:
            self._child.stdout.close()

    def _look(self, now):
        code, late = self._child.poll(), now > self._begun + self._every
        if code is None and not late:
            return
        if not self._killed:
            self._kill()
            if late:
                self._failed('not ended within %d s' % self._every)
            elif code:
                self._failed(_in_words(code))
            else:
                self._passed()
        if code is not None:
            self._child.stdout.close()
            self._child = None

    def _kill(self):
        """Kill it and what it has started. The kernel gives its number to no other group while one of them lives."""
        self._killed = True
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except EnvironmentError:
            # None is left, or they have become another user's.
            pass

    def _passed(self):
        self._good_until = self._begun + 2 * self._every
        if self.reason != '':
            self._say(PASSES if self.reason is None else AGAIN, INFO)
        self.reason = ''

    def _failed(self, why):
        self._good_until = None
        if why != self.reason:
            said = children.words(self._output)
            self._say((STILL if self.reason else FAILED) + why + (': ' + said if said else ''), WARNING)
        self.reason = why


def _in_words(code):
    return 'ended by signal %d' % -code if code < 0 else CODES.get(code, 'exit code %d' % code)
