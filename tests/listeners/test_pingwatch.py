"""pingwatch.py: the thread that receives the cards' pings, here on pairs of sockets and without a thread."""
import errno
import logging
import os
import socket

import pytest

from fbmon.listeners import pingwatch
from fbmon.listeners.pingwatch import PAUSE, RETRY, PingWatch
from fbmon.rules.items import AddressItem
from helpers import wait_for

ONE, TWO, LINK = [AddressItem('eth0', address) for address in ('10.0.1.1', 'fd00::1', 'fe80::1')]


class Watched(object):
    """A PingWatch whose clock and sockets belong to the test. ping() is what a card does."""

    def __init__(self):
        self.now, self.events, self.rests = 1000.0, [], []
        self.errors, self.opened, self.ends, self.near = {}, [], {}, []
        self.watch = PingWatch(self.events.append, lambda: self.now, self.open, self.rests.append)

    def open(self, address, scope):
        self.opened.append((address, scope))
        if address in self.errors:
            number = self.errors[address]
            raise EnvironmentError(number, os.strerror(number))
        near, self.ends[address] = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        near.setblocking(False)
        self.near.append(near)
        return near

    def order(self, present=(ONE, TWO), scopes=((ONE, 0), (TWO, 0)), timeout=3.0, since=1000.0):
        self.watch.watch(timeout, dict(scopes), dict((item, since) for item in present))
        self.turn()

    def ping(self, item, times=1):
        for _ in range(times):
            self.ends[item.address].send(b'ping')

    def turn(self, after=0.0):
        """One turn, so many seconds later."""
        self.now += after
        self.watch.turn(self.watch._poller.poll(0))

    def said(self):
        """[(address, old, new)] of the events since the last call."""
        found = [(one.item.address, one.old, one.new) for one in self.events]
        del self.events[:]
        return found

    def close(self):
        self.watch.abandon()
        for sock in self.ends.values():
            sock.close()


@pytest.fixture
def watched():
    made = Watched()
    yield made
    made.close()


def test_the_first_ping_is_seen_and_a_timeout_without_one_is_silent(watched):
    watched.order()
    assert (watched.opened, watched.watch.left()) == ([('10.0.1.1', 0), ('fd00::1', 0)], 3000)

    watched.ping(ONE)
    watched.turn(after=1.0)
    assert watched.said() == [('10.0.1.1', 'unknown', 'seen')]
    assert watched.watch.known[ONE][:3] == ('seen', 1, 1001.0)

    watched.turn(after=2.0)
    assert (watched.said(), watched.watch.left()) == ([('fd00::1', 'unknown', 'silent')], 1000)
    watched.turn(after=1.0)
    assert (watched.said(), watched.watch.left()) == ([('10.0.1.1', 'seen', 'silent')], None)

    watched.ping(TWO)
    watched.turn(after=5.0)
    assert watched.said() == [('fd00::1', 'silent', 'seen')]


def test_what_has_come_is_read_before_a_card_is_called_silent(watched):
    watched.order()
    watched.ping(ONE)

    watched.turn(after=60.0)

    assert watched.said() == [('10.0.1.1', 'unknown', 'seen'), ('fd00::1', 'unknown', 'silent')]


def test_a_card_whose_address_is_not_there_is_not_silent_and_has_a_whole_timeout_when_it_comes(watched):
    watched.order(present=[ONE])
    watched.turn(after=10.0)
    assert watched.said() == [('10.0.1.1', 'unknown', 'silent')]

    watched.order(since=watched.now)
    watched.turn(after=2.9)
    assert watched.said() == []
    watched.turn(after=0.1)
    assert watched.said() == [('fd00::1', 'unknown', 'silent')]


def test_a_card_that_was_silent_before_its_address_went_is_seen_with_its_next_ping(watched):
    watched.order(present=[ONE])
    watched.turn(after=3.0)
    watched.order(present=[])
    watched.order(present=[ONE], since=watched.now)
    watched.said()

    watched.ping(ONE)
    watched.turn()

    assert watched.said() == [('10.0.1.1', 'silent', 'seen')]


def test_a_flood_is_read_in_portions_with_a_rest_after_each(watched, monkeypatch):
    monkeypatch.setattr(pingwatch, 'MOST', 4)
    watched.order()
    watched.ping(ONE, times=7)
    watched.ping(TWO)

    watched.turn()
    assert [watched.watch.known[item].count for item in (ONE, TWO)] == [4, 1]
    watched.turn()

    assert (watched.watch.known[ONE].count, watched.rests) == (7, [PAUSE, PAUSE])


