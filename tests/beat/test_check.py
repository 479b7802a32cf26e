"""check.py: the command that says whether the node works. The time is given; the processes are real."""
import os

import pytest

from fbmon.base import starting
from fbmon.beat import check as module
from fbmon.beat.check import AGAIN, FAILED, KEPT, PASSES, STILL, Check
from helpers import alive, read, wait_for, write


class Tried(object):
    """A Check whose lines are kept."""

    def __init__(self, command, every=1):
        self.said = []
        self.check = Check(command, every, lambda text, level: self.said.append(text), 0)

    def begin(self, now):
        """Begin a run. Returns its pid."""
        self.check.turn(now)
        return self.check._child.pid

    def run(self, now):
        """Begin a run, and see its end."""
        self.end(self.begin(now), now)

    def end(self, pid, now):
        """See the end of a run."""
        assert self.check._child.pid == pid
        wait_for(lambda: self.check._child.poll() is not None)
        self.check.turn(now)


@pytest.fixture
def tried():
    made = []

    def make(*arguments):
        made.append(Tried(*arguments))
        return made[-1]
    yield make
    for one in made:
        one.check.close()
        if one.check._child:
            one.check._child.wait()


def test_a_run_that_passes_counts_for_two_periods_from_its_begin(tried):
    one = tried('echo fine')
    assert not one.check.good(0)

    one.run(0)

    assert [one.check.good(now) for now in (0, 2, 2.001)] == [True, True, False]
    assert (one.said, one.check.wake_at()) == ([PASSES], 1)


def test_one_that_hangs_is_killed_with_all_that_it_has_started_and_has_failed(tried, tmp_path):
    one = tried('sleep 600 & echo $! > %s/pid.new; mv %s/pid.new %s/pid; wait' % ((tmp_path,) * 3))
    pid = one.begin(0)
    grandchild = int(wait_for(lambda: read(tmp_path / 'pid')))
    one.check.turn(0.999)
    assert (one.said, one.check.wake_at()) == ([], 1)

    one.check.turn(1.001)

    assert one.said == [FAILED + 'not ended within 1 s']
    one.end(pid, 1.002)
    wait_for(lambda: not alive(grandchild))
    assert not one.check.good(1.002) and one.begin(1.003) != pid


def test_as_long_as_one_cannot_be_killed_no_other_is_started_and_nothing_is_waited_for(tried, monkeypatch):
    one = tried('exec sleep 600')
    pid = one.begin(0)
    with monkeypatch.context() as undead:
        undead.setattr(module.os, 'killpg', lambda *_: None)
        for now in (1.001, 2, 3, 4):
            one.check.turn(now)
            assert (one.check._child.pid, one.check.wake_at()) == (pid, None)

    os.kill(pid, 9)
    wait_for(lambda: one.check._child.poll() is not None)

    assert one.begin(5) != pid
    assert one.said == [FAILED + 'not ended within 1 s']


def test_a_grandchild_that_holds_the_output_holds_up_nothing_and_does_not_stay(tried, tmp_path):
    one = tried('sleep 600 & echo $! > %s; exit 0' % (tmp_path / 'pid'))

    one.run(0)

    assert one.check.good(0)
    wait_for(lambda: not alive(int(read(tmp_path / 'pid'))))


@pytest.mark.parametrize('command, why', [
    ('exec /nowhere/no-such-check', 'exit code 127, it was not found: /bin/sh: '),
    ('exec /etc/passwd', 'exit code 126, it cannot be executed: /bin/sh: '),
    ('kill -9 $$', 'ended by signal 9'),
    ('echo "  no   such\nthing" >&2; exit 3', 'exit code 3: no such thing')])
def test_why_it_failed_is_told_once_with_what_it_says(tried, command, why):
    one = tried(command)

    for now in (0, 1, 2):
        one.run(now)
        assert not one.check.good(now)

    assert len(one.said) == 1 and one.said[0].startswith(FAILED + why), one.said


def test_what_it_says_is_told_when_the_result_changes_only(tried, tmp_path):
    code = str(tmp_path / 'code')
    one = tried('echo "$$ is new each time"; exit $(cat %s)' % code)

    for now, wanted in enumerate('0033440'):
        write(code, wanted)
        one.run(now)

    assert [said.partition(':')[0] for said in one.said] == [
        PASSES.partition(':')[0], FAILED.partition(':')[0], STILL.partition(':')[0], AGAIN.partition(':')[0]]
    assert 'exit code 3: ' in one.said[1] and 'exit code 4: ' in one.said[2]


def test_each_result_of_one_that_flaps_counts_until_the_next(tried, tmp_path):
    code = str(tmp_path / 'code')
    one = tried('exit $(cat %s)' % code)
    good = []

    for now, wanted in enumerate('010010'):
        write(code, wanted)
        one.run(now)
        good.append(one.check.good(now))

    assert good == [wanted == '0' for wanted in '010010']


def test_output_without_end_is_read_without_being_kept(tried):
    one = tried('exec yes')
    one.begin(0)

    wait_for(lambda: one.check.turn(0.5) or one.check._output)
    one.check.turn(0.5)
    assert len(one.check._output) <= KEPT

    one.check.turn(1.1)
    assert one.said[0].startswith(FAILED + 'not ended within 1 s: y y y')


def test_one_that_closes_its_output_wakes_nobody_again_and_again(tried):
    one = tried('exec >&- 2>&-; exec sleep 600')
    one.begin(0)

    wait_for(lambda: one.check.turn(0.5) or one.check.descriptor() is None)

    assert (one.said, one.check._child.poll()) == ([], None)


def test_where_no_process_can_be_started_it_has_failed_and_is_tried_again(tried, monkeypatch):
    def none(*_, **__):
        raise EnvironmentError(11, 'Resource temporarily unavailable')
    one = tried('true')
    with monkeypatch.context() as full:
        full.setattr(starting, 'start_child', none)
        one.check.turn(0)
        one.check.turn(1)
        assert one.said == [FAILED + 'it cannot be started: Resource temporarily unavailable']

    one.run(2)

    assert (one.check.good(2), one.said[1:]) == (True, [AGAIN])


def test_one_whose_end_was_seen_too_late_does_not_count(tried):
    one = tried('true')
    pid = one.begin(0)

    one.end(pid, 3600)

    assert not one.check.good(3600)
    assert one.said == [FAILED + 'not ended within 1 s']
