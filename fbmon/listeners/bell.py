"""Has a thread look up from its poll(2): rung by one thread, heard by another, each closing its own end of a pipe."""
import errno
import os

from fbmon.base import compat


class Bell(object):
    """`descriptor` becomes readable when it is rung."""

    __slots__ = ('descriptor', '_writer')

    def __init__(self):
        self.descriptor, self._writer = compat.pipe()

    def ring(self):
        """Rung often it is heard once; it may also be that nobody hears it any more."""
        try:
            os.write(self._writer, b'.')
        except EnvironmentError as error:
            if not compat.would_block(error) and error.errno != errno.EPIPE:
                raise

    def heard(self):
        """Be quiet until it is rung again."""
        try:
            os.read(self.descriptor, 4096)
        except EnvironmentError as error:
            if not compat.would_block(error):
                raise

    def leave(self):
        """Who hears it closes its end."""
        os.close(self.descriptor)

    def close(self):
        """Who rings it closes its end."""
        os.close(self._writer)
