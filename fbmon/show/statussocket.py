"""The daemon's socket in the run directory: one question, one answer, both a line of JSON.

A client that asks nothing gets the status. A command is an object with its name as "command"; only root may give one.
"""
import errno
import json
import os
import select
import socket
import stat
import time

from fbmon.base import compat, threads
from fbmon.show import places
from fbmon.show.client import Client

# A client has so many seconds to take the document.
CLIENT_LIMIT = 5.0

# Seconds until the next try after a connection that could not be accepted.
ACCEPT_PAUSE = 0.1

# Seconds after which a client that was turned away asks again.
ASK_PAUSE = 0.05

NO_STATUS = 'the daemon is busy or stuck: it gave no status'
ENDED = 'the daemon ended before it answered'

# The question for the status.
STATUS = {}

# The system's errors if there is no daemon: there is no socket, or only one that an earlier run has left behind.
NOBODY = (errno.ENOENT, errno.ENOTDIR, errno.ECONNREFUSED)


class NotRunning(Exception):
    """Nobody answers at the status socket."""


class NoAnswer(NotRunning):
    """Nobody answers, but a daemon may run: it hangs, or we have no right to ask it. Or it has ended with our command.
    """


def ask(path, limit=5.0, question=STATUS):
    """The answer of the running daemon as a dict; its status, if nothing else is asked. Raises NotRunning."""
    deadline, given = compat.monotonic() + limit, False
    while True:
        try:
            data = _receive(path, limit, json.dumps(question).encode('ascii') + b'\n')
            given = question != STATUS
        except compat.SYSTEM_ERRORS as error:
            # It would block if the queue of the socket is full, because many clients ask now.
            if not compat.would_block(error):
                raise _unanswered(path, error, given)
            data = b''
        if data:
            return _document(path, data)
        if compat.monotonic() >= deadline:
            raise NoAnswer('%s: %s' % (path, NO_STATUS))
        time.sleep(ASK_PAUSE)


def _unanswered(path, error, given):
    """The NotRunning for an error of the system. given: whether somebody has had our command, and has not answered."""
    nobody = compat.error_number(error) in NOBODY
    words = ENDED if nobody and given else getattr(error, 'strerror', None) or error
    return (NotRunning if nobody and not given else NoAnswer)('%s: %s' % (path, words))


def _receive(path, limit, question):
    """The bytes that the daemon sends; b'' if it has no place for us or made no document in time."""
    connection, parts = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), []
    try:
        connection.settimeout(limit)
        connection.connect(path)
        _unless_closed(lambda: connection.sendall(question))
        while parts[-1:] != [b'']:
            parts.append(_unless_closed(lambda: connection.recv(65536)) or b'')
        return b''.join(parts)
    finally:
        connection.close()


def _unless_closed(act):
    """act(), or None if the other end is closed: we were turned away, or a daemon before 1.2.00 has answered, which
    does not read the question. What it has sent can still be read."""
    while True:
        try:
            return act()
        except compat.SYSTEM_ERRORS as error:
            # A signal interrupts 2.7 while it waits for the socket, so nothing was sent or read yet.
            if compat.interrupted(error):
                continue
            if compat.error_number(error) not in (errno.EPIPE, errno.ECONNRESET):
                raise
            return None


def _document(path, data):
    try:
        found = json.loads(data.decode('utf-8'))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NoAnswer('%s: %s' % (path, NO_STATUS))
    return found


def listen(path):
    """A listening socket at a path that only its owner can use, and its group if the directory has given it its own
    (setgid). Raises SYSTEM_ERRORS.
    """
    if os.path.lexists(path):
        os.unlink(path)
    shared = os.stat(os.path.dirname(path)).st_mode & stat.S_ISGID
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o117 if shared else 0o177)
    try:
        sock.bind(path)
    finally:
        os.umask(mask)
    compat.close_on_exec(sock.fileno())
    sock.setblocking(False)
    sock.listen(places.CLIENTS)
    return sock


