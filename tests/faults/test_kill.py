"""kill -9 at any moment: the next start makes the network as it must be, and nothing is left behind."""
import os
import random
import sys
import time

import helpers
from fbmon.memory import ledger
from fbmon.rules.items import AddressItem, PortItem
from kernel import files, model
from kernel.namespace import ip

# Each interpreter has its own moments. FBMON_SEED repeats those of another one.
KILLS = int(os.environ.get('FBMON_KILLS', '75'))
SEED = int(os.environ.get('FBMON_SEED', '%d%02d' % sys.version_info[:2]))

CARD = '192.168.1.2%d'

# ms; a node that lives sends a heartbeat every 25 ms.
TIMEOUT = 150

# Two files with different cards (by their last digits) and ports of both kinds, so that a reload releases some of them.
RULES = [model.Rules(1, range(11, 31), [model.PortList(('sw0',), True, None), model.PortList(('sw1',), True, 0),
                                        model.PortList(('sw2',), True, 1)], ()),
         model.Rules(2, range(21, 41), [model.PortList(('sw3',), True, None), model.PortList(('sw1', 'sw2'), True, 1)],
                     ())]


def text(rules):
    """The text of the configuration file."""
    lines = ['LISTEN_HEARTBEAT_IFS=eth0', 'BYPASS_CARD_IFS=eth0', 'LISTEN_HEARTBEAT_TIMEOUT=%d' % TIMEOUT,
             'LISTEN_HEARTBEAT_FAILED=%d' % rules.threshold]
    for node in (0, 1):
        lines += ['LISTEN_HB_HOST[%d]=192.168.1.202' % node, 'LISTEN_HB_PORT[%d]=%d' % (node, 3000 + 100 * node)]
    lines += ['BYPASS_CARD_HOST[%d]=%s' % (card, CARD % card) for card in rules.cards]
    lines += ['LISTEN_CUBRO_IFS%s=%s' % ('' if one.node is None else '[%d]' % one.node, ','.join(one.ports))
              for one in rules.lists]
    return '\n'.join(lines) + '\n'


class Network(object):
    """The network as it must be when the daemon has done its work."""

    def __init__(self, rules, alive):
        nodes = dict((node, 'active' if node in alive else 'failed') for node in (0, 1))
        verdict = model.judge(rules, nodes, model.NOTHING)
        there = [CARD % card for card, word in verdict.cards.items() if word == 'present'] + ['192.168.1.202']
        down = [port for port, word in verdict.ports.items() if word == 'down']
        self.state = verdict.state
        self.seen = (sorted([files.OWN] + [address + '/32' for address in there]), sorted(down))
        # Nobody else has changed anything, so all of it is the daemon's.
        self.ours = set([AddressItem('eth0', address) for address in there] + [PortItem(port) for port in down])


def seen(switch):
    """([address on eth0, ...], [port that is down, ...]) of the kernel."""
    return switch.addresses('eth0'), [port for port in ('sw0', 'sw1', 'sw2', 'sw3') if switch.port(port) == 'down']


class Killer(object):
    """Changes the world, and kills the daemon meanwhile."""

    def __init__(self, source, switch, daemon):
        self.source, self.switch, self.daemon = source, switch, daemon
        self.rules, self.alive = RULES[0], set([0, 1])
        switch.dpis.steady(3000, 3100)
        daemon.start(text(self.rules))
        daemon.wait_state('normal')
        self.watch = switch.watch()

    def network(self):
        """The Network as it must be now."""
        return Network(self.rules, self.alive)

    def change(self):
        """Let nodes die or come back, or give another file, or both."""
        for node in self.source.choice([(0,), (1,), (0, 1), ()]):
            self.alive ^= set([node])
            (self.switch.dpis.steady if node in self.alive else self.switch.dpis.silence)(3000 + 100 * node)
        if self.source.random() < 0.4:
            self.rules = RULES[1 - RULES.index(self.rules)]
            helpers.write(self.daemon.config, text(self.rules))
            self.daemon.signal(1)

    def kill(self):
        """kill -9 after a random number of changes of the network, or after a random time."""
        if self.source.random() < 0.6:
            self._await(self.source.randint(1, 25))
        else:
            time.sleep(self.source.uniform(0, TIMEOUT / 1000.0 + 0.03))
        self.daemon.kill()

    def kill_a_start(self):
        """Start the daemon, and kill it early."""
        self.daemon.launch()
        time.sleep(self.source.uniform(0, 0.4))
        self.daemon.kill()

    def _await(self, count):
        """Wait until the kernel has reported so many changes, or none for a while."""
        while count > 0 and self.watch.more(2 * TIMEOUT / 1000.0):
            count -= 1

    def left(self):
        """The processes in the switch that are not the daemon's own."""
        pids = set(int(pid) for pid in ip('netns', 'pids', self.switch.name).split())
        return pids - set(self.daemon.all_children()) - set([self.daemon.child.pid])


def noted(daemon):
    """The items in the ledger of the run directory."""
    items = set()
    for sign, item, _ in map(ledger.parse, helpers.read(daemon.run_dir + '/ledger').splitlines()):
        (items.add if sign == '+' else items.discard)(item)
    return items


def test_killed_at_any_instant_the_next_start_reaches_what_must_be_and_nothing_is_left_behind(
        switch, daemon, figure):
    killer = Killer(random.Random(SEED), switch, daemon)
    halfway = 0
    for number in range(KILLS):
        before = killer.network().seen
        killer.watch.take()
        killer.change()
        killer.kill()
        wanted = killer.network()
        halfway += seen(switch) not in (before, wanted.seen)
        if killer.source.random() < 0.2:
            killer.kill_a_start()

        where = 'seed %d, kill %d' % (SEED, number)
        daemon.start()
        try:
            daemon.wait(lambda status: (status['state'], seen(switch)) == (wanted.state, wanted.seen))
        except AssertionError as error:
            raise AssertionError('%s: %s, must be %s: %s' % (where, seen(switch), (wanted.state, wanted.seen), error))
        helpers.wait_for(lambda: noted(daemon) == wanted.ours)
        # The `ip monitor` of a killed daemon ends with the next change of the network. take() makes two. A monitor that
        # had just been started may not listen yet.
        try:
            helpers.wait_for(lambda: killer.watch.take() is not None and killer.left() == set())
        except AssertionError:
            raise AssertionError('%s: left are %s' % (where, [
                helpers.read('/proc/%d/cmdline' % pid).replace('\0', ' ') for pid in killer.left()]))
        kept = sorted(os.listdir(daemon.run_dir))
        assert kept == ['daemon.lock', 'history', 'ledger', 'life', 'routes', 'status.sock'], where
        assert 'Traceback' not in daemon.said(), where
    figure('%d kills, seed %d: %d of them when the network was half changed' % (KILLS, SEED, halfway))
