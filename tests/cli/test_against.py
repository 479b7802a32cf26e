"""against.py: check --against says what a reload of a file would change in what runs."""
import random

import pytest

import statuses
from fbmon.cli import against, checking
from fbmon.config import reader
from fbmon.daemon import reloads
from fbmon.rules import nodes
from fbmon.show import statussocket
from helpers import write

RUNS = u'''LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HB_HOST[0]=10.0.0.2
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=10.0.0.2
LISTEN_HB_PORT[1]=3100
BYPASS_CARD_HOST[0]=10.0.0.11
BYPASS_CARD_HOST[1]=10.0.0.12
LISTEN_CUBRO_IFS=sw0
LISTEN_CUBRO_IFS[0]=sw1
'''


def status_of(text, states=(), away=(), **fields):
    """The status of a daemon that runs this. states: of its listeners, active by default; away: in maintenance."""
    listeners = reader.read(text).settings.listeners
    rows = [statuses.listener(one.index, host=one.host, port=one.port, interface=one.interface,
                              state=dict(states).get(one.index, 'active')) for one in listeners]
    ways = [dict(statuses.node(name, [one.index for one in those]),
                 maintenance={'by': 'anna'} if name in away else None) for name, those in nodes.grouped(listeners)]
    return statuses.status(rows, nodes=ways, pid=814, **fields)


def changes(file, runs=RUNS, states=(), away=(), **fields):
    """What is said of a file. fields: of the status."""
    return against.changes(reader.read(file), reader.read(runs), 'a reload', status_of(runs, states, away, **fields))


def told(*arguments, **options):
    """The same without the lines of the keys, which have a test of their own."""
    return [line for line in changes(*arguments, **options) if ': the file has ' not in line]


def test_what_is_added_removed_and_changed_is_named_and_how_long_the_state_is_held():
    file = RUNS.replace('3100', '3200').replace('10.0.0.12', '10.0.0.13').replace('=sw0', '=sw1') + (
        u'LISTEN_HEARTBEAT_TIMEOUT=2000\nLISTEN_HEARTBEAT_ATTEMPTS=3\nBYPASS_CARD_NAME[0]=north\n')

    assert told(file) == [
        'a reload would change this in what pid 814 runs:',
        '  added: listener 1, 10.0.0.2 port 3200 on eth0',
        '  added: card 1, 10.0.0.13 on eth0',
        '  removed: listener 1, 10.0.0.2 port 3100 on eth0',
        '  removed: card 1, 10.0.0.12 on eth0',
        '  removed: port sw0, which follows the global state',
        '  changed: listener 0: TIMEOUT, ATTEMPTS',
        '  changed: card 0: the name',
        '  changed: port sw1 follows the global state and listener 0, until now listener 0',
        'nothing else is touched: 0 components stay as they are',
        'the state is held until listener 1 has reported, at most 6 s after it listens']


def test_the_keys_that_differ_are_named_as_check_does():
    assert changes(RUNS + u'BYPASS_CARD_LEASE=15000') == [
        'a reload would change this in what pid 814 runs:',
        '  BYPASS_CARD_LEASE: the file has 15000, what runs has nothing',
        'nothing else is touched: 6 components stay as they are', NOT_HELD]


def test_the_same_change_of_several_components_is_one_line_and_a_listener_is_the_same_by_its_place():
    swapped = RUNS.replace('PORT[0]=3000', 'PORT[0]=x').replace('3100', '3000').replace('x', '3100')

    assert told(RUNS + u'LISTEN_HEARTBEAT_RECOVERY=5')[1:3] == [
        '  changed: listeners 0-1: RECOVERY', 'nothing else is touched: 4 components stay as they are']
    assert told(swapped)[1:3] == ['  changed: listeners 0-1: the number',
                                  'nothing else is touched: 4 components stay as they are']


NOT_HELD = 'the state is not held, as no node is unknown then'
UNTIL_1 = 'the state is held until listener 1 has reported, at most %d s after it listens'
NODES = u'LISTEN_HB_NODE[0]=dpi\nLISTEN_HB_NODE[1]=dpi\n'


def held(file, *arguments, **options):
    return told(file + u'LOG_LEVEL=DEBUG\n', *arguments, **options)[-1]


def test_a_listener_that_is_still_unknown_holds_on_with_the_timers_of_the_file():
    assert held(RUNS) == NOT_HELD
    assert held(RUNS, states={1: 'failed'}) == NOT_HELD
    assert held(RUNS, states={1: 'unknown'}) == UNTIL_1 % 3
    assert held(RUNS + u'LISTEN_HEARTBEAT_ATTEMPTS[1]=4\n', states={1: 'unknown'}) == UNTIL_1 % 12


@pytest.mark.parametrize('old, new', [('3100', '3200'), ('HOST[1]=10.0.0.2', 'HOST[1]=10.0.0.3'),
                                      ('LISTEN_HB_PORT[1]', 'LISTEN_HEARTBEAT_IFS[1]=eth1\nLISTEN_HB_PORT[1]')])
def test_a_listener_at_another_port_address_or_interface_is_a_new_one(old, new):
    assert held(RUNS.replace(old, new)) == UNTIL_1 % 3


def test_a_node_that_is_heard_in_another_way_or_is_in_maintenance_is_not_waited_for():
    new = u'LISTEN_HB_HOST[2]=10.0.0.2\nLISTEN_HB_PORT[2]=3200\nLISTEN_HB_NODE[2]=dpi\n'

    assert held(RUNS + NODES + new, RUNS + NODES) == NOT_HELD
    assert held(RUNS + NODES + new, RUNS + NODES, {0: 'failed', 1: 'failed'}).startswith(
        'the state is held until listener 2 has')
    assert held(RUNS + NODES + new, RUNS + NODES, {0: 'failed', 1: 'failed'}, away=['dpi']) == NOT_HELD


