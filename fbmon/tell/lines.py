"""Lines for a file on a disk: the log's and the journal's. The process of logwriter.py takes them.

So nobody in the daemon waits for the disk. Each file has a process of its own, since one disk may hang and the other
one work.
"""
import logging
import os
import threading
import time

from fbmon.base import compat
from fbmon.tell import logwriter

# Bytes of lines that may wait for the disk: PIPE in the pipe, if the system allows it, and ROOM beside it.
PIPE = 256 * 1024
ROOM = 1024 * 1024

# Seconds. If a disk takes nothing for STALLED, that is a problem. The end of the process waits for it up to END_LIMIT.
STALLED = 1.0
END_LIMIT = 0.5

# The end of an error that says so.
HANGS = 'its disk takes nothing'

# Seconds between two starts of the writer.
PAUSE = 10.0


class Lines(object):
    """Hands lines to the writer. Lines without room are left out and counted; the next one with room says how many.

    name, size, files: of the file in a directory, its most bytes, how many files are kept. what: the file is, for an
    error. mask: the permissions that nobody else gets. Any thread may call it.
    """

    def __init__(self, directory, name, size, files, what, mask=0o022, clock=compat.monotonic):
        self._what = what
        self._directory = directory
        self._arguments = (directory, name, size, files, PIPE, mask, 'fastbypass_' + what.split()[0])
        self._clock = clock
        self._lock = threading.Lock()
        self._child = self._lines = self._answers = None
        self._started = self._why = self._told = None
        self._lost = 0
        # rest: the bytes that the pipe has no room for; waiting: the number of lines without an answer yet.
        self._rest = self._answered = b''
        self._waiting = 0

    def _start(self):
        """Start a writer."""
        self._started = self._since = self._clock()
        self._answered = b''
        try:
            self._child, self._lines, self._answers = logwriter.start(*self._arguments)
            self._why = None
        except EnvironmentError as error:
            self._why = 'its writer cannot be started: %s' % os.strerror(error.errno)
        self._send_rest()

    @property
    def error(self):
        """Why lines do not reach the file, or None."""
        with self._lock:
            self._read_answers()
            self._send_rest()
            why = self._why
            if why is None and self._lines is not None and self._stalled():
                why = HANGS
        return why and 'no %s in %s: %s' % (self._what, self._directory, why)

    def put(self, text):
        """Hand over a text of whole lines, or count it as lost. It never blocks."""
        with self._lock:
            if self._lost:
                text = '(%d lines are missing here: there was no room for them)\n' % self._lost + text
            data = text if isinstance(text, bytes) else text.encode('utf-8', 'backslashreplace')
            lost, self._lost = self._lost, 0
            if not self._hand_over(data):
                self._lost += lost + 1

    def miss(self):
        """Count a line as lost that its maker could not make."""
        with self._lock:
            self._lost += 1

    def mend(self):
        """Log a new problem with the file, and start the writer for the first time, or again if it has ended.

        This may take a moment.
        """
        if self._lines is None and (self._started is None or self._clock() - self._started >= PAUSE):
            with self._lock:
                self._start()
        if self._waiting or self._why or self._told:
            why = self.error
            if why and why != self._told:
                logging.warning('%s', why)
            self._told = why

    def taken(self):
        """Whether the disk has taken all lines, or there is nobody to give them to it."""
        with self._lock:
            if self._started is None and self._rest:
                self._start()
            self._send_rest()
            self._read_answers()
            return self._lines is None or not self._waiting

    def drop(self):
        """Let go of the writer. It goes on if it can, and ends."""
        with self._lock:
            self._drop()

    def _hand_over(self, data):
        """Hand data over. Returns False if there is no room or no writer."""
        if self._waiting:
            self._read_answers()
        if self._gone() or len(self._rest) + len(data) > ROOM:
            return False
        if not self._waiting:
            self._since = self._clock()
        self._rest += data
        self._send_rest()
        if self._gone():
            return False
        self._waiting += data.count(b'\n')
        return True

    def _gone(self):
        """Whether there was a writer, and there is none."""
        return self._lines is None and self._started is not None

    def _send_rest(self):
        if self._rest and self._lines is not None:
            sent = self._send(self._rest)
            # Where the writer has ended meanwhile, there is none.
            self._rest = self._rest[sent:]

    def _send(self, data):
        """Write to the pipe. Returns the number of bytes that it has taken."""
        sent = 0
        try:
            while sent < len(data):
                # A small pipe takes a part of this size as a whole.
                sent += os.write(self._lines, data[sent:sent + 4096])
        except EnvironmentError as error:
            if not compat.would_block(error):
                self._lose()
        return sent

    def _read_answers(self):
        try:
            data = b'' if self._lines is None else os.read(self._answers, 65536)
        except EnvironmentError:
            return
        if not data:
            return self._lose()
        found = (self._answered + data).split(b'\n')
        self._answered = found.pop()
        if found:
            self._waiting = max(0, self._waiting - len(found))
            self._since = self._clock()
            self._why = found[-1][1:].decode('ascii', 'replace') or None

    def _lose(self):
        """Count what is lost: the writer has ended, because somebody has killed it."""
        if self._lines is not None:
            self._lost += self._waiting
            self._waiting, self._rest, self._why = 0, b'', 'its writer has ended'
            self._drop()

    def _drop(self):
        if self._lines is not None:
            for descriptor in (self._lines, self._answers):
                os.close(descriptor)
            self._lines = self._answers = None
            # This collects the child if it has ended.
            self._child.poll()

    def _stalled(self):
        return self._waiting and self._clock() - self._since > STALLED and not self._busy()

    def _busy(self):
        """Whether the writer wants to run. Then it waits for a processor, and the disk is not to blame."""
        try:
            with open('/proc/%d/stat' % self._child.pid) as stat:
                return stat.read().rpartition(')')[2].split()[0] == 'R'
        except (EnvironmentError, IndexError):
            return False


def finish(all_lines, clock=compat.monotonic):
    """Wait up to END_LIMIT seconds, for all of them together, until the disks have taken the lines.

    The writers go on after that if they can.
    """
    deadline = clock() + END_LIMIT
    while not all([lines.taken() for lines in all_lines]) and clock() < deadline:
        time.sleep(0.002)
    for lines in all_lines:
        lines.drop()
