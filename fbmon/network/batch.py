"""The co-process for changes: one `ip -batch` that is kept running, asked line by line whether it has done them."""
import os
import select
import threading

from fbmon.base import compat
from fbmon.network import iproute

# Seconds for one batch to be acknowledged.
BATCH_LIMIT = 1.0

# Commands between two acknowledgements: few enough that all of them fit into the pipe, and all their errors too.
BATCH_LINES = 256

# `ip` knows no such object, and says so at once.
ACKNOWLEDGE = 'fbmon-acknowledge'


class Batch(object):
    """One `ip -force -batch -` child, kept running: a command costs a line instead of a process.

    After the commands comes a line that `ip` does not understand. It answers on its unbuffered stderr with
    "Command failed -:N", after the errors of the lines before it, each with its own N: that is the acknowledgement.
    """

    def __init__(self, limit=BATCH_LIMIT, clock=compat.monotonic):
        self._limit = limit
        self._clock = clock
        self._child = None
        self._ended = False
        self._starting = threading.Lock()
        self._lines = 0
        self._reaper = iproute.Reaper()

    def run(self, lines):
        """Run the lines; {position: ip's words} of those that failed.

        What failed is tried once more with a new child: `ip` remembers interface indexes, and an old one knows
        nothing of an interface that was made anew.
        """
        failed = self._attempt(lines)
        if failed:
            self.close()
            again = sorted(failed)
            second = self._attempt([lines[position] for position in again])
            failed = dict((again[position], said) for position, said in second.items())
        return failed

    def close(self):
        """End the child; the next run starts a new one."""
        if self._child:
            self._reaper.end(self._child)
        self._child = None

    def kill(self):
        """End a child that may be hanging, and start no other; called by another thread when the process ends."""
        with self._starting:
            self._ended = True
            iproute.kill(self._child)

    def restart(self):
        """Have a fresh child ready. What keeps it from starting is told by the next run."""
        self.close()
        try:
            self._start()
        except iproute.IpError:
            pass

    def _start(self):
        with self._starting:
            if self._ended:
                raise iproute.IpError('ip is not started any more: the daemon stops')
            self._child, self._lines = iproute.spawn(['-force', '-batch', '-'], stdin=iproute.PIPE), 0

    def _attempt(self, lines):
        failed = {}
        for start in range(0, len(lines), BATCH_LINES):
            part = lines[start:start + BATCH_LINES]
            try:
                errors = self._converse(part)
            except iproute.IpError as error:
                self.close()
                errors = dict((position, str(error)) for position in range(len(part)))
            failed.update((start + position, said) for position, said in errors.items())
        return failed

    def _converse(self, lines):
        """Send the lines and the acknowledgement, and read until it is answered: {position: words} of errors."""
        if self._child is None:
            self._start()
        first, last = self._lines + 1, self._lines + len(lines) + 1
        self._lines = last
        self._write('\n'.join(lines + [ACKNOWLEDGE, '']).encode('ascii'))
        errors = self._read_until(last)
        return dict((number - first, said) for number, said in errors.items() if number != last)

    def _write(self, data):
        try:
            written = os.write(self._child.stdin.fileno(), data)
        except EnvironmentError as error:
            raise iproute.IpError('ip -batch does not take commands: %s' % error.strerror)
        if written < len(data):
            raise iproute.IpError('ip -batch does not take commands: its pipe is full')

    def _read_until(self, last):
        """{line number: words} of all errors up to the one of line `last`."""
        poller = select.poll()
        poller.register(self._child.stderr.fileno(), select.POLLIN)
        deadline = self._clock() + self._limit
        errors, before, rest = {}, [], b''
        while last not in errors:
            left = deadline - self._clock()
            if left <= 0:
                raise iproute.IpError('ip -batch: no answer within %g s' % self._limit)
            part = iproute.read(self._child.stderr.fileno()) if compat.poll(poller, left * 1000 + 1) else None
            if part == b'':
                raise iproute.IpError('ip -batch ended%s' % (': ' + iproute.words(b' '.join(before)) if before else ''))
            complete, _, rest = (rest + (part or b'')).rpartition(b'\n')
            for line in complete.splitlines():
                number = _failed_line(line)
                if number is None:
                    before.append(line)
                else:
                    errors[number], before = iproute.words(b' '.join(before)) or 'failed without a word', []
        return errors


def _failed_line(line):
    """N of "Command failed -:N", or None."""
    head, _, number = line.rpartition(b':')
    return int(number) if head == b'Command failed -' and number.isdigit() else None
