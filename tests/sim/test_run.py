"""`make sim`: what it prints, and that it ends at the first history that fails."""
import re
import sys

import pytest

import helpers
from sim import deeds, run

WRONG = 'state: bypass, not normal (step 3)'


@pytest.fixture(autouse=True)
def a_log_that_stays(monkeypatch):
    """Keeps the log on, because the tests after these need it."""
    monkeypatch.setattr(run, 'quiet', lambda: None)


@pytest.mark.parametrize('jobs', ['1', '2'])
def test_the_last_line_says_how_much_was_played_and_how_fast(capsys, jobs):
    assert run.main(['0', '--first', '0', '--jobs', jobs]) == 0

    line = capsys.readouterr()[0].strip()
    found = re.match(r'(\d+) histories from seed 0 in \d+ s, (\d) process(?:es)?, [\d.]+ a second, (\d+) steps, '
                     r'[\d.]+ simulated days, (\d+) x real time, (\d+) x on one core: nothing wrong$', line)
    assert found, line
    histories, processes, steps, fast, alone = map(int, found.groups())
    assert (histories, processes) == (1, int(jobs))
    assert steps >= 200 and fast > 0 and alone > 0


def test_it_ends_at_the_first_that_fails_and_prints_it(capsys, monkeypatch):
    steps = [('file', 0), ('wait', 1.0), ('stop',)]
    monkeypatch.setattr(run.deeds, 'choose', lambda seed: steps)
    monkeypatch.setattr(run.deeds, 'shortened', lambda long: long[:2])
    lives = iter([deeds.Life(3, 1.0, None)] * 4 + [deeds.Life(2, 1.0, WRONG)])
    monkeypatch.setattr(run, 'life', lambda seed: next(lives))

    assert run.main(['20', '--jobs', '1']) == 1

    first, shown, last = capsys.readouterr()[0].strip().split('\n')
    begin = int(re.search('from seed ([0-9]+)', last).group(1))
    # The fifth one: the kinds take turns.
    assert first == 'seed %d: %s' % (begin + 1 + deeds.KEYS, WRONG)
    assert shown == 'steps: %r' % steps[:2]
    assert last.startswith('5 histories') and ', 14 steps, ' in last
    assert last.endswith(': the last one is wrong')


# Like run.player, but a seed is as many steps, and all from the sixth on are wrong.
FAKE = """
import json, sys
for line in iter(sys.stdin.readline, ''):
    seed = int(line)
    sys.stdout.write(json.dumps([seed, 1.0, 'x' if seed % 10 ** 9 >= 5 else None]) + '\\n')
    sys.stdout.flush()
"""


@pytest.mark.parametrize('jobs', [1, 2, 3, 7])
def test_several_processes_find_the_first_that_fails_and_count_none_after_it(monkeypatch, jobs):
    monkeypatch.setattr(run, 'PLAYER', [sys.executable, '-c', FAKE])
    tally = run.Tally(deeds.KEYS)

    assert run.together(tally, helpers.LIMIT, jobs) == (deeds.KEYS + 5, 'x')
    assert (tally.histories, tally.steps) == (6, 6 * deeds.KEYS + 15)


def test_a_process_that_ends_by_itself_ends_the_run(monkeypatch):
    monkeypatch.setattr(run, 'PLAYER', ['true'])

    with pytest.raises(SystemExit):
        run.together(run.Tally(0), helpers.LIMIT, 2)


def test_from_a_seed_of_the_second_kind_on_all_are_of_that_kind():
    tally = run.Tally(deeds.KEYS + 7)
    tally.add(deeds.Life(2, 1.0, None))

    assert [tally.seed(), tally.seed(2)] == [deeds.KEYS + 8, deeds.KEYS + 10]


def test_a_seed_is_that_history_alone(capsys):
    assert run.main(['0', '--seed', '3']) == 0
    assert capsys.readouterr()[0] == 'seed 3: nothing wrong\n'
