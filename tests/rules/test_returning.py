"""returning.py: when a bypass is left, compared with the rules of the specification, written once more by hand."""
import pytest

from fbmon.rules.returning import (ALWAYS, AT_ONCE, BEGINNING, CARRIER, DELAY, OPERATOR, Course, Return, Wait, state,
                                   step, waiting)
from fbmon.rules.states import BYPASS, NORMAL, UNKNOWN

MINUTE = Return(False, 60000, 60000, 0)


def after(rule, *looks, **fields):
    """The Course after looks (now, judged, since when all ports have carrier)."""
    course = fields.get('course', BEGINNING)
    for look in looks:
        course = step(course, rule, look[1], look[0], *look[2:])
    return course


def test_without_a_bypass_nothing_is_waited_for():
    course = after(MINUTE, (0.0, None), (1.0, NORMAL), (2.0, NORMAL))

    assert course == BEGINNING and waiting(course, MINUTE, 2.0) is None


def test_the_delay_begins_when_the_rules_say_normal_and_a_break_begins_it_anew():
    course = after(MINUTE, (0.0, BYPASS), (5.0, NORMAL))
    assert waiting(course, MINUTE, 6.0) == Wait(DELAY, 5.0, 65.0)
    course = after(MINUTE, (64.9, BYPASS), (65.5, NORMAL), course=course)

    assert waiting(course, MINUTE, 66.0) == Wait(DELAY, 65.5, 125.5)
    assert state(after(MINUTE, (125.4, NORMAL), course=course), NORMAL) == BYPASS
    assert state(after(MINUTE, (125.5, NORMAL), course=course), NORMAL) == NORMAL


def test_held_neither_ends_the_wait_nor_lets_it_through():
    course = after(MINUTE, (0.0, BYPASS), (5.0, NORMAL), (30.0, None), (70.0, None))
    assert course.bypassed and course.clear == 5.0

    assert not after(MINUTE, (71.0, NORMAL), course=course).bypassed


def test_by_default_a_bypass_ends_with_the_look_that_finds_normal():
    course = after(AT_ONCE, (0.0, BYPASS), (5.0, NORMAL))

    assert (course.bypassed, state(course, NORMAL)) == (False, NORMAL)


def test_a_manual_return_waits_for_the_operator_and_for_nothing_else():
    rule = Return(True, 60000, 60000, 60000)
    course = after(rule, (0.0, BYPASS), (5.0, NORMAL), (9999.0, NORMAL))
    assert waiting(course, rule, 9999.0) == Wait(OPERATOR, 5.0, None)

    assert not step(course, rule, NORMAL, 9999.0, asked=True).bypassed


@pytest.mark.parametrize('judged', [BYPASS, None])
def test_an_operator_ends_no_bypass_that_the_rules_want_or_hold(judged):
    course = after(MINUTE, (0.0, BYPASS), (5.0, NORMAL))

    assert step(course, MINUTE, judged, 6.0, asked=True).bypassed


def test_after_the_delay_all_ports_must_have_carrier_without_a_break():
    rule = Return(False, 10000, 10000, 2000)
    course = after(rule, (0.0, BYPASS), (5.0, NORMAL), (15.0, NORMAL))
    assert waiting(course, rule, 15.0) == Wait(CARRIER, 15.0, None)
    course = after(rule, (16.0, NORMAL, 16.0), course=course)
    assert waiting(course, rule, 16.0) == Wait(CARRIER, 15.0, 18.0)
    course = after(rule, (17.9, NORMAL), (17.95, NORMAL, 17.95), course=course)
    assert waiting(course, rule, 18.0) == Wait(CARRIER, 15.0, 19.95)

    assert not after(rule, (19.95, NORMAL, 17.95), course=course).bypassed


def test_ports_that_had_carrier_all_along_cost_no_further_wait():
    rule = Return(False, 10000, 10000, 2000)

    assert not after(rule, (0.0, BYPASS), (5.0, NORMAL, 5.0), (15.0, NORMAL, 5.0)).bypassed


def test_without_a_port_that_needs_carrier_nothing_but_the_delay_is_waited_for():
    rule = Return(False, 10000, 10000, 2000)
    course = after(rule, (0.0, BYPASS), (5.0, NORMAL, ALWAYS))
    assert waiting(course, rule, 5.0) == Wait(DELAY, 5.0, 15.0)

    assert not after(rule, (15.0, NORMAL, ALWAYS), course=course).bypassed


def test_a_carrier_that_is_lost_while_held_is_lost():
    rule = Return(False, 0, 0, 2000)
    course = after(rule, (0.0, BYPASS), (5.0, NORMAL, 5.0), (6.0, None), (6.5, None, 6.5), (7.0, NORMAL, 6.5))

    assert waiting(course, rule, 7.0) == Wait(CARRIER, 5.0, 8.5)


def test_each_bypass_within_an_hour_of_the_last_return_doubles_the_delay_up_to_the_most():
    rule = Return(False, 10000, 60000, 0)
    course, now, delays = BEGINNING, 0.0, []
    for pause in (0, 3599, 1, 1, 1, 3600, 1):
        now += pause
        course = after(rule, (now, BYPASS), (now, NORMAL), course=course)
        delays.append(waiting(course, rule, now).until - now)
        now += delays[-1]
        course = after(rule, (now, NORMAL), course=course)
        assert not course.bypassed

    assert delays == [10.0, 20.0, 40.0, 60.0, 60.0, 10.0, 20.0]


def test_without_a_most_the_delay_stays_as_it_is():
    course = Course(True, 0.0, None, 5, None)

    assert waiting(course, MINUTE, 0.0).until == 60.0


def test_a_state_that_the_file_does_not_give_changes_nothing():
    course = after(MINUTE, (0.0, BYPASS), (5.0, NORMAL))

    assert step(course, MINUTE, UNKNOWN, 6.0) is course
    assert state(course, UNKNOWN) == UNKNOWN
