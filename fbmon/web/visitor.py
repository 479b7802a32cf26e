"""One connection to the page: what was heard of the request, and what is left of the answer."""
import socket

from fbmon.base import compat

# Seconds that a client has for its request, for taking the answer, and for hanging up after it.
HEARD_IN, TAKEN_IN, GONE_IN = 5.0, 10.0, 1.0

# Seconds without progress after which a client that takes its answer gives way to one that comes.
STALLED = 1.0

# Bytes that are read at once, that are sent together with the head, and that are thrown away after the answer.
PART, AT_ONCE, REST = 4096, 32768, 262144

HEARING, WAITING, SENDING, LEAVING = 'hearing', 'waiting', 'sending', 'leaving'


class Visitor(object):
    """A client. Times are monotonic seconds.

    state: one of the words above; heard: bytes; request: once it is whole; deadline: when its time is up; moved: when
    it has come or taken something last.
    """

    def __init__(self, connection, now):
        self.connection = connection
        self.state = HEARING
        self.heard = b''
        self.request = None
        self.deadline, self.moved = now + HEARD_IN, now
        self._left = []
        self._thrown = 0

    def hear(self):
        """Read what has come. Returns False if the client has hung up. Raises SYSTEM_ERRORS."""
        part = self._part()
        self.heard += part or b''
        return part != b''

    def begin(self, head, body, now):
        """From now on it is sent this. All who are sent the same body share its memory."""
        self.state, self._left = SENDING, [head + body[:AT_ONCE]] + [memoryview(body)[AT_ONCE:]][:len(body) > AT_ONCE]
        self.deadline, self.moved = now + TAKEN_IN, now

    def send(self, now):
        """Send what it takes now. Raises SYSTEM_ERRORS."""
        try:
            sent = self.connection.send(self._left[0])
        except compat.SYSTEM_ERRORS as error:
            if not compat.would_block(error):
                raise
            return
        part, self.moved = self._left.pop(0), now
        if sent < len(part):
            self._left.insert(0, memoryview(part)[sent:])
        if not self._left:
            # A close with something unread would reset the connection, and the client might lose the answer.
            self.connection.shutdown(socket.SHUT_WR)
            self.state, self.deadline = LEAVING, now + GONE_IN

    def throw_away(self):
        """Read what comes after the request. Returns False if the client has hung up, or sends too much."""
        part = self._part()
        self._thrown += len(part or b'')
        return part != b'' and self._thrown <= REST

    def gives_way(self, now):
        """How readily it gives way to one that comes, as a key, the least first; None: not at all."""
        ranks = {LEAVING: 0, HEARING: 1}
        if self.state == SENDING and now - self.moved >= STALLED:
            return 2, self.moved
        return (ranks[self.state], self.moved) if self.state in ranks else None

    def _part(self):
        """What has come; b'' at the end, None if there is nothing now."""
        try:
            return self.connection.recv(PART)
        except compat.SYSTEM_ERRORS as error:
            if not compat.would_block(error):
                raise
            return None
