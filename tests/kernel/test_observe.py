"""OBSERVE=1 on the real kernel: everything is watched and told, and nothing is changed."""
import os

import pytest

import helpers
from kernel import files
from kernel.namespace import IP

OBSERVES = files.SMALL + 'OBSERVE=1\n'


@pytest.fixture
def calls(daemon, tmp_path):
    """calls(): the arguments of each `ip` that the daemon has started."""
    place = tmp_path / 'bin'
    place.mkdir()
    told = str(tmp_path / 'calls')
    helpers.write_program(str(place / 'ip'), 'echo "$*" >> %s\nexec %s "$@"\n' % (told, IP))
    daemon.path = '%s:%s' % (place, os.environ['PATH'])
    return lambda: helpers.read(told).splitlines()


def changes(calls):
    """Those that change something, or could."""
    return [call for call in calls() if ' monitor ' not in ' %s ' % call and ' show' not in call
            and call not in ('-o addr', '-o link', '-o -0 addr')]


def promoting(switch):
    """promote_secondaries of eth0."""
    return switch.run('cat', '/proc/sys/net/ipv4/conf/eth0/promote_secondaries').strip()


def test_nothing_is_changed_in_normal_and_bypass_and_what_would_be_is_told(switch, daemon, dpis, calls):
    switch.batch('addr add 192.168.1.202/32 dev eth0', 'addr add 192.168.1.211/32 dev eth0')
    before = promoting(switch)
    watch = switch.watch()
    dpis.steady(3000, 3100)
    daemon.start(OBSERVES)
    daemon.wait(lambda status: status['state'] == 'normal')
    dpis.silence(3100)
    daemon.wait(lambda status: status['state'] == 'bypass')
    daemon.wait_log('card 192.168.1.211: present -> absent: would be: global state bypass')
    daemon.wait_log('port sw2: up -> down: would be: listener 1 failed')
    daemon.stop()
    daemon.start()
    daemon.stop()

    assert watch.take() == []
    assert (changes(calls), promoting(switch)) == ([], before)


def test_a_reload_that_ends_it_acts_at_once_and_one_that_begins_it_changes_nothing_any_more(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL + 'BYPASS_CARD_LEASE=2000\n')
    daemon.wait_state('normal')
    daemon.reload(OBSERVES + 'BYPASS_CARD_LEASE=2000\n')
    helpers.wait_for(lambda: 'forever' in switch.ip('-o', 'addr', 'show', 'to', '192.168.1.211/32'))
    watch = switch.watch()
    dpis.silence(3100)
    daemon.wait(lambda status: status['state'] == 'bypass')
    assert daemon.command('status')[1].startswith('OBSERVES ONLY: nothing is changed')
    assert watch.take() == []

    daemon.reload(files.SMALL)
    daemon.wait_state('bypass')
    assert (switch.cards(), switch.ports()) == ([], files.PORTS_BYPASS)
