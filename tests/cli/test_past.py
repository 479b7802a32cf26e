"""past.py: the history from the files of the journal and from what the daemon or the run directory still knows."""
import argparse
import os
import time

import pytest

from fbmon.cli import faces, main, options, output, past, stopped
from fbmon.memory import history, journal
from fbmon.memory.history import Transition, as_dict
from fbmon.memory.records import Records
from fbmon.show.statussocket import NotRunning

NOW = 1793498400.0
PLACES = main.Places(*[None] * len(main.Places._fields))


def moved(at, new='down'):
    return Transition(float(at), 'port', 'sw1', 'up', new, 'why %d' % at, '')


@pytest.fixture
def state(tmp_path):
    """state(transitions, more): writes a journal, with more at its end, and returns its directory."""
    def write(transitions, more=''):
        (tmp_path / 'state').mkdir()
        (tmp_path / 'state' / 'journal').write_bytes(
            ''.join([journal.text(one) + '\n' for one in transitions] + [more]).encode('ascii'))
        return str(tmp_path / 'state')
    return write


def asked(directory, *words):
    return options.parse(['--state-dir', directory, 'status', '--history'] + list(words), main.COMMANDS, PLACES)


def found(directory, recent=(), *words):
    """The times of what is found."""
    return [one['at'] for one in past.found(asked(directory, *words), [as_dict(one) for one in recent])]


def test_what_was_before_a_boot_comes_from_the_journal_and_what_no_disk_took_from_the_daemon(state):
    directory = state([moved(1), moved(2), moved(3), moved(5)])

    assert found(directory, [moved(3), moved(4), moved(5), moved(6)]) == [1, 2, 3, 4, 5, 6]


def test_without_a_word_it_is_the_last_200(state):
    directory = state([moved(at) for at in range(500)])

    assert found(directory) == list(range(300, 500))
    assert found(directory, [], '--last', '3') == [497, 498, 499]
    assert found(directory, [], '--last', '400') == list(range(100, 500))
    assert found(directory, [], '--since', '1970-01-01T00:01:40Z') == list(range(100, 500))
    assert found(directory, [], '--since', '1970-01-01T00:01:40Z', '--last', '2') == [498, 499]


def test_no_disk_is_touched_if_the_daemon_knows_enough(monkeypatch):
    def touched(*_):
        raise AssertionError()
    monkeypatch.setattr(journal, 'Reading', touched)

    assert found('/x', [moved(at) for at in range(200)]) == list(range(200))
    assert found('/x', [moved(1), moved(2)], '--last', '1') == [2]


def test_a_disk_that_hangs_is_not_touched_if_the_daemon_says_so(state, monkeypatch, capsys):
    chosen = asked(state([moved(1)]), '--since', '1970-01-01')
    full, hangs = ['no %s in /x: %s' % one for one in (('journal', 'No space left on device'),
                                                       ('journal', 'its disk takes nothing'))]
    assert len(past.found(chosen, [as_dict(moved(2))], [full, hangs.replace('journal', 'log file')])) == 2

    monkeypatch.setattr(journal, 'Reading', None)
    assert [one['at'] for one in past.found(chosen, [as_dict(moved(2))], [hangs])] == [2]
    assert capsys.readouterr().err.startswith('the journal was not read, since its disk takes nothing: ')


def test_what_a_daemon_was_there_for_is_left_out(state):
    directory = state([journal.of_daemon(1.0, journal.STARTED, 'with pid 7'), moved(2)])

    assert found(directory) == [2]


def test_the_order_is_that_of_writing_after_a_step_of_the_clock(state):
    assert found(state([moved(5), moved(3), moved(4)]), [moved(3), moved(4), moved(2)]) == [5, 3, 4, 2]


def test_all_of_what_the_daemon_knows_comes_after_a_journal_that_has_none_of_it(state):
    assert found(state([moved(1)]), [moved(2), moved(3)]) == [1, 2, 3]


def test_damaged_lines_and_those_that_no_disk_took_are_counted(state, capsys):
    directory = state([moved(1)], '{"at": 1\n(7 lines are missing here: the disk did not take them)\n{"at"')

    assert found(directory) == [1]
    assert capsys.readouterr().err.splitlines() == [
        '%s/journal: damaged lines, left out here: 2' % directory, '%s/journal: lines that no disk took: 7' % directory]


