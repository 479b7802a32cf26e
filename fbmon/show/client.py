"""One connection to the daemon's socket: what it asks, and how much of the answer it has taken."""
import socket
import struct

from fbmon.base import compat, documents

# SILENT: seconds after which a client that has asked nothing gets the status; LONGEST: of a question, in bytes.
SILENT = 0.1
LONGEST = 4096

SO_PEERCRED = getattr(socket, 'SO_PEERCRED', 17)


class Client(object):
    """A client. Times are monotonic seconds.

    uid: the user id of the process at the other end; data: the part of the answer that it has not taken yet, None
    before there is an answer; offered: since when it has taken nothing of it; silent: when it counts as one that asks
    for the status; deadline: when its time is up.
    """

    def __init__(self, connection, now, limit):
        self.connection = connection
        self.uid = self._uid()
        self.asked = False
        self.data = self.offered = None
        self.silent = now + SILENT
        self.deadline = now + limit
        self._heard = b''

    def hear(self):
        """Take what it says. Returns whether it has asked: a whole line, or all that it will ever say.

        Raises SYSTEM_ERRORS.
        """
        try:
            part = self.connection.recv(LONGEST)
        except compat.SYSTEM_ERRORS as error:
            if not compat.would_block(error):
                raise
            return False
        self._heard += part
        return b'\n' in self._heard or not part or len(self._heard) > LONGEST

    def question(self):
        """(question, error). question: a dict, {} for the status; error: why the question is refused, or None."""
        line = self._heard.partition(b'\n')[0].strip()
        try:
            found = documents.read(line.decode('utf-8')) if line else {}
        except ValueError:
            found = None
        if not isinstance(found, dict) or (found and 'command' not in found):
            return None, 'not a question: give an object as one line of JSON'
        if found and self.uid != 0:
            return None, 'only root may give a command'
        return found, None

    def _uid(self):
        """See unix(7)."""
        found = self.connection.getsockopt(socket.SOL_SOCKET, SO_PEERCRED, struct.calcsize('3i'))
        return struct.unpack('3i', found)[1]
