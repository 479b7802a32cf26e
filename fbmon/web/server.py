"""One thread that serves all clients of the page. A slow or silent one costs a place until its time is up, no more."""
import os
import select
import time

from fbmon.base import compat
from fbmon.web import requests, responses
from fbmon.web.source import PATIENCE
from fbmon.web.visitor import HEARING, LEAVING, SENDING, WAITING, Visitor

# Clients at once.
PLACES = 64

# Seconds until the next try after a connection that could not be accepted, or for which there was no place.
PAUSE = 0.1

TOO_LATE = 'the request has not come in time'


class Server(object):
    """Serves at a listening socket. name: that of this machine; faces: a faces.Faces.

    source: a source.Source, whose told() is wake().
    """

    def __init__(self, sock, name, faces, clock=compat.monotonic, wall=time.time):
        self.source = None
        self._sock, self._name, self._faces, self._clock, self._wall = sock, name, faces, clock, wall
        self._visitors = {}
        self._accepts_from = None
        self._poller = select.poll()
        self._poller.register(sock, select.POLLIN)
        self._wake_reader, self._wake_writer = compat.pipe()
        self._poller.register(self._wake_reader, select.POLLIN)

    def wake(self):
        """Have those answered that wait. Any thread may call it."""
        try:
            os.write(self._wake_writer, b'.')
        except EnvironmentError as error:
            if not compat.would_block(error):
                raise

    def run(self):
        """Serve for ever."""
        while True:
            self.turn()

    def turn(self):
        """Wait for something, and do it."""
        ends = [one.deadline for one in self._visitors.values()]
        ends += [self._accepts_from] if self._accepts_from is not None else []
        left = max(0, min(ends) - self._clock()) * 1000 + 1 if ends else None
        for descriptor, _ in compat.poll(self._poller, left):
            self._turn_to(descriptor)
        now = self._clock()
        if self._accepts_from is not None and now >= self._accepts_from:
            self._accepts_from = None
            self._poller.register(self._sock, select.POLLIN)
        for visitor in [one for one in self._visitors.values() if now >= one.deadline]:
            self._guarded(self._expire, visitor)

    def _turn_to(self, descriptor):
        if descriptor == self._sock.fileno():
            self._accept()
        elif descriptor == self._wake_reader:
            os.read(descriptor, 4096)
            for visitor in [one for one in self._visitors.values() if one.state == WAITING]:
                self._guarded(self._answer, visitor)
        elif descriptor in self._visitors:
            visitor = self._visitors[descriptor]
            acts = {HEARING: self._hear, SENDING: self._send, LEAVING: self._leave}
            # What waits is not polled: this is of one who has just given way, and whose descriptor it has got.
            if visitor.state in acts:
                self._guarded(acts[visitor.state], visitor)

    def _guarded(self, act, visitor):
        """act(visitor). A client whose connection fails is let go."""
        try:
            act(visitor)
        except compat.SYSTEM_ERRORS:
            self._drop(visitor)

    def _accept(self):
        if not self._has_place():
            return self._pause()
        try:
            connection = self._sock.accept()[0]
        except compat.SYSTEM_ERRORS as error:
            # Perhaps there is no descriptor left. If the client has gone already, there is nothing to wait for.
            return None if compat.would_block(error) else self._pause()
        compat.close_on_exec(connection.fileno())
        connection.setblocking(False)
        visitor = self._visitors[connection.fileno()] = Visitor(connection, self._clock())
        self._poller.register(connection, select.POLLIN)
        self._guarded(self._hear, visitor)

    def _has_place(self):
        """Whether there is a place, or somebody has given way."""
        if len(self._visitors) < PLACES:
            return True
        now = self._clock()
        found = [(one.gives_way(now), descriptor) for descriptor, one in self._visitors.items()
                 if one.gives_way(now) is not None]
        if found:
            self._drop(self._visitors[min(found)[1]])
        return bool(found)

    def _pause(self):
        self._poller.unregister(self._sock)
        self._accepts_from = self._clock() + PAUSE

    def _hear(self, visitor):
        if not visitor.hear():
            return self._drop(visitor)
        try:
            visitor.request = requests.parse(visitor.heard, self._name)
        except requests.Refused as error:
            return self._begin(visitor, responses.plain(error.code, '%s' % error))
        if visitor.request is None:
            return
        if self.source.fresh():
            return self._answer(visitor)
        self.source.ask()
        # Until the answer is there, nothing of the client is of interest, not even that it has gone.
        self._poller.unregister(visitor.connection)
        visitor.state, visitor.deadline = WAITING, self.source.began + PATIENCE

    def _answer(self, visitor):
        self._begin(visitor, self._faces.response(visitor.request, self.source.view, self._clock()))

    def _begin(self, visitor, response):
        body = b'' if visitor.request and visitor.request.method == 'HEAD' else response.body
        visitor.begin(responses.head(response, self._wall()), body, self._clock())
        self._poller.register(visitor.connection, select.POLLOUT)
        self._send(visitor)

    def _send(self, visitor):
        visitor.send(self._clock())
        if visitor.state == LEAVING:
            self._poller.register(visitor.connection, select.POLLIN)

    def _leave(self, visitor):
        if not visitor.throw_away():
            self._drop(visitor)

    def _expire(self, visitor):
        if visitor.state == WAITING:
            self._answer(visitor)
        elif visitor.state == HEARING and visitor.heard:
            self._begin(visitor, responses.plain(408, TOO_LATE))
        else:
            self._drop(visitor)

    def _drop(self, visitor):
        descriptor = visitor.connection.fileno()
        self._visitors.pop(descriptor, None)
        try:
            self._poller.unregister(descriptor)
        except KeyError:
            pass
        visitor.connection.close()