def test_a_journal_that_cannot_be_read_is_told_of_and_the_rest_is_shown(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    (tmp_path / 'journal').symlink_to('elsewhere')

    assert found(str(tmp_path), [moved(1)]) == [1]
    assert capsys.readouterr().err.startswith('%s/journal: ' % tmp_path)


def test_a_reader_without_root_is_told_what_is_left_only_if_more_was_asked_for(monkeypatch, capsys):
    def denied(*_):
        raise EnvironmentError(13, 'Permission denied', '/state/journal')
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(journal, 'Reading', denied)
    monkeypatch.setattr(output, 'seen', set())

    assert found('/state', [moved(1), moved(2)]) == [1, 2]
    assert capsys.readouterr().err == ''
    assert found('/state', [moved(1), moved(2)], '--since', '1970-01-01T00:00:02Z') == [2]
    assert capsys.readouterr().err == past.FOR_ROOT % 200 + '\n'


def test_the_history_needs_no_daemon_and_no_run_directory(state, tmp_path, capsys):
    chosen = asked(state([moved(NOW)]))
    chosen.run_dir, chosen.config = str(tmp_path / 'run'), str(tmp_path / '.env')

    assert stopped.show(chosen, NotRunning('/x: Connection refused')) == 3
    captured = capsys.readouterr()
    assert captured.out.endswith('  port sw1: up -> down: why %d\n' % NOW)
    assert captured.err == 'fastbypass_monitor is not running (/x: Connection refused)\n'


def test_the_last_incident_before_a_boot_comes_from_the_journal_with_and_without_a_daemon(state, tmp_path, capsys):
    bypass = Transition(NOW, 'global', 'state', 'normal', 'bypass', '1 failed >= 1')
    chosen = options.parse(['--state-dir', state([bypass]), '--run-dir', str(tmp_path / 'run'), 'status', '--incident'],
                           main.COMMANDS, PLACES)
    told = '  first: the state went to bypass: 1 failed >= 1\n'

    assert stopped.show(chosen, NotRunning('/x: Connection refused')) == 3
    assert told in capsys.readouterr().out
    answer = {'history': [], 'nodes': [], 'state': 'bypass', 'cards': [], 'ports': [], 'problems': []}
    assert told in faces.text(chosen, answer)


@pytest.mark.parametrize('user', [0, 1000])
@pytest.mark.parametrize('word', ['--history', '--incident'])
def test_a_journal_that_nobody_could_read_is_not_said_to_be_empty(tmp_path, capsys, monkeypatch, user, word):
    def denied(*_):
        raise EnvironmentError(13, 'Permission denied', '/state/journal')
    monkeypatch.setattr(os, 'geteuid', lambda: user)
    monkeypatch.setattr(journal, 'Reading', denied)
    monkeypatch.setattr(output, 'seen', set())
    chosen = options.parse(['--state-dir', '/state', '--run-dir', str(tmp_path / 'run'), 'status', word],
                           main.COMMANDS, PLACES)

    assert stopped.show(chosen, NotRunning('/x: Connection refused')) == 3
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err.splitlines()[0] == (stopped.FOR_ROOT if user else '/state/journal: Permission denied')


def test_a_command_while_no_daemon_runs_leaves_its_deed_in_both_and_it_is_shown_once(tmp_path):
    records = Records(str(tmp_path / 'history'))
    kept = history.History(records, wall=lambda: 5.0)
    kept.note('operator', 'override', 'off', 'freeze', 'by alice')
    kept.write()
    (tmp_path / 'journal').write_bytes((journal.text(kept.transitions[0]) + '\n').encode('ascii'))

    assert found(str(tmp_path), history.History(records).transitions) == [5.0]


@pytest.mark.parametrize('text, ago', [('12h', 43200), ('30d', 30 * 86400), ('90s', 90)])
def test_a_duration_is_so_long_ago(monkeypatch, text, ago):
    monkeypatch.setattr(time, 'time', lambda: NOW)

    assert options.when(text) == NOW - ago


@pytest.mark.parametrize('text', ['', 'yesterday', '12', '2026-02-31', '-1d', '2026-11-01T25:00'])
def test_anything_else_is_no_moment_and_says_what_would_be_one(text):
    with pytest.raises(argparse.ArgumentTypeError) as raised:
        options.when(text)
    assert '12h or 30d for so long ago, or 2026-11-01 or 2026-11-01T03:00' in str(raised.value)


@pytest.mark.parametrize('words', [['--since', '1d'], ['--last', '5'], ['--json', '--since', '1d']])
def test_a_period_belongs_to_the_history(words, capsys):
    chosen = options.parse(['status'] + words, main.COMMANDS, PLACES)

    assert main.status(chosen) == 2
    assert capsys.readouterr().err == '--since and --last belong to --history\n'
