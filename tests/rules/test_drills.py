"""The drill among the commands: it is an override that is only taken when all is well."""
import pytest

from fbmon.rules import ordering, orders
from fbmon.rules.orders import NONE, Noise, Order, Orders, Override
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, FREEZE, NORMAL, UNKNOWN
from settings import card, listener, settings

FILE = settings([listener(0, node='dpi-1'), listener(1, node='dpi-2')], [card(0)])
WELL = {0: ACTIVE, 1: ACTIVE}
ON = Orders({}, Override(BYPASS, Order('alice', 100.0, 130.0, 'drill')))


def after(before=NONE, file=FILE, states=WELL, state=NORMAL, now=100.0, by='alice', **question):
    return ordering.after(before, dict(question, command='drill'), by, now, file, states, state)


def refused(*arguments, **options):
    with pytest.raises(Noise) as raised:
        after(*arguments, **options)
    return str(raised.value)


def test_a_drill_is_a_bypass_with_an_end():
    assert after(until=130.0) == ON
    assert after(until=3700.0, reason='each month').override.order.reason == 'drill: each month'


@pytest.mark.parametrize('file, states, state, why', [
    (FILE, {0: ACTIVE, 1: FAILED}, NORMAL, 'failed: node dpi-2'),
    (FILE, {0: UNKNOWN, 1: ACTIVE}, NORMAL, 'not heard yet: node dpi-1'),
    (FILE, WELL, BYPASS, 'the state is bypass, not normal'),
    (FILE, {}, UNKNOWN, 'the state is unknown, not normal'),
    (FILE._replace(observe=True), WELL, NORMAL, 'OBSERVE=1: nothing would be changed')])
def test_a_drill_is_refused_unless_all_is_well(file, states, state, why):
    assert refused(file=file, states=states, state=state, until=130.0) == why


@pytest.mark.parametrize('before, why', [
    (ON, 'a drill by alice is on'),
    (Orders({}, Override(FREEZE, Order('bob', 0.0, None, 'drill'))), 'override freeze by bob is on'),
    (Orders({'dpi-2': Order('bob', 0.0, None, '')}, None), 'in maintenance: dpi-2')])
def test_a_drill_is_refused_while_another_order_counts(before, why):
    assert refused(before, until=131.0) == why


@pytest.mark.parametrize('question', [
    {}, {'until': 100.0}, {'until': 3702.0}, {'until': 'x'}, {'until': 130.0, 'reason': 'x' * 194},
    {'until': 130.0, 'reason': '\n'}, {'until': 130.0, 'reason': 7}])
def test_a_drill_of_noise_is_refused(question):
    refused(**question)


def test_a_question_that_comes_twice_is_one_drill():
    assert after(ON, until=130.0, now=101.0) == ON


def test_a_drill_is_ended_by_its_own_end_only():
    assert after(ON, end=130.0) == NONE
    assert refused(ON, end=131.0) == refused(NONE, end=130.0) == refused(
        Orders({}, Override(BYPASS, Order('alice', 100.0, 130.0, ''))), end=130.0) == 'this drill is not on'


def test_what_is_kept_of_a_drill_can_be_read_again():
    kept = after(until=130.0, reason='x' * 193)

    assert orders.parse(orders.as_document(kept)) == kept
