"""against.py: check --against says what a reload of a file would change in what runs."""
import random

import pytest

from fbmon.cli import against, checking
from fbmon.config import reader
from fbmon.daemon import reloads
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


def told(file, runs=RUNS):
    """What is said of a file without the lines of the keys, which have a test of their own."""
    lines = against.changes(reader.read(file), reader.read(runs), 'a reload', 814)
    return [line for line in lines if ': the file has ' not in line]


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
        'the state is held until the new listener has reported, 6 s at most']


def test_the_keys_that_differ_are_named_as_check_does():
    lines = against.changes(reader.read(RUNS + u'BYPASS_CARD_LEASE=15000'), reader.read(RUNS), 'a reload', 814)

    assert lines == [
        'a reload would change this in what pid 814 runs:',
        '  BYPASS_CARD_LEASE: the file has 15000, what runs has nothing',
        'nothing else is touched: 6 components stay as they are',
        'the state is not held, as there is no new listener']


def test_the_same_change_of_several_components_is_one_line_and_a_listener_is_the_same_by_its_place():
    swapped = RUNS.replace('PORT[0]=3000', 'PORT[0]=x').replace('3100', '3000').replace('x', '3100')

    assert told(RUNS + u'LISTEN_HEARTBEAT_RECOVERY=5')[1:3] == [
        '  changed: listeners 0-1: RECOVERY', 'nothing else is touched: 4 components stay as they are']
    assert told(swapped)[1:3] == ['  changed: listeners 0-1: the number',
                                  'nothing else is touched: 4 components stay as they are']


def test_the_slowest_of_the_new_listeners_says_how_long_the_state_is_held():
    new = u''.join(u'LISTEN_HB_HOST[%d]=10.0.0.2\nLISTEN_HB_PORT[%d]=40%02d\nLISTEN_HEARTBEAT_ATTEMPTS[%d]=%d\n'
                   % (index, index, index, index, attempts) for index, attempts in ((2, 2), (3, 5), (4, 1)))

    assert told(RUNS + new)[-1] == 'the state is held until the new listeners have reported, 15 s at most'
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
    status = {'pid': 814, 'version': '1', 'file': path, 'configuration': RUNS.splitlines()}
    monkeypatch.setattr(statussocket, 'ask', lambda _: status)
    monkeypatch.setattr(checking, 'warnings', lambda loaded, run_dir: [])
    return path


def test_a_file_that_a_reload_takes_ends_with_0(runs, tmp_path, capsys):
    write(runs, RUNS + u'BYPASS_CARD_HOST[2]=10.0.0.13\n')

    assert against.check(runs, str(tmp_path)) == 0
    assert capsys.readouterr() == (
        'a reload would change this in what pid 814 runs:\n'
        '  added: card 2, 10.0.0.13 on eth0\n'
        '  BYPASS_CARD_HOST[2]: the file has 10.0.0.13, what runs has nothing\n'
        'nothing else is touched: 6 components stay as they are\n'
        'the state is not held, as there is no new listener\n'
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


def test_without_a_daemon_or_a_file_it_says_so(runs, tmp_path, capsys, monkeypatch):
    assert (against.check(runs, str(tmp_path)), capsys.readouterr()) == (
        1, ('', runs + ': cannot be read: No such file or directory\n'))

    def nobody(_):
        raise statussocket.NotRunning('nobody is there')
    write(runs, RUNS)
    monkeypatch.setattr(statussocket, 'ask', nobody)
    assert (against.check(runs, str(tmp_path)), capsys.readouterr()) == (
        3, ('', 'fastbypass_monitor is not running (nobody is there)\n'))
