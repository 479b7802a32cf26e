"""Nodes in maintenance, by the words of the specification: in all combinations of up to four nodes."""
import itertools

import pytest

from fbmon.rules import ahead, decision, orders
from fbmon.rules.decision import UNDECIDED, Decision, decide
from fbmon.rules.states import (ABSENT, ACTIVE, BYPASS, DOWN, FAILED, FREEZE, MAINTENANCE, NORMAL, PRESENT, UNKNOWN, UP)
from settings import card, listener, settings

CARD = ('eth0', '10.0.1.0')
HELD = Decision('held', {}, {})
NOT_LAUNCHED = None


def by_the_text(states, away, threshold):
    """The global state that the text asks for; None if the last one is held. away: the places of nodes in maintenance.

    'A node in maintenance is neither waited for nor failed.' 'Bypass if failed >= 1 and failed + in maintenance >=
    threshold, or if no launched node is active outside of maintenance; else normal.'
    """
    launched = [place for place, state in enumerate(states) if state is not NOT_LAUNCHED]
    failed = active = in_maintenance = 0
    for place in launched:
        if place in away:
            in_maintenance += 1
        elif states[place] == UNKNOWN:
            return None
        elif states[place] == FAILED:
            failed += 1
        else:
            active += 1
    if not launched:
        return None
    if failed >= 1 and failed + in_maintenance >= threshold:
        return BYPASS
    return BYPASS if active == 0 else NORMAL


def cases(count):
    """All (states, nodes in maintenance) of so many nodes."""
    for states in itertools.product((NOT_LAUNCHED, UNKNOWN, ACTIVE, FAILED), repeat=count):
        for away in itertools.product((False, True), repeat=count):
            yield states, set(place for place in range(count) if away[place])


def file_of(count, threshold, named=False):
    """A file in which each node has a port, and a port for all."""
    return settings([listener(index, ports=('sw%d' % index,), node='dpi-%d' % index if named else None)
                     for index in range(count)], [card(0)], threshold=threshold, ports=('all',))


def local(found, states, away, named=False):
    launched = dict((index, state) for index, state in enumerate(states) if state is not NOT_LAUNCHED)
    return orders.marked(set('dpi-%d' % one if named else '%d' % one for one in away), found.nodes, launched)


@pytest.mark.parametrize('named', [False, True])
@pytest.mark.parametrize('count', [1, 2, 3, 4])
def test_the_state_is_that_of_the_text(count, named):
    for threshold in range(1, count + 1):
        found = file_of(count, threshold, named)
        for states, away in cases(count):
            judged = decision.judged(found, local(found, states, away, named))
            assert judged == by_the_text(states, away, threshold), (states, away, threshold)


@pytest.mark.parametrize('count', [1, 2, 3])
def test_local_ports_of_a_node_in_maintenance_go_down_as_those_of_a_failed_one(count):
    found = file_of(count, count)
    for states, away in cases(count):
        made = decide(found, local(found, states, away), HELD)
        if made == HELD:
            continue
        for place, state in enumerate(states):
            expected = {NOT_LAUNCHED: None}.get(state, DOWN if state == FAILED or place in away else UP)
            assert made.ports.get('sw%d' % place) == expected, (states, away)
        assert made.cards == {CARD: PRESENT if made.state == NORMAL else ABSENT}


def test_a_list_with_the_flag_0_is_left_alone_in_maintenance_too():
    found = settings([listener(0, ports=('sw0',), shutdown=False), listener(1)], [card(0)])

    assert decide(found, {0: MAINTENANCE, 1: ACTIVE}, UNDECIDED) == Decision(NORMAL, {CARD: PRESENT}, {})


def test_all_listeners_of_a_node_are_in_maintenance_with_it():
    names = {0: 'dpi-1', 1: 'dpi-1', 2: 'dpi-2'}
    states = {0: ACTIVE, 1: FAILED, 2: ACTIVE, 3: UNKNOWN}

    assert orders.marked({'dpi-1': 'an order'}, names, states) == {
        0: MAINTENANCE, 1: MAINTENANCE, 2: ACTIVE, 3: UNKNOWN}
    assert orders.marked({'3': 'an order', '0': 'an order'}, names, states)[3] == MAINTENANCE
    assert orders.marked({'0': 'an order'}, names, states)[0] == ACTIVE


def test_without_maintenance_the_states_are_the_same_object():
    states = {0: ACTIVE}

    assert orders.marked({}, {}, states) is states


def test_nobody_waits_for_the_listeners_of_a_node_in_maintenance():
    found = file_of(3, 1)

    assert decision.waited_for(found, {0: MAINTENANCE, 1: UNKNOWN, 2: ACTIVE}) == [1]
    assert decision.failed(found, {0: MAINTENANCE, 1: FAILED, 2: ACTIVE}) == 1


def test_while_an_override_decides_the_list_of_a_listener_that_has_not_reported_cannot_tell():
    made = decision.made(file_of(3, 1), {0: UNKNOWN, 1: FAILED, 2: ACTIVE}, BYPASS, BYPASS)

    assert made.ports == {'all': DOWN, 'sw1': DOWN, 'sw2': UP}