def test_no_ping_means_no_rest_and_nothing_to_wake_up_for(watched):
    watched.order(present=[])

    assert (watched.watch.left(), watched.rests) == (None, [])


def test_an_order_wakes_it_once(watched):
    watched.order()

    assert watched.watch._poller.poll(0) == []


def test_a_socket_stays_when_the_address_goes_and_is_closed_with_its_card(watched):
    watched.order()
    watched.order(present=[])
    watched.order(present=[ONE, TWO])
    assert len(watched.opened) == 2

    watched.order(present=[TWO], scopes=[(TWO, 0)])

    assert [sock.fileno() for sock in watched.near][0] == -1 or _is_closed(watched.near[0])
    assert sorted(watched.watch.known) == [TWO]


def _is_closed(sock):
    """Whether a socket is closed, also with 2.7."""
    try:
        return sock.fileno() < 0
    except EnvironmentError:
        return True


def test_a_link_local_address_follows_the_index_of_its_interface(watched):
    for index in (0, 7, 0, 9):
        watched.order(present=[LINK] if index else [], scopes=[(LINK, index)])

    assert watched.opened == [('fe80::1', 7), ('fe80::1', 9)]
    watched.ping(LINK)
    watched.turn()
    assert watched.said() == [('fe80::1', 'unknown', 'seen')]


def test_of_a_link_local_address_whose_interface_is_gone_nothing_is_told(watched):
    watched.errors['fe80::1'] = errno.ENODEV
    watched.order(present=[LINK], scopes=[(LINK, 7)])
    assert watched.watch.errors == {LINK: pingwatch.CANNOT % ('fe80::1', 'No such device')}

    watched.order(present=[], scopes=[(LINK, 0)])

    assert (watched.watch.errors, watched.watch.left()) == ({}, None)


@pytest.mark.parametrize('number', [errno.EADDRNOTAVAIL, errno.ENODEV])
def test_an_old_kernel_that_needs_the_address_to_be_there_is_asked_again_when_it_is(watched, number):
    watched.errors['10.0.1.1'] = number
    watched.order(present=[])
    assert (watched.watch.errors, watched.watch.left()) == ({}, None)

    watched.errors.clear()
    watched.order(present=[ONE])
    watched.ping(ONE)
    watched.turn()

    assert watched.said() == [('10.0.1.1', 'unknown', 'seen')]


def test_what_cannot_be_opened_is_told_once_with_the_reason_and_tried_again(watched, caplog):
    caplog.set_level(logging.WARNING)
    watched.errors = {'10.0.1.1': errno.EPERM, 'fd00::1': errno.EPERM}
    watched.order()
    watched.turn(after=RETRY)
    why = pingwatch.NEEDS % 'Operation not permitted'
    assert watched.watch.errors == {ONE: why, TWO: why}
    assert [record.getMessage() for record in caplog.records] == [why]
    assert (watched.said(), watched.watch.left()) == ([], RETRY * 1000)

    watched.errors = {}
    watched.turn(after=RETRY)
    assert (watched.watch.errors, watched.said(), watched.watch.left()) == ({}, [], 3000)


def test_a_socket_that_fails_is_closed_and_opened_again(watched):
    watched.order()
    watched.near[0].shutdown(socket.SHUT_RDWR)
    real, calls = pingwatch.drain, []

    def fails(sock):
        calls.append(sock)
        raise EnvironmentError(errno.ENETDOWN, 'Network is down')
    pingwatch.drain = fails
    try:
        watched.turn()
    finally:
        pingwatch.drain = real
    assert watched.watch.errors == {ONE: pingwatch.CANNOT % ('10.0.1.1', 'Network is down')}

    watched.turn(after=RETRY)
    assert (watched.watch.errors, watched.opened[2:]) == ({}, [('10.0.1.1', 0)])


def test_its_thread_hears_pings_and_ends_with_close():
    watched = Watched()
    thread = watched.watch.start(lambda: watched.events.append('crashed'))
    watched.watch.watch(3.0, {ONE: 0}, {})
    wait_for(lambda: ONE.address in watched.ends)
    watched.ping(ONE)
    wait_for(lambda: watched.events)
    assert watched.said() == [('10.0.1.1', 'unknown', 'seen')]

    watched.watch.close()
    wait_for(lambda: not thread.is_alive())

    assert watched.events == [] and _is_closed(watched.near[0])
    watched.ends[ONE.address].close()
