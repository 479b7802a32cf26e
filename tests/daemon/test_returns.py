"""returns.py, and what the controller does with it: it waits, remembers and tells, and an operator can return."""
import json

import pytest

from fbmon.daemon import returns
from fbmon.daemon.answers import Commanded
from fbmon.daemon.controller import Reload, Stop
from fbmon.listeners.listener import StateChanged
from fbmon.network.carrier import Carrier
from fbmon.rules import decision
from fbmon.rules.returning import Return
from fbmon.rules.states import ABSENT, ACTIVE, BYPASS, FAILED, NORMAL, PRESENT, UNKNOWN, UP
from settings import card, config, listener
from test_controller import CARD, HOST, LINKS, World

MANUAL, LATER = Return(True, 0, 0, 0), Return(False, 30000, 30000, 0)


@pytest.fixture
def world(monkeypatch):
    """begin(rule, ...): makes a switch in bypass whose rules say normal again. sw0 follows the global state."""
    def begin(rule, **fields):
        made = World(config([listener(0)], [card(0)], ports=('sw0',), returns=rule, **fields), monkeypatch, HOST, CARD)
        made.carriers = {'sw0': Carrier(True, 2, 4)}
        made.controller.returns._look = lambda name: made.carriers[name]
        for state in (ACTIVE, FAILED):
            made.report(0, state)
        made.seen('Deleted ' + CARD, LINKS[1].replace('<UP>', '<>'))
        made.back = made.report(0, ACTIVE)
        return made
    return begin


def later(switch, seconds):
    """Let so many seconds pass, then make a round. Returns its commands."""
    switch.now += seconds
    return switch.turn()


def return_now(switch):
    """The answer to the operator's return."""
    answers = []
    switch.turn(Commanded({'command': 'return', 'by': 'alice'}, answers.append))
    return json.loads(answers[0])


def test_the_delay_is_waited_for_and_has_a_deadline_of_its_own(world):
    switch = world(LATER)
    assert (switch.controller.decision.state, switch.back) == (BYPASS, [])
    assert switch.controller.returns.deadline() == switch.now + 30

    assert later(switch, 29.99) == []
    assert later(switch, 0.01) == ['link set dev sw0 up', 'addr add 10.0.1.0/32 dev eth0']
    assert switch.controller.decision.state == NORMAL
    assert switch.controller.returns.deadline() is None


def test_what_comes_next_is_no_normal_that_has_to_wait_and_no_bypass_that_is_there(world):
    switch = world(LATER)

    assert switch.status()['next'] == ['returns in 30 s', 'one more failed node: the bypass goes on']
    switch.report(0, FAILED)
    assert switch.status()['next'] == ['one more active node: the return begins']


def test_with_carrier_the_ports_come_first_and_the_cards_when_the_light_has_lasted(world):
    switch = world(Return(False, 1000, 1000, 2000))
    switch.carriers['sw0'] = Carrier(False, 3, 4)
    assert later(switch, 1.0) == ['link set dev sw0 up']
    assert switch.controller.decision == (BYPASS, {('eth0', '10.0.1.0'): ABSENT}, {'sw0': UP})
    assert switch.controller.returns.words() == 'waits for carrier on sw0'
    switch.seen(LINKS[1])
    assert switch.history.transitions[-1][1:6] == ('port', 'sw0', 'down', UP, 'the return waits for carrier')
    switch.carriers['sw0'] = Carrier(True, 4, 4)
    later(switch, 5.0)
    assert switch.controller.returns.words() == 'returns in 2 s'
    # The carrier was lost and came back between two looks: only the kernel's counter shows that.
    switch.carriers['sw0'] = Carrier(True, 6, 4)
    later(switch, 1.0)

    assert later(switch, 1.99) == []
    assert switch.controller.decision.state == BYPASS
    later(switch, 0.01)
    assert switch.controller.decision.state == NORMAL


def test_an_operator_ends_it_and_the_history_says_who(world):
    switch = world(MANUAL)
    later(switch, 9999.0)

    assert return_now(switch) == {'done': 'returned to normal'}
    assert switch.controller.decision.state == NORMAL
    assert [one.why for one in switch.history.transitions if one.new == NORMAL][-1] == 'fbypass_ctl return by alice'


@pytest.mark.parametrize('state, why', [
    (FAILED, 'the rules say bypass: not enough nodes are active'), (None, 'there is no bypass to return from')])
def test_a_return_that_cannot_be_is_refused_with_the_reason(world, state, why):
    switch = world(MANUAL)
    if state:
        switch.report(0, state)
    else:
        return_now(switch)

    assert return_now(switch) == {'refused': why}


@pytest.mark.parametrize('name, told', [('explode', 'explode'), (None, 'None'), ([1], '[1]'), ({}, '{}'),
                                        ('x' * 5000, 'x' * 32), (u'\u2028\n', '??')])
