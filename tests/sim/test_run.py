"""`make sim`: what it prints, and that it ends at the first history that fails."""
import re

import pytest

from sim import deeds, run

WRONG = 'state: bypass, not normal (step 3)'


@pytest.fixture(autouse=True)
def a_log_that_stays(monkeypatch):
    """Keeps the log on, because the tests after these need it."""
    monkeypatch.setattr(run, 'quiet', lambda: None)


@pytest.mark.parametrize('jobs', ['1', '2'])
def test_the_last_line_says_how_much_was_played_and_how_fast(capsys, monkeypatch, jobs):
    monkeypatch.setattr(run, 'PORTION', 1)
    assert run.main(['0', '--first', '0', '--jobs', jobs]) == 0

    line = capsys.readouterr()[0].strip()
    found = re.match(r'(\d+) histories from seed 0 in \d+ s, (\d) process(?:es)?, [\d.]+ a second, (\d+) steps, '
                     r'[\d.]+ simulated days, (\d+) x real time, (\d+) x on one core: nothing wrong$', line)
    assert found, line
    histories, processes, steps, fast, alone = map(int, found.groups())
    assert (histories, processes) == {'1': (1, 1), '2': (2 * run.PORTION, 2)}[jobs]
    assert steps >= 200 * histories and fast > 0 and alone > 0


def test_it_ends_at_the_first_that_fails_and_prints_it(capsys, monkeypatch):
    steps = [('file', 0), ('wait', 1.0), ('stop',)]
    monkeypatch.setattr(run.deeds, 'choose', lambda seed: steps)
    monkeypatch.setattr(run.deeds, 'shortened', lambda long: long[:2])
    lives = iter([deeds.Life(3, 1.0, None)] * 4 + [deeds.Life(2, 1.0, WRONG)])
    monkeypatch.setattr(run, 'life', lambda seed: next(lives))

    assert run.main(['20', '--jobs', '1']) == 1

    first, shown, last = capsys.readouterr()[0].strip().split('\n')
    begin = int(re.search('from seed ([0-9]+)', last).group(1))
    # The fifth one: every other one is of the second kind.
    assert first == 'seed %d: %s' % (begin + 2, WRONG)
    assert shown == 'steps: %r' % steps[:2]
    assert last.startswith('5 histories') and ', 14 steps, ' in last
    assert last.endswith(': the last one is wrong')


def test_what_comes_after_it_in_a_portion_is_not_counted():
    tally = run.Tally(7)

    assert run._first_wrong(tally, [deeds.Life(2, 1.0, None), deeds.Life(2, 1.0, WRONG), deeds.Life(2, 1.0, WRONG)]) \
        == (7 + deeds.KEYS, WRONG)
    assert (tally.histories, tally.steps) == (2, 4)


def test_from_a_seed_of_the_second_kind_on_all_are_of_that_kind():
    tally = run.Tally(deeds.KEYS + 7)
    tally.add(deeds.Life(2, 1.0, None))

    assert [tally.seed(), tally.seed(2)] == [deeds.KEYS + 8, deeds.KEYS + 10]


def test_a_seed_is_that_history_alone(capsys):
    assert run.main(['0', '--seed', '3']) == 0
    assert capsys.readouterr()[0] == 'seed 3: nothing wrong\n'
