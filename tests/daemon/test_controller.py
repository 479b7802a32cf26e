"""controller.py: what it decides, holds, reloads and releases, without threads and kernel, on the clock of a test."""
import json

import pytest

from fbmon.config import reader, source
from fbmon.config.reader import Config, Mistake
from fbmon.daemon import launching
from fbmon.daemon.controller import Controller, Reload, StatusWanted, Stop
from fbmon.daemon.leases import REMEDY
from fbmon.daemon.saving import Saved
from fbmon.listeners.listener import StateChanged
from fbmon.memory.history import History, Transition
from fbmon.network import monitor, picture
from fbmon.network.carrier import Carrier
from fbmon.network.iproute import IpError
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routereadings import RouteReadings
from fbmon.report.figures import figures
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import ACTIVE, BYPASS, DOWN, FAILED, NORMAL, PRESENT, UNCONFIGURED, UNKNOWN, UP
from settings import card, config, listener
from statuses import UNWATCHED
from test_keeper import Batch, Ledger, Nowhere, ours
from test_roster import Thread

LINKS = ['2: eth0: <UP> mtu 1 qdisc mq', '3: sw0: <UP> mtu 1 qdisc mq', '4: sw1: <UP> mtu 1 qdisc mq']
HOST = '2: eth0    inet 10.0.0.2/32 scope global eth0'
CARD = '2: eth0    inet 10.0.1.0/32 scope global eth0'
ADD, DELETE = 'addr add 10.0.1.0/32 dev eth0', 'addr del 10.0.1.0/32 dev eth0'


class Notifier(object):
    def __init__(self):
        self.said, self.watchdog_interval = [], None

    def ready(self):
        self.said.append('ready')
        return True

    def status(self, text):
        self.said.append(text)
        return True

    def watchdog(self):
        self.said.append('watchdog')
        return True


class Log(object):
    """A log that works."""

    error = None

    def mend(self):
        pass


class Saver(object):
    """A state file whose disk is the test's. text: what it has; todo: the texts whose writing is not finished."""

    path = 'state/orders'

    def __init__(self, text=None):
        self.text, self.todo = text, []

    def read(self):
        if isinstance(self.text, Exception):
            raise self.text
        return self.text

    def save(self, text):
        self.todo.append(text)

    def finish(self, error=None, unsure=False):
        """The Saved of the writing that was begun."""
        text, = self.todo
        del self.todo[:]
        if error is None:
            self.text = text
        return Saved(error, unsure)


class World(object):
    """A Controller whose network, sockets and clock belong to the test."""

    error = None    # of the hooks

    def __init__(self, loaded, monkeypatch, *lines, **options):
        self.now, self.mail, order, earlier = 100.0, [], [], options.get('earlier', ())
        self.batch, self.ledger, self.notifier = Batch(order), Ledger(order), Notifier()
        self.history = History(Nowhere(), wall=lambda: 0)
        self.history.transitions.extend(earlier)
        self.loaded = loaded
        monkeypatch.setattr(source, 'load', self.load)
        self.wishes, self.saver = [], options.get('saver') or Saver()
        routes = RouteReadings(RouteKeeper(self.batch, Nowhere()), self.wishes.append, lambda: self.now)
        self.controller = Controller('/etc/test.env', loaded, self, self.batch, self.ledger, self.history, self,
                                     self, self.notifier, routes, Nowhere(), self.saver, None, Log(), lambda: self.now,
                                     lambda: self.now)
        self.dark = set()
        self.controller.reasons.look = self.carrier
        self.controller.roster._open, self.controller.roster._create = lambda settings, scope: 'sock', Thread
        self.controller._take_settings()
        self.there = picture.of(LINKS + list(lines))
        self.turn(*[monitor.Read(self.there)] if options.get('read', True) else [])

    def carrier(self, name):
        """What the kernel says of the carrier of an interface. It has none if it is in `dark`."""
        return Carrier(name not in self.dark, 0, self.controller.network.index(name))

    def put(self, event):
        self.mail.append(event)

    def replace(self):
        pass

    def look(self, limit):
        assert 0 < limit < 1
        if isinstance(self.there, Exception):
            raise self.there
        return self.there

    def load(self, _path):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded

    def turn(self, *events):
        del self.batch.ran[:]
        self.controller.turn(events)
        return sum(self.batch.ran, [])

    def report(self, index, state):
        members = self.controller.roster.launched.values()
        member = [member for member in members if member.listener.settings.index == index][0]
        return self.turn(StateChanged(member.listener, member.state, state, 'why', self.now))

    def seen(self, *lines):
        return self.turn(monitor.Seen(tuple(picture.parse(line) for line in lines)))

    def status(self):
        replies = []
        self.turn(StatusWanted(replies.append))
        return json.loads(replies[0])


@pytest.fixture
def world(monkeypatch):
    return lambda loaded, *lines, **options: World(loaded, monkeypatch, *lines, **options)


