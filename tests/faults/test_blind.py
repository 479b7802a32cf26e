"""The switch loses the link through which it hears the nodes: it says so, and decides as it does without heartbeats."""
import pytest

from fbmon.network.blindness import MAY_BE
from kernel import files

# Both nodes are heard in the last second before the link goes, even on a busy machine.
CONFIG = files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=1000')


def blind(status):
    """[The problems that say that the switch itself may be blind]."""
    return [line for line in status['problems'] if MAY_BE in line]


@pytest.mark.parametrize('where, name, words', [
    ('outside', 'far-eth0', 'interface eth0 has no carrier'), ('switch', 'eth0', 'interface eth0 is down')])
def test_a_switch_whose_own_link_is_lost_says_so_until_it_is_back(switch, daemon, dpis, where, name, words):
    place = switch if where == 'switch' else switch.outside
    dpis.steady(3000, 3100)
    daemon.start(CONFIG)
    assert blind(daemon.wait_state('normal')) == []

    place.ip('link', 'set', name, 'down')
    shown = daemon.wait(blind)
    assert blind(shown)[0].startswith('listeners 0-1 failed together: %s%s (' % (MAY_BE, words))
    daemon.wait_state('bypass')
    failures = [one['why'] for one in shown['history'] if one['kind'] == 'listener' and one['to'] == 'failed']
    assert failures[-1].startswith('no heartbeat for 1000 ms; %s%s (' % (MAY_BE, words))
    assert '%s%s (' % (MAY_BE, words) in daemon.log()

    place.ip('link', 'set', name, 'up')
    daemon.wait(lambda status: not blind(status))
    daemon.wait_state('normal')