def test_a_command_that_there_is_not_is_refused(world, name, told):
    answers = []
    world(MANUAL).turn(Commanded({'command': name}, answers.append))

    assert json.loads(answers[0]) == {'refused': told + ' is no command of this daemon'}


@pytest.mark.parametrize('by, told', [
    (u'b\xf6se\nCRITICAL', 'b?se?CRITICAL'), (u'x' * 5000, 'x' * 32), (u' ', 'somebody'), (None, 'somebody'),
    ([u'eve'], 'somebody'), ({}, 'somebody'), (7, 'somebody'), (True, 'somebody')])
def test_who_gives_a_command_is_told_in_one_line_of_ascii(world, by, told):
    answers, switch = [], world(MANUAL)
    switch.turn(Commanded({'command': 'return', 'by': by}, answers.append))

    assert [one.why for one in switch.history.transitions if one.new == NORMAL][-1] == 'fbypass_ctl return by ' + told


def test_a_return_is_judged_by_what_comes_in_the_same_round(world):
    switch, answers = world(MANUAL), []
    member = list(switch.controller.roster.launched.values())[0]
    failed = StateChanged(member.listener, ACTIVE, FAILED, 'why', switch.now)
    ask = Commanded({'command': 'return', 'by': 'alice'}, answers.append)
    switch.turn(ask, failed)
    assert switch.controller.decision.state == BYPASS

    switch.turn(StateChanged(member.listener, FAILED, ACTIVE, 'why', switch.now), ask)
    assert switch.controller.decision.state == NORMAL
    assert [list(json.loads(answer)) for answer in answers] == [['refused'], ['done']]


def test_a_return_that_comes_with_a_stop_is_refused(world):
    switch, answers = world(MANUAL), []
    switch.turn(Commanded({'command': 'return', 'by': 'alice'}, answers.append), Stop())

    assert json.loads(answers[0]) == {'refused': 'the daemon stops'}


def test_a_reload_takes_effect_on_a_wait_that_has_begun(world):
    switch = world(MANUAL)
    switch.loaded = config([listener(0)], [card(0)], ports=('sw0',))
    switch.turn(Reload())

    assert switch.controller.decision.state == NORMAL


def test_what_is_waited_for_is_logged_when_it_begins_and_when_it_ends(world, caplog):
    caplog.set_level('INFO')
    switch = world(LATER)
    later(switch, 1.0)
    switch.report(0, FAILED)
    switch.report(0, ACTIVE)
    later(switch, 30.0)

    assert [one.getMessage() for one in caplog.records if one.getMessage().startswith('return')] == [
        'return: returns in 30 s', 'return: the wait ends, the rules say bypass again', 'return: returns in 30 s',
        'return: the wait is over']


class Paper(object):
    """Records that are kept in a list."""

    error = None

    def __init__(self, *lines):
        self.lines = list(lines)

    def read(self):
        return self.lines

    def rewrite(self, lines):
        self.lines = list(lines)


def course(paper, rule, *states):
    """The Returns with these records after decisions on these states of one listener."""
    made = returns.Returns(paper, lambda: 50.0, lambda: 1000.0)
    found = config([listener(0)], [card(0)], returns=rule).settings
    for state in states:
        made.decide(found, {0: state}, None)
    return made


def test_a_bypass_is_remembered_before_anything_is_done_and_only_where_a_return_is_to_be_earned():
    paper = Paper()
    course(paper, LATER, FAILED)
    assert paper.lines == ['[true, 0, null]']
    assert course(paper, LATER).course.bypassed

    course(paper, Return(False, 0, 0, 0), FAILED)
    assert paper.lines == []


def test_a_bypass_that_cannot_be_remembered_is_a_problem_and_is_tried_again(monkeypatch):
    paper = Paper()
    paper.error, writes = 'return: No space left on device', []
    paper.rewrite = writes.append
    made = course(paper, LATER, FAILED, FAILED)
    assert len(writes) == 2
    assert made.error == 'return: No space left on device: after a crash in bypass the return is not waited for'

    paper.error = None
    made.decide(config([listener(0)], [card(0)], returns=LATER).settings, {0: FAILED}, None)
    made.decide(config([listener(0)], [card(0)], returns=LATER).settings, {0: FAILED}, None)
    assert len(writes) == 3


def test_a_port_that_flaps_is_logged_once(world, caplog):
    caplog.set_level('INFO')
    switch = world(Return(False, 0, 0, 2000))
    for count in range(20):
        switch.carriers['sw0'] = Carrier(count % 2 == 1, count + 3, 4)
        later(switch, 0.5)

    assert [one.getMessage() for one in caplog.records if one.getMessage().startswith('return')] == [
        'return: returns in 2 s']


