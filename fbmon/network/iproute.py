"""The only module that runs `ip`: the co-process for changes, and one-shot readings of what the kernel has."""
import os
import select
import subprocess
import threading
import time

from fbmon.base import compat

# Seconds for one batch to be acknowledged, and for `ip -o addr` or `ip -o link` to print everything.
BATCH_LIMIT = 1.0
READ_LIMIT = 5.0

# Seconds that a killed child is waited for when the process ends.
END_LIMIT = 0.2

# Commands between two acknowledgements: few enough that all of them fit into the pipe, and all their errors too.
BATCH_LINES = 256

# `ip` knows no such object, and says so at once.
ACKNOWLEDGE = 'fbmon-acknowledge'


class IpError(Exception):
    """`ip` could not be started, did not answer in time, or complained. str(): the command and ip's own words."""


def spawn(arguments, stdin=None):
    """A child `ip ARGUMENTS` with non-blocking pipes, found on PATH, its words in English. Raises IpError."""
    environ = dict(os.environ, LC_ALL='C')
    try:
        with open(os.devnull, 'rb') as null:
            compat.close_on_exec(null.fileno())
            child = compat.start_child(['ip'] + arguments, stdin=stdin or null, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environ)
    except EnvironmentError as error:
        # 3.6 puts the name of the program into strerror.
        raise IpError('ip cannot be started: %s' % os.strerror(error.errno))
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            compat.unblocked(stream.fileno())
    return child


class Reaper(object):
    """Ends children without waiting for them: a child that hangs in the kernel must not hang us."""

    def __init__(self):
        self._ending = []

    def end(self, child):
        """Kill a child and close its pipes; it is collected now or at the next call."""
        if child.poll() is None:
            child.kill()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream:
                stream.close()
        self._ending = [other for other in self._ending + [child] if other.poll() is None]


def kill(child, limit=END_LIMIT):
    """Kill a child (None: there is none) whose owner, another thread, may collect it at the same moment; wait up
    to limit seconds for its end: systemd takes what is left behind for a stop that failed."""
    try:
        if child and child.poll() is None:
            child.kill()
            deadline = compat.monotonic() + limit
            while child.poll() is None and compat.monotonic() < deadline:
                time.sleep(0.001)
    except EnvironmentError:
        pass


def read(descriptor):
    """What can be read now: bytes, b'' at the end of file, None where there is nothing yet."""
    try:
        return os.read(descriptor, 65536)
    except EnvironmentError as error:
        if compat.would_block(error) or compat.interrupted(error):
            return None
        raise


def words(data):
    """Bytes that `ip` printed, as text in one line."""
    return ' '.join(data.decode('utf-8', 'replace').split())


def capture(arguments, limit=READ_LIMIT, clock=compat.monotonic):
    """The lines that `ip ARGUMENTS` prints. Raises IpError if it fails or takes longer than limit seconds."""
    child = spawn(arguments)
    try:
        deadline = clock() + limit
        output, errors = _read_all([child.stdout, child.stderr], deadline, clock)
        # The end of its output is not yet the end of the child; it comes at once, or never.
        while output is not None and child.poll() is None and clock() < deadline:
            time.sleep(0.001)
        if child.returncode is None:
            raise IpError('ip %s: no answer within %g s' % (' '.join(arguments), limit))
        if child.returncode != 0:
            raise IpError('ip %s: %s' % (' '.join(arguments), words(errors) or 'exit code %d' % child.returncode))
        return output.decode('utf-8', 'replace').splitlines()
    finally:
        Reaper().end(child)


def _read_all(streams, deadline, clock):
    """What each of two streams gives until both end, as bytes; (None, None) when the deadline comes first."""
    poller = select.poll()
    data = dict((stream.fileno(), []) for stream in streams)
    opened = set(data)
    for descriptor in opened:
        poller.register(descriptor, select.POLLIN)
    while opened:
        left = deadline - clock()
        if left <= 0:
            return None, None
        for descriptor, _ in compat.poll(poller, left * 1000):
            part = read(descriptor)
            if part:
                data[descriptor].append(part)
            elif part is not None:
                poller.unregister(descriptor)
                opened.discard(descriptor)
    return [b''.join(data[stream.fileno()]) for stream in streams]


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
        self._reaper = Reaper()

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
            kill(self._child)

    def restart(self):
        """Have a fresh child ready. What keeps it from starting is told by the next run."""
        self.close()
        try:
            self._start()
        except IpError:
            pass

    def _start(self):
        with self._starting:
            if self._ended:
                raise IpError('ip is not started any more: the daemon stops')
            self._child, self._lines = spawn(['-force', '-batch', '-'], stdin=subprocess.PIPE), 0

    def _attempt(self, lines):
        failed = {}
        for start in range(0, len(lines), BATCH_LINES):
            part = lines[start:start + BATCH_LINES]
            try:
                errors = self._converse(part)
            except IpError as error:
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
            raise IpError('ip -batch does not take commands: %s' % error.strerror)
        if written < len(data):
            raise IpError('ip -batch does not take commands: its pipe is full')

    def _read_until(self, last):
        """{line number: words} of all errors up to the one of line `last`."""
        poller = select.poll()
        poller.register(self._child.stderr.fileno(), select.POLLIN)
        deadline = self._clock() + self._limit
        errors, before, rest = {}, [], b''
        while last not in errors:
            left = deadline - self._clock()
            if left <= 0:
                raise IpError('ip -batch: no answer within %g s' % self._limit)
            part = read(self._child.stderr.fileno()) if compat.poll(poller, left * 1000 + 1) else None
            if part == b'':
                raise IpError('ip -batch ended%s' % (': ' + words(b' '.join(before)) if before else ''))
            complete, _, rest = (rest + (part or b'')).rpartition(b'\n')
            for line in complete.splitlines():
                number = _failed_line(line)
                if number is None:
                    before.append(line)
                else:
                    errors[number], before = words(b' '.join(before)) or 'failed without a word', []
        return errors


def _failed_line(line):
    """N of "Command failed -:N", or None."""
    head, _, number = line.rpartition(b':')
    return int(number) if head == b'Command failed -' and number.isdigit() else None
