"""operators.py, and what the controller does with it: orders count when they are kept, and end at their time."""
import json

import pytest

from fbmon.daemon.answers import Commanded
from fbmon.daemon.controller import Reload, Stop
from fbmon.daemon.saving import Loaded
from fbmon.memory.statefile import Late, StateError
from fbmon.network import monitor
from fbmon.rules import orders
from fbmon.rules.items import AddressItem
from fbmon.rules.orders import Order, Orders, Override
from fbmon.rules.returning import Return
from fbmon.rules.states import ABSENT, ACTIVE, BYPASS, DOWN, FAILED, FREEZE, NORMAL, PRESENT, UNKNOWN, UP
from settings import card, config, listener
from test_controller import ADD, CARD, DELETE, HOST, LINKS, Saver, World

NODES = [listener(0, node='dpi-1', ports=('sw0',)), listener(1, node='dpi-2', ports=('sw1',)),
         listener(2, node='dpi-3')]
DOWN0, UP0 = 'link set dev sw0 down', 'link set dev sw0 up'


def kept(maintenance=(), override=None, until=None, by='alice', since=50.0):
    """The text of a state file with such orders."""
    one = Order(by, since, until, 'why')
    return json.dumps(orders.as_document(Orders(dict.fromkeys(maintenance, one), override and Override(override, one))))


@pytest.fixture
def world(monkeypatch):
    """begin(...): a switch with three nodes, of which all are active if they are reported."""
    def begin(*reports, **fields):
        saver, nodes = Saver(fields.pop('text', None)), fields.pop('nodes', NODES)
        made = World(config(nodes, [card(0)], **fields), monkeypatch, HOST, CARD, saver=saver)
        made.began = [made.report(index, state) for index, state in enumerate(reports)]
        return made
    return begin


def give(switch, finish=True, error=None, unsure=False, **question):
    """(the answers to a command, the commands to `ip`). finish: whether the disk has the order."""
    answers = []
    done = switch.turn(Commanded(dict(question, by='alice'), answers.append))
    if finish and switch.saver.todo:
        done += switch.turn(switch.saver.finish(error, unsure))
    return [json.loads(answer) for answer in answers], done


def maintain(switch, node, on=True, **fields):
    return give(switch, command='maintenance', node=node, on=on, **fields)


def override(switch, state, **fields):
    return give(switch, command='override', state=state, **fields)


def problems(switch):
    """The problems, without the file's warnings and those of a kernel that shows nothing."""
    return [line for line in switch.status()['problems'] if 'warning: ' not in line and 'cannot be made' not in line]


def told(switch):
    return [one[1:6] for one in switch.history.transitions if one.kind in ('operator', 'global')]


# --- maintenance ---

