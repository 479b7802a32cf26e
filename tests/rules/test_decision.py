import random

import pytest

from fbmon.rules import decision
from fbmon.rules.decision import UNDECIDED, Decision, decide
from fbmon.rules.states import ABSENT, ACTIVE, BYPASS, DOWN, FAILED, NORMAL, PRESENT, UNKNOWN, UP
from kernel import model
from settings import card, listener, settings

CARD = ('eth0', '10.0.1.0')

# In a row there are STEPS files with states, and each decision follows the one before. ROWS: for each seed.
STEPS, ROWS = 10, 120


def of(states, last=UNDECIDED, **fields):
    """The Decision on these states. The file has as many listeners; lists: {index: its ports}."""
    lists, flags = fields.pop('lists', {}), fields.pop('flags', {})
    listeners = [listener(index, ports=lists.get(index, ()), shutdown=flags.get(index, True))
                 for index in range(fields.pop('listeners', max(list(states) + [-1]) + 1))]
    return decide(settings(listeners, [card(0)], **fields), states, last)


# --- held ---

def test_without_a_launched_listener_the_state_is_unknown_after_a_start():
    assert of({}, ports=('sw0',)) == UNDECIDED


@pytest.mark.parametrize('states', [{0: UNKNOWN}, {0: UNKNOWN, 1: ACTIVE}, {0: UNKNOWN, 1: ACTIVE, 2: FAILED}])
def test_one_unknown_listener_keeps_all_hands_off_after_a_start(states):
    assert of(states, ports=('sw0',)) == UNDECIDED


@pytest.mark.parametrize('states', [{}, {0: UNKNOWN}, {0: UNKNOWN, 1: FAILED}, {0: ACTIVE, 1: UNKNOWN}])
@pytest.mark.parametrize('state, has', [(NORMAL, PRESENT), (BYPASS, ABSENT)])
def test_what_was_decided_is_held_while_a_listener_is_unknown_or_none_is_launched(states, state, has):
    last = Decision(state, {CARD: has}, {'sw0': DOWN})

    assert of(states, last, ports=('sw0', 'sw1'), lists={0: ('sw2',)}) == last


def test_the_last_report_ends_the_hold():
    last = of({0: ACTIVE, 1: UNKNOWN})

    assert of({0: ACTIVE, 1: ACTIVE}, last) == Decision(NORMAL, {CARD: PRESENT}, {})


# --- the global state ---

@pytest.mark.parametrize('states, threshold, expected', [
    ('AAA', 1, NORMAL), ('FAA', 1, BYPASS), ('FAA', 2, NORMAL), ('FFA', 2, BYPASS), ('FFA', 3, NORMAL),
    ('FFFA', 3, BYPASS), ('AAAA', 4, NORMAL)])
def test_bypass_begins_when_as_many_listeners_failed_as_the_threshold_says(states, threshold, expected):
    states = dict(enumerate({'A': ACTIVE, 'F': FAILED}[letter] for letter in states))

    assert of(states, threshold=threshold).state == expected


@pytest.mark.parametrize('states', [{0: FAILED}, {0: FAILED, 1: FAILED}])
def test_all_launched_listeners_failed_is_bypass_below_the_threshold_too(states):
    assert of(states, threshold=5, listeners=5).state == BYPASS


def test_unconfigured_listeners_are_not_counted():
    assert of({0: FAILED, 1: ACTIVE}, listeners=4, threshold=2).state == NORMAL


def test_a_faulty_threshold_leaves_the_global_state_unknown_and_what_depends_on_it_alone():
    found = of({0: ACTIVE, 1: FAILED}, threshold=None, ports=('sw0', 'sw1'), lists={0: ('sw1', 'sw2'), 1: ('sw3',)})

    assert found == Decision(UNKNOWN, {}, {'sw2': UP, 'sw3': DOWN})


# --- cards ---

