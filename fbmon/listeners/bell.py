"""Wakes a thread out of poll(2). One thread rings and another one hears; each closes its own end of a pipe."""
import errno
import os

from fbmon.base import compat


class Bell(object):
    """A pipe whose end `descriptor` becomes readable when the bell is rung."""

    __slots__ = ('descriptor', '_writer')

    def __init__(self):
        self.descriptor, self._writer = compat.pipe()

    def ring(self):
        """Ring it. If it rings several times before it is heard, it is heard once. Perhaps nobody hears it any more."""
        try:
            os.write(self._writer, b'.')
        except EnvironmentError as error:
            if not compat.would_block(error) and error.errno != errno.EPIPE:
                raise

    def heard(self):
        """Silence it until it is rung again."""
        try:
            os.read(self.descriptor, 4096)
        except EnvironmentError as error:
            if not compat.would_block(error):
                raise

    def leave(self):
        """Close the end of the thread that hears it."""
        os.close(self.descriptor)

    def close(self):
        """Close the end of the thread that rings it."""
        os.close(self._writer)