def test_a_child_forgets_what_swapped_names_though_nothing_is_decided_yet_and_where_it_had_put_something_before(world):
    switch = world(config([listener(0)], [card(0)], ports=('sw0',)), HOST)
    switch.ledger.note({PortItem('sw1'): 4})
    switch.controller._take_settings()
    assert switch.controller.network.interfaces == {'eth0', 'sw0', 'sw1'}
    before = switch.batch.restarts

    switch.seen(LINKS[1].replace('sw0', 'swap'), LINKS[2].replace('sw1', 'sw0'), LINKS[1].replace('sw0', 'sw1'))
    assert (switch.controller.decision.state, switch.batch.restarts) == (UNKNOWN, before + 1)


def test_after_a_start_nothing_is_changed_until_all_listeners_have_reported(world):
    switch = world(config([listener(0), listener(1)], [card(0)], ports=('sw0',)), HOST)

    assert switch.controller.roster.local_states() == {0: UNKNOWN, 1: UNKNOWN}
    assert switch.report(0, FAILED) == []
    assert switch.controller.decision.state == UNKNOWN
    assert switch.report(1, ACTIVE) == ['link set dev sw0 down']
    assert switch.controller.decision.state == BYPASS


def test_the_last_listener_to_report_decides_for_all(world):
    switch = world(config([listener(0)], [card(0)]), HOST)

    assert switch.report(0, ACTIVE) == [ADD]
    switch.seen(CARD)
    assert switch.report(0, FAILED) == [DELETE]
    switch.seen('Deleted ' + CARD)
    assert switch.report(0, ACTIVE) == [ADD]


def test_where_all_is_as_it_must_be_nothing_is_done(world):
    switch = world(config([listener(0)], [card(0)], ports=('sw0',)), HOST, CARD)

    assert switch.report(0, ACTIVE) == []


def test_a_missing_address_of_a_listener_is_put_there_before_anything_is_decided(world):
    switch = world(config([listener(0)], [card(0)]))

    assert switch.batch.ran == [['addr add 10.0.0.2/32 dev eth0']]
    assert AddressItem('eth0', '10.0.0.2') in switch.ledger.items


def test_while_held_after_a_reload_the_last_decision_is_put_right_and_new_components_wait(world):
    switch = world(config([listener(0)], [card(0)]), HOST, CARD)
    switch.report(0, ACTIVE)

    switch.loaded = config([listener(0), listener(1)], [card(0), card(1)], ports=('sw0',))
    assert switch.turn(Reload()) == []
    assert switch.controller.roster.local_states() == {0: ACTIVE, 1: UNKNOWN}
    assert switch.seen('Deleted ' + CARD) == [ADD]
    assert switch.controller.wanted().get(AddressItem('eth0', '10.0.1.1')) is None

    assert switch.report(1, ACTIVE) == ['addr add 10.0.1.1/32 dev eth0']


def test_a_file_with_a_mistake_is_refused_as_a_whole_and_the_running_one_goes_on(world):
    switch = world(config([listener(0)], [card(0)]), HOST, CARD)
    switch.report(0, ACTIVE)

    switch.loaded = Config(config([listener(7)]).settings, (Mistake(3, 'LISTEN_HB_PORT[7]', 'x', 'give one'),), (), {})
    assert switch.turn(Reload()) == []
    assert switch.controller.roster.local_states() == {0: ACTIVE}
    assert any('reload refused' in problem for problem in switch.status()['problems'])

    switch.loaded = source.Unreadable('/etc/test.env: cannot be read: Permission denied')
    assert switch.turn(Reload()) == []
    assert any('Permission denied' in problem for problem in switch.status()['problems'])

    switch.loaded = config([listener(0)], [card(0)])
    switch.turn(Reload())
    assert not any('reload refused' in problem for problem in switch.status()['problems'])


def test_removed_components_are_released_if_the_daemon_had_put_them_there_and_others_are_not_touched(world):
    switch = world(config([listener(0), listener(1, host='10.0.0.3')], [card(0), card(1)], ports=('sw0', 'sw1')),
                   HOST, '2: eth0    inet 10.0.1.1/32 scope global eth0')
    switch.seen('2: eth0    inet 10.0.0.3/32 scope global eth0')
    switch.report(0, ACTIVE)
    assert switch.report(1, ACTIVE) == [ADD]
    switch.seen(CARD)

    switch.loaded = config([listener(0)], (), ports=('sw1',))
    assert sorted(switch.turn(Reload())) == [DELETE.replace('10.0.1.0', '10.0.0.3'), DELETE]


def test_a_port_that_the_daemon_had_put_down_comes_up_when_no_list_names_it_any_more(world):
    switch = world(config([listener(0)], ports=('sw0', 'sw1')), HOST)
    switch.report(0, FAILED)
    switch.seen(LINKS[1].replace('UP', 'BROADCAST'), LINKS[2].replace('UP', 'BROADCAST'))

    switch.loaded = config([listener(0)], ports=('sw1',))
    assert switch.turn(Reload()) == ['link set dev sw0 up']


