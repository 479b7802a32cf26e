"""ordering.py: orders that are given while no daemon runs, and what the commands say when they are given wrongly."""
import fcntl
import json
import os
import subprocess
import sys

import pytest

from fbmon.cli import force, main, options as command_line, ordering
from fbmon.memory import rundir
from fbmon.show import statussocket
from helpers import FBMON, finish, read, write

FILE = '''LISTEN_HEARTBEAT_IFS=eth0
LISTEN_HB_HOST[0]=10.0.0.1
LISTEN_HB_PORT[0]=3000
LISTEN_HB_NODE[0]=dpi-1
LISTEN_HB_HOST[1]=10.0.0.1
LISTEN_HB_PORT[1]=3001
'''


@pytest.fixture
def places(tmp_path):
    write(str(tmp_path / '.env'), FILE)
    return ['--config', str(tmp_path / '.env'), '--log-dir', str(tmp_path / 'logs'),
            '--run-dir', str(tmp_path / 'run'), '--state-dir', str(tmp_path / 'state')]


@pytest.fixture
def fbmon(places):
    """fbmon(words...): runs the program. Returns (exit code, stdout, stderr)."""
    return lambda *words: finish(subprocess.Popen([sys.executable, FBMON] + places + list(words),
                                                  env=dict(os.environ, SUDO_USER='alice'), stdout=subprocess.PIPE,
                                                  stderr=subprocess.PIPE))


def test_without_a_daemon_an_order_is_written_listed_and_ended(fbmon, tmp_path):
    assert fbmon('maintenance', '--json') == fbmon('override', '--json') == (0, '[]\n', '')
    assert [fbmon(word) for word in ('maintenance', 'override')] == [
        (0, 'no node is in maintenance\n', ''), (0, 'no override\n', '')]
    code, said, errors = fbmon('maintenance', '0', 'on', '--for', '2h', '--reason', 'a new kernel')
    assert (code, errors) == (0, '') and said.startswith('0 is in maintenance until ')
    assert said.endswith('; no daemon runs: it counts from its next start on\n')
    found = json.loads(read(str(tmp_path / 'state' / 'orders')))['maintenance']['dpi-1']
    assert (found['by'], found['reason'], found['until'] - found['since'] > 7190) == ('alice', 'a new kernel', True)
    assert 'dpi-1 since ' in fbmon('maintenance')[1]
    assert 'operator dpi-1: off -> maintenance: by alice until ' in read(
        str(tmp_path / 'logs' / 'fastbypass_monitor.log'))

    assert fbmon('override', 'freeze')[:2] == (
        0, 'override freeze; no daemon runs: it counts from its next start on\n')
    assert 'OVERRIDE FREEZE since ' in fbmon('status')[1] and 'MAINTENANCE of dpi-1 since ' in fbmon('status')[1]
    assert 'operator override: off -> freeze: by alice' in fbmon('status', '--history')[1]
    assert fbmon('maintenance', 'dpi-1', 'off')[0] == fbmon('override', 'off')[0] == 0
    assert json.loads(read(str(tmp_path / 'state' / 'orders'))) == {'maintenance': {}, 'override': None}


def test_without_a_daemon_every_face_has_what_is_ordered(fbmon, tmp_path):
    assert fbmon('status', '--json')[:2] == (3, '')
    assert fbmon('maintenance', '0', 'on', '--reason', 'a new kernel')[0] == fbmon('override', 'freeze')[0] == 0

    code, output, errors = fbmon('status', '--json')
    found = json.loads(output)
    assert (code, found['state'], found['forced'], errors.count('\n')) == (3, 'down', None, 1)
    assert (found['override']['state'], found['override']['by']) == ('freeze', 'alice')
    assert [(row['name'], row['maintenance']['reason']) for row in found['nodes']] == [('dpi-1', 'a new kernel')]
    output = fbmon('status', '--prometheus')[1]
    assert 'fastbypass_maintenance{node="dpi-1"} 1\n' in output
    assert 'fastbypass_override{state="freeze"} 1\n' in output
    assert fbmon('override', 'off')[0] == fbmon('maintenance', '0', 'off')[0] == 0
    assert fbmon('status', '--json')[:2] == (3, '')


