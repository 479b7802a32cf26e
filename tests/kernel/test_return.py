"""The return from a bypass on the real kernel. The cards' pings show it."""
import pytest

import clock
import helpers
from kernel import files

CARD = '192.168.1.211'


def returns(**keys):
    """SMALL with further keys: BYPASS_RETURN_KEY for each KEY, and BYPASS_RETURN itself for HOW."""
    return files.SMALL + ''.join('BYPASS_RETURN%s=%s\n' % ('_' + key if key != 'HOW' else '', value)
                                 for key, value in keys.items())


@pytest.fixture
def bypassed(switch, daemon, dpis):
    """begin(text): starts the daemon with this file. It is in bypass, and the node of listener 1 is back."""
    def begin(text):
        dpis.steady(3000, 3100, interval=50)
        daemon.start(text)
        daemon.wait_state('normal')
        fail(switch, daemon)
        dpis.steady(3100, interval=50)
        return daemon
    return begin


def fail(switch, daemon):
    """Let the node of listener 1 fail."""
    switch.dpis.silence(3100)
    daemon.wait_listener(1, 'failed')
    daemon.wait_state('bypass')
    switch.card.until_silent(CARD)


def waits(daemon, what):
    """Wait until the return waits for `what`. Returns that status."""
    return daemon.wait(lambda status: status['return'] and status['return']['waits_for'] == what)


def test_a_return_comes_when_its_delay_is_over_and_an_outage_meanwhile_begins_it_anew(switch, bypassed):
    daemon = bypassed(returns(DELAY=1500))
    first = waits(daemon, 'delay')
    assert first['state'] == 'bypass' and 0 < first['return']['left_s'] <= 1.5
    fail(switch, daemon)
    assert daemon.status()['return'] is None
    began = clock.monotonic()
    switch.dpis.steady(3100, interval=50)

    answered = switch.card.until_answered(CARD)
    assert answered - began >= 1.5
    assert daemon.wait_state('normal')['return'] is None
    assert switch.ports() == files.PORTS_NORMAL


def test_flapping_doubles_the_delay_to_its_most(switch, bypassed):
    daemon = bypassed(returns(DELAY=400, DELAY_MAX=1000))
    delays = []
    for _ in range(4):
        delays.append(waits(daemon, 'delay')['return'])
        switch.card.until_answered(CARD)
        daemon.wait_state('normal')
        fail(switch, daemon)
        switch.dpis.steady(3100, interval=50)

    lengths = [delay['since_s'] + delay['left_s'] for delay in delays]
    assert lengths == pytest.approx([0.4, 0.8, 1.0, 1.0], abs=0.01)


def test_a_manual_return_waits_for_its_command_which_is_refused_while_the_rules_say_bypass(switch, bypassed):
    daemon = bypassed(returns(HOW='manual'))
    waits(daemon, 'operator')
    fail(switch, daemon)

    assert daemon.command('return') == (
        1, '', 'return: refused: the rules say bypass: not enough nodes are active\n')
    switch.dpis.steady(3100, interval=50)
    waits(daemon, 'operator')
    assert not switch.card.answers(CARD)
    code, said, wrong = daemon.command('return')
    assert (code, said, wrong) == (0, 'returned to normal\n', '')
    switch.card.until_answered(CARD)
    why = [one['why'] for one in daemon.wait_state('normal')['history'] if one['to'] == 'normal']
    assert why[-1].startswith('fbypass_ctl return by ')
    assert daemon.command('return')[:2] == (1, '')


def test_the_cards_come_back_when_all_ports_have_had_carrier_without_a_break(switch, bypassed):
    switch.outside.ip('link', 'set', 'far-sw1', 'down')
    daemon = bypassed(returns(CARRIER=1000))
    # The other ports have to come up first.
    daemon.wait(lambda status: status['return'] and status['return']['ports'] == ['sw1'])
    helpers.wait_for(lambda: switch.ports() == files.PORTS_NORMAL)
    assert not switch.card.answers(CARD)

    switch.outside.ip('link', 'set', 'far-sw1', 'up')
    daemon.wait(lambda status: status['return'] and status['return']['left_s'] is not None)
    switch.outside.ip('link', 'set', 'far-sw1', 'down')
    daemon.wait(lambda status: status['return'] and status['return']['ports'] == ['sw1'])
    began = clock.monotonic()
    switch.outside.ip('link', 'set', 'far-sw1', 'up')

    assert switch.card.until_answered(CARD) - began >= 1.0
    daemon.wait_state('normal')


@pytest.mark.parametrize('end', ['stop', 'kill'])
def test_a_daemon_that_ends_in_bypass_goes_on_waiting_when_it_is_back(switch, bypassed, end):
    daemon = bypassed(returns(HOW='manual'))
    waits(daemon, 'operator')
    getattr(daemon, end)()
    daemon.start()

    waits(daemon, 'operator')
    assert not switch.card.answers(CARD)
    assert daemon.status()['state'] == 'bypass'
    assert daemon.command('return')[0] == 0
    switch.card.until_answered(CARD)


def test_a_reload_during_the_wait_neither_ends_it_nor_loses_it(switch, bypassed):
    text = returns(HOW='manual')
    daemon = bypassed(text)
    waits(daemon, 'operator')
    daemon.reload(text + 'LOG_LEVEL=DEBUG\n')
    waits(daemon, 'operator')
    assert not switch.card.answers(CARD)

    daemon.reload(files.SMALL)
    switch.card.until_answered(CARD)
    daemon.wait_state('normal')


def test_what_is_not_a_bypass_waits_for_nothing(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    watch = switch.watch()
    daemon.reload(returns(HOW='manual', DELAY=60000))
    daemon.stop()
    daemon.start()

    daemon.wait_state('normal')
    assert [text for text in watch.take() if not text.startswith('+')] == []


def test_after_force_off_a_start_has_no_bypass_to_return_from(switch, bypassed):
    daemon = bypassed(returns(HOW='manual'))
    waits(daemon, 'operator')
    daemon.stop()
    assert daemon.command('force_off')[0] == 0

    daemon.start()
    daemon.wait_state('normal')
    assert switch.card.answers(CARD, helpers.LIMIT)
