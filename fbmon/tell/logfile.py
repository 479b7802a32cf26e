"""The log file: lines are handed to the process of logwriter.py, and nobody here ever waits for the disk."""
import logging
import os
import time

from fbmon.base import compat
from fbmon.tell import logwriter

# Bytes of lines that may wait for the disk, in the pipe (where the system allows so many) and beside it; one more line
# finds no room.
PIPE = 256 * 1024
ROOM = 1024 * 1024

# Seconds: a disk that takes nothing for so long is a problem; the end of the process waits for it no longer than this.
STALLED = 1.0
END_LIMIT = 0.5

# Seconds between two starts of the writer.
PAUSE = 10.0


class File(logging.Handler):
    """Hands lines to the writer. What finds no room is left out, counted, and told of by the next line that does."""

    def __init__(self, directory, name, size, files, clock=compat.monotonic):
        logging.Handler.__init__(self)
        self._directory = directory
        self._arguments = (directory, name, size, files, PIPE)
        self._clock = clock
        self._child = self._lines = self._answers = None
        self._started = self._why = self._told = None
        self._lost = 0
        self._start()

    def _start(self):
        """Start the writer; what the one before had not written is lost with it."""
        self._started = self._since = self._clock()
        # rest: what the pipe has no room for; waiting: lines that were handed over and not answered.
        self._rest = self._answered = b''
        self._waiting = 0
        try:
            self._child, self._lines, self._answers = logwriter.start(*self._arguments)
            self._why = None
        except EnvironmentError as error:
            self._why = 'its writer cannot be started: %s' % os.strerror(error.errno)

    @property
    def error(self):
        """Why lines do not get into the file, or None."""
        self.acquire()
        try:
            self._read_answers()
            self._send_rest()
            why = self._why
            if why is None and self._waiting and self._clock() - self._since > STALLED and not self._busy():
                why = 'its disk takes nothing'
        finally:
            self.release()
        return why and 'no log file in %s: %s' % (self._directory, why)

    def emit(self, record):
        """Hand over a line, or count it. Never blocks."""
        try:
            text = self.format(record) + '\n'
            if self._lost:
                text = '(%d lines are missing here: there was no room for them)\n' % self._lost + text
            data = text if isinstance(text, bytes) else text.encode('utf-8', 'backslashreplace')
            lost, self._lost = self._lost, 0
            if not self._hand_over(data):
                self._lost += lost + 1
        except Exception:
            self._lost += 1

    def mend(self):
        """Tell the news about the file, and start the writer again if it has ended. To be called where a moment more
        does not matter."""
        if self._lines is None and self._clock() - self._started >= PAUSE:
            self.acquire()
            try:
                self._start()
            finally:
                self.release()
        if self._waiting or self._why or self._told:
            why = self.error
            if why and why != self._told:
                logging.warning('%s', why)
            self._told = why

    def close(self):
        """Wait for the disk to take what was handed over, for END_LIMIT seconds; the writer goes on where it can."""
        deadline = self._clock() + END_LIMIT
        while self._lines is not None and self._clock() < deadline:
            self._send_rest()
            self._read_answers()
            if not self._waiting:
                break
            time.sleep(0.002)
        self._drop()
        logging.Handler.close(self)

    def _hand_over(self, data):
        """Write to the pipe; False where there is no room, or nobody."""
        if self._waiting:
            self._read_answers()
        if self._lines is None or len(self._rest) + len(data) > ROOM:
            return False
        if not self._waiting:
            self._since = self._clock()
        self._rest += data
        self._send_rest()
        if self._lines is None:
            return False
        self._waiting += data.count(b'\n')
        return True

    def _send_rest(self):
        if self._rest:
            self._rest = self._rest[self._send(self._rest):]

    def _send(self, data):
        """How many bytes the pipe takes."""
        sent = 0
        try:
            while sent < len(data):
                # Parts that a small pipe takes as a whole.
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
        """The writer has ended: somebody killed it."""
        if self._lines is not None:
            self._lost += self._waiting
            self._waiting, self._rest, self._why = 0, b'', 'its writer has ended'
            self._drop()

    def _drop(self):
        if self._lines is not None:
            for descriptor in (self._lines, self._answers):
                os.close(descriptor)
            self._lines = self._answers = None
            # Collects it where it has ended.
            self._child.poll()

    def _busy(self):
        """Whether the writer wants to write and has no processor: not the disk's fault."""
        try:
            with open('/proc/%d/stat' % self._child.pid) as stat:
                return stat.read().rpartition(')')[2].split()[0] == 'R'
        except (EnvironmentError, IndexError):
            return False