@pytest.mark.parametrize('count', [1, 2, 3, 4])
def test_what_comes_next_counts_the_nodes_in_maintenance(count):
    """With so many more failed or active nodes the rules say so, and with one fewer they do not."""
    for threshold in range(1, count + 1):
        found = file_of(count, threshold)
        for states, away in cases(count):
            now = local(found, states, away)
            judged = decision.judged(found, now)
            told = ahead.texts(found, now, judged, {})
            if judged is None or judged == BYPASS and FAILED not in now.values():
                assert told == []
                continue
            number = 1 if told[0].startswith('one ') else int(told[0].split()[0])
            old, new = (ACTIVE, FAILED) if judged == NORMAL else (FAILED, ACTIVE)
            assert told[0].endswith({NORMAL: ': bypass', BYPASS: ': normal'}[judged])
            places = [index for index, state in sorted(now.items()) if state == old]
            assert number <= len(places)
            for more, changed in ((number - 1, False), (number, True)):
                after = dict(now)
                after.update(dict.fromkeys(places[:more], new))
                assert (decision.judged(found, after) != judged) is changed, (states, away, threshold)


@pytest.mark.parametrize('states, threshold, expected', [
    ('MFA', 2, '1 failed and 1 in maintenance >= 2'), ('MFA', 3, '1 failed and 1 in maintenance < 3'),
    ('MAA', 1, 'none failed, 1 in maintenance'), ('MFF', 9, '2 of 3 launched listeners failed, 1 in maintenance'),
    ('MM', 1, '0 of 2 launched listeners failed, 2 in maintenance')])
def test_the_reason_counts_the_nodes_in_maintenance(states, threshold, expected):
    found = file_of(len(states), threshold)
    states = dict(enumerate({'M': MAINTENANCE, 'F': FAILED, 'A': ACTIVE}[letter] for letter in states))

    assert decision.reason(found, decision.judged(found, states), states) == expected


def test_the_reason_of_a_port_names_the_nodes_in_maintenance():
    found = settings([listener(0, ports=('sw0',), node='dpi-1'), listener(1, ports=('sw0',)), listener(2)], [card(0)])

    assert decision.reason(found, NORMAL, {0: MAINTENANCE, 1: FAILED, 2: ACTIVE}, 'sw0') == \
        'listener 1 failed; node dpi-1 in maintenance'


# --- orders as values ---

ALICE = orders.Order('alice', 1000, None, 'a new kernel')
BOB = orders.Order('bob', 1000.5, 4600.5, '')
BOTH = orders.Orders({'dpi-1': ALICE, '7': BOB}, orders.Override(FREEZE, BOB))


def test_an_order_is_over_at_its_time_and_one_without_an_end_never():
    assert orders.alive(BOTH, 4600.4) == BOTH
    assert orders.alive(BOTH, 4600.5) == orders.Orders({'dpi-1': ALICE}, None)
    assert orders.end(BOTH) == 4600.5
    assert orders.end(orders.Orders({'dpi-1': ALICE}, None)) is None is orders.end(orders.NONE)


def test_what_is_kept_is_read_as_it_was():
    assert orders.parse(orders.as_document(BOTH)) == BOTH
    assert orders.parse(orders.as_document(orders.NONE)) == orders.NONE


NAN = float('nan')


@pytest.mark.parametrize('field, value', [
    ('by', ''), ('by', None), ('by', 'x' * 33), ('by', 'a\nb'), ('since', None), ('since', True), ('since', NAN),
    ('since', -1), ('since', 2 ** 33), ('since', '1000'), ('until', 1000), ('until', NAN), ('until', float('inf')),
    ('until', 10 ** 400), ('until', []), ('reason', 'x' * 201), ('reason', u'\xe9'), ('reason', 'a\tb'), ('reason', 7),
    ('more', 1)])
def test_of_noise_nothing_is_guessed(field, value):
    for place in ('maintenance', 'override'):
        document = orders.as_document(BOTH)
        one = document['override'] if place == 'override' else document['maintenance']['dpi-1']
        one[field] = value
        with pytest.raises(orders.Noise):
            orders.parse(document)


@pytest.mark.parametrize('document', [
    None, 7, 'x', [], {}, {'maintenance': {}}, {'maintenance': [], 'override': None},
    {'maintenance': {}, 'override': 'freeze'}, {'maintenance': {'a b': {}}, 'override': None},
    {'maintenance': {'x' * 33: orders.as_dict(ALICE)}, 'override': None},
    {'maintenance': {'a': None}, 'override': None},
    {'maintenance': {}, 'override': orders.as_dict(ALICE)},
    {'maintenance': {}, 'override': dict(orders.as_dict(ALICE), state=UNKNOWN)},
    {'maintenance': {}, 'override': dict(orders.as_dict(ALICE), state=[])}])
def test_a_document_that_has_another_form_is_noise(document):
    with pytest.raises(orders.Noise):
        orders.parse(document)


@pytest.mark.parametrize('text, seconds', [('90s', 90), ('30m', 1800), ('2h', 7200), ('1d', 86400), ('007m', 420)])
def test_a_duration_has_a_unit(text, seconds):
    assert orders.duration(text) == seconds


@pytest.mark.parametrize('text', ['', '90', 's', '0s', '-1h', '1.5h', '1h30m', ' 1h', '1h\n', '1w', '9' * 10 + 's',
                                  '4000d', 'x' * 500])
def test_a_duration_of_nonsense_is_refused(text):
    with pytest.raises(orders.Noise) as error:
        orders.duration(text)
    assert 'as 90s, 30m, 2h or 1d' in str(error.value) and len(str(error.value)) < 130
