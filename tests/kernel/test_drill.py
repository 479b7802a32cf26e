"""drill on the real kernel, by the real command. The cards' pings show that there is a bypass, and that it ends."""
import fcntl
import os
import signal
import termios

import pytest

import helpers
from kernel import files

CARD = '192.168.1.211'

# No node fails unless it is silent for long, and no drill is over before a test ends it.
CALM = files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=2000')
LONG = '600'

THERE = ['override: off -> bypass by alice', 'state: normal -> bypass', 'card 0 192.168.1.211: present -> absent',
         'card 1 192.168.1.212: present -> absent', 'port sw0: up -> down']
BACK = ['override: bypass by alice -> off', 'state: bypass -> normal', 'card 0 192.168.1.211: absent -> present',
        'card 1 192.168.1.212: absent -> present', 'port sw0: down -> up']


@pytest.fixture(autouse=True)
def alice(monkeypatch):
    """Who gives the orders."""
    monkeypatch.setenv('SUDO_USER', 'alice')


@pytest.fixture
def calm(daemon, dpis):
    """begin(text): starts the daemon with this file, in normal."""
    def begin(text=CALM):
        dpis.steady(3000, 3100, interval=50)
        daemon.start(text)
        daemon.wait_state('normal')
        return daemon
    return begin


@pytest.fixture
def begin(switch, daemon):
    """begin(words): a drill that has begun, as the Popen. A long one is on, and the card goes unanswered."""
    made = []

    def start(*words, **options):
        options.setdefault('preexec_fn', helpers.in_a_terminal)
        made.append(daemon.begin('drill', *words, **options))
        daemon.wait(lambda status: any((one['kind'], one['to']) == ('operator', 'bypass') for one in status['history']))
        if LONG in words:
            switch.card.until_silent(CARD)
        return made[-1]
    yield start
    for child in made:
        if child.poll() is None:
            child.kill()
            child.communicate()


def end(child):
    """(exit code, [its lines without the times], stderr) when it has ended by itself."""
    code, output, errors = helpers.finish(child, 2 * helpers.LIMIT)
    return code, [line.partition(' s  ')[2] or line for line in output.splitlines()], errors


def test_a_drill_shows_all_that_happens_and_ends_by_itself(switch, calm, begin):
    daemon = calm()
    code, lines, errors = end(begin('2', '--reason', 'each month'))

    assert (code, errors) == (0, '')
    assert lines[0].startswith('drill: override bypass until ') and lines[0].endswith('; the state is bypass')
    # What is seen in one look has an order; the looks may fall between two reports of the kernel.
    assert sorted(lines[1:-1]) == sorted(THERE + BACK) and lines[-1] == 'all came back'
    assert switch.card.until_answered(CARD) and switch.ports() == files.PORTS_NORMAL
    assert [one['why'].endswith(': drill: each month') for one in daemon.status()['history']
            if (one['kind'], one['to']) == ('operator', 'bypass')] == [True]


@pytest.mark.parametrize('number, name', [(signal.SIGINT, 'Ctrl-C'), (signal.SIGTERM, 'SIGTERM')])
def test_a_signal_ends_a_drill_at_once(switch, calm, begin, number, name):
    calm()
    child = begin(LONG)
    child.send_signal(number)

    code, lines, errors = end(child)
    assert (code, errors, lines[-1]) == (0, '', 'all came back') and 'ended by ' + name in lines
    switch.card.until_answered(CARD)


def test_a_terminal_that_is_closed_ends_a_drill(switch, calm, begin):
    daemon = calm()
    master, slave = os.openpty()

    def terminal():
        helpers.in_a_terminal()
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    child = begin(LONG, stdin=slave, stdout=slave, stderr=slave, preexec_fn=terminal)
    os.close(slave)
    os.close(master)

    switch.card.until_answered(CARD)
    helpers.wait_for(lambda: child.poll() is not None)
    assert (child.returncode, daemon.status()['override']) == (0, None)