class Lit(object):
    """Returns after a bypass. Two listeners have a port each, and the return waits for 2 s of carrier."""

    def __init__(self):
        self.now, self.lights, self.indexes = 50.0, {'sw0': True, 'sw1': True}, {'sw0': 4, 'sw1': 5}
        self.returns = returns.Returns(Paper('[true, 0, null]'), lambda: self.now, lambda: self.now,
                                       lambda name: Carrier(self.lights[name], 1, self.indexes[name]))
        self.file = config([listener(index, ports=('sw%d' % index,)) for index in range(2)], [card(0)], threshold=2,
                           returns=Return(False, 0, 0, 2000)).settings

    def state(self, now, *states):
        """The global state at this second with these states of the listeners."""
        self.now = now
        return self.returns.decide(self.file, dict(enumerate(states)), decision.UNDECIDED).state


def test_a_port_counts_from_the_look_that_finds_it_among_those_that_must_be_up():
    switch = Lit()
    switch.state(50.0, UNKNOWN, UNKNOWN)

    assert [switch.state(now, ACTIVE, FAILED) for now in (53.0, 54.9, 55.0)] == [BYPASS, BYPASS, NORMAL]


def test_a_port_that_joins_is_waited_for_and_one_that_leaves_is_not():
    switch = Lit()
    switch.lights['sw1'] = False
    assert [switch.state(now, ACTIVE, FAILED) for now in (50.0, 51.0)] == [BYPASS] * 2
    assert switch.state(51.5, ACTIVE, ACTIVE) == BYPASS
    assert switch.returns.as_dict()['ports'] == ['sw1']

    assert switch.state(52.0, ACTIVE, FAILED) == NORMAL


def test_another_interface_with_the_name_of_a_port_counts_from_the_look_that_finds_it():
    switch = Lit()
    switch.state(50.0, ACTIVE, FAILED)
    switch.indexes = {'sw0': 5, 'sw1': 4}

    assert [switch.state(now, ACTIVE, FAILED) for now in (51.0, 52.9, 53.0)] == [BYPASS, BYPASS, NORMAL]


def test_without_a_port_that_must_be_up_no_carrier_is_waited_for():
    switch = Lit()
    switch.file = switch.file._replace(listeners=tuple(one._replace(ports=()) for one in switch.file.listeners))

    assert switch.state(50.0, ACTIVE, ACTIVE) == NORMAL


def test_the_last_return_is_remembered_by_the_wall_clock():
    paper = Paper()
    course(paper, LATER._replace(delay=0), FAILED, ACTIVE)
    assert paper.lines == ['[false, 0, 1000.0]']
    course(paper, Return(False, 0, 0, 1), FAILED, UNKNOWN)
    assert paper.lines == ['[true, 1, 1000.0]']

    assert course(Paper('[false, 3, 940.0]'), LATER, FAILED).course.doubled == 4
    assert course(Paper('[false, 3, 940.0]'), LATER).course.returned == -10.0


@pytest.mark.parametrize('line', ['', '[', '{}', '[1]', '[true, "x", null]', '[true, 1, "x"]', '[true, 1e999, null]'])
def test_a_damaged_memory_is_none(line):
    assert course(Paper(line), LATER).course == returns.returning.BEGINNING


# --- observing ---

def test_while_observing_nothing_is_changed_and_what_would_be_is_told(monkeypatch, caplog):
    caplog.set_level('INFO')
    switch = World(config([listener(0)], [card(0)], ports=('sw0',), observe=True, lease=3000), monkeypatch, HOST, CARD)

    assert [switch.report(0, state) for state in (ACTIVE, FAILED, ACTIVE)] == [[], [], []]
    assert later(switch, 600.0) == []
    assert [one[1:6] for one in switch.history.transitions if one.kind != 'listener'] == [
        ('global', 'state', UNKNOWN, NORMAL, 'would be: 0 failed < 1'),
        ('global', 'state', NORMAL, BYPASS, 'would be: 1 failed >= 1'),
        ('card', '10.0.1.0', PRESENT, ABSENT, 'would be: global state bypass'),
        ('port', 'sw0', UP, 'down', 'would be: global state bypass'),
        ('global', 'state', BYPASS, NORMAL, 'would be: 0 failed < 1')]
    assert switch.controller._deadline() is None
    assert switch.status()['observe'] is True


def test_a_reload_that_ends_observing_acts_at_once(monkeypatch):
    switch = World(config([listener(0)], [card(0)], ports=('sw0',), observe=True), monkeypatch, HOST, CARD)
    switch.report(0, ACTIVE)
    switch.report(0, FAILED)
    switch.loaded = config([listener(0)], [card(0)], ports=('sw0',))

    assert switch.turn(Reload()) == ['addr del 10.0.1.0/32 dev eth0', 'link set dev sw0 down']


def test_a_reload_that_begins_observing_leaves_no_lease_behind(monkeypatch):
    switch = World(config([listener(0)], [card(0)], lease=3000), monkeypatch, HOST, CARD)
    switch.report(0, ACTIVE)
    switch.loaded = config([listener(0)], [card(0)], lease=3000, observe=True)

    assert switch.turn(Reload()) == ['addr change 10.0.1.0/32 dev eth0 valid_lft forever preferred_lft forever']
    assert later(switch, 600.0) == []
