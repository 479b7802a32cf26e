"""A listener at a link-local address hears one interface only. If that is made anew, it hears the new one."""
import socket

import pytest

import helpers
from kernel.daemon import listener
from kernel.namespace import Namespace

HOST, SENDER = 'fe80::202', 'fe80::1/64'

ONE = '''LISTEN_HEARTBEAT_IFS=eth0
LISTEN_HB_HOST[0]=fe80::202/64
LISTEN_HB_PORT[0]=3000
LISTEN_HEARTBEAT_TIMEOUT=60000
'''


@pytest.fixture(autouse=True)
def ipv6(switch):
    """The sender's link-local address at the other end of eth0."""
    helpers.require(helpers.has_ipv6(), 'needs IPv6')
    switch.outside.ip('addr', 'add', SENDER, 'dev', 'far-eth0', 'nodad')


def send(switch, far):
    """Send one heartbeat from an interface outside, if that is possible now."""
    link = switch.outside.link(far)
    sock = switch.outside.inside(socket.socket, socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sock.sendto(b'x', (HOST, 3000, 0, link.index))
    except EnvironmentError:
        # The sender's own address may not be there yet.
        pass
    finally:
        sock.close()


def hears(switch, daemon, far='far-eth0'):
    """Send heartbeats until the listener hears one more. Returns its row then."""
    before = listener(daemon.status(), 0)['received']

    def heard():
        send(switch, far)
        row = listener(daemon.status(), 0)
        return row if row['received'] > before else None
    return helpers.wait_for(heard)


@pytest.fixture
def active(switch, daemon):
    """The daemon after its listener has heard a heartbeat."""
    daemon.start(ONE)
    daemon.wait_listener(0, 'unknown')
    hears(switch, daemon)
    return daemon


def recreated(switch):
    switch.recreate('eth0')


def moved_away_and_back(switch):
    # If another interface has its index meanwhile, it comes back with another one.
    index = str(switch.link('eth0').index)
    switch.ip('link', 'set', 'eth0', 'netns', switch.outside.name)
    switch.ip('link', 'add', 'taker', 'index', index, 'type', 'bridge')
    switch.outside.ip('link', 'set', 'eth0', 'netns', switch.name)
    switch.ip('link', 'set', 'eth0', 'up')
    assert switch.link('eth0').index != int(index)


def moved_away_and_back_with_its_number(switch):
    index, third = switch.link('eth0').index, Namespace('third')
    try:
        switch.ip('link', 'set', 'eth0', 'netns', third.name)
        third.ip('link', 'set', 'eth0', 'netns', switch.name)
    finally:
        third.close()
    switch.ip('link', 'set', 'eth0', 'up')
    assert switch.link('eth0').index == index


@pytest.mark.parametrize('deed', [recreated, moved_away_and_back, moved_away_and_back_with_its_number])
def test_it_hears_the_interface_that_was_made_anew_and_keeps_state_and_counters(switch, active, deed):
    before = listener(active.status(), 0)['received']

    deed(switch)

    row = hears(switch, active)
    assert (row['state'], row['error'], row['received'] > before) == ('active', None, True)
    assert [one for one in active.status()['history'] if one['kind'] == 'listener' and one['to'] == 'failed'] == []


def test_it_hears_a_bridge_that_was_made_anew(switch, daemon):
    def bridge():
        switch.batch('link add br0 type bridge', 'link set br0 addrgenmode none', 'link set br0 up',
                     'link set eth0 master br0')
    bridge()
    daemon.start(ONE.replace('eth0', 'br0'))
    daemon.wait_listener(0, 'unknown')
    hears(switch, daemon)

    switch.ip('link', 'del', 'br0')
    bridge()

    assert hears(switch, daemon)['state'] == 'active'


def test_it_hears_the_interface_that_has_taken_the_name(switch, active):
    switch.outside.ip('addr', 'add', SENDER, 'dev', 'far-sw3', 'nodad')

    switch.batch('link set eth0 down', 'link set eth0 name away', 'link set sw3 down', 'link set sw3 name eth0',
                 'link set eth0 up')

    assert hears(switch, active, 'far-sw3')['state'] == 'active'


def test_while_its_address_cannot_be_there_it_says_why_and_then_hears_again(switch, active):
    switch.set('ipv6/conf/default/disable_ipv6', '1')
    switch.recreate('eth0', lambda: switch.outside.set('ipv6/conf/default/disable_ipv6', '0'))

    shown = active.wait(lambda status: 'hears nothing' in (listener(status, 0)['error'] or ''))
    assert 'listener 0 ' + listener(shown, 0)['error'] in shown['problems']

    switch.set('ipv6/conf/eth0/disable_ipv6', '0')
    switch.ip('addr', 'add', 'fd00::200/64', 'dev', 'eth0', 'nodad')
    assert hears(switch, active)['error'] is None
    active.wait(lambda status: 'hears nothing' not in ' '.join(status['problems']))
