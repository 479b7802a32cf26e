"""Sets up the log: a file of limited size, and stderr."""
import errno
import logging
import os
import select
import sys

from fbmon.base import compat, moments
from fbmon.tell import journal, logfile

NAME = 'fastbypass_monitor.log'
SIZE = 5 * 1024 * 1024
FILES = 5


# The most frames of an error that are logged, counted from the innermost one. A function that calls itself has a
# thousand.
FRAMES = 50


class Plain(logging.Formatter):
    """`INFO text`. The frames of an error come without source lines: the files may be gone, or their disk may hang."""

    def formatException(self, ei):
        """The text of an error: file, line and function of each frame, and what it says."""
        kind, value, trace = ei
        frames = []
        while trace:
            code = trace.tb_frame.f_code
            frames.append('  File "%s", line %d, in %s' % (code.co_filename, trace.tb_lineno, code.co_name))
            trace = trace.tb_next
        try:
            said = '%s: %s' % (kind.__name__, value)
        except Exception:
            said = kind.__name__
        return '\n'.join(['Traceback (most recent call last):'] + frames[-FRAMES:] + [said])


class Formatter(Plain):
    """`2026-11-23T20:39:20.123+00:00 INFO text`: local time with its offset from UTC."""

    def formatTime(self, record, datefmt=None):
        """The time in ISO 8601, with milliseconds and the offset that is valid at that time."""
        return moments.text(record.created, record.msecs)


class Stderr(logging.Handler):
    """stderr, for the journal. If nobody reads it, nobody waits.

    Lines without room are left out and counted; the next one with room says how many. The file has all of them.
    """

    def __init__(self, stream):
        logging.Handler.__init__(self)
        self._descriptor = stream.fileno()
        self.in_journal = journal.reads(self._descriptor)
        self._lost = 0
        self._poller = select.poll()
        self._poller.register(self._descriptor, select.POLLOUT)

    def emit(self, record):
        """Write a line, or count it as lost."""
        try:
            text = self._marked(record.levelno, self.format(record) + '\n')
            if self._lost:
                missing = '(%d lines are missing here: nobody took them)\n' % self._lost
                text = self._marked(logging.WARNING, missing) + text
            self._write(text if isinstance(text, bytes) else text.encode('utf-8', 'backslashreplace'))
            self._lost = 0
        except Exception:
            self._lost += 1

    def _marked(self, level, text):
        return journal.marked(level, text) if self.in_journal else text

    def _write(self, data):
        """Write data in parts that do not block once poll has seen room. Raises EnvironmentError if there is none.

        O_NONBLOCK would change the stream for all other processes that share it.
        """
        while data:
            if not compat.poll(self._poller, 0):
                raise EnvironmentError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            data = data[os.write(self._descriptor, data[:select.PIPE_BUF]):]


def set_up(directory, level, stderr=True):
    """Log to the file in a directory, which is made if necessary, and to stderr if wanted. Returns the logfile.File."""
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.setLevel(level)
    # Python 3 has no sys.stderr if the descriptor is closed.
    root.handlers[:] = [Stderr(sys.stderr)] if stderr and sys.stderr else []
    for handler in root.handlers:
        # The journal has its own times.
        handler.setFormatter(Plain('%(levelname)s %(message)s') if handler.in_journal else _formatter())
    handler = logfile.File(directory, NAME, SIZE, FILES)
    handler.setFormatter(_formatter())
    root.addHandler(handler)
    return handler


def _formatter():
    return Formatter('%(asctime)s %(levelname)s %(message)s')