def test_a_drill_goes_on_without_its_terminal_if_it_was_told_so(calm, begin):
    calm()
    child = begin('2', preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    child.send_signal(signal.SIGHUP)

    code, lines, errors = end(child)
    assert (code, lines[-1], errors) == (0, 'all came back', '') and 'ended by SIGHUP' not in lines


def test_a_drill_whose_command_was_killed_ends_at_its_time(switch, calm, begin):
    daemon = calm()
    begin('2').kill()

    switch.card.until_answered(CARD)
    assert daemon.wait_state('normal')['override'] is None


def test_a_node_that_dies_during_a_drill_is_what_did_not_come_back(switch, calm, begin, dpis):
    daemon = calm()
    child = begin(LONG)
    dpis.silence(3100)
    daemon.wait_listener(1, 'failed')
    child.send_signal(signal.SIGINT)

    code, lines, errors = end(child)
    assert (code, errors.splitlines()) == (1, ['drill: ' + what + ' before the drill' for what in (
        'node 1 is failed, and was active', 'state is bypass, and was normal',
        'card 0 192.168.1.211 is absent, and was present', 'card 1 192.168.1.212 is absent, and was present',
        'port sw0 is down, and was up', 'port sw2 is down, and was up')])
    assert 'node 1: active -> failed' in lines and daemon.status()['override'] is None
    switch.card.until_silent(CARD)


def test_a_second_drill_is_refused_and_the_first_one_goes_on(calm, begin):
    daemon = calm()
    first = begin(LONG)
    until = daemon.status()['override']['until']

    assert daemon.command('drill', '1') == (1, '', 'drill: refused: a drill by alice is on\n')
    assert daemon.status()['override']['until'] == until
    first.send_signal(signal.SIGINT)
    assert end(first)[0] == 0


def test_a_drill_is_over_when_somebody_else_orders_something_and_that_stays(switch, calm, begin):
    daemon = calm()
    child = begin(LONG)
    assert daemon.command('override', 'bypass')[0] == 0

    code, _, errors = end(child)
    assert code == 1 and 'drill: override is bypass by alice, and was off before the drill' in errors
    assert daemon.status()['override']['reason'] == ''
    switch.card.until_silent(CARD)


def test_a_drill_goes_on_over_a_crash_of_the_daemon(switch, calm, begin):
    daemon = calm()
    child = begin('3')
    daemon.kill()
    daemon.start()

    code, lines, errors = end(child)
    assert (code, lines[-1], errors) == (0, 'all came back', '')
    switch.card.until_answered(CARD)


def refused(daemon):
    """Why a drill is refused. Nothing has happened then."""
    code, output, errors = daemon.command('drill', '1')
    assert (code, output, daemon.status()['override']) == (1, '', None)
    assert [one for one in daemon.status()['history'] if one['kind'] == 'operator'] == []
    return errors.partition('drill: refused: ')[2]


def test_a_drill_that_would_not_be_clean_is_refused(calm, dpis):
    daemon = calm(CALM.replace('FAILED=1', 'FAILED=2').replace('=2000', '=1000') + 'BYPASS_RETURN=manual\n')
    dpis.silence(3100)
    daemon.wait_listener(1, 'failed')
    daemon.wait_state('normal')
    assert refused(daemon) == 'failed: node 1\n'

    dpis.silence(3000)
    daemon.wait_state('bypass')
    assert refused(daemon) == 'failed: node 0, 1\n'
    dpis.steady(3000, 3100, interval=50)
    daemon.wait(lambda status: status['return'] and status['return']['waits_for'] == 'operator')
    assert refused(daemon) == 'the state is bypass, not normal\n'


def test_a_drill_of_a_card_that_is_not_there_is_refused(daemon, dpis):
    dpis.steady(3000, 3100, interval=50)
    daemon.start(CALM + 'BYPASS_CARD_IFS[1]=gone\n')
    daemon.wait(lambda status: status['cards'][0]['actual'] == 'present')

    assert refused(daemon) == 'card 1 192.168.1.212 is missing\n'


def test_without_a_daemon_there_is_no_drill(daemon):
    code, output, errors = daemon.command('drill')

    assert (code, output) == (3, '') and errors.startswith('fastbypass_monitor is not running (')
