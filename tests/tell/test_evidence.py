"""evidence.py: every transition reaches the journal once, and it says from when until when a daemon has watched."""
import os
import stat

import pytest

from fbmon.memory import journal
from fbmon.memory.history import History, Transition
from fbmon.memory.records import Records
from fbmon.tell import evidence, lines
from fbmon.tell.evidence import Evidence
from helpers import fill, read, wait_for, write

OLD = Transition(5.0, 'port', 'sw1', 'up', 'down', 'why')


class Life(object):
    """The life of a daemon: its history and its journal, with a wall clock and a monotonic one by hand."""

    def __init__(self, directory, state=None):
        self.wall, self.now = 1000.0, 10.0
        self.state = state or directory + '/state'
        self.records = Records(directory + '/life')
        self.evidence = Evidence(self.state, self.records, lambda: self.wall, lambda: self.now)
        self.history = History(Records(directory + '/history'), wall=lambda: self.wall, journal=self.evidence)

    def lines(self):
        """[(at, kind, to, why)] of what is in the journal, after this life."""
        # At its end a daemon would not wait so long as all may take on a machine with much to do.
        wait_for(self.evidence.lines.taken)
        lines.finish([self.evidence.lines])
        return written(self.state)


def written(state):
    """[(at, kind, to, why)] of what is in the journal."""
    return [(one.at, one.kind, one.new, one.why) for one in journal.Reading(state)]


@pytest.fixture
def life(tmp_path):
    """life(): begins the next life of a daemon."""
    made = []

    def begin(state=None):
        made.append(Life(str(tmp_path), state))
        return made[-1]
    yield begin
    lines.finish([one.evidence.lines for one in made])


@pytest.fixture(autouse=True)
def own_pid(monkeypatch):
    monkeypatch.setattr(evidence.os, 'getpid', lambda: 7)


def lived(one):
    """Let a life begin, note a bypass, and write it."""
    one.history.begin()
    one.history.note('global', 'state', 'normal', 'bypass', '1 failed >= 1')
    one.history.write()
    return one


def test_each_kept_transition_is_written_between_a_start_and_a_stop(life):
    one = life()
    one.history.begin()
    one.history.note('listener', '0', 'unknown', 'active', 'routine', kept=False)
    one.wall = 1001.5
    one.history.note('listener', '1', 'active', 'failed', 'no heartbeat for 3000 ms', 'dpi-2')
    one.history.write()
    one.history.write()
    one.history.stop('normal', 'stopped, as the system goes down')

    lines.finish([one.evidence.lines])
    assert list(journal.Reading(one.state)) == [
        Transition(1000.0, 'daemon', 'process', '-', 'started', 'with pid 7'),
        Transition(1001.5, 'listener', '1', 'active', 'failed', 'no heartbeat for 3000 ms', 'dpi-2'),
        Transition(1001.5, 'global', 'state', 'normal', 'unknown', 'stopped'),
        Transition(1001.5, 'daemon', 'process', '-', 'stopped', 'stopped, as the system goes down')]


def test_only_its_owner_may_read_it_whatever_the_mask_is(life):
    before = os.umask(0)
    try:
        one = lived(life())
        assert one.lines()
    finally:
        os.umask(before)

    assert stat.S_IMODE(os.stat(one.state).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(one.state + '/journal').st_mode) == 0o600


def test_the_history_of_the_run_directory_goes_into_it_once_at_the_first_start_after_an_upgrade(life, tmp_path):
    before = History(Records(str(tmp_path / 'history')), wall=lambda: 5.0)
    before.note(*OLD[1:6])
    before.write()

    for number in range(3):
        one = life()
        one.history.begin()
        one.history.stop('unknown', 'stopped')
        assert [(at, new) for at, _, new, _ in one.lines()] == [(5.0, 'down')] + [
            (1000.0, 'started'), (1000.0, 'stopped')] * (number + 1)


def test_nothing_is_written_again_and_again_where_the_run_directory_cannot_remember_it(life, tmp_path):
    before = History(Records(str(tmp_path / 'history')), wall=lambda: 5.0)
    before.note(*OLD[1:6])
    before.write()
    (tmp_path / 'life' / 'x').mkdir(parents=True)

    one = life()
    one.history.begin()

    assert [new for _, _, new, _ in one.lines()] == ['started']


def test_a_command_after_an_upgrade_does_not_have_the_next_start_write_all_a_second_time(life, tmp_path):
    before = History(Records(str(tmp_path / 'history')), wall=lambda: 5.0)
    before.note(*OLD[1:6])
    before.write()

    command = life()
    command.evidence.settle(command.history.transitions)
    command.history.note('operator', 'override', 'off', 'freeze', 'by alice')
    command.history.write()
    command.lines()
    one = life()
    one.history.begin()

    assert [new for _, _, new, _ in one.lines()] == ['down', 'freeze', 'started']


def test_the_next_start_says_when_a_daemon_was_seen_last_that_has_ended_without_a_stop(life, tmp_path):
    one = lived(life())
    one.now += 5
    one.history.write()
    one.lines()
    os.utime(str(tmp_path / 'life'), (1700.25, 1700.25))

    after = life()
    after.wall = 2000.0
    after.history.begin()
    found = after.lines()[2:]
    assert found[:2] == [(1700.25, 'daemon', 'alive', 'seen last; it has ended without a stop'),
                         (2000.0, 'daemon', 'started', 'with pid 7')]
    assert found[2][:3] == (2000.0, 'global', 'unknown')
    assert found[2][3].startswith('started; the daemon had ended without a stop; seen last at 1970-01-01 ')


