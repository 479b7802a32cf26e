"""history.py: each transition is logged once, after the network was changed, and is kept across restarts."""
import logging

import pytest

from fbmon.memory.history import KEPT, LONG, Forced, History, Transition, forced, parse
from fbmon.memory.records import Records


@pytest.fixture
def path(tmpdir):
    return str(tmpdir.join('history'))


def test_a_transition_is_kept_with_its_time_and_logged_once_by_the_next_write(caplog, path):
    history = History(Records(path), wall=lambda: 12.5)

    with caplog.at_level(logging.INFO):
        history.note('listener', '0', 'active', 'failed', 'no heartbeat for 3000 ms')
        history.note('global', 'state', 'normal', 'bypass', '1 failed >= 1')
        assert caplog.records == []
        history.write()
        history.write()

    assert list(history.transitions) == [
        Transition(12.5, 'listener', '0', 'active', 'failed', 'no heartbeat for 3000 ms'),
        Transition(12.5, 'global', 'state', 'normal', 'bypass', '1 failed >= 1')]
    assert [record.getMessage() for record in caplog.records] == [
        'listener 0: active -> failed: no heartbeat for 3000 ms', 'global state: normal -> bypass: 1 failed >= 1']


def test_a_reload_is_kept_and_not_logged_a_second_time(caplog, path):
    history = History(Records(path), wall=lambda: 12.5)

    with caplog.at_level(logging.INFO):
        history.reloaded('taken', '2 components kept')
        history.write()

    assert caplog.records == []
    assert list(History(Records(path)).transitions) == [
        Transition(12.5, 'reload', 'file', '-', 'taken', '2 components kept')]


def test_what_is_bad_is_a_warning_in_the_log(caplog, path):
    history = History(Records(path))
    for kind, old, new in (
            ('global', 'normal', 'bypass'), ('listener', 'active', 'failed'), ('card', 'present', 'missing'),
            ('global', 'bypass', 'normal'), ('port', 'up', 'down'), ('card', 'present', 'absent')):
        history.note(kind, 'name', old, new, 'why')
    with caplog.at_level(logging.INFO):
        history.write()

    assert [record.levelname for record in caplog.records] == ['WARNING'] * 3 + ['INFO'] * 3


def test_the_last_transitions_are_kept_across_restarts_and_the_file_stays_short(path):
    for number in range(LONG + 50):
        if number % 700 == 0:
            history = History(Records(path))
        history.note('port', str(number), 'up', 'down', 'why')
        history.write()

    found = [one.name for one in History(Records(path)).transitions]
    assert found == [str(number) for number in range(LONG + 50 - KEPT, LONG + 50)]
    with open(path) as lines:
        assert len(lines.readlines()) == KEPT


def test_the_file_does_not_grow_without_a_restart(path):
    history = History(Records(path))
    for number in range(2 * LONG):
        history.note('port', str(number), 'up', 'down', 'why')
        history.write()

    with open(path) as lines:
        assert len(lines.readlines()) <= LONG


@pytest.mark.parametrize('line', ['', '[', '[1.5, "port"]', '{"a": 1}', '["x", "port", "a", "b", "c", "d"]', '5',
                                  '[1, "port", "a", "b", "c", "d", "e", "f"]',
                                  '[NaN, "port", "a", "b", "c", "d"]', '[1e300, "port", "a", "b", "c", "d"]',
                                  '[-1, "port", "a", "b", "c", "d"]', pytest.param('[' * 5000, id='deep')])
def test_a_line_that_makes_no_sense_is_passed_over(line, path):
    assert parse(line) is None
    with open(path, 'w') as lines:
        lines.write(line + '\n[2.5, "port", "sw0", "up", "down", "why"]\n')

    assert list(History(Records(path)).transitions) == [Transition(2.5, 'port', 'sw0', 'up', 'down', 'why')]


def test_a_file_that_cannot_be_written_costs_nothing_but_the_memory_of_it(tmpdir):
    history = History(Records(str(tmpdir.join('missing', 'history'))))

    history.note('port', 'sw0', 'up', 'down', 'why')
    history.write()

    assert 'not kept across a restart' in history.error
    assert len(history.transitions) == 1


# --- by hand ---

def kept(path):
    return [(one.old, one.new, one.why) for one in History(Records(path)).transitions]


def test_what_was_forced_holds_until_a_daemon_starts(path):
    history = History(Records(path), wall=lambda: 12.5)
    history.force('bypass', 'force_on by alice')
    history.force('bypass', 'force_on by bob')
    assert forced(History(Records(path)).transitions) == Forced('bypass', 12.5, 'alice')

    History(Records(path)).force('normal', 'force_off by bob')
    assert forced(History(Records(path)).transitions)[::2] == ('normal', 'bob')

    History(Records(path)).begin()
    assert forced(History(Records(path)).transitions) is None
    assert kept(path) == [('unknown', 'bypass', 'force_on by alice'), ('bypass', 'normal', 'force_off by bob'),
                          ('normal', 'unknown', 'started')]


def test_a_bypass_of_a_daemon_is_not_forced_and_one_that_was_killed_is_told_of(path):
    history = History(Records(path))
    history.note('global', 'state', 'normal', 'bypass', '1 failed >= 1')
    history.write()
    assert forced(history.transitions) is None

    history.force('bypass', 'force_on by alice')
    assert kept(path)[1:] == [('bypass', 'unknown', 'the daemon had ended without a stop'),
                              ('unknown', 'bypass', 'force_on by alice')]


def test_what_version_1_0_wrote_of_a_force_is_read_and_names_nobody(path):
    with open(path, 'w') as lines:
        lines.write('[2.5, "card", "10.0.1.1", "present", "absent", "force_on"]\n')

    history = History(Records(path))
    assert (len(history.transitions), forced(history.transitions)) == (1, None)