def test_what_an_earlier_run_left_behind_is_released_with_the_first_decision(world):
    switch = world(config([listener(0)]), HOST, CARD)
    switch.ledger.items = ours(AddressItem('eth0', '10.0.1.0'), PortItem('sw0'))

    assert switch.turn() == []
    assert switch.report(0, ACTIVE) == [DELETE]


def test_nothing_is_released_while_a_file_with_mistakes_runs(world):
    loaded = Config(config([listener(0)]).settings, (Mistake(3, 'BYPASS_CARD_HOST[0]', '10.0.1.', 'give one'),), (), {})
    switch = world(loaded, HOST, CARD)
    switch.ledger.items = ours(AddressItem('eth0', '10.0.1.0'))

    assert switch.report(0, ACTIVE) == []


def test_a_faulty_threshold_leaves_the_global_state_unknown_and_local_lists_alone_work(world):
    switch = world(config([listener(0, ports=('sw1',)), listener(1)], [card(0)], threshold=None, ports=('sw0',)), HOST)

    switch.report(0, FAILED)
    assert switch.report(1, ACTIVE) == ['link set dev sw1 down']
    assert switch.controller.decision == (UNKNOWN, {}, {'sw1': DOWN})


def test_an_unconfigured_listener_joins_as_unknown_when_its_interface_appears(world):
    switch = world(config([listener(0), listener(1, interface='eth9', host='10.0.0.9')], [card(0)]), HOST, CARD)
    assert switch.report(0, ACTIVE) == []
    assert switch.controller.roster.reasons == {1: 'interface eth9 is not there'}

    assert switch.seen('9: eth9: <UP> mtu 1 qdisc mq') == ['addr add 10.0.0.9/32 dev eth9']
    assert switch.controller.roster.local_states() == {0: ACTIVE, 1: UNKNOWN}
    assert switch.controller.decision.state == NORMAL
    assert switch.report(0, FAILED) == []
    assert switch.report(1, ACTIVE) == [DELETE]


def test_an_unconfigured_listener_is_tried_again_after_a_pause_when_the_kernel_reports_nothing(world):
    switch = world(config([listener(0)], [card(0)]))
    tried = []
    switch.loaded = config([listener(0), listener(1)])
    switch.controller.roster._open = lambda settings, scope: tried.append(settings.index) or 1 / 0
    with pytest.raises(ZeroDivisionError):
        switch.turn(Reload())
    switch.controller.roster._open = lambda settings, scope: open('/does/not/exist')
    switch.turn(Reload())
    assert 'No such file' in switch.controller.roster.reasons[1]

    switch.controller.roster._open = lambda settings, scope: 'sock'
    switch.turn()
    assert 1 not in switch.controller.roster.local_states()
    switch.now += launching.PAUSE
    switch.turn()
    assert switch.controller.roster.local_states()[1] == UNKNOWN


def test_a_reload_that_renumbers_a_card_and_a_listener_adds_before_it_removes(world):
    old = config([listener(0, host='10.0.0.3')], [card(0)])
    switch = world(old)
    switch.report(0, ACTIVE)
    there = [HOST.replace('10.0.0.2', '10.0.0.3'), CARD]
    switch.seen(*there)

    switch.loaded = config([listener(0, host='10.0.0.4'), listener(1)], [card(1)])
    assert switch.turn(Reload()) == [
        ADD.replace('10.0.1.0', '10.0.0.2'), ADD.replace('10.0.1.0', '10.0.0.4'),
        DELETE.replace('10.0.1.0', '10.0.0.3'), DELETE]


def test_a_reload_that_renumbers_a_card_alone_does_it_in_one_batch(world):
    switch = world(config([listener(0)], [card(0)]), HOST)
    switch.report(0, ACTIVE)
    switch.seen(CARD)

    switch.loaded = config([listener(0)], [card(1)])
    switch.turn(Reload())
    assert switch.batch.ran == [[ADD.replace('10.0.1.0', '10.0.1.1'), DELETE]]


def test_ready_is_told_once_after_the_first_launch_pass_even_without_a_picture_of_the_kernel(monkeypatch, world):
    switch = world(config([listener(0)]), HOST)
    switch.turn(monitor.Lost('ip cannot be started'), monitor.Read(picture.of(LINKS)))

    assert switch.notifier.said.count('ready') == 1


def test_a_network_that_cannot_be_watched_is_a_problem_in_the_words_of_the_log_until_it_can(world, caplog):
    switch = world(config([listener(0)]), HOST)
    switch.turn(monitor.Lost('ip monitor: ended'))
    words = 'the network cannot be watched: ip monitor: ended'
    assert words in switch.status()['problems'] and words in [record.getMessage() for record in caplog.records]

    switch.turn(monitor.Read(picture.of(LINKS)))
    assert words not in switch.status()['problems']