def test_a_person_who_forces_a_state_after_a_crash_does_not_hide_when_it_was_seen_last(life, tmp_path):
    lived(life()).lines()
    os.utime(str(tmp_path / 'life'), (1700.0, 1700.0))
    command = life()
    command.wall = 2000.0
    command.history.force('bypass', 'force_on by alice')
    command.lines()

    after = life()
    after.wall = 3000.0
    after.history.begin()
    assert [(at, new) for at, _, new, _ in after.lines()][2:] == [
        (1700.0, 'alive'), (2000.0, 'unknown'), (2000.0, 'bypass'), (3000.0, 'started'), (3000.0, 'unknown')]


def test_a_sign_of_life_costs_no_disk_and_comes_each_second_at_most_and_a_line_each_hour(life, tmp_path):
    one = lived(life())
    touched = []
    one.records.touch = lambda: touched.append(one.now)
    for _ in range(4 * 3600 + 10):
        one.now += 0.5
        one.wall += 0.5
        one.history.write()

    assert len(touched) == 2 * 3600 + 5
    assert [(at, new) for at, _, new, _ in one.lines()][2:] == [(4600.0, 'alive'), (8200.0, 'alive')]


def test_the_line_of_the_hour_comes_also_if_nothing_else_wakes_the_daemon(life):
    one = life()
    assert one.history.deadline() is None
    one.history.begin()
    for _ in range(3):
        one.wall += one.history.deadline() - one.now
        one.now = one.history.deadline()
        one.history.write()
        assert one.history.deadline() == one.now + 3600
    one.now += 3599.5
    one.history.write()
    assert one.history.deadline() == one.now + 1
    one.history.stop('normal', 'stopped')
    assert one.history.deadline() is None

    assert [at for at, _, new, _ in one.lines() if new == 'alive'] == [4600.0, 8200.0, 11800.0]


def test_a_command_gives_no_sign_of_life(life, tmp_path):
    lived(life()).lines()
    os.utime(str(tmp_path / 'life'), (1700.0, 1700.0))
    command = life()
    command.now += 7200
    command.history.note('operator', 'override', 'off', 'freeze', 'by alice')
    command.history.write()

    assert os.stat(str(tmp_path / 'life')).st_mtime == 1700.0
    assert [new for _, kind, new, _ in command.lines() if kind == 'daemon'] == ['started']


def test_a_state_directory_that_cannot_be_used_is_a_problem_and_the_history_goes_on(life, tmp_path):
    write(tmp_path / 'file', '')
    one = lived(life(str(tmp_path / 'file' / 'state')))
    one.evidence.lines.mend()

    wait_for(lambda: one.evidence.error)
    assert one.evidence.error == 'no journal in %s: Not a directory' % (tmp_path / 'file' / 'state')
    assert [found.new for found in life().history.transitions] == ['bypass']


def test_what_a_full_disk_does_not_take_is_counted_in_the_journal(life, small_disk):
    one = lived(life(small_disk))
    one.evidence.lines.mend()
    wait_for(lambda: len(written(small_disk)) == 2)
    fill(os.path.join(small_disk, 'filler'))
    for _ in range(300):
        one.history.note('port', 'sw1', 'up', 'down', 'x' * 100)
    one.history.write()
    wait_for(lambda: one.evidence.error)
    assert one.evidence.error == 'no journal in %s: No space left on device' % small_disk
    wait_for(one.evidence.lines.taken)
    os.unlink(os.path.join(small_disk, 'filler'))
    one.history.note('port', 'sw1', 'down', 'up', 'room')
    one.history.write()

    wait_for(lambda: 'room' in read(os.path.join(small_disk, 'journal')))
    reading = journal.Reading(small_disk)
    found = [transition.why for transition in reading if transition.kind == 'port']
    assert (reading.lost > 0, reading.lost + len(found)) == (True, 301)
    assert found[-1] == 'room' and reading.skipped <= 1


def test_what_a_crash_has_cut_takes_no_other_line_with_it(life):
    one = life()
    os.mkdir(one.state)
    write(one.state + '/journal', journal.text(OLD) + '\n' + journal.text(OLD)[:50])
    lived(one)

    assert [new for _, _, new, _ in one.lines()] == ['down', 'started', 'bypass']
    reading = journal.Reading(one.state)
    assert len(list(reading)) == 3 and reading.skipped == 1


def test_what_it_has_noted_is_a_sign_of_life_too(life, tmp_path):
    lived(life()).lines()
    os.utime(str(tmp_path / 'life'), (999.0, 999.0))
    after = life()
    after.wall = 2000.0
    after.history.begin()

    assert after.lines()[2][:3] == (1000.0, 'daemon', 'alive')


def test_four_files_are_kept(life, monkeypatch):
    monkeypatch.setattr(journal, 'SIZE', 1000)
    one = life()
    one.evidence.lines.mend()
    for number in range(100):
        one.history.note('port', 'sw%d' % number, 'up', 'down', 'why')
    one.history.write()
    one.lines()

    assert sorted(os.listdir(one.state)) == ['journal', 'journal.1', 'journal.2', 'journal.3']
    assert all(os.path.getsize(os.path.join(one.state, name)) <= 1000 for name in os.listdir(one.state))
    names = [found.name for found in journal.Reading(one.state)]
    assert names == ['sw%d' % number for number in range(100 - len(names), 100)]


def test_the_end_waits_for_log_and_journal_together(root_logger, tmp_path, monkeypatch):
    class Held(object):
        def __init__(self):
            self.dropped = False

        def taken(self):
            clock[0] += 0.01
            return False

        def drop(self):
            self.dropped = True
    clock, both = [0.0], [Held(), Held()]
    monkeypatch.setattr(lines.time, 'sleep', lambda _: None)

    lines.finish(both, lambda: clock[0])

    assert lines.END_LIMIT <= clock[0] < lines.END_LIMIT + 0.05
    assert all(one.dropped for one in both)
