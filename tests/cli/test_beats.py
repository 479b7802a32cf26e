"""beats.py: heartbeats as a DPI node would send them."""
import socket

import pytest

from fbmon.base import compat
from fbmon.cli import beats
from helpers import LIMIT, finish, has_ipv6, python, require


@pytest.fixture(params=['127.0.0.1', '::1'])
def receiver(request):
    """A UDP socket on loopback."""
    require(request.param != '::1' or has_ipv6(), 'needs IPv6 on loopback')
    sock = socket.socket(socket.AF_INET6 if ':' in request.param else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((request.param, 0))
    sock.settimeout(LIMIT)
    yield sock
    sock.close()


def test_so_many_heartbeats_are_sent_at_the_interval(receiver, capsys):
    host, port = receiver.getsockname()[:2]
    began = compat.monotonic()

    assert beats.send(host, port, 20, 4) == 0

    assert compat.monotonic() - began >= 0.06
    assert [receiver.recv(100) for _ in range(4)] == [beats.PAYLOAD] * 4
    receiver.settimeout(0)
    with pytest.raises(compat.SYSTEM_ERRORS):
        receiver.recv(100)
    assert capsys.readouterr().out == '4 heartbeats sent to %s port %d\n' % (host, port)


def test_after_the_last_heartbeat_nothing_is_waited_for(receiver, capsys):
    host, port = receiver.getsockname()[:2]
    began = compat.monotonic()

    beats.send(host, port, 3600000, 1)

    assert capsys.readouterr().out == '1 heartbeat sent to %s port %d\n' % (host, port)
    assert compat.monotonic() - began < LIMIT


@pytest.mark.parametrize('host', ['nowhere', '', '10.0.0.300', 'x' * 70, '.', '10.0.0.1 '])
def test_a_host_that_is_no_address_is_told_of_in_one_line(host, capsys):
    assert beats.send(host, 3000, 1, 1) == 1

    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err == '%s port 3000: not an IP address; give an IPv4 or IPv6 address\n' % host


def test_an_address_that_cannot_be_reached_is_told_of(capsys):
    # Without SO_BROADCAST the kernel refuses.
    assert beats.send('255.255.255.255', 3000, 1, 1) == 1
    assert capsys.readouterr().err.startswith('255.255.255.255 port 3000: ')


ENDLESS = 'import sys; from fbmon.cli import beats; sys.exit(beats.send(sys.argv[1], int(sys.argv[2]), 10))'


def test_without_a_count_they_go_on_until_ctrl_c(receiver):
    host, port = receiver.getsockname()[:2]
    child = python(ENDLESS, host, port)
    for _ in range(3):
        receiver.recv(100)

    child.send_signal(2)

    code, output, errors = finish(child)
    assert (code, errors) == (0, '')
    assert int(output.split()[0]) >= 2
