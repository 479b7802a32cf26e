"""ahead.py: what comes next. How many nodes must fail or come back is held against the rules themselves."""
import itertools

import pytest

from fbmon.rules import ahead, decision, returning
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, NORMAL, UNKNOWN
from settings import listener, settings


def told(states, threshold, left=None, waits=False, returns=returning.AT_ONCE, **nodes):
    """The texts of listeners with these states; nodes: {n0: name of the node of listener 0}."""
    found = settings([listener(index, node=nodes.get('n%d' % index)) for index in range(len(states))],
                     threshold=threshold, returns=returns)
    local = dict(enumerate(states))
    return ahead.texts(found, local, decision.judged(found, local), left or {}, waits)


@pytest.mark.parametrize('states, threshold, text', [
    ((ACTIVE, ACTIVE, ACTIVE), 1, 'one more failed node: bypass'),
    ((ACTIVE, ACTIVE, ACTIVE), 3, '3 more failed nodes: bypass'),
    ((FAILED, ACTIVE, ACTIVE), 3, '2 more failed nodes: bypass'),
    ((FAILED, ACTIVE), 2, 'one more failed node: bypass'),
    ((FAILED, FAILED, ACTIVE), 2, 'one more active node: normal'),
    ((FAILED, FAILED, FAILED), 2, '2 more active nodes: normal')])
def test_how_far_the_state_is_from_changing(states, threshold, text):
    assert told(states, threshold) == [text]


@pytest.mark.parametrize('count, threshold', [(count, threshold) for count in (1, 2, 3, 4)
                                              for threshold in range(1, count + 1)])
def test_with_so_many_more_the_rules_say_so_and_with_one_fewer_they_do_not(count, threshold):
    for states in itertools.product((ACTIVE, FAILED), repeat=count):
        words = told(states, threshold)[0].split()
        number = 1 if words[0] == 'one' else int(words[0])
        old, new = (ACTIVE, FAILED) if 'failed' in words[2] else (FAILED, ACTIVE)
        for more, changed in ((number - 1, False), (number, True)):
            places = [place for place, state in enumerate(states) if state == old][:more]
            after = dict((place, new if place in places else state) for place, state in enumerate(states))
            judged = decision.global_state(threshold, after)
            assert (judged == (BYPASS if new == FAILED else NORMAL)) is changed, (states, more)


@pytest.mark.parametrize('rule', [returning.Return(True, 0, 0, 0), returning.Return(False, 500, 500, 0),
                                  returning.Return(False, 0, 0, 1000)])
def test_a_return_that_has_to_be_earned_is_no_change_at_once(rule):
    assert told((FAILED, ACTIVE), 1, returns=rule) == ['one more active node: the return begins']
    assert told((ACTIVE, ACTIVE), 1, returns=rule, waits=True) == ['one more failed node: the bypass goes on']
    assert told((ACTIVE, ACTIVE), 1, returns=rule) == ['one more failed node: bypass']


def test_while_held_there_is_nothing_to_say_of_the_state():
    assert told((UNKNOWN, ACTIVE), 1) == []


def test_nodes_that_have_been_silent_for_long_are_named_the_next_one_first():
    left = {0: (1.2, 3.0), 1: (2.0, 3.0), 2: (0.25, 1.0), 3: (0.5, 9.0), 4: (-0.1, 2.0), 5: (0.4, 2.0)}

    assert told((ACTIVE,) * 6, 1, left, n0='dpi-4')[1:] == [
        'listener 4 fails in 0.0 s', 'listener 2 fails in 0.2 s', 'listener 5 fails in 0.4 s', '2 more nodes fail soon']


def test_a_node_with_two_ways_fails_with_the_later_one():
    assert told((ACTIVE, ACTIVE, ACTIVE), 1, {0: (0.5, 3.0), 1: (1.0, 3.0), 2: (2.9, 3.0)}, n0='a', n1='a')[1:] == [
        'a fails in 1.0 s']
    assert told((ACTIVE, ACTIVE), 1, {0: (0.5, 3.0), 1: (2.9, 3.0)}, n0='a', n1='a')[1:] == []