class Server(object):
    """One thread that serves all clients; a slow or silent one costs a place until its time is up, nothing else.

    request(reply) has the status made elsewhere, and command(question, reply) has a command carried out: reply(text)
    may be called from any thread.
    """

    def __init__(self, sock, request, command=None, clock=compat.monotonic):
        self._sock = sock
        self._request = request
        self._command = command
        self._clock = clock
        self._clients = {}
        self._poller = select.poll()
        self._poller.register(sock, select.POLLIN)
        self._wake_reader, self._wake_writer = compat.pipe()
        self._poller.register(self._wake_reader, select.POLLIN)

    def start(self, crashed):
        """Start the thread."""
        threads.start('status', self._run, crashed)

    def _run(self):
        while True:
            deadlines = [client.deadline if client.asked else client.silent for client in self._clients.values()]
            left = max(0, min(deadlines) - self._clock()) * 1000 + 1 if deadlines else None
            for descriptor, _ in compat.poll(self._poller, left):
                self._turn_to(descriptor)
            now = self._clock()
            for client in sorted(self._clients.values(), key=lambda client: client.deadline):
                if now >= client.deadline:
                    self._drop(client)
                elif now >= client.silent and not client.asked:
                    self._ask(client)

    def _turn_to(self, descriptor):
        if descriptor == self._sock.fileno():
            self._accept()
        elif descriptor == self._wake_reader:
            os.read(descriptor, 4096)
            for client in list(self._clients.values()):
                self._send(client)
        elif descriptor in self._clients:
            client = self._clients[descriptor]
            turn = self._send if client.asked else self._hear
            turn(client)

    def _accept(self):
        try:
            connection = self._sock.accept()[0]
        except compat.SYSTEM_ERRORS:
            # Perhaps there is no descriptor left. So the next try must not come at once.
            return time.sleep(ACCEPT_PAUSE)
        compat.close_on_exec(connection.fileno())
        connection.setblocking(False)
        client = Client(connection, self._clock(), CLIENT_LIMIT)
        free, stalled = places.place(client, list(self._clients.values()), self._clock(), os.geteuid())
        if stalled:
            self._drop(stalled)
        if not free:
            return self._drop(client)
        self._clients[connection.fileno()] = client
        self._poller.register(connection, select.POLLIN)

    def _hear(self, client):
        try:
            if client.hear():
                self._ask(client)
        except compat.SYSTEM_ERRORS:
            self._drop(client)

    def _ask(self, client):
        """Have the answer made."""
        client.asked = True
        # Until it is there nothing of the client is of interest, not even that it has gone.
        self._poller.unregister(client.connection)
        question, refusal = client.question()
        if refusal:
            self._reply(client, json.dumps({'refused': refusal}) + '\n')
        elif question:
            self._command(question, lambda text: self._reply(client, text))
        else:
            self._request(lambda text: self._reply(client, text))

    def _reply(self, client, text):
        """Take the document for a client. The controller's thread calls this; our thread sends the document."""
        client.offered = self._clock()
        client.data = text.encode('utf-8')
        try:
            os.write(self._wake_writer, b'.')
        except EnvironmentError as error:
            if not compat.would_block(error):
                raise

    def _send(self, client):
        if client.data is None:
            return
        try:
            client.data = client.data[client.connection.send(client.data):]
            client.offered = self._clock()
        except compat.SYSTEM_ERRORS as error:
            if not compat.would_block(error):
                return self._drop(client)
        if client.data:
            self._poller.register(client.connection, select.POLLOUT)
        else:
            self._drop(client)

    def _drop(self, client):
        descriptor = client.connection.fileno()
        self._clients.pop(descriptor, None)
        try:
            self._poller.unregister(descriptor)
        except KeyError:
            pass
        try:
            # A child that is started at this moment has the connection, too. So close() is not enough.
            client.connection.shutdown(socket.SHUT_RDWR)
        except compat.SYSTEM_ERRORS:
            pass
        client.connection.close()
