"""server.py and serve.py: the process, with real sockets: slow, silent and many clients, and a daemon that comes and
goes."""
import errno
import os
import signal
import socket
import subprocess
import sys

import pytest

import helpers
import statuses
from fbmon.base import compat
from fbmon.web import serve
from fbmon.web.server import PLACES
from helpers import LIMIT, wait_for
from visits import Daemon, Page, rest, until

GET = b'GET /status.json HTTP/1.0\r\n\r\n'


@pytest.fixture
def page(tmp_path):
    """The Page of a run directory in which nobody serves the status yet."""
    made = Page(tmp_path)
    yield made
    code, _, errors = made.end()
    assert (code, errors) == (0, '')


@pytest.fixture
def daemons(tmp_path):
    """begin(status): a Daemon. All end with the test."""
    begun = []

    def begin(status):
        begun.append(Daemon(tmp_path, status))
        return begun[-1]
    yield begin
    for one in begun:
        try:
            one.die()
        except compat.SYSTEM_ERRORS:
            pass


@pytest.fixture
def daemon(daemons):
    return daemons(statuses.large())


def test_the_page_shows_what_the_daemon_says(daemon, page):
    found = until(page, lambda found: found['serve']['answers'])
    found.pop('serve')

    assert found == statuses.large()
    wait_for(lambda: 'fastbypass_up 1\n' in page.get('/metrics')[1])


@pytest.mark.parametrize('method, path, code', [
    ('POST', '/', 405), ('PUT', '/status.json', 405), ('GET', '/etc/passwd', 404), ('GET', '/../fbmon.py', 404),
    ('GET', '/' + 'a' * 3000, 414), ('GET', 'nonsense', 400), ('HEAD', '/metrics', 200)])
def test_what_is_not_served_is_refused_with_a_short_answer(daemon, page, method, path, code):
    found, body = page.get(path, method)

    assert found == code
    assert body.startswith('%d ' % code) and body.count('\n') == 1 if method != 'HEAD' else body == ''


def test_a_flood_of_headers_is_refused_and_the_answer_arrives(daemon, page):
    def answered(data):
        try:
            return page.ask(data)[:13]
        except compat.SYSTEM_ERRORS:
            # On a busy machine it may have waited for the end of the flood in vain.
            return None

    wait_for(lambda: answered(b'GET / HTTP/1.0\r\n' + b'A: b\r\n' * 20000) == b'HTTP/1.1 431 ')
    wait_for(lambda: answered(b'\xff' * 100000) == b'HTTP/1.1 414 ')
    assert page.get('/metrics')[0] == 200


def test_a_slow_request_keeps_nobody_waiting_and_is_answered_when_it_is_whole(daemon, page):
    def slowly():
        slow = page.connect()
        try:
            for byte in bytearray(GET[:-1]):
                slow.sendall(bytes(bytearray([byte])))
            assert page.get('/metrics')[0] == 200
            slow.sendall(GET[-1:])
            return rest(slow)[:13]
        finally:
            slow.close()

    # On a busy machine its time may be up before it is whole.
    wait_for(lambda: slowly() == b'HTTP/1.1 200 ')


def test_a_request_that_does_not_come_is_let_go_and_half_a_one_is_told_so(daemon, page):
    silent, half = page.connect(), page.connect()
    half.sendall(GET[:10])

    assert (rest(silent), rest(half)[:13]) == (b'', b'HTTP/1.1 408 ')
    for one in (silent, half):
        one.close()


def test_two_hundred_idle_clients_keep_nobody_waiting_and_cost_no_thread(daemon, page):
    page.status()
    threads = page.threads()
    idle = [page.connect() for _ in range(200)]
    try:
        assert [page.get('/metrics')[0] for _ in range(20)] == [200] * 20
        assert page.threads() == threads
        assert page.descriptors() <= PLACES + 16
    finally:
        for one in idle:
            one.close()
    wait_for(lambda: page.descriptors() < 16)


def test_clients_that_ask_and_take_nothing_keep_nobody_waiting(daemon, page):
    daemon.status = dict(statuses.large(), history=['x' * 1000] * 4000)
    until(page, lambda found: found['serve']['answers'])
    idle = [page.connect() for _ in range(PLACES)]
    for one in idle:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(GET)

    # As soon as one of them has taken nothing for a second, it gives way.
    assert page.get('/metrics')[0] == 200
    for one in idle:
        one.close()


