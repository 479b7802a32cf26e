import signal

import pytest

import clock
import helpers
from fbmon.base import compat
from kernel.namespace import Namespace, ip


def test_a_watch_shows_every_change_in_order(switch):
    watch = switch.watch()

    switch.ip('addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
    switch.ip('addr', 'del', '10.0.0.1/24', 'dev', 'eth0')
    switch.ip('link', 'set', 'sw0', 'down')
    switch.ip('link', 'set', 'sw0', 'name', 'sw9')
    switch.ip('link', 'set', 'sw9', 'up')
    switch.ip('link', 'del', 'sw1')

    assert watch.take() == ['+ 10.0.0.1/24 eth0', '- 10.0.0.1/24 eth0', 'sw0 down', 'sw0 is now sw9', 'sw9 up',
                            'sw1 down', 'sw1 is gone']


def test_a_change_and_its_undoing_are_not_quiet(switch):
    watch = switch.watch()

    switch.ip('link', 'set', 'sw0', 'down')
    switch.ip('link', 'set', 'sw0', 'up')

    with pytest.raises(AssertionError) as caught:
        watch.quiet(0)
    assert 'not quiet: sw0 down, sw0 up' in str(caught.value)


def test_a_namespace_tells_what_its_interfaces_are(switch):
    switch.ip('link', 'set', 'sw1', 'down')

    assert (switch.ports(), switch.addresses('eth0'), switch.port('sw9')) == (
        'up down up up', ['192.168.1.200/24'], 'missing')


def test_a_recreated_interface_is_as_before_but_has_another_index(switch):
    before = switch.link('eth0')

    switch.recreate('eth0')

    after = switch.link('eth0')
    assert (after.name, after.up, after.index != before.index) == ('eth0', True, True)
    assert switch.addresses('eth0') == []


def test_a_card_is_answered_by_an_address_of_the_switch_and_by_no_other(switch):
    assert switch.card.answers('192.168.1.200', 5)
    assert not switch.card.answers('192.168.1.211')


def test_heartbeats_are_sent_when_ordered_and_not_afterwards(switch):
    received = switch.inside(_receiver)
    try:
        switch.dpis.beat(3000, host='192.168.1.200', source='192.168.1.2', size=0)
        data, source = received.recvfrom(100)
        assert (data, source[0]) == (b'', '192.168.1.2')

        switch.dpis.steady(3000, host='192.168.1.200', interval=5)
        last = [received.recv(100) for _ in range(5)]
        assert last == [b'x' * 9] * 5

        silent = switch.dpis.silence(3000, host='192.168.1.200')
        received.settimeout(0.1)
        with pytest.raises(compat.SYSTEM_ERRORS):
            while clock.monotonic() < silent + 5:
                received.recv(100)
    finally:
        received.close()


def test_the_sender_knows_when_it_really_sent(switch):
    switch.dpis.steady(3000, host='192.168.1.200', interval=5)
    silent = switch.dpis.silence(3000, host='192.168.1.200')
    switch.dpis.gap(3000, host='192.168.1.200')
    helpers.wait_for(lambda: clock.monotonic() > silent + 0.1)
    again = switch.dpis.beat(3000, host='192.168.1.200')

    assert again - silent <= switch.dpis.gap(3000, host='192.168.1.200')
    assert switch.dpis.gap(3000, host='192.168.1.200') <= clock.monotonic() - again


def _receiver():
    import socket
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('192.168.1.200', 3000))
    sock.settimeout(5)
    return sock


def test_a_namespace_goes_with_those_who_are_in_it(network_namespaces):
    made = Namespace('busy')
    child = made.begin('monitor', 'link')
    try:
        helpers.wait_for(lambda: str(child.pid) in ip('netns', 'pids', made.name).split())
    finally:
        made.close()

    assert child.wait() == -signal.SIGKILL
