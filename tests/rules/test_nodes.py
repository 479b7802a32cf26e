"""nodes.py: the state of a node by the states of its listeners, and the rules for nodes with several ways."""
import itertools

import pytest

from fbmon.rules import decision, nodes
from fbmon.rules.states import ABSENT, ACTIVE, BYPASS, DOWN, FAILED, NORMAL, PRESENT, UNCONFIGURED, UNKNOWN, UP
from settings import card, listener, settings

STATES = (UNKNOWN, ACTIVE, FAILED)


def of_the_text(states):
    """The rules by hand: active if any launched listener is; failed if all are; unknown if none is active and one is
    unknown; unconfigured if none is launched."""
    launched = [state for state in states if state is not None]
    if not launched:
        return UNCONFIGURED
    if ACTIVE in launched:
        return ACTIVE
    return UNKNOWN if UNKNOWN in launched else FAILED


@pytest.mark.parametrize('states', itertools.product(STATES + (None,), repeat=3))
def test_a_node_has_the_state_that_the_text_gives(states):
    local = dict((index, state) for index, state in enumerate(states) if state)

    assert nodes.named({0: 'a', 1: 'a', 2: 'a'}, local) == {'a': of_the_text(states)}


def test_without_names_each_listener_is_a_node():
    local = {0: ACTIVE, 7: FAILED}

    assert nodes.states({}, local) == local


def test_a_listener_without_a_name_stands_beside_nodes_that_have_one():
    assert nodes.states({0: 'a', 1: 'a'}, {0: FAILED, 1: ACTIVE, 2: FAILED}) == {'a': ACTIVE, 2: FAILED}


def two_ways(**fields):
    """Settings in which listeners 0 and 1 hear dpi-1, and listener 2 hears another node. Each listener has a port."""
    return settings([listener(0, node='dpi-1', ports=('sw0',)), listener(1, node='dpi-1', ports=('sw1',)),
                     listener(2, ports=('sw2',))], [card(0)], **fields)


def test_losing_one_way_of_a_node_moves_nothing_and_losing_both_is_a_failed_node():
    found = two_ways(threshold=1)
    states = {0: ACTIVE, 1: ACTIVE, 2: ACTIVE}
    before = decision.decide(found, states, decision.UNDECIDED)
    one = decision.decide(found, {0: FAILED, 1: ACTIVE, 2: ACTIVE}, before)
    both = decision.decide(found, {0: FAILED, 1: FAILED, 2: ACTIVE}, one)

    assert before == one and before.state == NORMAL
    assert (both.state, list(both.cards.values())) == (BYPASS, [ABSENT])
    assert both.ports == {'sw0': DOWN, 'sw1': DOWN, 'sw2': UP}


def test_the_threshold_counts_nodes_and_not_their_ways():
    found = two_ways(threshold=2)

    assert decision.decide(found, {0: FAILED, 1: FAILED, 2: ACTIVE}, decision.UNDECIDED).state == NORMAL
    assert decision.decide(found, {0: FAILED, 1: FAILED, 2: FAILED}, decision.UNDECIDED).state == BYPASS
    assert decision.failed(found, {0: FAILED, 1: FAILED, 2: ACTIVE}) == 1


def test_a_way_that_has_not_reported_is_not_waited_for_while_the_other_one_is_active():
    found = two_ways()

    decided = decision.decide(found, {0: ACTIVE, 1: UNKNOWN, 2: ACTIVE}, decision.UNDECIDED)
    assert (decided.state, list(decided.cards.values())) == (NORMAL, [PRESENT])
    assert decision.waited_for(found, {0: ACTIVE, 1: UNKNOWN, 2: UNKNOWN}) == [2]
    assert decision.decide(found, {0: FAILED, 1: UNKNOWN, 2: ACTIVE}, decided) is decided
    assert decision.waited_for(found, {0: FAILED, 1: UNKNOWN, 2: ACTIVE}) == [1]


def test_a_list_of_a_way_that_is_not_launched_has_no_say():
    assert decision.decide(two_ways(), {0: FAILED, 2: ACTIVE}, decision.UNDECIDED).ports == {'sw0': DOWN, 'sw2': UP}


@pytest.mark.parametrize('states, name, text', [
    ({0: FAILED, 1: FAILED, 2: ACTIVE}, None, '1 failed >= 1'),
    ({0: FAILED, 1: FAILED, 2: ACTIVE}, 'sw1', 'node dpi-1 failed'),
    ({0: ACTIVE, 1: ACTIVE, 2: FAILED}, 'sw2', 'listener 2 failed'),
    ({0: FAILED, 1: ACTIVE, 2: ACTIVE}, 'sw0', 'its listeners are active')])
def test_reasons_name_the_node(states, name, text):
    assert decision.reason(two_ways(), BYPASS, states, name) == text


def test_nodes_stand_in_the_order_of_their_first_listeners():
    found = nodes.grouped([listener(0), listener(1, node='b'), listener(2, node='a'), listener(3, node='b')])

    assert [(name, [one.index for one in ways]) for name, ways in found] == [('0', [0]), ('b', [1, 3]), ('a', [2])]
