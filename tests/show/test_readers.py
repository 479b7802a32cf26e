"""client.py, statussocket.py: members of the group read the status and nothing more; nobody locks out root."""
import json
import os
import shutil
import socket
import tempfile

import pytest

from fbmon.base import compat
from fbmon.show import places, statussocket
from fbmon.show.statussocket import Server, ask, listen
from helpers import LIMIT, finish, python, wait_for

GROUP, MEMBER, OTHER = 4242, 4001, 4002


@pytest.fixture
def path():
    """The path of a status socket that the group may use. A user can reach it, unlike what is in tmp_path."""
    directory = tempfile.mkdtemp(dir='/tmp')
    os.chown(directory, -1, GROUP if os.geteuid() == 0 else os.getegid())
    os.chmod(directory, 0o2750)
    yield os.path.join(directory, 'status.sock')
    shutil.rmtree(directory)


# What a user gets: the arguments are the user id, the groups as JSON, the path and the question as JSON.
AS_USER = """
import json, os, sys
from fbmon.show.statussocket import NotRunning, ask
uid, groups, path, question = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
os.setgroups(groups)
os.setgid(uid)
os.setuid(uid)
try:
    print(json.dumps(ask(path, %g, question)))
except NotRunning as error:
    print(json.dumps('%%s' %% error))
sys.stderr.write('%%d' %% os.access(os.path.dirname(path), os.R_OK | os.X_OK))
""" % LIMIT


def as_user(uid, groups, path, question=statussocket.STATUS):
    """(the answer, or why there is none; '1' if the user may enter the directory, else '0')."""
    _, output, entered = finish(python(AS_USER, uid, json.dumps(groups), path, json.dumps(question)))
    return json.loads(output), entered


def test_a_member_of_the_group_reads_the_status_and_commands_nothing(path, rights):
    commands = []
    Server(listen(path), lambda reply: reply('{"state": "normal"}'),
           lambda question, reply: commands.append(question) or reply('{"done": ""}')).start(None)

    assert as_user(MEMBER, [GROUP], path) == ({'state': 'normal'}, '1')
    for said in ({'command': 'return'}, {'command': 'return', 'by': 'root', 'uid': 0}, {'command': None}):
        assert as_user(MEMBER, [GROUP], path, said) == ({'refused': 'only root may give a command'}, '1')
    assert commands == []


def test_whoever_is_no_member_gets_nothing(path, rights):
    Server(listen(path), lambda reply: reply('{"state": "normal"}')).start(None)

    assert as_user(OTHER, [], path) == (path + ': Permission denied', '0')


# --- places ---

class Crowd(object):
    """A Server that gives no status, so that each client keeps its place; the clients are of many users."""

    def __init__(self, path, monkeypatch):
        self.path, self.asking, self._uid = path, [], 0
        self.clients, self.uids = [], {}
        monkeypatch.setattr('fbmon.show.client.Client._uid', lambda client: self._uid)
        monkeypatch.setattr(statussocket, 'CLIENT_LIMIT', 10 * LIMIT)
        self.server = Server(listen(path), self.asking.append, lambda question, reply: reply('{"done": "it"}'))
        monkeypatch.setattr(os, 'geteuid', lambda: 0)
        self.server.start(None)

    def enter(self, uid):
        """Connect as a user, and ask. Returns whether there is a place: the client is not turned away."""
        self._uid, before = uid, len(self.asking)
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(LIMIT)
        client.connect(self.path)
        self.clients.append(client)
        try:
            client.sendall(b'\n')
        except compat.SYSTEM_ERRORS:
            # Turned away already.
            pass
        turned_away = []
        wait_for(lambda: len(self.asking) > before or turned_away or turned_away.extend(_closed(client)))
        return not turned_away

    def command(self):
        """What root's command is answered."""
        self._uid = 0
        return ask(self.path, LIMIT, {'command': 'return'})


def _closed(client):
    """[True] if the other end has closed the connection."""
    client.setblocking(False)
    try:
        return [client.recv(1) == b'']
    except compat.SYSTEM_ERRORS as error:
        return [] if compat.would_block(error) else [True]


@pytest.fixture
def crowd(path, monkeypatch):
    made = Crowd(path, monkeypatch)
    yield made
    for client in made.clients:
        client.close()


def test_a_user_has_no_more_than_its_places_and_another_one_has_its_own(crowd):
    assert [crowd.enter(1000) for _ in range(10)] == [True] * 8 + [False] * 2
    assert [crowd.enter(1001) for _ in range(10)] == [True] * 8 + [False] * 2
    assert crowd.command() == {'done': 'it'}


def test_all_users_together_leave_places_for_root(crowd):
    assert [crowd.enter(1000 + number // 8) for number in range(26)] == [True] * 24 + [False] * 2
    assert crowd.command() == {'done': 'it'}
    assert [crowd.enter(0) for _ in range(8)] == [True] * 8
    assert crowd.enter(1003) is False


def test_a_user_takes_no_place_of_a_root_that_is_slow(crowd, monkeypatch):
    monkeypatch.setattr(places, 'STALLED', 0.0)
    assert [crowd.enter(0) for _ in range(32)] == [True] * 32
    for reply in crowd.asking:
        # More than the socket takes, so none of them is through.
        reply('x' * 3000000)

    assert crowd.enter(1000) is False
    assert crowd.command() == {'done': 'it'}


def test_a_users_own_client_that_is_slow_gives_way_to_its_next_one(crowd, monkeypatch):
    monkeypatch.setattr(places, 'STALLED', 0.0)
    assert [crowd.enter(1000) for _ in range(8)] == [True] * 8
    crowd.asking[0]('x' * 3000000)

    assert [crowd.enter(1000), crowd.enter(1000)] == [True, False]
