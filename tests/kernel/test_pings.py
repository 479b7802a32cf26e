"""The cards' pings on the real kernel: seen, silent, seen again. It decides nothing."""
import os
import subprocess

import pytest

import clock
import helpers
from kernel import files
from kernel.daemon import card, problems

PING = helpers.program('ping')

FOUR, SIX = '192.168.1.211', 'fd00::212'

# ms. A card of the tests pings every 100 ms.
TIMEOUT = 5000
KEY = 'BYPASS_CARD_PING_TIMEOUT=%d\n' % TIMEOUT
# Silence counts only while the address is there. So no node may be late, even on a busy machine.
WATCHED = files.SIX.replace('HOST[1]=fd00::202', 'HOST[1]=192.168.1.202').replace('TIMEOUT=300', 'TIMEOUT=3000') + KEY


class Pinger(object):
    """Real pings from outside the switch."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._children = {}

    def begin(self, *addresses):
        """Ping these from now on, whether they answer or not."""
        for address in addresses:
            words = [PING, '-n', '-q', '-i', '0.1', address]
            with open(os.devnull, 'w') as null:
                self._children[address] = subprocess.Popen(
                    self._namespace.prefix() + words, stdout=null, stderr=null, close_fds=True)

    def end(self, *addresses):
        """Ping these no more."""
        for address in addresses or list(self._children):
            child = self._children.pop(address)
            child.kill()
            child.wait()


@pytest.fixture
def pinger(switch):
    made = Pinger(switch.outside)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def watched(switch, daemon, dpis):
    """The daemon with an IPv4 and an IPv6 card whose pings it watches, in normal."""
    switch.speak_ipv6()
    dpis.steady(3000, 3100)
    daemon.start(WATCHED)
    daemon.wait_state('normal')
    return daemon


def said(status):
    """[(address, from, to), ...] of what the history has of pings."""
    return [(one['name'], one['from'], one['to']) for one in status['history'] if one['kind'] == 'pings']


def wait_pings(daemon, state, *addresses):
    return daemon.wait(lambda status: all(card(status, address)['pings'] == state for address in addresses))


def raw_sockets(switch):
    """The number of raw sockets on the switch, of IPv4 and IPv6."""
    return tuple(len(switch.inside(helpers.read, '/proc/thread-self/net/' + name).splitlines()) - 1
                 for name in ('raw', 'raw6'))


def test_it_shows_when_each_card_has_pinged_last_and_how_often_a_second(watched, pinger):
    pinger.begin(FOUR, SIX)

    shown = watched.wait(lambda status: all(row['pings_total'] > 15 for row in status['cards']))

    assert [row['pings'] for row in shown['cards']] == ['seen', 'seen']
    assert all(row['last_ping_s'] * 1000 < TIMEOUT and 0 < row['ping_rate'] < 15 for row in shown['cards'])
    assert said(shown) == [] and problems(shown) == []
    text = watched.command('status')[1]
    assert 'LAST PING  A SECOND  INTERFACE' in text
    assert 'fastbypass_card_silent{address="%s",card="0",interface="eth0"} 0' % FOUR in \
        watched.command('status', '--prometheus')[1]


def test_a_card_that_pings_no_more_is_a_problem_until_its_next_ping(watched, pinger):
    pinger.begin(FOUR, SIX)
    wait_pings(watched, 'seen', FOUR, SIX)

    pinger.end(SIX)

    shown = wait_pings(watched, 'silent', SIX)
    assert said(shown) == [(SIX, 'seen', 'silent')] and card(shown, FOUR)['pings'] == 'seen'
    assert card(shown, SIX)['last_ping_s'] * 1000 >= TIMEOUT
    assert problems(shown) == ['nobody has pinged the address of card 1 for 5000 ms, and it is present: look at the '
                               'mode of the card and at the way to it']
    assert (shown['state'], card(shown, SIX)['actual']) == ('normal', 'present')
    watched.wait_log('card %s pings: seen -> silent: no ping for 5000 ms' % SIX)

    pinger.begin(SIX)
    shown = wait_pings(watched, 'seen', SIX)
    assert said(shown)[1:] == [(SIX, 'silent', 'seen')] and problems(shown) == []
    assert 'card %s pings: silent -> seen after ' % SIX in watched.command('status', '--history')[1]


def test_a_card_that_has_never_pinged_is_silent_too(watched):
    shown = wait_pings(watched, 'silent', FOUR, SIX)

    assert sorted(said(shown)) == [(FOUR, 'unknown', 'silent'), (SIX, 'unknown', 'silent')]
    assert 'nobody has pinged the address of cards 0-1 for' in ' '.join(problems(shown))


def test_silence_counts_only_while_the_address_is_there(watched, pinger, dpis):
    pinger.begin(FOUR, SIX)
    wait_pings(watched, 'seen', FOUR, SIX)

    dpis.silence(3100)
    watched.wait_state('bypass')
    shown = watched.wait(lambda status: all(row['last_ping_s'] * 1000 > 1.5 * TIMEOUT for row in status['cards']))
    assert [row['pings'] for row in shown['cards']] == ['unknown', 'unknown']
    assert said(shown) == [] and problems(shown) == []

    dpis.steady(3100)
    before = card(shown, FOUR)['pings_total'], card(shown, SIX)['pings_total']
    watched.wait_state('normal')
    shown = watched.wait(lambda status: card(status, FOUR)['pings_total'] > before[0]
                         and card(status, SIX)['pings_total'] > before[1])
    assert said(shown) == [] and problems(shown) == []


def test_it_hears_them_on_an_interface_that_was_made_anew(switch, watched, pinger):
    pinger.begin(FOUR, SIX)
    wait_pings(watched, 'seen', FOUR, SIX)

    switch.recreate('eth0')
    switch.batch('addr add %s dev eth0' % files.OWN, 'addr add fd00::200/64 dev eth0 nodad')
    before = [row['pings_total'] for row in watched.wait_state('normal')['cards']]

    watched.wait(lambda status: all(row['pings_total'] > last + 5 for row, last in zip(status['cards'], before)))


def test_a_link_local_address_is_heard_on_the_interface_that_has_it_now(switch, daemon, dpis, pinger):
    switch.speak_ipv6()
    switch.outside.ip('addr', 'add', 'fe80::1/64', 'dev', 'far-eth0', 'nodad')
    dpis.steady(3000, 3100)
    daemon.start(WATCHED.replace(SIX, 'fe80::212'))
    daemon.wait_state('normal')
    pinger.begin('fe80::212%far-eth0')
    wait_pings(daemon, 'seen', 'fe80::212')
    pinger.end()

    switch.recreate('eth0')
    before = card(daemon.wait_state('normal'), 'fe80::212')['pings_total']
    pinger.begin('fe80::212%far-eth0')

    daemon.wait(lambda status: card(status, 'fe80::212')['pings_total'] > before)


def test_without_the_key_nothing_is_opened_and_a_reload_begins_and_ends_it(switch, watched, pinger):
    pinger.begin(FOUR, SIX)
    wait_pings(watched, 'seen', FOUR, SIX)
    assert raw_sockets(switch) == (1, 1)

    watched.reload(WATCHED.replace(KEY, ''))
    helpers.wait_for(lambda: raw_sockets(switch) == (0, 0))
    shown = watched.status()
    assert [row['pings'] for row in shown['cards']] == [None, None]
    assert 'PING' not in watched.command('status')[1]

    # Of the cards of the new file one is another one.
    watched.reload(WATCHED.replace(FOUR, '192.168.1.213'))
    wait_pings(watched, 'seen', SIX)
    assert said(wait_pings(watched, 'silent', '192.168.1.213')) == [('192.168.1.213', 'unknown', 'silent')]
    assert raw_sockets(switch) == (1, 1)


def test_without_the_right_it_says_why_and_all_else_goes_on(switch, daemon, dpis, pinger):
    helpers.require(helpers.program('setpriv'), 'needs setpriv of util-linux')
    switch.speak_ipv6()
    dpis.steady(3000, 3100)
    pinger.begin(FOUR)

    daemon.start(WATCHED, wrapper=['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw'])

    daemon.wait_state('normal')
    shown = daemon.wait(lambda status: ('the pings of the cards cannot be seen: Operation not permitted '
                                        '(BYPASS_CARD_PING_TIMEOUT needs CAP_NET_RAW, which the unit gives)')
                        in status['problems'])
    assert [row['pings'] for row in shown['cards']] == [None, None]
    dpis.silence(3000)
    assert said(daemon.wait_state('bypass')) == []


def test_64_cards_ping_ten_times_a_second(switch, daemon, dpis, pinger, figure):
    addresses = ['192.168.1.%d' % number for number in range(21, 85)]
    dpis.steady(3000)
    daemon.start('LISTEN_HEARTBEAT_IFS=eth0\nBYPASS_CARD_IFS=eth0\nLISTEN_HB_HOST[0]=192.168.1.202\n'
                 'LISTEN_HB_PORT[0]=3000\nBYPASS_CARD_PING_TIMEOUT=20000\n' + ''.join(
                     'BYPASS_CARD_HOST[%d]=%s\n' % pair for pair in enumerate(addresses)))
    daemon.wait_state('normal')
    # Each look at the status costs the daemon much more than the pings of the time between.
    daemon.step = 1.0
    pinger.begin(*addresses)
    daemon.wait(lambda status: all(row['pings'] == 'seen' for row in status['cards']))
    began, used = clock.monotonic(), cpu(daemon.child.pid)

    shown = daemon.wait(lambda status: all(row['pings_total'] > 50 for row in status['cards']))

    assert problems(shown) == [] and said(shown) == []
    figure('64 cards, 640 pings/s: %.1f ms of CPU a second, the status asked for included' % (
        (cpu(daemon.child.pid) - used) * 1000 / (clock.monotonic() - began)))


def cpu(pid):
    """The seconds of CPU that a process has used."""
    fields = helpers.read('/proc/%d/stat' % pid).rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf('SC_CLK_TCK'))
