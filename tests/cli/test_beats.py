"""beats.py: it sends heartbeats as a DPI node does."""
import os
import socket

import pytest

from fbmon.base import compat
from fbmon.cli import beats
from fbmon.cli.main import main
from helpers import LIMIT, finish, has_ipv6, in_a_terminal, python, require


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
    assert captured.err == (
        '%s port 3000: not an IP address; give an IPv4 or IPv6 address such as 192.168.1.202\n' % host)


def test_an_address_that_cannot_be_reached_is_told_of(capsys):
    # The kernel refuses, because the socket has no SO_BROADCAST.
    assert beats.send('255.255.255.255', 3000, 1, 1) == 1
    assert capsys.readouterr().err.startswith('255.255.255.255 port 3000: ')


ENDLESS = 'import sys; from fbmon.cli import beats; sys.exit(beats.send(sys.argv[1], int(sys.argv[2]), 10))'


def test_without_a_count_they_go_on_until_ctrl_c(receiver):
    host, port = receiver.getsockname()[:2]
    child = python(ENDLESS, host, port, preexec_fn=in_a_terminal)
    for _ in range(3):
        receiver.recv(100)

    child.send_signal(2)

    code, output, errors = finish(child)
    assert (code, errors) == (0, '')
    assert int(output.split()[0]) >= 2


# --- not to a listener of the daemon that runs here ---

def row(host, port, **fields):
    return dict({'index': 4, 'host': host, 'port': port, 'state': 'failed'}, **fields)


@pytest.fixture
def daemon(monkeypatch):
    """daemon(row, ...): a daemon runs here and has these listeners; daemon(error): asking it raises this error."""
    def says(*found):
        def ask(_path):
            if isinstance(found[0], Exception):
                raise found[0]
            return {'listeners': list(found)}
        monkeypatch.setattr(beats.statussocket, 'ask', ask)
    return says


def refused(host, port=3000):
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0]
    return beats.refusal('/nowhere')(found[4])


@pytest.mark.parametrize('host', [
    '127.0.0.1', '127.1', '2130706433', '0.0.0.0', '0', '::ffff:127.0.0.1', '::ffff:7f00:1'])
def test_a_listener_of_the_daemon_here_is_refused_however_it_is_written(daemon, host):
    daemon(row('127.0.0.1', 3000))

    assert refused(host) == beats.OURS % 4


@pytest.mark.parametrize('host', ['::1', '::', '0:0:0:0:0:0:0:1'])
def test_one_at_an_ipv6_address_too(daemon, host):
    require(has_ipv6(), 'needs IPv6 on loopback')
    daemon(row('::1', 3000))

    assert refused(host) == beats.OURS % 4
    assert beats.refusal('/nowhere')(('::1%lo', 3000, 0, 1)) == beats.OURS % 4


@pytest.mark.parametrize('found', [
    row('127.0.0.1', 3001), row('127.0.0.2', 3000), row('127.0.0.1', 3000, state='unconfigured'), row(None, None)])
def test_a_daemon_that_listens_elsewhere_is_not_concerned(daemon, found):
    daemon(found)

    assert refused('127.0.0.1') is None


def test_an_address_of_another_machine_is_never_refused(daemon):
    daemon(row('192.0.2.1', 3000))

    assert refused('192.0.2.1') is None


def test_where_no_daemon_runs_all_is_sent_and_where_one_hangs_nothing_to_this_machine(daemon):
    daemon(beats.statussocket.NotRunning('no'))
    assert refused('127.0.0.1') is None
    daemon(beats.statussocket.NoAnswer('busy'))
    assert refused('127.0.0.1') == beats.NOT_ASKED % 'busy'
    assert refused('192.0.2.1') is None


def test_what_is_refused_is_told_in_one_line_and_ends_with_1(capsys):
    assert beats.send('127.0.0.1', 9, 1, 1, lambda address: 'not sent: why') == 1

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ('', '127.0.0.1 port 9: not sent: why\n')


@pytest.mark.parametrize('own', ['', '@west', '@east'])
@pytest.mark.parametrize('listens', ['', '@west'])
def test_the_listener_of_another_cluster_here_is_refused_too(monkeypatch, tmp_path, own, listens):
    for name in ('@west', '@east', 'other'):
        (tmp_path / name).mkdir()

    def ask(path):
        if path != os.path.join(str(tmp_path), listens, 'status.sock'):
            raise beats.statussocket.NotRunning('no')
        return {'listeners': [row('127.0.0.1', 3000)]}
    monkeypatch.setattr(beats.statussocket, 'ask', ask)
    refused = beats.refusal(os.path.join(str(tmp_path), own) if own else str(tmp_path))

    assert refused(('127.0.0.1', 3000)) == beats.OURS % 4
    assert refused(('127.0.0.1', 3001)) is None


# --- as a node's own sender: see tests/beat ---
ALONE = 'import sys; from fbmon.cli.main import main; sys.exit(main())'


def test_with_several_targets_all_get_them_and_one_of_the_daemon_here_refuses_all(receiver, daemon, capsys):
    host, port = receiver.getsockname()[:2]
    words = ['beat', host, str(port), host, str(port), '--count', '2', '--interval', '20']
    daemon(row(host, port))

    assert main(words) == 1
    assert capsys.readouterr().err == '%s port %d: %s\n' % (host, port, beats.OURS % 4)
    code, output, errors = finish(python(ALONE, *(words + ['--force'])))

    assert (code, output, errors.splitlines()[-1]) == (0, '', '2 heartbeats sent')
    assert [receiver.recv(100) for _ in range(4)] == [beats.PAYLOAD] * 4
