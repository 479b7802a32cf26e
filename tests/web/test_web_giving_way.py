"""server.py: a client that comes gets the place, and the descriptor, of one of whom something is still to be done."""
import select
import socket

import pytest

import helpers
from fbmon.base import compat
from fbmon.web import responses, server
from fbmon.web.visitor import LEAVING, WAITING


class Silent(object):
    """A source.Source whose daemon does not answer yet."""

    view, began = None, 1000.0

    def fresh(self):
        return False

    def ask(self):
        pass


class Faces(object):
    """A faces.Faces that has one answer."""

    def response(self, *_):
        return responses.plain(404, 'nothing')


@pytest.fixture
def listener():
    sock = socket.socket()
    sock.bind(('127.0.0.1', 0))
    sock.listen(8)
    sock.setblocking(False)
    yield sock
    sock.close()


def readable(sock):
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    assert poller.poll(helpers.LIMIT * 1000)


def client(listener, data):
    sock = socket.create_connection(listener.getsockname(), helpers.LIMIT)
    sock.sendall(data)
    return sock


def test_one_that_hangs_up_while_its_place_is_given_away_stops_nothing(listener, monkeypatch):
    poll = compat.poll
    monkeypatch.setattr(server, 'PLACES', 1)
    # Of what happens at once, 2.7 has any order.
    monkeypatch.setattr(compat, 'poll', lambda *both: sorted(poll(*both), key=lambda one: one[0] != listener.fileno()))
    # Time stands still, so nobody's time is up.
    served = server.Server(listener, 'x', Faces(), clock=lambda: 1000.0)
    served.source = Silent()
    first = client(listener, b'nonsense\r\n\r\n')
    while [one.state for one in served._visitors.values()] != [LEAVING]:
        served.turn()
    first.recv(4096)
    first.close()
    readable(list(served._visitors.values())[0].connection)
    second = client(listener, b'GET / HTTP/1.0\r\n\r\n')
    readable(listener)

    # Both at once: the descriptor of the first one is that of the second one now.
    served.turn()

    helpers.wait_for(lambda: [one.state for one in served._visitors.values()] == [WAITING] or served.turn())
    served._drop(list(served._visitors.values())[0])
    second.close()
