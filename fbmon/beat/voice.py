"""Says lines on stderr without ever waiting for their reader, so that a journal that hangs delays no heartbeat."""
import os
import select

from fbmon.base import compat

# The priorities of syslog(3).
WARNING, INFO = 4, 6

# The most characters of a line. A pipe with room takes so much at once (PIPE_BUF).
LONGEST = 1000
# The most lines that wait for a reader.
MOST = 50


class Voice(object):
    """Says lines, with their priorities in front if the journal is the reader (sd-daemon(3))."""

    def __init__(self, descriptor=2, journal=False):
        self._descriptor, self._journal = descriptor, journal
        self._lines = []

    def say(self, text, level=INFO):
        """Say a line now, or as soon as somebody reads. Of lines that wait the oldest are lost."""
        line = ''.join(one if ' ' <= one <= '~' else '?' for one in text[:LONGEST])
        self._lines = self._lines[-MOST:] + [('<%d>' % level if self._journal else '') + line + '\n']
        self.flush()

    def flush(self):
        """Write what waits, as far as it is taken at once."""
        poller = select.poll()
        poller.register(self._descriptor, select.POLLOUT)
        try:
            while self._lines and compat.poll(poller, 0):
                os.write(self._descriptor, self._lines.pop(0).encode('ascii'))
        except compat.SYSTEM_ERRORS:
            # The reader has gone, or has not taken the line.
            pass
