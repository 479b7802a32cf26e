"""Accidents beside the nodes and the file: a disk that hangs, words on stderr, interfaces that change, renumbering."""
import os
import time

from soak import field

# What `ip monitor` says about a stale file in /run/netns.
WORDS = 'Cannot open network namespace "fbmon-soak": Invalid argument'


class Accidents(object):
    """Deeds, see there."""

    def log_hangs(self):
        """The file system of the log hangs until all agree. Meanwhile something happens."""
        if self.disk.there and not self.disk.frozen:
            self.disk.freeze()
            self.window.log_hangs = True
        self.source.choice((self.outage, self.comeback, self.by_hand, self.same_reload))()

    def thaw(self):
        """The file system of the log goes on."""
        if self.disk.frozen:
            self.disk.thaw()

    def talk(self):
        """The daemon's `ip monitor` says something harmless. Nothing follows."""
        for pid in [pid for pid, line in self.daemon.children().items() if ' monitor ' in line]:
            for number in range(self.source.randint(1, 30)):
                try:
                    pipe = os.open('/proc/%d/fd/2' % pid, os.O_WRONLY | os.O_NONBLOCK)
                    try:
                        os.write(pipe, ('%s %d\n' % (WORDS, number)).encode('ascii'))
                    finally:
                        os.close(pipe)
                except EnvironmentError:
                    # The monitor was just replaced.
                    break

    def swap_names(self):
        """Exchange the names of two ports for a while."""
        pair = self.source.sample(field.PORTS, 2)
        self.window.calm = False
        self.window.remade.update(pair + ['away'])
        self.window.swapped.update(pair)
        for _ in range(2):
            self.switch.swap(*pair, down=self.source.random() < 0.5)
            time.sleep(self.source.random())

    def swap_interfaces(self):
        """Exchange the names of eth0 and eth1 for a while, as some boots do."""
        self._shake('eth0', 'eth1')
        self.window.remade.add('away')
        for _ in range(2):
            self.switch.swap('eth0', 'eth1', down=self.source.random() < 0.5)
            time.sleep(2 * self.source.random())

    def ifdown_ifup(self):
        """Take an interface down and up, as ifupdown does. The daemon's addresses then come before the switch's own."""
        self._ifdown_ifup(self.source.choice(('eth0', 'eth1')))

    def lease_ends(self):
        """As ifdown_ifup(), and then hold the daemon up for longer than a lease. Only the cards' addresses must go."""
        if not field.key(self.world.file, 'BYPASS_CARD_LEASE'):
            self.take_file(self.world.file._replace(keys=self.world.file.keys + (('BYPASS_CARD_LEASE', field.LEASE),)))
        self._ifdown_ifup('eth1')
        # The cards' addresses go, even if they are wanted. A renewal comes first.
        self.window.loose = True
        time.sleep(0.4 * field.LEASE / 1000)
        self._freeze(field.LEASE / 1000.0 + 1.5)

    def _ifdown_ifup(self, name):
        self._shake(name)
        self._quietly('addr', 'flush', 'dev', name)
        self.switch.ip('link', 'set', name, 'down')
        if self.source.random() < 0.7:
            self.switch.set('ipv4/conf/%s/promote_secondaries' % name, '0')
        time.sleep(self.source.random())
        if self.source.random() < 0.5:
            self.switch.ip('link', 'set', name, 'up')
        self._quietly('addr', 'add', field.OWN[name], 'dev', name)
        self.switch.ip('link', 'set', name, 'up')
        self.world.flushed(name)

    def _quietly(self, *words):
        """Run an `ip` that may fail, because the daemon works there, too: a flush gives up after ten rounds."""
        try:
            self.switch.ip(*words)
        except AssertionError:
            pass

    def _shake(self, *names):
        self.window.calm = False
        self.window.remade.update(names)
        self.window.shaken.update(names)
        self._lost(port for _, _, interface, port in field.PLACES if interface in names)

    def renumber(self):
        """SIGHUP with a file that gives a card another address in its network: it must come before the old one goes."""
        file, before, after = field.renumbered(self.source, self.world.file)
        there = self.world.entries((after.interface, after.address))
        self.take_file(file)
        if self.window.plain and not there:
            self.window.renumbered.append(((before.interface, before.address), (after.interface, after.address)))
