"""roster.py: how it launches, keeps and releases listeners, with made-up sockets and threads."""
import errno
import socket

from fbmon.listeners.listener import Counters, StateChanged
from fbmon.listeners.roster import Key, Roster
from fbmon.rules.states import ACTIVE, FAILED, UNCONFIGURED, UNKNOWN
from settings import listener


class Thread(object):
    """A listener without socket and thread."""

    def __init__(self, settings, sock, _report):
        self.settings, self.sock, self.due = settings, sock, None
        self.started = self.closed = False

    def start(self, _crashed):
        if self.sock == 'no thread':
            raise RuntimeError("can't start new thread")
        self.started = True

    def update(self, settings):
        self.settings = settings

    def rebind(self, sock):
        self.sock = sock

    def close(self):
        self.closed = True

    def counters(self):
        return Counters(0, 0, 0, None, 0, 0, None)


class World(object):
    def __init__(self):
        self.now = 100.0
        self.told, self.opened, self.refuse, self.sock = [], [], {}, 'sock'
        self.roster = Roster(None, lambda *change: self.told.append(change), None, lambda: self.now,
                             self.open, Thread)

    def open(self, settings, scope):
        self.opened.append((settings.index, scope))
        if settings.index in self.refuse:
            raise self.refuse[settings.index]
        return self.sock

    def launch(self, missing=()):
        def obstacle(settings, error):
            return error and str(error.args[-1]) or ('no interface' if settings.interface in missing else None)
        return self.roster.launch(obstacle, lambda interface: 7)

    def rebind(self, **scopes):
        """Bind again after the interfaces have got these indexes. Returns what is deaf then."""
        self.roster.rebind(lambda settings, error: str(error.args[-1]), lambda interface: scopes[interface])
        return self.roster.deaf

    def member(self, index):
        return [member for member in self.roster.launched.values() if member.listener.settings.index == index][0]


def test_valid_listeners_are_launched_and_wait_as_unknown():
    world = World()
    world.roster.assign([listener(0), listener(1)])

    assert world.launch() is True
    assert world.opened == [(0, 7), (1, 7)]
    assert world.roster.local_states() == {0: UNKNOWN, 1: UNKNOWN}
    assert world.told == [(listener(0), 'unconfigured', 'unknown', 'listens on 10.0.0.2 port 3000'),
                          (listener(1), 'unconfigured', 'unknown', 'listens on 10.0.0.2 port 3001')]


def test_one_that_uses_a_faulty_value_is_never_tried():
    world = World()
    world.roster.assign([listener(0, error='line 3: why')])

    assert world.launch() is False
    assert (world.opened, world.roster.pending(), world.roster.reasons) == ([], [], {0: 'line 3: why'})


def test_one_that_cannot_be_launched_says_why_and_joins_later():
    world = World()
    world.roster.assign([listener(0), listener(1, interface='eth9')])
    world.refuse[0] = socket.error(errno.EADDRINUSE, 'Address already in use')

    assert world.launch(missing=('eth9',)) is False
    assert world.roster.reasons == {0: 'Address already in use', 1: 'no interface'}

    world.refuse.clear()
    assert world.launch() is True
    assert (world.roster.reasons, world.roster.local_states()) == ({}, {0: UNKNOWN, 1: UNKNOWN})


def test_a_thread_that_cannot_be_started_makes_its_listener_unconfigured():
    world = World()
    world.sock = 'no thread'
    world.roster.assign([listener(0)])

    assert world.launch() is False
    assert (world.roster.reasons, world.roster.launched) == ({0: "can't start new thread"}, {})


