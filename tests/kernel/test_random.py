import random

import pytest

from kernel.daemon import settled
from kernel.world import CARD, HOST, PORTS, World, assert_status, random_file, text

STEPS = 25

# The tests know a node by its UDP port.
NODES = range(3000, 3005)


class Driver(object):
    """Does the same to the real switch and to the World."""

    def __init__(self, source, switch, daemon):
        self.source, self.switch, self.daemon = source, switch, daemon
        self.world = World()
        self.world.file = random_file(source)
        # The (host, port) to which heartbeats are sent.
        self._beating = set()

    def start(self):
        """Start the daemon on a network that somebody else has changed before."""
        for _ in range(3):
            self.change_by_hand()
        self.world.alive = set(NODES)
        self._beat()
        self.daemon.start(text(self.world.file))

    def step(self):
        """Let one thing happen, and return its name."""
        deed = self.source.choice([self.some_nodes_die, self.some_nodes_return, self.change_by_hand,
                                   self.remake_port, self.reload, self.restart])
        deed()
        return deed.__name__

    # Nodes never die and return in one step: the result would depend on what the daemon notices first.

    def some_nodes_die(self):
        """Some nodes send no more heartbeats."""
        self.world.alive -= self._some_nodes()
        self._silence_others()

    def some_nodes_return(self):
        """Some nodes send heartbeats again."""
        self.world.alive |= self._some_nodes()
        self._beat()

    def _some_nodes(self):
        return set(port for port in NODES if self.source.random() < 0.5)

    def _sending(self):
        """{(host, port), ...} of the listeners to which the living nodes send."""
        return set((node.host, node.port) for node in self.world.file.nodes if node.port in self.world.alive)

    def _beat(self):
        for host, port in self._sending() - self._beating:
            self.switch.dpis.steady(port, host=host)
            self._beating.add((host, port))

    def _silence_others(self):
        for host, port in self._beating - self._sending():
            self.switch.dpis.silence(port, host=host)
            self._beating.remove((host, port))

    def change_by_hand(self):
        """Somebody brings a port up or down, or adds or removes the address of a card or of listeners."""
        if self.source.random() < 0.5:
            port = self.source.choice(PORTS)
            self.switch.ip('link', 'set', port, 'up' if port in self.world.down else 'down')
            self.world.down ^= set([port])
        else:
            address = self.source.choice([CARD % 1, CARD % 2, CARD % 3, HOST % 2, HOST % 3])
            address += self.source.choice(('/32', '/24'))
            there = ('eth0', address) in self.world.addresses
            self.switch.ip('addr', 'del' if there else 'add', address, 'dev', 'eth0')
            self.world.addresses ^= set([('eth0', address)])

    def remake_port(self):
        """Somebody deletes a port and makes it anew. It is up."""
        port = self.source.choice(PORTS)
        self.switch.recreate(port)
        self.world.recreated(port)

    def reload(self):
        """Reload another file."""
        self.world.file = random_file(self.source)
        self._beat()
        assert 'loaded again' in self.daemon.reload(text(self.world.file))
        self._silence_others()

    def restart(self):
        """kill -9, then something happens, then the next start."""
        self.daemon.kill()
        self.source.choice([self.some_nodes_die, self.some_nodes_return, self.change_by_hand])()
        self.daemon.start()

    def compare(self):
        """Wait until kernel, status and World agree."""
        self.world.rest()
        world = self.world
        self.daemon.wait(lambda status: self.seen(status) == (world.verdict.state, world.states(), world.addresses,
                                                              world.down) and settled(status))
        assert_status(self.daemon.status(), world)

    def seen(self, status):
        """(global state, {index: local state}, addresses, ports that are down), from the daemon and from the kernel."""
        return (status['state'], dict((row['index'], row['state']) for row in status['listeners'])) + \
            self.switch.network()


@pytest.mark.parametrize('seed', [1, 2, 3])
def test_kernel_status_and_model_agree_after_every_step_of_a_random_life(switch, daemon, seed, figure):
    driver = Driver(random.Random(seed), switch, daemon)
    steps = []
    driver.start()
    driver.compare()
    states = []
    for _ in range(STEPS):
        steps.append(driver.step())
        try:
            driver.compare()
        except AssertionError as error:
            raise AssertionError('seed %d after %s: should be %s\n%s' % (
                seed, steps, (driver.world.verdict, driver.world.addresses, driver.world.down), error))
        states.append(driver.world.verdict.state)
    figure('random life %d: %d steps, %d of them ended in bypass' % (seed, STEPS, states.count('bypass')))