def test_a_node_is_taken_out_and_its_port_goes_down_and_nobody_bypasses(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    answers, done = maintain(switch, 'dpi-1', reason='a new kernel', until=160.0)

    assert done == [DOWN0]
    assert answers == [{'done': 'dpi-1 is in maintenance until 1970-01-01 00:02:40; the state is normal'}]
    switch.seen(LINKS[1].replace('<UP>', '<>'))
    assert switch.report(0, FAILED) == [] and switch.controller.decision.state == NORMAL
    assert told(switch)[-1] == ('operator', 'dpi-1', 'off', 'maintenance',
                                'by alice until 1970-01-01 00:02:40: a new kernel')
    row = switch.status()['nodes'][0]
    assert row['state'] == FAILED and row['maintenance'] == {
        'by': 'alice', 'since': 100.0, 'until': 160.0, 'reason': 'a new kernel'}


@pytest.mark.parametrize('threshold, state', [(1, BYPASS), (2, BYPASS), (3, NORMAL)])
def test_a_second_node_that_fails_meanwhile_is_judged_by_what_is_left(world, threshold, state):
    switch = world(ACTIVE, ACTIVE, ACTIVE, threshold=threshold)
    maintain(switch, 'dpi-1')
    assert switch.controller.decision.state == NORMAL
    switch.report(1, FAILED)

    assert switch.controller.decision.state == state


def test_an_order_counts_when_it_is_kept_and_not_before(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    answers, done = maintain(switch, 'dpi-1', finish=False)
    assert (answers, done) == ([], []) and switch.status()['nodes'][0]['maintenance'] is None
    assert switch.turn() == []

    assert switch.turn(switch.saver.finish()) == [DOWN0]
    assert orders.parse(json.loads(switch.saver.text)).maintenance == {'dpi-1': Order('alice', 100.0, None, '')}


def test_what_the_disk_does_not_take_is_refused_with_the_reason_and_nothing_changes(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    answers, done = maintain(switch, 'dpi-1', error='orders: No space left on device')

    assert (answers, done) == ([{'refused': 'orders: No space left on device'}], [])
    assert problems(switch) == [] and told(switch)[-1][0] == 'global'
    assert switch.controller.operators.deadline() is None


def test_the_reason_of_a_refusal_may_have_any_bytes_as_the_path_of_the_disk(world):
    refused = maintain(world(ACTIVE, ACTIVE, ACTIVE), 'dpi-1', error='/srv/\xe4/orders: No space left on device')[0]

    assert refused == [{'refused': u'/srv/\xe4/orders: No space left on device'}]


def test_a_file_that_may_have_a_refused_order_is_written_again_until_it_has_what_counts(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-1', error='no answer within 3 s', unsure=True)
    assert problems(switch) == ['no answer within 3 s']
    for error in ('no answer within 3 s', None):
        assert switch.saver.todo == []
        switch.now += 60.0
        switch.turn()
        switch.turn(switch.saver.finish(error, error is not None))

    assert orders.parse(json.loads(switch.saver.text)) == orders.NONE
    assert problems(switch) == [] and switch.controller.operators.deadline() is None


def test_commands_are_taken_one_after_the_other(world):
    switch, answers = world(ACTIVE, ACTIVE, ACTIVE), []
    for number, node in enumerate(('dpi-1', 'dpi-2')):
        switch.turn(Commanded({'command': 'maintenance', 'node': node, 'on': True, 'by': 'x'},
                              lambda text, number=number: answers.append((number, text))))
    assert len(switch.saver.todo) == 1
    switch.turn(switch.saver.finish())
    assert [number for number, _ in answers] == [0] and len(switch.saver.todo) == 1
    switch.turn(switch.saver.finish())

    assert [number for number, _ in answers] == [0, 1]
    assert sorted(switch.controller.operators.orders.maintenance) == ['dpi-1', 'dpi-2']


def test_a_command_that_has_waited_for_too_long_is_refused_since_nobody_waits_for_its_answer(world):
    switch, answers = world(ACTIVE, ACTIVE, ACTIVE), []
    maintain(switch, 'dpi-1', finish=False)
    switch.turn(Commanded({'command': 'maintenance', 'node': 'dpi-2', 'on': True}, answers.append))
    switch.now += 2.0
    switch.turn(switch.saver.finish())

    assert json.loads(answers[0]) == {'refused': 'the commands before it took too long'}
    assert sorted(switch.controller.operators.orders.maintenance) == ['dpi-1']


def test_the_last_active_node_is_refused(world):
    switch = world(ACTIVE, ACTIVE, FAILED, threshold=3)
    maintain(switch, 'dpi-1')
    answers, done = maintain(switch, 'dpi-2')

    assert done == [] and answers[0]['refused'].startswith('dpi-2 is the last active node that is not in maintenance')
    assert maintain(switch, 'dpi-3')[0] == [{'done': 'dpi-3 is in maintenance; the state is normal'}]


def test_before_the_nodes_have_reported_the_last_one_that_may_be_active_is_refused(world):
    switch = world()
    for node in ('dpi-1', 'dpi-2'):
        assert 'is in maintenance' in maintain(switch, node)[0][0]['done']
    answers, done = maintain(switch, 'dpi-3')

    assert done == [] and answers[0]['refused'].startswith('dpi-3 is the last active node that is not in maintenance')
    assert switch.controller.decision.state == UNKNOWN


def test_a_node_that_became_the_last_active_one_while_the_disk_was_slow_is_refused_too(world):
    switch, answers = world(ACTIVE, ACTIVE, FAILED, threshold=3), []
    switch.turn(Commanded({'command': 'maintenance', 'node': 'dpi-1', 'on': True}, answers.append))
    switch.report(1, FAILED)
    switch.turn(switch.saver.finish())
    assert 'the last active node' in json.loads(answers[0])['refused']
    switch.turn()

    switch.turn(switch.saver.finish())
    assert orders.parse(json.loads(switch.saver.text)) == orders.NONE == switch.controller.operators.orders
    assert switch.controller.operators.deadline() is None


@pytest.mark.parametrize('question, words', [
    ({'node': 'dpi-4'}, 'there is no node dpi-4: did you mean dpi-1 or dpi-2 or dpi-3?'),
    ({'node': 'dpi1'}, 'there is no node dpi1: did you mean dpi-1?'), ({'node': '7'}, 'there is no node 7'),
    ({'node': None}, 'a node is called by its name'), ({'node': ['dpi-1']}, 'a node is called by its name'),
    ({'node': 'x' * 5000}, 'a node is called by its name'), ({'node': u'dpi-1\n'}, 'a node is called by its name'),
    ({'on': 1}, '"on" is true or false'), ({'on': None}, '"on" is true or false'),
    ({'until': 99.0}, 'would be over before it begins'), ({'until': float('nan')}, 'not a time'),
    ({'until': 10 ** 400}, 'not a time'), ({'until': True}, 'not a time'), ({'until': '5'}, 'not a time'),
    ({'reason': 'x' * 201}, 'at most 200 characters'), ({'reason': u'\x1b[2J'}, 'printable'),
    ({'reason': {}}, 'at most 200 characters')])
def test_a_clients_nonsense_is_refused_and_ends_nothing(world, question, words):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    answers, done = give(switch, **dict({'command': 'maintenance', 'node': 'dpi-1', 'on': True}, **question))

    assert words in answers[0]['refused'] and done == switch.saver.todo == []


@pytest.mark.parametrize('state', [None, 'on', 'unknown', [], {}, 7, 'x' * 5000])
def test_an_override_of_nonsense_is_refused(world, state):
    answers, done = override(world(ACTIVE, ACTIVE, ACTIVE), state)

    assert answers == [{'refused': 'an override is one of bypass, normal, freeze'}] and done == []


@pytest.mark.parametrize('until', ['x', 1e300, float('nan'), [], -5], ids=str)
def test_the_end_of_an_order_may_come_with_anything_that_belongs_to_its_begin(world, until):
    switch = world(ACTIVE, ACTIVE, ACTIVE)

    assert override(switch, 'off', until=until, reason=7)[0] == [
        {'done': 'no override: the rules decide; the state is normal'}]
    assert maintain(switch, 'dpi-1', on=False, until=until, reason=7)[0] == [
        {'done': 'dpi-1 is not in maintenance; the state is normal'}]


def test_a_node_is_also_called_by_the_index_of_its_listener(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, '2')
    assert list(switch.controller.operators.orders.maintenance) == ['dpi-3']

    maintain(switch, '2', on=False)
    assert switch.controller.operators.orders == orders.NONE
    assert told(switch)[-1] == ('operator', 'dpi-3', 'maintenance', 'off', 'by alice')


def test_what_is_so_already_is_done_without_a_word_to_the_disk(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)

    assert maintain(switch, 'dpi-1', on=False)[0] == [{'done': 'dpi-1 is not in maintenance; the state is normal'}]
    assert override(switch, 'off')[0] == [{'done': 'no override: the rules decide; the state is normal'}]
    assert switch.saver.text is None


def test_an_order_ends_at_its_time_by_the_wall_clock_which_is_looked_at_each_minute(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-1', until=250.0)
    switch.seen(LINKS[1].replace('<UP>', '<>'))
    assert switch.controller.operators.deadline() == 160.0
    for now in (160.0, 220.0):
        switch.now = now
        assert switch.turn() == []
    assert switch.controller.operators.deadline() == 250.0
    switch.now = 250.0

    assert switch.turn() == [UP0]
    assert told(switch)[-1] == ('operator', 'dpi-1', 'maintenance', 'off', 'its time is over')
    switch.turn(switch.saver.finish())
    assert orders.parse(json.loads(switch.saver.text)) == orders.NONE
    assert switch.controller.operators.deadline() is None


def test_an_order_that_ends_while_the_end_of_another_is_written_is_written_too(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-1', until=110.0)
    maintain(switch, 'dpi-2', until=120.0)
    for switch.now in (110.0, 120.0):
        switch.turn()
    assert len(switch.saver.todo) == 1
    for _ in range(2):
        switch.turn(switch.saver.finish())
        switch.turn()

    assert orders.parse(json.loads(switch.saver.text)) == orders.NONE
    assert switch.saver.todo == [] and switch.controller.operators.deadline() is None


def test_a_clock_that_was_set_is_noticed_within_a_minute(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-1', until=100.0 + 30 * 86400)
    switch.controller.operators.wall = lambda: switch.now + 31 * 86400
    switch.now += 60.0
    switch.turn()

    assert switch.controller.operators.orders == orders.NONE


def test_an_order_without_an_end_has_no_deadline(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-1')

    assert switch.controller.operators.deadline() is None


# --- at a reload ---

def test_maintenance_goes_with_the_listeners_of_a_node_that_gets_a_name(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, nodes=[listener(0, ports=('sw0',)), listener(1), listener(2)])
    maintain(switch, '0', until=5000.0)
    switch.seen(LINKS[1].replace('<UP>', '<>'))
    switch.report(0, FAILED)
    switch.loaded = config(NODES, [card(0)])

    assert switch.turn(Reload()) == [] and switch.controller.decision.state == NORMAL
    assert sorted(told(switch)[-2:]) == [
        ('operator', '0', 'maintenance', 'off', 'the file gives the node another name'),
        ('operator', 'dpi-1', 'off', 'maintenance', 'by alice until 1970-01-01 01:23:20')]
    switch.turn()
    switch.turn(switch.saver.finish())
    assert list(orders.parse(json.loads(switch.saver.text)).maintenance) == ['dpi-1']
    assert problems(switch) == []


def test_an_order_whose_node_was_an_index_can_be_ended_when_that_is_the_index_of_another_node(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, text=kept(['0', 'dpi-1']))
    for left in (['dpi-1'], []):
        maintain(switch, '0', on=False)
        assert list(switch.controller.operators.orders.maintenance) == left


# --- at a start ---

def test_orders_last_over_a_restart_and_nobody_waits_for_a_node_in_maintenance(world):
    switch = world(text=kept(['dpi-1']))
    switch.report(1, ACTIVE)

    assert switch.report(2, ACTIVE) == [DOWN0] and switch.controller.decision.state == NORMAL


def test_an_order_that_was_over_while_no_daemon_ran_does_not_count_and_the_history_says_so(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, text=kept(['dpi-1'], FREEZE, until=99.0))

    assert switch.controller.operators.orders == orders.NONE and switch.controller.decision.state == NORMAL
    assert [one[:4] for one in told(switch)[:2]] == [
        ('operator', 'dpi-1', 'maintenance', 'off'), ('operator', 'override', FREEZE, 'off')]
    switch.turn(switch.saver.finish())
    assert orders.parse(json.loads(switch.saver.text)) == orders.NONE


@pytest.mark.parametrize('text', ['', '{', '[' * 100000, '\0' * 10, '{}', '7', kept(['dpi-1']).replace('50.0', 'NaN'),
                                  kept(['dpi-1']).replace('alice', 'a\\nb')], ids=list('abcdefgh'))
def test_of_a_file_of_noise_nothing_is_guessed_and_it_is_a_problem_until_an_order_is_given(world, text):
    switch = world(ACTIVE, ACTIVE, ACTIVE, text=text)
    problem, = problems(switch)
    assert problem.startswith('state/orders: makes no sense (') and switch.controller.operators.orders == orders.NONE
    assert switch.saver.todo == []

    maintain(switch, 'dpi-1', error='full')
    assert problems(switch) == [problem]
    maintain(switch, 'dpi-1')
    assert problems(switch) == []


def test_of_a_file_of_noise_an_operator_can_say_that_nothing_of_it_counts(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, text='{')
    assert override(switch, 'off')[0] == [{'done': 'no override: the rules decide; the state is normal'}]

    assert problems(switch) == [] and orders.parse(json.loads(switch.saver.text)) == orders.NONE


def test_a_file_that_cannot_be_read_is_a_problem(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, text=StateError('orders: cannot be read: Input/output error'))

    assert problems(switch) == ['orders: cannot be read: Input/output error: no order is known']


def test_a_file_that_comes_late_counts_when_it_comes_and_no_order_is_taken_before(world):
    switch = world(ACTIVE, ACTIVE, FAILED, text=Late('orders: cannot be read: no answer within 1 s'))
    why = 'orders: cannot be read: no answer within 1 s: no order counts before it is read'
    assert switch.controller.decision.state == BYPASS and problems(switch) == [why]
    assert maintain(switch, 'dpi-1')[0] == [{'refused': why}] and switch.saver.todo == []

    switch.seen('Deleted ' + CARD)
    assert switch.turn(Loaded(kept(['dpi-3'], NORMAL), None)) == [ADD]
    assert switch.status()['nodes'][2]['maintenance'] and problems(switch) == []
    assert maintain(switch, 'dpi-3', on=False)[0] == [{'done': 'dpi-3 is not in maintenance; the state is normal'}]


@pytest.mark.parametrize('text, error, words', [
    (None, 'orders: cannot be read: Input/output error', 'no order is known'), ('{', None, 'makes no sense')])
def test_a_file_that_comes_late_and_cannot_be_used_is_a_problem_until_an_order_is_given(world, text, error, words):
    switch = world(ACTIVE, ACTIVE, ACTIVE, text=Late('orders: cannot be read: no answer within 1 s'))
    switch.turn(Loaded(text, error))
    assert len(problems(switch)) == 1 and words in problems(switch)[0]

    maintain(switch, 'dpi-1')
    assert problems(switch) == []


# --- override ---

def test_an_override_decides_whatever_the_nodes_do_and_local_lists_follow_their_nodes(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    answers, done = override(switch, BYPASS, reason='a drill')
    assert done == [DELETE] and answers == [{'done': 'override bypass; the state is bypass'}]
    assert told(switch)[-2:] == [('operator', 'override', 'off', BYPASS, 'by alice: a drill'),
                                 ('global', 'state', NORMAL, BYPASS, 'override bypass by alice: a drill')]
    switch.seen('Deleted ' + CARD)
    assert switch.report(0, FAILED) == [DOWN0] and switch.controller.decision.state == BYPASS
    assert switch.status()['override'] == {'state': BYPASS, 'by': 'alice', 'since': 100.0, 'until': None,
                                           'reason': 'a drill'}
    override(switch, NORMAL)
    assert switch.controller.decision.state == NORMAL
    for index in (1, 2):
        switch.report(index, FAILED)
    assert switch.controller.decision.state == NORMAL

    override(switch, 'off')
    assert switch.controller.decision.state == BYPASS


@pytest.mark.parametrize('rule', [Return(True, 0, 0, 0), Return(False, 3600000, 3600000, 0), Return(False, 0, 0, 9999)])
@pytest.mark.parametrize('state', [BYPASS, NORMAL, FREEZE])
def test_at_its_end_the_rules_decide_at_once_and_nothing_is_returned_from(world, rule, state):
    switch = world(ACTIVE, ACTIVE, FAILED, returns=rule, ports=('sw9',))
    assert switch.controller.decision.state == BYPASS
    override(switch, state)
    switch.report(2, ACTIVE)
    assert switch.status()['return'] is None
    override(switch, 'off')

    assert switch.controller.decision.state == NORMAL


def test_what_comes_next_is_the_operators_word_and_what_the_rules_would_say(world):
    switch = world(ACTIVE, ACTIVE)
    override(switch, NORMAL)
    assert switch.status()['next'] == ['without the override: held']
    switch.report(2, ACTIVE)
    assert switch.status()['next'] == ['without the override: normal']
    switch.report(0, FAILED)
    assert switch.status()['next'] == ['without the override: bypass']
    override(switch, 'off')

    assert switch.status()['next'] == ['one more active node: normal']


def test_a_return_is_refused_while_an_override_decides(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    override(switch, BYPASS)

    assert give(switch, command='return')[0] == [
        {'refused': 'override bypass decides until its end: fbypass_ctl override off'}]


def test_while_held_an_override_counts_and_ports_of_nodes_that_have_not_reported_stay(world):
    switch = world(ACTIVE, text=kept(override=BYPASS), ports=('all',))

    assert switch.controller.decision == (BYPASS, {('eth0', '10.0.1.0'): ABSENT}, {'all': DOWN, 'sw0': UP})
    override(switch, 'off')
    assert switch.controller.decision.state == BYPASS
    switch.report(1, ACTIVE)
    switch.report(2, ACTIVE)
    assert switch.controller.decision.state == NORMAL


def test_what_is_held_at_the_end_of_an_override_is_what_the_rules_had_decided_before(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    override(switch, BYPASS)
    switch.seen('Deleted ' + CARD)
    switch.loaded = config(NODES + [listener(3)], [card(0)])
    switch.turn(Reload())
    assert switch.controller.decision.state == BYPASS

    assert override(switch, 'off')[1] == [ADD]
    assert switch.controller.decision.state == NORMAL


def test_under_an_override_the_port_of_a_node_that_is_new_and_has_not_reported_stays_as_it_is(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    override(switch, NORMAL)
    switch.loaded = config(NODES + [listener(3, ports=('sw1',))], [card(0)])
    assert switch.turn(Reload()) == [] and switch.controller.decision.ports == {'sw0': UP, 'sw1': UP}

    assert switch.report(3, FAILED) == ['link set dev sw1 down']


# --- freeze ---

def test_freeze_runs_no_command_at_all_whatever_happens_and_its_end_decides_at_once(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    assert override(switch, FREEZE)[1] == []
    assert switch.seen('Deleted ' + CARD) == []
    assert [switch.report(index, FAILED) for index in range(3)] == [[]] * 3
    switch.now += 600.0
    assert switch.turn(Reload()) == [] == switch.turn()
    row, = switch.status()['cards']
    assert (switch.controller.decision.state, row['wanted'], row['actual']) == (NORMAL, PRESENT, ABSENT)
    for index in (0, 1, 2):
        switch.report(index, ACTIVE)

    assert override(switch, 'off')[1] == [ADD]


def test_freeze_leaves_no_lease_behind_which_would_end(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, lease=3000)

    assert override(switch, FREEZE)[1] == ['addr change 10.0.1.0/32 dev eth0 valid_lft forever preferred_lft forever']
    switch.now += 600.0
    assert switch.turn() == [] and switch.controller._deadline() is None
    assert switch.turn(Stop()) == []


@pytest.mark.parametrize('lease', [0, 3000])
def test_leases_that_a_crash_has_left_do_not_end_while_frozen(monkeypatch, lease):
    lines = HOST, CARD + '\\       valid_lft 2sec preferred_lft 2sec'
    switch = World(config(NODES, [card(0)], lease=lease), monkeypatch, *lines, saver=Saver(kept(override=FREEZE)),
                   read=False)
    switch.ledger.note({AddressItem('eth0', '10.0.1.0'): 2})
    assert switch.turn() == []

    assert switch.turn(monitor.Read(switch.there)) == [
        'addr change 10.0.1.0/32 dev eth0 valid_lft forever preferred_lft forever']
    assert switch.turn(monitor.Read(switch.there)) == []


def test_while_observing_a_start_that_is_frozen_changes_no_lease_either(monkeypatch):
    lines = HOST, CARD + '\\       valid_lft 2sec preferred_lft 2sec'
    switch = World(config(NODES, [card(0)], lease=3000, observe=True), monkeypatch, *lines,
                   saver=Saver(kept(override=FREEZE)), read=False)
    switch.ledger.note({AddressItem('eth0', '10.0.1.0'): 2})

    assert switch.turn(monitor.Read(switch.there)) == [] == switch.turn()


def test_while_observing_nothing_would_be_changed_as_long_as_it_is_frozen(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE, observe=True)
    override(switch, FREEZE)
    switch.seen('Deleted ' + CARD)
    assert [one for one in switch.history.transitions if one.kind == 'card'] == []

    override(switch, 'off')
    assert [one[1:6] for one in switch.history.transitions if one.kind == 'card'] == [
        ('card', '10.0.1.0', ABSENT, PRESENT, 'would be: global state normal')]


def test_freeze_lasts_over_a_start_and_then_nothing_is_decided(world):
    switch = world(ACTIVE, ACTIVE, FAILED, text=kept(override=FREEZE))

    assert switch.began == [[], [], []] and switch.controller.decision.state == UNKNOWN
    assert switch.status()['next'] == ['without the override: bypass']
    assert override(switch, 'off')[1] == [DELETE]


def test_no_child_of_ip_is_kept_while_frozen(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    override(switch, FREEZE)
    assert switch.batch.resting

    override(switch, 'off')
    assert not switch.batch.resting


# --- what is told ---

def test_what_ends_soon_or_never_is_a_problem(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-1', until=400.0)
    maintain(switch, 'dpi-2')
    override(switch, NORMAL, until=400.0)
    assert problems(switch) == []
    switch.report(0, FAILED)
    switch.now = 290.0
    assert problems(switch) == [
        'dpi-1 sends no heartbeats, and its maintenance ends in 110 s: then it counts as failed',
        'override normal ends in 110 s: then the rules decide']
    switch.report(0, ACTIVE)
    assert len(problems(switch)) == 1
    # The clock was set, and nobody has looked at it yet.
    switch.controller.operators.wall = lambda: switch.now + 7200
    assert problems(switch) == ['override normal ends in 0 s: then the rules decide']
    switch.controller.operators.wall = lambda: switch.now
    switch.now = 100.0 + 86401

    assert problems(switch) == [
        'the maintenance of dpi-2 has lasted for more than a day and has no end: end it, or give it one with --for']


def test_a_node_that_the_file_no_longer_has_is_a_problem(world):
    switch = world(text=kept(['dpi-9']))

    assert problems(switch) == [
        'dpi-9 is in maintenance, but the file has no such node: fbypass_ctl maintenance dpi-9 off']
    maintain(switch, 'dpi-9', on=False)
    assert problems(switch) == []


def test_systemctl_shows_who_overrides_and_what_is_in_maintenance(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    maintain(switch, 'dpi-3')
    override(switch, FREEZE)
    switch.now += 1.0
    switch.turn()

    assert switch.notifier.said[-1] == ('normal: 2 of 3 nodes active, override freeze by alice, in maintenance: dpi-3, '
                                        '1 card present')


def test_a_command_whose_order_is_not_written_at_the_stop_is_answered(world):
    switch, answers = world(ACTIVE, ACTIVE, ACTIVE), []
    switch.turn(Commanded({'command': 'override', 'state': BYPASS}, answers.append))
    switch.turn(Stop())

    assert 'not known whether this is taken' in json.loads(answers[0])['refused']


# --- drill ---

def drill(switch, **fields):
    return give(switch, command='drill', **fields)


def test_a_drill_is_a_bypass_that_the_daemon_ends(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    answers, done = drill(switch, until=130.0)
    assert done == [DELETE] and answers == [
        {'done': 'drill: override bypass until 1970-01-01 00:02:10; the state is bypass'}]
    switch.seen('Deleted ' + CARD)
    switch.now = 130.0

    assert switch.turn() == [ADD]
    assert switch.controller.decision.state == NORMAL


def test_a_drill_can_be_ended_early(world):
    switch = world(ACTIVE, ACTIVE, ACTIVE)
    drill(switch, until=130.0)
    switch.seen('Deleted ' + CARD)

    assert drill(switch, end=130.0) == ([{'done': 'the drill is over; the state is normal'}], [ADD])
    assert drill(switch, end=130.0)[0] == [{'refused': 'this drill is not on'}]


def test_a_node_that_fails_before_a_drill_counts_refuses_it(world):
    switch, answers = world(ACTIVE, ACTIVE, ACTIVE, threshold=2), []
    switch.turn(Commanded({'command': 'drill', 'until': 130.0, 'by': 'alice'}, answers.append))
    switch.report(1, FAILED)
    switch.turn(switch.saver.finish())
    assert json.loads(answers[0]) == {'refused': 'failed: node dpi-2'}
    assert switch.controller.decision.state == NORMAL
    switch.turn(switch.saver.finish())

    assert orders.parse(json.loads(switch.saver.text)) == orders.NONE