def test_many_clients_at_once_are_all_served_and_the_daemon_is_asked_little(daemon, page):
    began = helpers.clock.monotonic()
    clients = [page.connect() for _ in range(PLACES - 4)]
    for one in clients:
        one.sendall(GET)
    found = [rest(one)[:13] for one in clients]
    for one in clients:
        one.close()
    for _ in range(100):
        assert page.get('/metrics')[0] == 200

    assert found == [b'HTTP/1.1 200 '] * len(clients)
    assert daemon.asked <= helpers.clock.monotonic() - began + 1


def test_clients_that_hang_up_at_any_moment_leave_nothing_behind(daemon, page):
    page.status()
    before = page.descriptors()
    for number in range(60):
        one = page.connect()
        one.sendall(GET[:number])
        one.close()

    wait_for(lambda: page.descriptors() <= before)
    assert page.get('/metrics')[0] == 200


def test_without_a_daemon_it_says_so_and_serves_one_that_comes(daemons, page):
    assert 'fastbypass_up 0\n' in page.get('/metrics')[1]
    assert page.status()['serve']['last'] is None
    daemons(statuses.status())

    assert until(page, lambda found: found['state'] == 'normal')['serve']['answers']


def test_a_daemon_that_dies_leaves_its_last_answer_with_its_age_and_one_that_returns_is_shown(daemons, page):
    first = daemons(statuses.large())
    until(page, lambda found: found['state'] == 'normal')
    first.die()

    found = until(page, lambda found: found['state'] == 'down')
    assert found['serve']['last'] == statuses.large() and found['serve']['age_s'] > 0
    daemons(statuses.status(state='bypass'))
    until(page, lambda found: found['state'] == 'bypass')


def test_a_daemon_that_hangs_keeps_nobody_waiting_and_its_last_answer_is_shown(daemon, page):
    until(page, lambda found: found['state'] == 'normal')
    daemon.status = None

    found = until(page, lambda found: found['state'] == 'down')
    assert found['serve']['last']['state'] == 'normal'
    # All of them together would wait for longer than the limit.
    for _ in range(40):
        assert page.get('/metrics')[0] == 200


def test_a_daemon_that_does_not_let_us_in_is_told_of(tmp_path, page):
    os.mkdir(str(tmp_path / 'status.sock'))

    until(page, lambda found: found['state'] == 'down' and 'refused' in found['serve']['error'].lower())


@pytest.mark.parametrize('number, code', [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_at_once_whatever_its_clients_do(daemon, tmp_path, number, code):
    page = Page(tmp_path)
    daemon.status = None
    clients = [page.connect() for _ in range(3)]
    clients[0].sendall(GET)

    assert page.end(number) == (code, '', '')
    for one in clients:
        one.close()


def test_it_serves_on_ipv6_too(daemon, tmp_path):
    helpers.require(helpers.has_ipv6(), 'needs IPv6')
    page = Page(tmp_path, '[::1]:0')
    try:
        until(page, lambda found: found['state'] == 'normal')
    finally:
        page.end()
    assert page.line == 'serving at http://[::1]:%d/\n' % page.port


def told(*words):
    """(exit code, stderr) of `serve`, which must end by itself."""
    child = subprocess.Popen([sys.executable, helpers.FBMON, 'serve'] + list(words), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    code, _, errors = helpers.finish(child)
    return code, errors


def test_an_address_that_cannot_be_had_is_told_with_a_remedy(page):
    taken = '127.0.0.1:%d' % page.port

    assert told('--listen', taken) == (1, 'serve: http://%s/: Address already in use: %s\n' % (
        taken, serve.REMEDIES[errno.EADDRINUSE]))
    assert told('--listen', '192.0.2.1:9742') == (1, 'serve: http://192.0.2.1:9742/: %s: %s\n' % (
        os.strerror(errno.EADDRNOTAVAIL), serve.REMEDIES[errno.EADDRNOTAVAIL]))


@pytest.mark.parametrize('text', [
    '9742', 'localhost:9742', '::1:9742', '[::1]', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:x', '1.2.3:80', 'x' * 90,
    '[::1:80', '[1.2.3.4]:80'])
def test_what_is_no_address_and_port_is_told_with_one(text):
    assert told('--listen', text) == (2, "serve: '%s' is no address and port: give 127.0.0.1:9742 or [::1]:9742\n"
                                      % text[:60])


def test_it_serves_where_it_is_told_by_default():
    from fbmon.cli import main, options

    assert options.parse(['serve'], main.COMMANDS, main.Places('x', 'x', 'x', 'x')).listen == serve.USUAL


def test_the_limit_is_long_enough_for_what_is_waited_for_here():
    from fbmon.web import visitor

    assert max(visitor.HEARD_IN, visitor.TAKEN_IN) < LIMIT