def test_the_line_for_systemctl_follows_each_change(world):
    switch = world(config([listener(0)], [card(0)]), HOST, CARD)
    switch.now += 1
    switch.report(0, ACTIVE)
    switch.turn()

    assert switch.notifier.said == [
        'ready', 'unknown: 0 of 1 listeners active, 1 card present; held: waiting for listener 0',
        'normal: 1 of 1 listeners active, 1 card present']


def test_the_watchdog_is_fed_on_time_and_not_while_a_listener_is_stuck(world):
    switch = world(config([listener(0)]), HOST)
    del switch.notifier.said[:]
    switch.notifier.watchdog_interval = 5.0

    switch.turn()
    switch.turn()
    switch.controller.routes.blind()
    assert (switch.notifier.said, switch.controller._deadline()) == (['watchdog'], 105.0)
    for member in switch.controller.roster.launched.values():
        member.listener.due = 99.0
    switch.now = 105.0
    switch.turn()
    assert switch.notifier.said == ['watchdog']
    assert switch.controller._deadline() == 105.5


def test_the_history_wakes_the_controller_for_a_line_of_its_own(world, monkeypatch):
    switch = world(config([listener(0)]), HOST)
    switch.turn()
    switch.controller.routes.blind()
    monkeypatch.setattr(switch.history, 'deadline', lambda: 3700.0)

    assert switch.controller._deadline() == 3700.0


def test_stop_changes_nothing(world):
    switch = world(config([listener(0)], [card(0)]), HOST, CARD)
    switch.report(0, ACTIVE)

    assert switch.turn(Stop()) == []


def test_the_status_shows_states_wanted_and_actual_and_what_is_wrong(world):
    switch = world(config([listener(0, ports=('sw1',))], [card(0), card(1, interface='eth9')], ports=('sw0', 'sw1')),
                   HOST, CARD)
    switch.report(0, ACTIVE)
    switch.now += 2

    found = switch.status()
    assert (found['state'], found['state_since_s'], found['held'], found['failed'], found['threshold']) == (
        NORMAL, 2.0, [], 0, 1)
    assert found['cards'] == [
        dict(UNWATCHED, index=0, name=None, address='10.0.1.0', interface='eth0', wanted=PRESENT, actual=PRESENT,
             error=None),
        dict(UNWATCHED, index=1, name=None, address='10.0.1.1', interface='eth9', wanted=PRESENT, actual='missing',
             error='interface eth9 is not there')]
    assert found['ports'] == [
        {'name': 'sw0', 'global': True, 'listeners': [], 'wanted': UP, 'actual': UP, 'error': None},
        {'name': 'sw1', 'global': True, 'listeners': [0], 'wanted': UP, 'actual': UP, 'error': None}]
    assert [(one['kind'], one['name'], one['from'], one['to']) for one in found['history']] == [
        ('global', 'state', UNKNOWN, NORMAL)]


def noted(switch):
    """[(kind, name, from, to)] of the history."""
    return [one[1:5] for one in switch.history.transitions]


def test_a_start_that_finds_the_listeners_as_they_were_adds_one_line_to_the_history_and_all_of_them_to_the_log(
        world, caplog):
    before = [Transition(0, 'listener', '0', FAILED, ACTIVE, 'heartbeat')]
    caplog.set_level('INFO')
    switch = world(config([listener(0), listener(1)], [card(0)]), HOST, CARD, earlier=before)
    switch.report(0, ACTIVE)
    switch.report(1, ACTIVE)

    assert noted(switch)[1:] == [('global', 'state', UNKNOWN, NORMAL)]
    assert [record.getMessage().partition(':')[0] for record in caplog.records] == [
        'listener 0', 'listener 1', 'listener 0', 'listener 1', 'global state']


def test_what_a_start_finds_otherwise_than_it_was_is_in_the_history(world):
    before = [Transition(0, 'listener', '0', ACTIVE, FAILED, 'no heartbeat')]
    switch = world(config([listener(0), listener(1)]), HOST, earlier=before)
    switch.report(1, FAILED)
    switch.report(0, ACTIVE)

    assert noted(switch)[1:] == [('listener', '1', UNKNOWN, FAILED), ('listener', '0', UNKNOWN, ACTIVE),
                                 ('global', 'state', UNKNOWN, BYPASS)]


@pytest.mark.parametrize('before, expected', [
    (NORMAL, [('global', 'state', NORMAL, UNKNOWN, 'started; the daemon had ended without a stop')]),
    (UNKNOWN, []), (None, [])])
def test_a_start_after_an_end_without_a_stop_is_in_the_history(world, before, expected):
    earlier = [Transition(0, 'global', 'state', UNKNOWN, before, 'why')] if before else []
    switch = world(config([listener(0)]), HOST, earlier=earlier)
    switch.take = lambda _deadline: [Stop()]
    switch.controller.run()

    assert [one[1:6] for one in switch.history.transitions][len(earlier):] == expected


