"""statussocket.py: each client gets the document; a client that is slow, silent or gone does no harm to others."""
import errno
import json
import os
import select
import socket
import threading
import time

import pytest

from fbmon.base import compat
from fbmon.show import places, statussocket
from fbmon.show.statussocket import NoAnswer, NotRunning, Server, ask, listen
from helpers import LIMIT, descriptors, wait_for, write


@pytest.fixture
def serve(tmp_path):
    """serve(request): starts a Server. The path of its socket is in .path."""
    def begin(request, sock=None, command=None):
        path = str(tmp_path / 'status.sock')
        server = Server(sock or listen(path), request, command)
        server.path, server.crashes = path, []
        server.start(lambda: server.crashes.append(True))
        servers.append(server)
        return server

    servers = []
    yield begin
    assert [server.crashes for server in servers] == [[]] * len(servers)


def answers(document):
    """A request that is answered at once."""
    text = json.dumps(document)
    return lambda reply: reply(text)


def connect(server):
    """A connection, once there is room in the queue of the socket."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(server.path)
    sock.settimeout(LIMIT)
    return sock


def test_who_connects_is_sent_the_document(serve):
    server = serve(answers({'state': 'normal'}))

    assert [ask(server.path, LIMIT) for _ in range(3)] == [{'state': 'normal'}] * 3


def test_a_document_larger_than_the_buffer_of_the_socket_comes_whole(serve):
    document = {'history': ['x' * 1000] * 5000}
    server = serve(answers(document))

    assert ask(server.path, LIMIT) == document


def test_a_document_that_comes_later_from_another_thread_is_sent(serve):
    server = serve(lambda reply: threading.Timer(0.05, reply, ['{"state": "normal"}']).start())

    assert ask(server.path, LIMIT) == {'state': 'normal'}


def test_each_client_gets_its_own_answer(serve):
    replies = []
    server = serve(replies.append)
    clients = [connect(server) for _ in range(3)]
    wait_for(lambda: len(replies) == 3)
    for number in (2, 0, 1):
        replies[number]('%d' % number)

    assert [client.recv(10) for client in clients] == [b'0', b'1', b'2']


def test_hundreds_of_clients_at_once_are_all_served(serve):
    server, found = serve(answers({'history': ['x' * 1000] * 300})), []

    def client():
        try:
            found.append(len(ask(server.path, LIMIT)['history']))
        except NotRunning as error:
            found.append(str(error))

    threads = [threading.Thread(target=client) for _ in range(300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)

    assert sorted(set(found), key=str) == [300] and len(found) == 300


def test_a_client_that_takes_nothing_does_not_keep_others_waiting(serve):
    server = serve(answers({'history': ['x' * 1000] * 5000}))
    slow = connect(server)

    assert len(ask(server.path, LIMIT)['history']) == 5000
    slow.close()


def test_a_client_that_takes_nothing_is_let_go_when_its_time_is_up(serve, monkeypatch):
    monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', 0.1)
    server = serve(answers({'history': ['x' * 1000] * 5000}))
    before = descriptors()
    slow = connect(server)
    wait_for(lambda: descriptors() == before + 2)

    wait_for(lambda: descriptors() == before + 1)
    slow.close()


def test_clients_that_take_nothing_and_fill_every_place_give_way_to_one_that_asks(serve, monkeypatch):
    monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', 60.0)
    server = serve(answers({'history': ['x' * 1000] * 5000}))
    silent = [connect(server) for _ in range(2 * places.CLIENTS)]

    assert [len(ask(server.path, LIMIT)['history']) for _ in range(3)] == [5000] * 3
    for one in silent:
        one.close()


def test_of_those_that_fill_every_place_the_one_that_has_taken_nothing_for_longest_gives_way(serve, monkeypatch):
    monkeypatch.setattr(places, 'CLIENTS', 2)
    monkeypatch.setattr(places, 'STALLED', 0.0)
    monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', 60.0)
    server = serve(answers({'history': ['x' * 1000] * 5000}))
    first, second = [connect(server) for _ in range(2)]
    read = len(first.recv(1 << 20)) + len(first.recv(1 << 20))
    while read < 5000000:
        # The first client takes a part now and then, the second one takes nothing.
        time.sleep(0.02)
        part = first.recv(1 << 18)
        assert part, 'the one that reads was turned out'
        read += len(part)
        if read > 2000000 and second:
            assert len(ask(server.path, LIMIT)['history']) == 5000
            taken = sum(len(part) for part in iter(lambda: second.recv(1 << 20), b''))
            second = None

    assert taken < 5000000
    first.close()


def test_clients_that_wait_for_a_document_are_not_turned_out(serve, monkeypatch):
    monkeypatch.setattr(places, 'STALLED', 0.0)
    replies = []
    server = serve(replies.append)
    waiting = [connect(server) for _ in range(places.CLIENTS)]
    wait_for(lambda: len(replies) == places.CLIENTS)

    assert connect(server).recv(100) == b''
    for reply in replies:
        reply('there')

    assert [one.recv(100) for one in waiting] == [b'there'] * places.CLIENTS


def test_a_client_without_an_answer_is_let_go_when_its_time_is_up(serve, monkeypatch):
    monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', 0.05)
    server = serve(lambda reply: None)

    with pytest.raises(NotRunning) as raised:
        ask(server.path, limit=0.2)

    assert str(raised.value).endswith('the daemon is busy or stuck: it gave no status')


def test_an_answer_for_a_client_that_was_let_go_harms_nobody(serve, monkeypatch):
    monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', 0.05)
    replies = []
    server = serve(replies.append)
    first = connect(server)
    first.sendall(b'\n')
    assert first.recv(100) == b''
    monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', LIMIT)
    client = connect(server)
    wait_for(lambda: len(replies) == 2)

    replies[0]('late')
    replies[1]('in time')

    assert client.recv(100) == b'in time'


def test_clients_that_hang_up_at_any_moment_leave_nothing_behind(serve):
    replies = []
    server = serve(replies.append)
    before = descriptors()
    for _ in range(20):
        connect(server).close()
    wait_for(lambda: len(replies) == 20)
    for reply in replies:
        reply('x' * 1000000)
    wait_for(lambda: descriptors() == before)

    replies[:] = []
    client = connect(server)
    wait_for(lambda: replies)
    replies[0]('there')
    assert client.recv(100) == b'there'


class Starved(object):
    """A listening socket that has no descriptor left for its first clients."""

    def __init__(self, sock, times):
        self.sock, self.times, self.tries = sock, times, []
        self.fileno = sock.fileno

    def accept(self):
        self.tries.append(compat.monotonic())
        if len(self.tries) <= self.times:
            raise socket.error(errno.EMFILE, 'Too many open files')
        return self.sock.accept()


def test_out_of_descriptors_it_waits_between_its_tries_and_serves_when_it_can(serve, tmp_path):
    sock = Starved(listen(str(tmp_path / 'status.sock')), 3)
    server = serve(answers({'state': 'normal'}), sock)

    assert ask(server.path, LIMIT) == {'state': 'normal'}
    assert len(sock.tries) == 4
    assert sock.tries[3] - sock.tries[0] >= 3 * 0.09


# --- the socket ---

def test_only_its_owner_can_use_the_socket(tmp_path):
    sock = listen(str(tmp_path / 'status.sock'))

    assert os.stat(str(tmp_path / 'status.sock')).st_mode & 0o777 == 0o600
    mask = os.umask(0o22)
    os.umask(mask)
    assert mask != 0o177
    sock.close()


def test_its_group_can_use_the_socket_if_the_directory_gives_it_its_own(tmp_path):
    group = 4242 if os.geteuid() == 0 else os.getegid()
    os.chown(str(tmp_path), -1, group)
    os.chmod(str(tmp_path), 0o2750)
    sock = listen(str(tmp_path / 'status.sock'))

    found = os.stat(str(tmp_path / 'status.sock'))
    assert (found.st_mode & 0o777, found.st_gid) == (0o660, group)
    sock.close()


def test_a_socket_that_an_earlier_run_left_behind_is_replaced(serve, tmp_path):
    listen(str(tmp_path / 'status.sock')).close()
    server = serve(answers({}))

    assert ask(server.path, LIMIT) == {}


def test_a_path_that_cannot_be_used_is_an_error(tmp_path):
    for path in (tmp_path / 'none' / 'status.sock', tmp_path, tmp_path / ('x' * 200)):
        with pytest.raises(compat.SYSTEM_ERRORS):
            listen(str(path))


# --- asking ---

def test_nobody_there_is_not_running(tmp_path):
    path = str(tmp_path / 'status.sock')
    with pytest.raises(NotRunning) as raised:
        ask(path)

    assert str(raised.value) == path + ': No such file or directory'


def test_a_socket_that_nobody_serves_any_more_is_not_running(tmp_path):
    path = str(tmp_path / 'status.sock')
    listen(path).close()
    with pytest.raises(NotRunning) as raised:
        ask(path)

    assert str(raised.value) == path + ': Connection refused'


def test_something_else_in_its_place_is_not_running(tmp_path):
    write(tmp_path / 'status.sock', 'text')
    with pytest.raises(NotRunning):
        ask(str(tmp_path / 'status.sock'))


def test_a_path_too_long_for_a_socket_is_not_running(tmp_path):
    with pytest.raises(NotRunning) as raised:
        ask(str(tmp_path / ('x' * 200)))

    assert 'too long' in str(raised.value)


@pytest.mark.parametrize('text', ['', '{"state": "nor', 'null', '[1]'])
def test_a_broken_document_is_not_taken_for_one(serve, text):
    server = serve(lambda reply: reply(text or ' '))

    with pytest.raises(NotRunning):
        ask(server.path, LIMIT)


def test_a_daemon_that_hangs_is_not_waited_for_beyond_the_limit(tmp_path):
    sock = listen(str(tmp_path / 'status.sock'))
    began = compat.monotonic()

    with pytest.raises(NoAnswer):
        ask(str(tmp_path / 'status.sock'), limit=0.1)

    assert compat.monotonic() - began < LIMIT
    sock.close()


# --- questions ---

def asked(server, data):
    """The answer to these bytes."""
    client = connect(server)
    client.sendall(data)
    return b''.join(iter(lambda: client.recv(65536), b''))


@pytest.mark.parametrize('data', [b'x\n', b'[]\n', b'5\n', b'"status"\n', b'{"a": 1}\n', b'\xff\xfe\n',
                                  b'[' * 4000 + b'\n', b'x' * 5000])
def test_noise_is_refused_and_harms_nobody(serve, data):
    server = serve(answers({'state': 'normal'}))

    assert json.loads(asked(server, data).decode()) == {
        'refused': 'not a question: give an object as one line of JSON'}
    assert ask(server.path, LIMIT) == {'state': 'normal'}


@pytest.mark.parametrize('data', [b'\n', b'{}\n', b'  \n', b''])
def test_who_asks_nothing_gets_the_status(serve, data):
    assert asked(serve(answers({'state': 'normal'})), data) == b'{"state": "normal"}'


def test_a_command_is_handed_on_with_all_that_it_says(serve):
    taken = []
    server = serve(None, command=lambda question, reply: taken.append(question) or reply('{"done": "x"}'))

    assert ask(server.path, LIMIT, {'command': 'return', 'by': 'alice'}) == {'done': 'x'}
    assert taken == [{'command': 'return', 'by': 'alice'}]


def test_a_daemon_that_ends_with_a_command_may_have_carried_it_out(tmp_path):
    path = str(tmp_path / 'status.sock')
    sock = listen(path)
    sock.setblocking(True)

    def killed():
        connection = sock.accept()[0]
        connection.recv(4096)
        sock.close()
        connection.close()

    thread = threading.Thread(target=killed)
    thread.start()
    try:
        with pytest.raises(NoAnswer) as raised:
            ask(path, LIMIT, {'command': 'override'})
    finally:
        thread.join()
    assert str(raised.value) == path + ': the daemon ended before it answered'
    # Who only looks has lost nothing.
    with pytest.raises(NotRunning) as raised:
        ask(path, LIMIT)
    assert str(raised.value) == path + ': Connection refused'


def test_only_root_may_give_a_command(serve, monkeypatch):
    monkeypatch.setattr('fbmon.show.client.Client._uid', lambda client: 1000)
    server = serve(answers({'state': 'normal'}), command=None)

    assert ask(server.path, LIMIT, {'command': 'return'}) == {'refused': 'only root may give a command'}
    assert ask(server.path, LIMIT) == {'state': 'normal'}


@pytest.mark.parametrize('size', [10, 3000000])
def test_a_daemon_that_does_not_read_the_question_is_understood(tmp_path, size):
    """Up to 1.1.00: the answer comes at once, and the connection is closed with the question unread."""
    sock = listen(str(tmp_path / 'status.sock'))
    sock.setblocking(True)

    def old():
        connection = sock.accept()[0]
        connection.sendall(json.dumps({'version': '1.1.00', 'text': 'x' * size}).encode())
        wait_for(lambda: select.select([connection], [], [], 0)[0])
        connection.close()

    thread = threading.Thread(target=old)
    thread.start()
    try:
        assert ask(str(tmp_path / 'status.sock'), LIMIT)['version'] == '1.1.00'
    finally:
        thread.join()
        sock.close()
