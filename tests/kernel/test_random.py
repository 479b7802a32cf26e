import random

import pytest

from kernel.daemon import settled
from kernel.world import CARD, HOST, PORTS, World, assert_status, random_file, text

STEPS = 25

# A node is known by its UDP port.
NODES = range(3000, 3005)


class Driver(object):
    """Does the same to the real switch and to the World."""

    def __init__(self, source, switch, daemon):
        self.source, self.switch, self.daemon = source, switch, daemon
        self.world = World()
        self.world.file = random_file(source)
        # (host, port) that is sent to.
        self._beating = set()

    def start(self):
        """Something of somebody else's is there already."""
        for _ in range(3):
            self.change_by_hand()
        self.world.alive = set(NODES)
        self._beat()
        self.daemon.start(text(self.world.file))

    def step(self):
        """One thing that may happen; its name."""
        deed = self.source.choice([self.some_nodes_die, self.some_nodes_return, self.change_by_hand,
                                   self.remake_port, self.reload, self.restart])
        deed()
        return deed.__name__

    # Not both at once: what would be in between depends on which of them is noticed first.

    def some_nodes_die(self):
        """They send no more heartbeats."""
        self.world.alive -= self._some_nodes()
        self._silence_others()

    def some_nodes_return(self):
        """They send heartbeats again."""
        self.world.alive |= self._some_nodes()
        self._beat()

    def _some_nodes(self):
        return set(port for port in NODES if self.source.random() < 0.5)

    def _sending(self):
        """(host, port) of the listeners that the living nodes send to."""
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
        """Somebody sets a port up or down, or adds or deletes the address of a card or of listeners."""
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
        """A port is deleted and made anew, as an up one."""
        port = self.source.choice(PORTS)
        self.switch.recreate(port)
        self.world.recreated(port)

    def reload(self):
        """Another file."""
        self.world.file = random_file(self.source)
        self._beat()
        assert 'loaded again' in self.daemon.reload(text(self.world.file))
        self._silence_others()

    def restart(self):
        """kill -9, and something that happens until the next start."""
        self.daemon.kill()
        self.source.choice([self.some_nodes_die, self.some_nodes_return, self.change_by_hand])()
        self.daemon.start()

    def compare(self):
        """Kernel, status and World agree, at the latest after a while."""
        self.world.rest()
        world = self.world
        self.daemon.wait(lambda status: self.seen(status) == (world.verdict.state, world.states(), world.addresses,
                                                              world.down) and settled(status))
        assert_status(self.daemon.status(), world)

    def seen(self, status):
        """What the daemon says of itself and what the kernel says of the network."""
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