def test_a_way_that_gets_a_node_of_its_own_while_it_is_unknown_is_waited_for():
    unknown = {1: 'unknown'}

    assert held(RUNS + NODES, RUNS + NODES, unknown) == NOT_HELD
    assert held(RUNS, RUNS + NODES, unknown) == UNTIL_1 % 3
    assert held(RUNS + NODES, RUNS, unknown) == NOT_HELD


@pytest.mark.parametrize('state', ['bypass', 'normal', 'freeze'])
def test_while_an_override_decides_nothing_is_held(state):
    assert held(RUNS.replace('3100', '3200'), override={'state': state, 'by': 'anna'}) == \
        'the state is not held, as an override decides it'


def test_a_listener_that_is_not_launched_holds_nothing_yet():
    assert held(RUNS, states={1: 'unconfigured'}) == NOT_HELD
    assert held(RUNS, states={0: 'unconfigured', 1: 'unconfigured'}) == \
        'the state is held as it is until a listener can be launched'


def test_the_slowest_of_the_new_listeners_says_how_long_the_state_is_held():
    new = u''.join(u'LISTEN_HB_HOST[%d]=10.0.0.2\nLISTEN_HB_PORT[%d]=40%02d\nLISTEN_HEARTBEAT_ATTEMPTS[%d]=%d\n'
                   % (index, index, index, index, attempts) for index, attempts in ((2, 2), (3, 5), (4, 1)))

    assert told(RUNS + new)[-1] == \
        'the state is held until listeners 2-4 have reported, at most 15 s after they listen'
    assert told(u'', RUNS)[-1] == 'the state is held as it is from then on, as there is no listener'


def test_the_same_file_in_other_words_changes_nothing():
    assert told(u'# x\n' + RUNS + u'LOG_LEVEL=INFO\n') == ['a reload would change nothing in what pid 814 runs']


def test_many_components_are_counted():
    many = u''.join(u'BYPASS_CARD_HOST[%d]=10.0.1.%d\n' % (index, index) for index in range(2, 60))

    assert told(RUNS + many)[21] == '  ... and 38 more'


@pytest.mark.parametrize('seed', range(100))
def test_the_components_are_those_of_a_reload(seed):
    dice = random.Random(seed)
    lines = [line for line in RUNS.splitlines() if dice.random() < 0.8]
    lines.append(u'LISTEN_CUBRO_IFS[1]=%s' % dice.choice(['lo', 'sw1 sw5', '%', '']))
    found = reader.read(u'\n'.join(lines)).settings

    assert set(against.components(found)) == reloads.components(found)


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """A daemon runs RUNS, from the file whose path is returned. There are no warnings."""
    path = str(tmp_path / '.env')
    status = status_of(RUNS, version='1', file=path, configuration=RUNS.splitlines())
    monkeypatch.setattr(statussocket, 'ask', lambda _: status)
    monkeypatch.setattr(checking, 'warnings', lambda path, loaded, run_dir: [])
    return path


def test_a_file_that_a_reload_takes_ends_with_0(runs, tmp_path, capsys):
    write(runs, RUNS + u'BYPASS_CARD_HOST[2]=10.0.0.13\n')

    assert against.check(runs, str(tmp_path)) == 0
    assert capsys.readouterr() == (
        'a reload would change this in what pid 814 runs:\n'
        '  added: card 2, 10.0.0.13 on eth0\n'
        '  BYPASS_CARD_HOST[2]: the file has 10.0.0.13, what runs has nothing\n'
        'nothing else is touched: 6 components stay as they are\n' + NOT_HELD + '\n'
        '0 mistakes, 0 warnings\n', '')


def test_another_file_is_one_instead_of_the_daemons(runs, tmp_path, capsys):
    other = write(tmp_path / 'other', RUNS)

    assert against.check(other, str(tmp_path)) == 0
    assert capsys.readouterr()[0] == (
        '%s instead of %s would change nothing in what pid 814 runs\n0 mistakes, 0 warnings\n' % (other, runs))


def test_a_file_with_a_mistake_would_change_nothing_and_ends_with_1(runs, tmp_path, capsys):
    write(runs, RUNS + u'LOG_LEVEL=LOUD\n')

    assert against.check(runs, str(tmp_path)) == 1
    lines = capsys.readouterr()[0].splitlines()
    assert lines[0].startswith(runs + ':11: error: LOG_LEVEL=LOUD') and lines[1:] == [
        'a reload refuses this file, as it has mistakes; what pid 814 runs goes on', '1 mistake, 0 warnings']


def test_a_daemon_of_a_version_without_nodes_is_told_of(runs, tmp_path):
    found = status_of(RUNS, version='1.1.00', file=runs, configuration=RUNS.splitlines())
    del found['nodes']

    with pytest.raises(checking.OtherVersion):
        against.changes(reader.read(RUNS + u'LOG_LEVEL=DEBUG'), reader.read(RUNS), 'a reload', found)


def test_without_a_daemon_or_a_file_it_says_so(runs, tmp_path, capsys, monkeypatch):
    assert (against.check(runs, str(tmp_path)), capsys.readouterr()) == (
        1, ('', runs + ': cannot be read: No such file or directory\n'))

    def nobody(_):
        raise statussocket.NotRunning('nobody is there')
    write(runs, RUNS)
    monkeypatch.setattr(statussocket, 'ask', nobody)
    assert (against.check(runs, str(tmp_path)), capsys.readouterr()) == (
        3, ('', 'fastbypass_monitor is not running (nobody is there)\n'))