def test_the_same_host_port_and_interface_keep_state_and_socket_under_a_new_index_with_new_timers():
    world = World()
    world.roster.assign([listener(0)])
    world.launch()
    thread = world.member(0).listener
    world.now = 105.0
    assert world.roster.take(StateChanged(thread, UNKNOWN, ACTIVE, 'why', 104.5)) is True

    world.roster.assign([listener(5, port=3000, timeout=100)])
    world.launch()

    assert world.opened == [(0, 7)]
    assert world.roster.local_states() == {5: ACTIVE}
    assert world.member(5) == (thread, ACTIVE, 104.5)
    assert (thread.settings.timeout, thread.closed) == (100, False)
    assert [(one[0].index,) + one[1:] for one in world.told[1:]] == [
        (0, ACTIVE, UNCONFIGURED, 'it is now listener 5'), (5, UNCONFIGURED, ACTIVE, 'it was listener 0')]


def test_what_the_new_file_does_not_name_is_closed_before_anything_is_launched():
    world = World()
    world.roster.assign([listener(0)])
    world.launch()
    thread = world.member(0).listener

    world.roster.assign([listener(0, interface='eth1')])

    assert thread.closed
    assert world.roster.local_states() == {}
    assert [(one[0].index,) + one[1:] for one in world.told[1:]] == [
        (0, UNKNOWN, UNCONFIGURED, 'a reload has removed it')]
    world.launch()
    assert list(world.roster.launched) == [Key('10.0.0.2', 3000, 'eth1')]


def test_the_report_of_a_released_listener_is_passed_over():
    world = World()
    world.roster.assign([listener(0)])
    world.launch()
    thread = world.member(0).listener
    world.roster.assign([])
    world.roster.assign([listener(0)])
    world.launch()

    assert world.roster.take(StateChanged(thread, ACTIVE, FAILED, 'why', 1.0)) is False
    assert world.roster.local_states() == {0: UNKNOWN}


def test_a_listener_far_past_its_own_deadline_is_overdue():
    world = World()
    world.roster.assign([listener(0), listener(1)])
    world.launch()
    world.member(0).listener.due = 95.1
    world.member(1).listener.due = 94.9

    assert world.roster.overdue(5.0) == [world.member(1).listener]


# --- an interface that was made anew ---

LOCAL = [listener(0, 'fe80::2'), listener(1, 'fe80::2', interface='eth1'), listener(2, 'fd00::2'), listener(3)]
DEAF = 'hears nothing: interface eth0 is another one than before, and the address cannot be bound there: not yet'


def test_a_link_local_listener_is_bound_anew_when_its_interface_has_another_index_and_keeps_its_state():
    world = World()
    world.roster.assign(LOCAL)
    world.launch()
    thread = world.member(0).listener
    world.roster.take(StateChanged(thread, UNKNOWN, ACTIVE, 'why', 104.5))
    del world.opened[:]
    world.sock = 'new'

    assert world.rebind(eth0=9, eth1=7) == {}
    assert (world.opened, world.rebind(eth0=9, eth1=7), world.opened) == ([(0, 9)], {}, [(0, 9)])
    assert (world.member(0), thread.sock, thread.closed) == ((thread, ACTIVE, 104.5), 'new', False)


def test_while_its_interface_is_gone_a_listener_is_left_as_it_is():
    world = World()
    world.roster.assign(LOCAL)
    world.launch()
    del world.opened[:]

    assert (world.rebind(eth0=0, eth1=7), world.opened) == ({}, [])


def test_one_that_cannot_be_bound_anew_says_why_until_it_can_or_its_interface_is_gone_again():
    world = World()
    world.roster.assign(LOCAL)
    world.launch()
    world.refuse[0] = socket.error(errno.EADDRNOTAVAIL, 'not yet')

    assert world.rebind(eth0=9, eth1=7) == {0: DEAF}
    assert world.roster.local_states()[0] == UNKNOWN
    assert world.rebind(eth0=0, eth1=7) == {}
    assert world.rebind(eth0=9, eth1=7) == {0: DEAF}
    world.refuse.clear()
    assert world.rebind(eth0=9, eth1=7) == {}


def test_a_released_listener_is_not_bound_anew():
    world = World()
    world.roster.assign(LOCAL)
    world.launch()
    world.roster.assign(LOCAL[1:])
    del world.opened[:]

    assert (world.rebind(eth0=9, eth1=7), world.opened) == ({}, [])
