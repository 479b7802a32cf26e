"""telling.py: what it makes of a state that comes and goes, by the controller's own decisions and clock."""
import pytest

from fbmon.memory.history import Transition
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, NORMAL, UNKNOWN
from settings import card, config, listener
from test_controller import CARD, HOST, World


@pytest.fixture
def begin(monkeypatch):
    """begin(...): a switch in normal. earlier: the transitions of an earlier run."""
    def begin(**options):
        made = World(config([listener(0)], [card(0)]), monkeypatch, HOST, CARD, **options)
        made.report(0, ACTIVE)
        return made
    return begin


def bypass(switch, times=1):
    """So many bypasses, a minute from one to the next."""
    for _ in range(times):
        switch.now += 60.0
        switch.report(0, FAILED)
        switch.report(0, ACTIVE)


def flaps(switch):
    """[How the problem begins, how many bypasses it counts], if there is one."""
    return [int(line.split()[0]) for line in switch.status()['problems'] if ' bypasses since ' in line]


def test_a_state_that_comes_and_goes_is_a_problem_until_an_hour_has_passed_without_a_bypass(begin):
    switch = begin()
    bypass(switch, 3)
    assert flaps(switch) == []
    bypass(switch)
    assert flaps(switch) == [4]
    bypass(switch)
    assert flaps(switch) == [5]

    switch.now += 3599.0
    assert flaps(switch) == [5]
    switch.now += 1.0
    assert flaps(switch) == []


def test_what_an_earlier_run_has_seen_counts_as_far_as_the_history_is_kept(begin):
    states = [(10.0, NORMAL, BYPASS), (30.0, BYPASS, NORMAL), (40.0, NORMAL, BYPASS), (50.0, BYPASS, UNKNOWN)]
    switch = begin(earlier=[Transition(at, 'global', 'state', old, new, 'why') for at, old, new in states]
                   + [Transition(60.0, 'listener', '0', ACTIVE, BYPASS, 'no state of this kind')])
    bypass(switch)
    assert flaps(switch) == []
    bypass(switch)
    assert flaps(switch) == [4]