def test_a_stop_is_in_the_history(world):
    switch = world(config([listener(0)]), HOST)
    switch.report(0, ACTIVE)
    switch.history.transitions.clear()
    switch.take = lambda _deadline: [Stop()]
    switch.controller.run()

    assert [one[1:6] for one in switch.history.transitions] == [('global', 'state', NORMAL, UNKNOWN, 'stopped')]


def test_a_listener_that_joins_after_the_start_is_in_the_history(world):
    switch = world(config([listener(0)]), HOST)
    switch.report(0, ACTIVE)
    switch.loaded = config([listener(0), listener(1)])
    switch.turn(Reload())
    switch.report(1, ACTIVE)

    assert noted(switch)[2:] == [('listener', '1', 'unconfigured', UNKNOWN), ('listener', '1', UNKNOWN, ACTIVE)]


def reloaded(switch, loaded):
    """Reload this file. Returns the new transitions in the history, [(kind, name, from, to, why)]."""
    before = len(switch.history.transitions)
    switch.loaded = loaded
    switch.turn(Reload())
    return [one[1:6] for one in switch.history.transitions][before:]


def test_a_reload_is_in_the_history_with_what_it_changed_or_why_it_was_refused(world):
    first, second = config([listener(0)]), config([listener(0), listener(1)])
    mistakes = tuple(Mistake(line, 'LISTEN_HB_PORT[7]', 'x', 'give one') for line in (3, 5, 8))
    switch = world(first, HOST)
    switch.report(0, ACTIVE)

    assert reloaded(switch, second)[0] == ('reload', 'file', '-', 'taken', '1 component kept, 1 added')
    assert reloaded(switch, first)[0] == ('reload', 'file', '-', 'taken', '1 component kept, 1 removed')
    assert reloaded(switch, first._replace(mistakes=mistakes)) == [
        ('reload', 'file', '-', 'refused', 'line 3: LISTEN_HB_PORT[7]=x: give one (and 2 more)')]
    assert reloaded(switch, source.Unreadable('/etc/test.env: cannot be read: Permission denied')) == [
        ('reload', 'file', '-', 'refused', 'cannot be read: Permission denied')]
    assert reloaded(switch, first) == [('reload', 'file', '-', 'taken', '1 component kept')]


GONE = 'a reload has removed it'


def test_a_listener_that_a_reload_removes_is_unconfigured_from_then_on_in_the_history(world):
    switch = world(config([listener(0), listener(1)]), HOST)
    switch.report(0, ACTIVE)
    switch.report(1, FAILED)

    assert reloaded(switch, config([listener(0)]))[1:] == [
        ('listener', '1', FAILED, UNCONFIGURED, GONE), ('global', 'state', BYPASS, NORMAL, '0 failed < 1')]


def test_what_a_listener_has_reported_just_before_its_removal_comes_first_and_its_successor_last(world):
    switch = world(config([listener(0)]), HOST)
    switch.report(0, ACTIVE)
    before, thread = len(switch.history.transitions), switch.controller.roster.find(listener(0)).listener
    switch.loaded = config([listener(0, port=4000)])
    switch.turn(StateChanged(thread, ACTIVE, FAILED, 'why', 1.0), Reload())

    assert [one[1:6] for one in switch.history.transitions][before + 1:] == [
        ('listener', '0', ACTIVE, FAILED, 'why'), ('listener', '0', FAILED, UNCONFIGURED, GONE),
        ('listener', '0', UNCONFIGURED, UNKNOWN, 'listens on 10.0.0.2 port 4000')]


def test_listeners_that_get_another_index_or_node_end_under_the_old_one_first(world):
    switch = world(config([listener(0, node='a'), listener(1, node='b')]), HOST)
    switch.report(0, ACTIVE)
    switch.report(1, ACTIVE)

    found = reloaded(switch, config([listener(1, port=3000, node='a'), listener(0, port=3001, node='b')]))[1:]

    assert sorted(found[:2]) == [
        ('listener', '0', ACTIVE, UNCONFIGURED, 'it is now listener 1 of node a'),
        ('listener', '1', ACTIVE, UNCONFIGURED, 'it is now listener 0 of node b')]
    assert sorted(found[2:]) == [
        ('listener', '0', UNCONFIGURED, ACTIVE, 'it was listener 1 of node b'),
        ('listener', '1', UNCONFIGURED, ACTIVE, 'it was listener 0 of node a')]


