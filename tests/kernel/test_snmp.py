"""A whole daemon behind Debian's snmpd: what a walk says while nodes and the daemon itself come and go."""
import pytest

import agents
import helpers
from kernel import files

CONFIG = files.THREE.replace('FAILED=1', 'FAILED=2').replace('TIMEOUT=300', 'TIMEOUT=1000') + 'LISTEN_CUBRO_IFS=sw0\n'


@pytest.fixture
def agent(daemon, tmp_path):
    """snmpd with `fbmon.py snmp` for this daemon."""
    (tmp_path / 'agent').mkdir()
    made = agents.Agent(tmp_path / 'agent', agents.answerer(daemon.run_dir))
    yield made
    made.close()


def until(agent, *lines):
    """Wait until a walk has all these lines, like 'State.0 normal'. Returns the names in it."""
    found = []

    def looks():
        found[:] = agent.walk()
        return set(lines) <= set('%s %s' % (name[len('fastbypass'):], value) for name, value in found)
    helpers.wait_for(looks, agents.LIMIT)
    return [name for name, _ in found]


def test_a_walk_says_what_the_daemon_does(agent, daemon, dpis):
    dpis.steady(3000, 3100, 3200)
    daemon.start(CONFIG)
    until(agent, 'State.0 normal', 'ActiveNodes.0 3', 'FailedNodes.0 0', 'CardActual.0 present', 'PortActual."sw1" up')

    dpis.silence(3000)
    until(agent, 'State.0 normal', 'FailedNodes.0 1', 'NodeState.0 failed', 'NodeState.1 active',
          'PortActual."sw1" down')

    dpis.silence(3100)
    until(agent, 'State.0 bypass', 'FailedNodes.0 2', 'CardWanted.1 absent', 'CardActual.1 absent',
          'PortActual."sw0" down')

    daemon.stop()
    assert until(agent, 'State.0 notRunning') == ['fastbypassState.0', 'fastbypassForced.0', 'fastbypassNoAnswer.0']
    dpis.steady(3000, 3100, 3200)
    daemon.start()
    until(agent, 'State.0 normal', 'ActiveNodes.0 3')
