"""reasons.py: what the controller says of a switch that may be blind itself, and when it says it."""
import pytest

from fbmon.daemon.controller import StatusWanted
from fbmon.daemon.reasons import Reasons
from fbmon.listeners.listener import StateChanged
from fbmon.network import carrier
from fbmon.network.blindness import MAY_BE
from fbmon.rules.states import ACTIVE, FAILED
from settings import card, config, listener
from test_controller import CARD, DELETE, HOST, LINKS, World

SHUT = LINKS[0].replace('<UP>', '<BROADCAST>')
GONE = 'Deleted ' + LINKS[0]


@pytest.fixture
def begin(monkeypatch):
    """begin(**fields): a switch with two active listeners at eth0, and a card. fields: of the file."""
    def begin(**fields):
        made = World(config([listener(0), listener(1)], [card(0)], **fields), monkeypatch, HOST, CARD)
        for index in (0, 1):
            made.report(index, ACTIVE)
        return made
    return begin


def blind(switch):
    """(the transitions whose reason has it, the problems that say so)."""
    return [one[1:5] for one in switch.history.transitions if MAY_BE in one.why], \
        [line for line in switch.status()['problems'] if MAY_BE in line]


LAST = 'listener', '1', ACTIVE, FAILED
BYPASS = 'global', 'state', 'normal', 'bypass'


@pytest.mark.parametrize('how', ['dark', SHUT, GONE])
def test_the_last_failure_the_bypass_and_a_problem_say_that_the_switch_may_be_blind(begin, how):
    switch = begin(threshold=2)
    switch.dark.update(['eth0'] if how == 'dark' else [])
    switch.seen(*[] if how == 'dark' else [how])
    assert switch.report(0, FAILED) == [] and blind(switch) == ([], [])
    assert switch.report(1, FAILED) == ([] if how == GONE else [DELETE])

    told, problems = blind(switch)
    assert (told, len(problems)) == ([LAST, BYPASS], 1)
    assert problems[0].startswith('listeners 0-1 failed together: ') and 'ip link' in problems[0]
    whys = dict((one.kind, one.why) for one in switch.history.transitions)
    assert whys['global'].startswith('2 failed >= 2; ' + MAY_BE) and whys['listener'].startswith('why; ' + MAY_BE)


def test_a_bypass_before_all_have_failed_is_decided_and_told_as_ever_and_the_last_failure_says_it(begin):
    switch = begin()
    switch.dark.add('eth0')

    assert switch.report(0, FAILED) == [DELETE] and blind(switch) == ([], [])
    switch.report(1, FAILED)
    assert blind(switch)[0] == [LAST]


def test_the_problem_goes_when_the_interface_is_back_or_a_listener_hears_again(begin):
    switch = begin(threshold=2)
    switch.dark.add('eth0')
    for index in (0, 1):
        switch.report(index, FAILED)
    assert blind(switch)[1]
    switch.dark.clear()
    assert blind(switch)[1] == []
    switch.dark.add('eth0')
    assert blind(switch)[1]
    switch.report(0, ACTIVE)
    assert blind(switch)[1] == []


def test_nothing_is_looked_at_before_the_daemon_has_acted_and_nothing_as_long_as_somebody_is_heard(begin):
    switch, looks = begin(), []
    light = switch.carrier
    switch.controller.reasons.look = lambda name: looks.append(list(switch.batch.ran)) or light(name)

    switch.report(0, FAILED)
    switch.turn(StatusWanted(lambda text: None))
    assert looks == []
    switch = begin(threshold=2)
    switch.controller.reasons.look = lambda name: looks.append(list(switch.batch.ran)) or light(name)
    switch.report(0, FAILED)
    switch.report(1, FAILED)
    assert looks and all([DELETE] in ran for ran in looks)


def test_it_looks_at_nothing_that_waits_for_a_lock_of_the_kernel():
    assert Reasons(None).look is carrier.noted


def test_of_several_failures_in_one_round_the_last_one_says_it(begin):
    switch = begin(threshold=2)
    switch.dark.add('eth0')
    found = sorted(switch.controller.roster.launched.values(), key=lambda one: one.listener.settings.index)
    switch.turn(*[StateChanged(one.listener, ACTIVE, FAILED, 'why', switch.now) for one in found])

    assert blind(switch)[0] == [LAST, BYPASS]


def test_a_state_that_is_normal_all_the_same_has_its_reason_alone(begin):
    switch = begin(threshold=2)
    switch.dark.add('eth0')
    for index in (0, 1):
        switch.report(index, FAILED)

    assert [MAY_BE in switch.controller.reasons.of_state(state) for state in ('normal', 'bypass')] == [False, True]


def test_a_bypass_that_an_operator_orders_has_his_reason_alone(begin):
    switch = begin(threshold=2)
    switch.dark.add('eth0')
    switch.controller.operators.reason = lambda: 'override bypass by alice'
    for index in (0, 1):
        switch.report(index, FAILED)

    assert blind(switch)[0] == [LAST]