def test_a_node_with_two_ways_that_a_reload_removes_is_unconfigured_and_the_report_knows_it(world):
    def both(node):
        return [listener(0), listener(1, node=node), listener(2, node=node)]
    switch = world(config(both('a')), HOST)
    for index in range(3):
        switch.report(index, ACTIVE)
    switch.report(1, FAILED)
    switch.report(2, FAILED)

    found = reloaded(switch, config([listener(0)]))[1:]

    assert sorted(found) == [
        ('global', 'state', BYPASS, NORMAL, '0 failed < 1'), ('listener', '1', FAILED, UNCONFIGURED, GONE),
        ('listener', '2', FAILED, UNCONFIGURED, GONE), ('node', 'a', FAILED, UNCONFIGURED, GONE)]
    lines = [one._replace(at=float(10 * at)) for at, one in enumerate(switch.history.transitions)]
    parts = figures(lines, 0, 1000).node_parts['a']
    gone = [one.at for one in lines if one.kind == 'listener' and one.new == UNCONFIGURED]
    assert (parts[-1].state, parts[-1].end) == (FAILED, gone[-1])


def test_a_node_that_has_lost_its_listeners_one_after_the_other_goes_from_the_state_that_was_told(world):
    switch = world(config([listener(0), listener(1, node='a'), listener(2, node='a')]), HOST)
    for index in range(3):
        switch.report(index, ACTIVE)
    unheard = config([listener(0), listener(1, 'fd00::9', node='a', interface='eth9')])
    assert [one for one in reloaded(switch, unheard) if one[0] == 'node'] == []

    assert [one for one in reloaded(switch, config([listener(0)])) if one[0] == 'node'] == [
        ('node', 'a', ACTIVE, UNCONFIGURED, GONE)]


def test_a_reload_that_is_taken_names_the_keys_that_have_changed(world):
    first, second = [reader.read(u'BYPASS_CARD_LEASE=%d\n' % lease) for lease in (5000, 6000)]
    switch = world(first, HOST)

    assert [one[-1] for one in reloaded(switch, second)] == ['0 components kept; changed: BYPASS_CARD_LEASE']


def test_a_reload_that_changes_nothing_is_not_in_the_history(world):
    """A SIGHUP each minute must not drive the last bypass out of the history."""
    first, mistaken = config([listener(0)]), config([listener(0)])._replace(mistakes=(Mistake(3, None, None, 'no'),))
    switch = world(first, HOST)
    switch.report(0, ACTIVE)

    assert [len(reloaded(switch, loaded)) for loaded in (first, mistaken, mistaken, first, first)] == [0, 1, 0, 1, 0]


def test_a_start_with_mistakes_and_a_reload_that_mends_them_is_in_the_history(world):
    switch = world(config([listener(0)])._replace(mistakes=(Mistake(3, None, None, 'no'),)), HOST)

    assert reloaded(switch, config([listener(0)])) == [('reload', 'file', '-', 'taken', '1 component kept')]


LEASED = CARD + '\\       valid_lft 6sec preferred_lft 6sec'
RENEW = 'addr change 10.0.1.0/32 dev eth0 valid_lft 6 preferred_lft 6'
FOREVER = RENEW.replace(' 6', ' forever')


def test_a_lease_is_renewed_every_third_of_it_by_the_controller(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST)
    assert switch.report(0, ACTIVE) == [ADD + ' valid_lft 6 preferred_lft 6']
    switch.seen(LEASED)

    assert switch.turn() == []
    assert switch.controller._leases.deadline() == 102.0
    switch.now = 102.0
    assert switch.turn() == [RENEW]
    switch.now = 103.9
    assert switch.turn() == []
    switch.now = 104.0
    assert switch.turn() == [RENEW]


@pytest.mark.parametrize('again', [False, True], ids=['seen', 'read'])
@pytest.mark.parametrize('lease', [6000, 0])
def test_a_link_that_comes_up_renews_leases_at_once_and_refreshes_our_other_ipv6_addresses_there(world, lease, again):
    down, six = LINKS[0].replace('<UP', '<DOWN'), '2: eth0    inet6 fd00::%d/128 scope global nodad '
    loaded = config([listener(0, host='fd00::1')], [card(0), card(1, address='fd00::2')], lease=lease)
    switch = world(loaded, six % 1)
    there = [six % 1, six % 2 + ('\\       valid_lft 6sec preferred_lft 6sec' if lease else ''),
             LEASED if lease else CARD]
    switch.report(0, ACTIVE)
    switch.ledger.note({AddressItem('eth0', 'fd00::1'): 2, AddressItem('eth0', 'fd00::2'): 2})
    switch.seen(down, *there)
    switch.turn()

    anew = switch.turn(monitor.Read(picture.of(LINKS + there))) if again else switch.seen(LINKS[0])
    change = 'addr change fd00::%d/128 dev eth0 nodad valid_lft %s preferred_lft %s'
    once = [change % (1, 'forever', 'forever')]
    assert anew == ([RENEW, change % (2, 6, 6)] + once if lease else once + [change % (2, 'forever', 'forever')])
    assert switch.turn() == []