@pytest.mark.parametrize('state, expected', [(ACTIVE, PRESENT), (FAILED, ABSENT)])
def test_a_cards_address_is_present_in_normal_and_absent_in_bypass(state, expected):
    cards = [card(0), card(1, address='10.0.1.0', interface='eth1'), card(7)]

    found = decide(settings([listener(0)], cards), {0: state}, UNDECIDED)

    assert found.cards == {CARD: expected, ('eth1', '10.0.1.0'): expected, ('eth0', '10.0.1.7'): expected}


def test_a_card_with_a_faulty_value_is_left_alone():
    found = decide(settings([listener(0)], [card(0), card(1, error='BYPASS_CARD_IFS=')]), {0: FAILED}, UNDECIDED)

    assert found.cards == {CARD: ABSENT}


# --- ports ---

@pytest.mark.parametrize('states, expected', [({0: ACTIVE, 1: FAILED}, UP), ({0: FAILED, 1: FAILED}, DOWN)])
def test_the_global_list_follows_the_global_state(states, expected):
    assert of(states, threshold=2, ports=('sw0', 'sw1')).ports == {'sw0': expected, 'sw1': expected}


def test_a_listeners_list_follows_that_listener_whatever_the_global_state_is():
    lists = {0: ('sw0',), 1: ('sw1',)}

    assert of({0: ACTIVE, 1: FAILED}, threshold=1, lists=lists) == Decision(
        BYPASS, {CARD: ABSENT}, {'sw0': UP, 'sw1': DOWN})
    assert of({0: ACTIVE, 1: FAILED}, threshold=2, lists=lists) == Decision(
        NORMAL, {CARD: PRESENT}, {'sw0': UP, 'sw1': DOWN})


@pytest.mark.parametrize('states, expected', [
    ((ACTIVE, ACTIVE), UP), ((ACTIVE, FAILED), DOWN), ((FAILED, ACTIVE), DOWN), ((FAILED, FAILED), DOWN)])
def test_in_several_listeners_lists_a_port_is_up_only_when_all_are_active(states, expected):
    found = of(dict(enumerate(states + (ACTIVE,))), threshold=3, lists={0: ('sw0',), 1: ('sw0',)})

    assert found.ports == {'sw0': expected}


@pytest.mark.parametrize('own, other, expected', [
    (ACTIVE, ACTIVE, UP), (ACTIVE, FAILED, DOWN), (FAILED, ACTIVE, DOWN), (FAILED, FAILED, DOWN)])
def test_in_a_local_and_the_global_list_a_port_is_up_only_when_both_say_so(own, other, expected):
    found = of({0: own, 1: other}, ports=('sw0',), lists={0: ('sw0',)})

    assert found.ports == {'sw0': expected}


def test_a_failed_listener_keeps_its_port_down_in_normal_though_the_global_list_says_up():
    found = of({0: FAILED, 1: ACTIVE}, threshold=2, ports=('sw0', 'sw1'), lists={0: ('sw0',)})

    assert found == Decision(NORMAL, {CARD: PRESENT}, {'sw0': DOWN, 'sw1': UP})


# --- lists that have no say ---

def test_the_global_list_has_no_say_when_its_flag_is_0():
    found = of({0: ACTIVE, 1: FAILED}, ports=('sw0', 'sw1'), shutdown=False, lists={0: ('sw1',)})

    assert found == Decision(BYPASS, {CARD: ABSENT}, {'sw1': UP})


def test_a_listeners_list_has_no_say_when_its_flag_is_0():
    found = of({0: FAILED, 1: ACTIVE}, threshold=2, ports=('sw1',), lists={0: ('sw0', 'sw1', 'sw2'), 1: ('sw2',)},
               flags={0: False})

    assert found.ports == {'sw1': UP, 'sw2': UP}


def test_the_list_of_a_listener_that_is_not_launched_has_no_say():
    found = of({0: ACTIVE}, listeners=2, lists={0: ('sw0',), 1: ('sw0', 'sw1')})

    assert found.ports == {'sw0': UP}


def test_a_faulty_port_is_not_touched():
    found = of({0: FAILED}, ports=('sw0', 'lo'), lists={0: ('lo', 'sw1')}, faulty_ports={'lo': 'lo is no port'})

    assert found.ports == {'sw0': DOWN, 'sw1': DOWN}


