"""passing.py: the protocol of pass_persist, as a process and as snmpd speaks it."""
import os
import signal
import socket
import subprocess

import pytest

import agents
import helpers

STATE = agents.ROOT + '.1.1.1.0'
AWAY = '%s\ninteger\n4\n' % STATE


@pytest.fixture
def child(tmp_path):
    """`fbmon.py snmp` without a daemon."""
    made = subprocess.Popen(agents.answerer(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, close_fds=True, preexec_fn=helpers.in_a_terminal)
    yield made
    if made.poll() is None:
        made.kill()
    made.wait()
    for stream in (made.stdin, made.stdout, made.stderr):
        stream.close()


def asked(child, request, lines):
    """The lines that it answers."""
    os.write(child.stdin.fileno(), request if isinstance(request, bytes) else request.encode('latin-1'))
    return ''.join(child.stdout.readline().decode('ascii') for _ in range(lines))


def test_it_is_there_and_answers_line_by_line_until_the_end_of_its_input(child):
    assert asked(child, 'PING\n', 1) == 'PONG\n'
    assert asked(child, 'get\n%s\n' % STATE, 3) == AWAY
    assert asked(child, 'getnext\n%s\n' % agents.ROOT, 3) == AWAY
    assert asked(child, 'get\n%s\n' % agents.ROOT, 1) == 'NONE\n'
    assert asked(child, 'getnext\n%s.9\n' % agents.ROOT, 1) == 'NONE\n'
    assert helpers.finish(child) == (0, '', '')


@pytest.mark.parametrize('value', ['integer 5\n', 'integer 5', 'string "a\nget\n.1.3\nb"\n', '', 'x' * 3000])
def test_a_set_is_refused_whatever_the_value_and_the_next_request_is_answered(child, value):
    assert asked(child, 'set\n%s\n%s' % (STATE, value), 1) == 'not-writable\n'
    assert asked(child, 'PING\n', 1) == 'PONG\n'
    assert asked(child, 'get\n%s\n' % STATE, 3) == AWAY


def test_a_value_that_comes_late_is_not_taken_for_a_request(child):
    assert asked(child, 'set\n%s\n' % STATE, 1) == 'not-writable\n'
    assert asked(child, 'integer 5PING\n', 1) == 'PONG\n'


@pytest.mark.parametrize('noise', [b'\n\n', b'hello\n', b'\x00\xff\n', b'\n' * 50000, b'x' * 100000 + b'\n'])
def test_noise_is_passed_over(child, noise):
    assert asked(child, noise + b'PING\n', 1) == 'PONG\n'


@pytest.mark.parametrize('oid', ['', 'x', '.1.3.6.x', '.' + '1.' * 200 + '1', '.1.99999999999', '-1', u'\xff'])
def test_an_identifier_that_is_none_has_no_value(child, oid):
    assert asked(child, 'get\n%s\n' % oid, 1) == 'NONE\n'
    assert asked(child, 'getnext\n%s\n' % oid, 1) == 'NONE\n'


def test_a_request_may_come_in_pieces(child):
    for piece in ('ge', 'tnext', '\n', agents.ROOT[:9]):
        os.write(child.stdin.fileno(), piece.encode('ascii'))
    assert asked(child, agents.ROOT[9:] + '\n', 3) == AWAY


def test_a_reader_that_has_gone_ends_it_without_a_word(child):
    child.stdout.close()
    os.write(child.stdin.fileno(), b'PING\n')

    assert helpers.wait_for(lambda: child.poll() is not None) and child.returncode in (0, -signal.SIGPIPE)
    assert child.stderr.read() == b''
    child.stdout = open(os.devnull, 'rb')


def test_a_root_that_is_none_is_refused_with_what_is_wanted(tmp_path):
    made = subprocess.Popen(agents.answerer(tmp_path, 'enterprises.1'), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    code, output, errors = helpers.finish(made)

    assert (code, output, errors) == (2, '', "snmp: 'enterprises.1' is no object identifier: give one like "
                                      '.1.3.6.1.4.1.8072.9999.9999.9742\n')


def test_another_root_is_taken(tmp_path):
    made = subprocess.Popen(agents.answerer(tmp_path, '.1.3.6.1.4.1.32473.1'), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    made.stdin.write(b'getnext\n.1.3.6.1.4.1.32473.1\n')

    assert helpers.finish(made) == (0, '.1.3.6.1.4.1.32473.1.1.1.1.0\ninteger\n4\n', '')


def test_a_daemon_that_hangs_is_waited_for_once_and_not_for_long(tmp_path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(tmp_path / 'status.sock'))
    sock.listen(8)
    made = subprocess.Popen(agents.answerer(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    made.stdin.write(('get\n%s\n' % STATE).encode('ascii') * 200)
    code, output, errors = helpers.finish(made)
    sock.setblocking(False)
    sock.accept()[0].close()
    with pytest.raises(Exception):
        sock.accept()
    sock.close()

    assert (code, output, errors) == (0, AWAY * 200, '')