def test_a_start_renews_the_leases_that_are_there_while_the_state_is_still_unknown(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    assert switch.batch.ran == [[RENEW]]

    assert switch.report(0, FAILED) == [DELETE]
    switch.seen('Deleted ' + LEASED)
    switch.now = 110.0
    assert switch.turn() == []


def test_an_address_without_a_lease_gets_one_with_the_first_decision(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, CARD)
    assert switch.batch.ran == []

    assert switch.report(0, ACTIVE) == [RENEW]


def test_a_clean_stop_makes_leases_permanent(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)

    assert switch.turn(Stop()) == [FOREVER]


@pytest.mark.parametrize('later', [[Stop(), Reload()], [Reload(), Stop()], [Stop()]])
def test_nothing_that_comes_with_a_stop_gives_a_lease_again(world, later):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)

    switch.now += 3
    assert switch.turn(*later) == [FOREVER]


def test_a_stop_makes_what_is_still_under_way_permanent(world):
    switch = world(config([listener(0)], [card(0, prefix=24)], lease=6000), HOST)
    assert switch.report(0, ACTIVE) == [ADD.replace('/32', '/24') + ' valid_lft 6 preferred_lft 6']

    assert switch.turn(Stop()) == [FOREVER.replace('/32', '/24')]


def test_a_stop_makes_what_was_put_back_and_is_not_shown_permanent_and_puts_nothing_else_back(world):
    switch = world(config([listener(0)], [card(0), card(1)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)
    switch.seen('Deleted ' + LEASED)

    assert switch.turn(Stop()) == [FOREVER, FOREVER.replace('10.0.1.0', '10.0.1.1')]

    other = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    other.report(0, ACTIVE)
    assert other.turn(monitor.Seen((picture.parse('Deleted ' + LEASED),)), Stop()) == []


def test_a_stop_makes_permanent_what_was_not_shown_in_time(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST)
    switch.report(0, ACTIVE)
    switch.now += 1
    switch.turn()

    assert switch.turn(Stop()) == [FOREVER]


def test_a_stop_makes_a_first_lease_that_is_not_shown_permanent_with_the_prefix_that_is_there(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, CARD.replace('/32', '/24'))
    assert switch.report(0, ACTIVE) == [RENEW.replace('/32', '/24')]

    assert switch.turn(Stop()) == [FOREVER.replace('/32', '/24')]


def test_a_stop_when_the_leases_are_over_puts_nothing_back(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)
    switch.now += 6

    assert switch.turn(Stop()) == []


def test_a_stop_that_leaves_a_lease_says_so(world, caplog):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)
    switch.batch.failing[FOREVER] = 'No buffer space'
    switch.turn(Stop())

    assert [record.getMessage() for record in caplog.records if record.levelname == 'ERROR'] == [
        'address 10.0.1.0 on eth0 keeps its lease: No buffer space; ' + REMEDY]


@pytest.mark.parametrize('lease, states', [(6000, [ACTIVE]), (6000, []), (0, [])],
                         ids=['decided', 'not yet', 'no lease'])
def test_a_stop_before_the_first_reading_reads_and_makes_permanent_what_has_a_lease(world, lease, states):
    switch = world(config([listener(0)], [card(0), card(1)], lease=lease), HOST, LEASED, read=False)
    switch.ledger.items = ours(AddressItem('eth0', '10.0.1.0'))
    switch.turn(monitor.Lost('no answer'))
    assert [switch.report(0, state) for state in states] == [[] for _ in states]

    assert (switch.turn(Stop()), switch.controller._leases.over) == ([FOREVER], True)


def test_a_stop_before_the_first_reading_leaves_what_is_to_go(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED, read=False)
    switch.turn(monitor.Lost('no answer'))
    switch.report(0, FAILED)

    assert (switch.turn(Stop()), switch.controller._leases.over) == ([], True)


def test_a_stop_that_cannot_read_what_the_kernel_has_says_so(world, caplog):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED, read=False)
    switch.there = IpError('ip -o addr: no answer within 0.75 s')

    assert (switch.turn(Stop()), switch.controller._leases.over) == ([], False)
    assert [record.getMessage() for record in caplog.records if record.levelname == 'ERROR'] == [
        'an address may keep its lease: ip -o addr: no answer within 0.75 s; ' + REMEDY]


def test_a_stop_with_nothing_that_could_have_a_lease_reads_nothing(world):
    switch = world(config([listener(0)], [card(0)]), HOST, read=False)
    switch.there = IpError('ip hangs')

    assert (switch.turn(Stop()), switch.controller._leases.over) == ([], True)


@pytest.mark.parametrize('lines', [[CARD], []], ids=['first lease', 'added'])
@pytest.mark.parametrize('after', [config([listener(0)], [card(0)]), config([listener(0)], [], lease=6000)],
                         ids=['no lease', 'no card'])
def test_a_reload_makes_permanent_what_it_no_longer_leases_and_the_kernel_has_not_shown_yet(world, lines, after):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, *lines)
    switch.report(0, ACTIVE)

    switch.loaded = after
    assert switch.turn(Reload()) == [FOREVER]