@pytest.mark.parametrize('face', ['--json', '--prometheus'])
def test_without_a_daemon_what_cannot_be_read_is_told_and_not_said_to_be_none(fbmon, places, face):
    write(places[7], '')
    code, output, errors = fbmon('status', face)

    assert (code, 'override' in output) == (3, False)
    assert '%s/orders: cannot be read: Not a directory\n' % places[7] in errors


@pytest.mark.parametrize('words, said', [
    (['maintenance', 'dpi-2', 'on'], 'there is no node dpi-2: did you mean dpi-1?'),
    (['maintenance', 'a b', 'on'], 'a node is called by its name or by the index of its listener'),
    (['maintenance', '1', 'on', '--reason', 'x' * 201], 'at most 200 characters'),
    (['maintenance', '1', 'on', '--reason', '\x1b[2J'], 'printable ones of ASCII')])
def test_a_refusal_says_why_and_writes_nothing(fbmon, tmp_path, words, said):
    code, output, errors = fbmon(*words)

    assert (code, output) == (1, '') and errors.startswith('maintenance: refused: ') and said in errors
    assert not (tmp_path / 'state').exists()


# Bytes that are no UTF-8, as both Pythons put them on a command line.
LATIN = b'dpi-\xff' if str is bytes else 'dpi-\udcff'


@pytest.mark.parametrize('words', [(LATIN, 'on'), ('0', 'on', '--reason', LATIN), (LATIN,), (LATIN, 'off')])
def test_bytes_that_are_no_text_are_refused_without_a_traceback(fbmon, words):
    code, output, errors = fbmon('maintenance', *words)

    assert (code in (1, 2), output) == (True, '') and errors.startswith('maintenance') and 'Traceback' not in errors


def test_bytes_that_are_no_text_reach_the_daemon_as_text():
    options = command_line.parse(['maintenance', LATIN, 'on', '--reason', LATIN], main.COMMANDS,
                                 main.Places('a', 'b', 'c', 'd'))

    json.dumps([options.node, options.reason])


def test_the_last_node_of_the_file_is_refused(fbmon):
    assert fbmon('maintenance', '0', 'on')[0] == 0

    assert fbmon('maintenance', '1', 'on')[2] == \
        'maintenance: refused: 1 is the last node that is not in maintenance\n'


@pytest.mark.parametrize('words, said', [
    (['maintenance', '1'], 'say on or off'), (['maintenance', '1', 'perhaps'], 'invalid choice'),
    (['maintenance', '1', 'on', '--for', '1w'], 'is no duration: give a number with s, m, h or d'),
    (['maintenance', '1', 'on', '--for', '0s'], 'is no duration'),
    (['maintenance', '1', 'off', '--for', '1h'], 'belong to an order, not to its end'),
    (['override', 'off', '--reason', 'x'], 'belong to an order, not to its end'),
    (['override', '--for', '1h'], 'override: say what is ordered; --for and --reason belong to an order'),
    (['maintenance', '--reason', 'x'], 'maintenance: say what is ordered; '),
    (['override', 'on'], 'invalid choice'), (['override', 'freeze', '--for', '-1h'], 'expected one argument')])
def test_a_wrong_command_line_is_2_and_asks_nobody(fbmon, tmp_path, words, said):
    code, output, errors = fbmon(*words)

    assert (code, output) == (2, '') and said in errors and 'Traceback' not in errors
    assert not (tmp_path / 'state').exists() and not (tmp_path / 'run').exists()


def test_a_file_of_noise_is_told_and_replaced_by_the_order(fbmon, tmp_path):
    os.mkdir(str(tmp_path / 'state'))
    write(str(tmp_path / 'state' / 'orders'), '{"maintenance": 7')
    told = '%s: makes no sense: no order is taken from it\n' % (tmp_path / 'state' / 'orders')
    assert fbmon('override') == (0, 'no override\n', told)

    assert fbmon('override', 'normal')[::2] == (0, told)
    assert fbmon('override')[1].startswith('normal since ')


def run(places, *words):
    """The exit code of a command in this process."""
    return main.main(places + list(words))


