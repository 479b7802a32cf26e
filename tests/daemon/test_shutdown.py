"""shutdown.py: whether the whole system is going down, and what the last step does then."""
import os

import pytest

import clock
import helpers
from fbmon.daemon import shutdown
from fbmon.daemon.controller import Stop
from fbmon.rules.states import ACTIVE, BYPASS, NORMAL
from settings import card, config, listener
from test_controller import CARD, DELETE, HOST, World


@pytest.fixture
def systemctl(tmp_path, monkeypatch):
    """says(script): the systemctl that is found, on a system that systemd has booted."""
    def says(script):
        helpers.write_program(str(tmp_path / 'systemctl'), script)
        monkeypatch.setenv('PATH', '%s:%s' % (tmp_path, os.environ['PATH']))
        monkeypatch.setattr(shutdown, 'BOOTED', str(tmp_path))
    return says


@pytest.mark.parametrize('script, answer', [
    ('echo stopping; exit 1\n', True), ('printf stopping; exit 1\n', True), ('echo running\n', False),
    ('echo maintenance; exit 1\n', False), ('exit 1\n', False), ('echo Failed to connect to bus >&2; exit 1\n', False),
    ('[ "$1" = is-system-running ] && echo stopping\n', True)])
def test_it_is_what_systemctl_says(systemctl, script, answer):
    systemctl(script)

    assert shutdown.going_down() is answer


def test_a_systemctl_that_hangs_is_waited_for_no_longer_than_the_limit(systemctl):
    systemctl('exec sleep 60\n')
    began = clock.monotonic()

    assert shutdown.going_down(0.2) is False
    assert 0.2 <= clock.monotonic() - began < 10


def test_nobody_is_asked_where_systemd_did_not_start_the_system(systemctl, monkeypatch, tmp_path):
    systemctl('echo stopping; touch %s/asked\n' % tmp_path)
    monkeypatch.setattr(shutdown, 'BOOTED', str(tmp_path / 'nowhere'))

    assert shutdown.going_down() is False
    assert not (tmp_path / 'asked').exists()


def test_without_a_systemctl_it_is_not_known(monkeypatch, tmp_path):
    monkeypatch.setattr(shutdown, 'BOOTED', str(tmp_path))
    monkeypatch.setenv('PATH', str(tmp_path))

    assert shutdown.going_down() is False


# --- the last step ---

@pytest.fixture
def stopped(monkeypatch):
    """stopped(down, ...): (commands of the stop, the switch); down: whether the system is going down."""
    def stop(down, **fields):
        monkeypatch.setattr(shutdown, 'going_down', lambda: down)
        switch = World(config([listener(0)], [card(0)], ports=('sw0',), **fields), monkeypatch, HOST, CARD)
        switch.report(0, ACTIVE)
        return switch.turn(Stop()), switch
    return stop


def test_when_the_system_goes_down_the_cards_addresses_go_and_the_history_says_why(stopped):
    commands, switch = stopped(True)

    assert commands == [DELETE]
    assert switch.history.transitions[-1][1:6] == ('global', 'state', NORMAL, BYPASS, 'the system is going down')


def test_leases_are_ended_before_systemctl_is_asked_which_may_be_on_a_disk_that_hangs(monkeypatch):
    asked = []
    switch = World(config([listener(0)], [card(0)], lease=5000), monkeypatch, HOST, CARD)
    monkeypatch.setattr(shutdown, 'going_down', lambda: asked.append(sum(switch.batch.ran, [])) or True)
    switch.report(0, ACTIVE)
    switch.seen(CARD + ' valid_lft 5sec')

    forever = 'addr change 10.0.1.0/32 dev eth0 valid_lft forever preferred_lft forever'
    assert switch.turn(Stop()) == [forever, DELETE]
    assert asked == [[forever]]


@pytest.mark.parametrize('down, fields', [(False, {}), (True, {'on_shutdown': False}), (True, {'observe': True})])
def test_otherwise_a_stop_leaves_them(stopped, down, fields):
    commands, switch = stopped(down, **fields)

    assert (commands, switch.controller.decision.state) == ([], NORMAL)