def test_a_renewal_does_not_put_back_what_is_being_released(world):
    first = config([listener(0)], [card(0)], lease=6000)
    switch = world(first, HOST, LEASED)
    switch.ledger.items = ours(AddressItem('eth0', '10.0.1.0'))
    switch.report(0, ACTIVE)
    switch.loaded = config([listener(0)], [], lease=6000)
    assert switch.turn(Reload()) == [FOREVER, DELETE]

    switch.loaded = first
    assert switch.turn(Reload()) == []
    assert switch.seen('Deleted ' + LEASED) == [ADD + ' valid_lft 6 preferred_lft 6']


def test_a_stop_puts_nothing_back_that_was_removed_and_is_still_shown(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    assert switch.report(0, FAILED) == [DELETE]

    assert switch.turn(Stop()) == []


def test_an_address_of_others_that_was_given_a_lease_stays_when_the_next_file_has_none(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)

    switch.loaded = config([listener(0)], [card(0)])
    assert switch.turn(Reload()) == [FOREVER]


def test_an_address_of_others_that_was_given_a_lease_stays_when_the_next_file_does_not_name_it(world):
    switch = world(config([listener(0)], [card(0)], lease=6000), HOST, LEASED)
    switch.report(0, ACTIVE)

    switch.loaded = config([listener(0)], [], lease=6000)
    assert switch.turn(Reload()) == [FOREVER]


def test_without_a_lease_in_the_file_only_what_the_daemon_had_put_there_becomes_permanent(world):
    switch = world(config([listener(0)], [card(0)]), HOST, LEASED)
    assert switch.report(0, ACTIVE) == []

    switch.ledger.items = ours(AddressItem('eth0', '10.0.1.0'))
    assert switch.turn(Reload()) == [FOREVER]


def test_a_status_that_is_asked_for_with_a_change_shows_what_follows_from_it(world):
    switch = world(config([listener(0)], [card(0)]), HOST, CARD)
    replies = []
    member = list(switch.controller.roster.launched.values())[0]

    switch.turn(StatusWanted(replies.append), StateChanged(member.listener, UNKNOWN, ACTIVE, 'why', switch.now))

    assert json.loads(replies[0])['state'] == NORMAL


# --- a link-local listener whose interface is made anew ---

LOCAL = '2: eth0    inet6 fe80::2/64 scope link '
ANEW = ('Deleted ' + LINKS[0], LINKS[0].replace('2: eth0', '9: eth0'))
LOCAL_ANEW = LOCAL.replace('2: eth0', '9: eth0')


def bound(switch, refused=()):
    """The sockets of the one listener. Each is a word with the index to which it is bound."""
    def opener(settings, scope):
        if scope in refused:
            raise EnvironmentError(99, 'Cannot assign requested address')
        return 'at %d' % scope
    switch.controller.roster._open = opener
    return lambda: [member.listener.sock for member in switch.controller.roster.launched.values()]


def test_a_link_local_listener_is_bound_to_the_interface_that_was_made_anew(world):
    switch = world(config([listener(0, 'fe80::2')], [card(0)]), LOCAL)
    sock = bound(switch)
    switch.report(0, ACTIVE)

    switch.seen(*ANEW)

    assert (sock(), switch.controller.roster.local_states()) == (['at 9'], {0: ACTIVE})


def test_one_that_cannot_be_bound_yet_says_so_and_is_tried_when_the_kernel_reports_a_change_there_and_each_5_s(world):
    switch, refused = world(config([listener(0, 'fe80::2')], [card(0)]), LOCAL), [9]
    sock = bound(switch, refused)

    switch.seen(*ANEW)

    deaf = 'hears nothing: interface eth0 is another one than before, and the address cannot be bound there: ' \
           'Cannot assign requested address'
    shown = switch.status()
    assert (sock(), shown['listeners'][0]['error']) == (['sock'], deaf)
    assert 'listener 0 ' + deaf in shown['problems']
    assert switch.controller.launching.deadline() == switch.now + launching.PAUSE
    del refused[:]
    switch.seen(LINKS[1].replace('<UP>', '<>'))
    assert sock() == ['sock']
    switch.seen(LOCAL_ANEW)
    assert sock() == ['at 9']
    assert (switch.status()['listeners'][0]['error'], switch.controller.launching.deadline()) == (None, None)


def test_after_5_s_without_a_report_it_is_tried_again(world):
    switch, refused = world(config([listener(0, 'fe80::2')], [card(0)]), LOCAL), [9]
    sock = bound(switch, refused)
    switch.seen(*ANEW)
    del refused[:]

    switch.now += launching.PAUSE
    switch.turn()

    assert sock() == ['at 9']


def test_a_full_reading_finds_it_as_well(world):
    switch = world(config([listener(0, 'fe80::2')], [card(0)]), LOCAL)
    sock = bound(switch)

    switch.turn(monitor.Read(picture.of([ANEW[1], LOCAL_ANEW])))

    assert sock() == ['at 9']