@pytest.fixture
def others_lock(tmp_path):
    """The lock of the run directory, which another process holds."""
    os.mkdir(str(tmp_path / 'run'))
    with open(str(tmp_path / 'run' / rundir.LOCK), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write('4711\n')
        lock.flush()
        yield lock


def test_a_daemon_that_starts_at_this_moment_is_asked_when_it_answers(places, others_lock, monkeypatch, capsys):
    answers = [statussocket.NotRunning('x'), statussocket.NotRunning('x'), {'done': 'dpi-1 is in maintenance'}]
    questions = []

    def ask(_path, question=None):
        questions.append(question)
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found
    monkeypatch.setattr(statussocket, 'ask', ask)
    monkeypatch.setattr(force, 'who', lambda: 'alice')

    assert run(places, 'maintenance', 'dpi-1', 'on') == 0
    assert questions == [{'command': 'maintenance', 'node': 'dpi-1', 'on': True, 'until': None, 'reason': '',
                          'by': 'alice'}] * 3
    assert capsys.readouterr()[0] == 'dpi-1 is in maintenance\n'


def test_a_daemon_that_never_answers_and_keeps_its_lock_is_told_of(places, others_lock, monkeypatch, capsys):
    monkeypatch.setattr(ordering, 'LIMIT', 0.2)

    assert run(places, 'override', 'bypass') == 1
    assert capsys.readouterr()[1] == ('override: refused: the daemon is already running in %s with pid 4711, and does '
                                      'not answer\n' % places[5])


def test_a_daemon_that_hangs_is_3(places, monkeypatch, capsys):
    def ask(_path, **_options):
        raise statussocket.NoAnswer('no answer')
    monkeypatch.setattr(statussocket, 'ask', ask)

    assert run(places, 'override', 'bypass') == run(places, 'override') == 3
    silent = 'fastbypass_monitor gives no status (no answer)\n'
    assert capsys.readouterr()[1] == silent + 'it may do this all the same: see fbypass_ctl show\n' + silent
    assert run(places, 'return') == 3
    assert 'all the same' in capsys.readouterr()[1]


def test_while_a_daemon_hangs_the_file_does_not_tell_what_is_ordered(places, monkeypatch, capsys):
    assert run(places, 'override', 'freeze') == 0

    def ask(_path, **_options):
        raise statussocket.NoAnswer('no answer')
    monkeypatch.setattr(statussocket, 'ask', ask)
    capsys.readouterr()

    assert run(places, 'status', '--json') == 3
    assert capsys.readouterr() == ('', 'fastbypass_monitor gives no status (no answer)\n')


def test_a_daemon_that_could_not_be_asked_does_nothing(places, monkeypatch, capsys):
    def ask(_path, _limit=5.0, **_options):
        raise statussocket.NoAnswer('/x: Permission denied')
    monkeypatch.setattr(statussocket, 'ask', ask)

    assert run(places, 'override', 'bypass') == run(places, 'return') == run(places, 'drill') == 3
    assert 'all the same' not in capsys.readouterr()[1]


def test_a_daemon_that_hangs_when_it_gets_a_drill_may_begin_it(places, monkeypatch, capsys):
    def ask(_path, _limit=5.0, question=None):
        if question:
            raise statussocket.NoAnswer('no answer')
        return {'state': 'normal', 'override': None, 'nodes': [], 'cards': [], 'ports': []}
    monkeypatch.setattr(statussocket, 'ask', ask)

    assert main.main(places + ['drill', '7']) == 3
    assert capsys.readouterr() == ('', 'fastbypass_monitor gives no status (no answer)\ndrill: it may begin all the '
                                   'same; then it ends by itself after 7 s at most: see fbypass_ctl show\n')


def test_an_older_daemon_is_told_of(places, monkeypatch, capsys):
    monkeypatch.setattr(statussocket, 'ask', lambda _path, **_options: {'state': 'normal', 'nodes': []})

    assert run(places, 'override', 'bypass') == run(places, 'override') == 1
    assert capsys.readouterr()[1] == (
        'the running daemon does not know this command: restart the service after an upgrade\n'
        'the running daemon is of another version: restart the service\n')


def test_a_disk_that_does_not_take_it_refuses_it(places, capsys):
    write(places[7], '')

    assert run(places, 'override', 'bypass') == 1
    assert capsys.readouterr()[1] == 'override: refused: %s/orders: cannot be read: Not a directory\n' % places[7]