# --- what is told ---

def test_those_that_are_waited_for_and_those_that_failed_are_told():
    states = {4: UNKNOWN, 0: ACTIVE, 2: UNKNOWN, 3: FAILED}

    assert (decision.waited_for(settings(), states), decision.failed(settings(), states)) == ([2, 4], 1)


@pytest.mark.parametrize('state, states, threshold, expected', [
    (BYPASS, {0: FAILED, 1: FAILED, 2: ACTIVE}, 1, '2 failed >= 1'),
    (NORMAL, {0: FAILED, 1: ACTIVE}, 2, '1 failed < 2'),
    (BYPASS, {0: FAILED}, 3, '1 of 1 launched listeners failed'),
    (UNKNOWN, {0: FAILED}, None, 'LISTEN_HEARTBEAT_FAILED is faulty')])
def test_the_reason_of_a_global_state_gives_the_numbers(state, states, threshold, expected):
    assert decision.reason(settings(threshold=threshold), state, states) == expected


@pytest.mark.parametrize('name, states, expected', [
    ('sw0', {0: FAILED, 1: FAILED}, 'listener 0, 1 failed'),
    ('sw0', {0: ACTIVE, 1: FAILED}, 'listener 1 failed'),
    ('sw0', {0: ACTIVE, 1: ACTIVE}, 'its listeners are active'),
    ('sw1', {0: FAILED, 1: FAILED}, 'global state bypass')])
def test_the_reason_of_a_port_names_what_keeps_it_so(name, states, expected):
    found = settings([listener(0, ports=('sw0',)), listener(1, ports=('sw0',))], ports=('sw1',))

    assert decision.reason(found, BYPASS, states, name) == expected


# --- all of it ---

def some(source, population, most=4):
    """Up to `most` of these, drawn from a random source."""
    return tuple(source.sample(population, source.randint(0, min(most, len(population)))))


def random_file(source):
    """Random (Settings, model.Rules) that say the same."""
    ports = ['sw%d' % number for number in range(source.randint(1, 5))]
    listeners = [listener(index, ports=some(source, ports), shutdown=source.random() < 0.8)
                 for index in source.sample(range(9), source.randint(0, 5))]
    cards = [card(index, error=source.choice([None, None, None, 'faulty'])) for index in range(source.randint(0, 3))]
    threshold = source.choice([None] + list(range(1, 7)) * 3)
    faulty = some(source, ports, 1) if source.random() < 0.3 else ()
    both = settings(listeners, cards, threshold=threshold, ports=some(source, ports), shutdown=source.random() < 0.8,
                    faulty_ports=dict.fromkeys(faulty, 'faulty'))
    lists = [model.PortList(both.ports, both.shutdown, None)]
    lists += [model.PortList(one.ports, one.shutdown, one.index) for one in listeners]
    valid = [(one.interface, one.address) for one in cards if one.error is None]
    return both, model.Rules(threshold, valid, lists, faulty)


def random_states(source, listeners):
    """Random {index: local state} of launched listeners. Few are unknown, so that there are decisions too."""
    words = [ACTIVE] * source.randint(0, 6) + [FAILED] * source.randint(1, 6) + [UNKNOWN] * source.randint(0, 1)
    return dict((one.index, source.choice(words)) for one in listeners if source.random() < 0.9)


@pytest.mark.parametrize('seed', range(5))
def test_random_files_and_states_are_decided_as_the_model_decides(seed):
    source = random.Random(seed)
    seen = set()
    for row in range(ROWS):
        decision, verdict = UNDECIDED, model.NOTHING
        for step in range(STEPS):
            found, said = random_file(source)
            states = random_states(source, found.listeners)
            decision, verdict = decide(found, states, decision), model.judge(said, states, verdict)
            assert tuple(decision) == tuple(verdict), (seed, row, step, found, states)
            seen.add((decision.state, DOWN in decision.ports.values(), UP in decision.ports.values()))
    # Without all of these the random files would prove nothing.
    assert seen >= set((state, down, up) for state in (NORMAL, BYPASS) for down in (True, False)
                       for up in (True, False))
