"""target.py: one address and port, on loopback."""
import socket

import pytest

from fbmon.base import compat
from fbmon.beat.target import PAYLOAD, Target
from helpers import LIMIT, descriptors, free_port, has_ipv6, require

REFUSED = 'Connection refused: nothing listens there'


@pytest.fixture(params=['127.0.0.1', '::1'])
def host(request):
    require(request.param != '::1' or has_ipv6(), 'needs IPv6 on loopback')
    return request.param


@pytest.fixture
def listen():
    """listen(host, port): a socket there."""
    made = []

    def at(host, port=0):
        made.append(socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM))
        made[-1].bind((host, port))
        made[-1].settimeout(LIMIT)
        return made[-1]
    yield at
    for sock in made:
        sock.close()


def test_a_heartbeat_arrives_from_the_source_and_through_the_interface(host, listen):
    there = listen(host)
    target = Target(host, there.getsockname()[1], source=host, interface='lo')

    assert [target.send(), target.send()] == [None, None]

    for _ in range(2):
        data, sender = there.recvfrom(100)
        assert (data, sender[0]) == (PAYLOAD, host)
    target.close()


def test_where_nobody_listens_that_is_known_and_the_first_heartbeat_after_that_arrives(host, listen):
    port = free_port(host)
    target = Target(host, port)

    assert [target.send() for _ in range(4)] == [None, REFUSED, REFUSED, REFUSED]
    there = listen(host, port)
    assert [target.send() for _ in range(3)] == [REFUSED, None, None]

    assert [there.recv(100) for _ in range(3)] == [PAYLOAD] * 3
    target.close()


@pytest.mark.parametrize('options, why', [
    ({'source': '192.0.2.77'}, 'no interface here has the source address 192.0.2.77'),
    ({'interface': 'nowhere0'}, 'there is no interface nowhere0')])
def test_what_is_not_there_is_said_and_leaves_no_descriptor(options, why):
    target, before = Target('127.0.0.1', 9, **options), descriptors()

    assert [target.send() for _ in range(5)] == [why] * 5

    assert descriptors() == before


def test_a_socket_that_has_become_useless_is_replaced_at_once(host, listen):
    there = listen(host)
    target = Target(host, there.getsockname()[1])
    target.send()
    target._sock.close()

    assert target.send() is None

    assert [there.recv(100), there.recv(100)] == [PAYLOAD] * 2
    target.close()


def test_a_full_buffer_is_an_error_like_any_other():
    target = Target('127.0.0.1', 9)

    class Full(object):
        def getsockopt(self, *_):
            return 0

        def sendto(self, *_):
            raise compat.SYSTEM_ERRORS[0](11, 'x')

        def recv(self, *_):
            raise compat.SYSTEM_ERRORS[0](11, 'x')

        def close(self):
            pass
    target._opened = lambda index: Full()

    assert target.send() == 'Resource temporarily unavailable'
