"""What happens to a switch beside its nodes and its file: a disk that hangs, words on stderr, names, renumbering."""
import os
import time

from soak import field

# What `ip monitor` says of a stale file in /run/netns.
WORDS = 'Cannot open network namespace "fbmon-soak": Invalid argument'


class Accidents(object):
    """Deeds, see there."""

    def log_hangs(self):
        """The log's file system hangs until all agree; meanwhile something happens."""
        if self.disk.there and not self.disk.frozen:
            self.disk.freeze()
            self.window.log_hangs = True
        self.source.choice((self.outage, self.comeback, self.by_hand, self.same_reload))()

    def thaw(self):
        """The log's file system goes on."""
        if self.disk.frozen:
            self.disk.thaw()

    def talk(self):
        """Its `ip monitor` says something harmless: nothing follows."""
        for pid in [pid for pid, line in self.daemon.children().items() if ' monitor ' in line]:
            for number in range(self.source.randint(1, 30)):
                try:
                    pipe = os.open('/proc/%d/fd/2' % pid, os.O_WRONLY | os.O_NONBLOCK)
                    try:
                        os.write(pipe, ('%s %d\n' % (WORDS, number)).encode('ascii'))
                    finally:
                        os.close(pipe)
                except EnvironmentError:
                    # It was just replaced.
                    break

    def swap_names(self):
        """Two ports have each the other's name for a while."""
        pair = self.source.sample(field.PORTS, 2)
        self.window.calm = False
        self.window.remade.update(pair + ['away'])
        self.window.swapped.update(pair)
        for _ in range(2):
            self.switch.swap(*pair, down=self.source.random() < 0.5)
            time.sleep(self.source.random())

    def swap_interfaces(self):
        """eth0 and eth1 have each the other's name for a while, as at some boots."""
        self._shake('eth0', 'eth1')
        self.window.remade.add('away')
        for _ in range(2):
            self.switch.swap('eth0', 'eth1', down=self.source.random() < 0.5)
            time.sleep(2 * self.source.random())

    def ifdown_ifup(self):
        """An interface is taken down and up, as ifupdown does it: what the daemon puts there comes before its own."""
        self._ifdown_ifup(self.source.choice(('eth0', 'eth1')))

    def lease_ends(self):
        """The same, and then the daemon is held up for longer than a lease: no other address goes with the cards'."""
        if not field.key(self.world.file, 'BYPASS_CARD_LEASE'):
            self.take_file(self.world.file._replace(keys=self.world.file.keys + (('BYPASS_CARD_LEASE', field.LEASE),)))
        self._ifdown_ifup('eth1')
        # Cards go, whatever is wanted. A renewal comes first.
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
        """What may fail, since the daemon is at work there: a flush gives up after ten rounds."""
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
        """SIGHUP with a file in which a card has another address of the same network: it comes before the old goes."""
        file, before, after = field.renumbered(self.source, self.world.file)
        there = self.world.entries((after.interface, after.address))
        self.take_file(file)
        if self.window.plain and not there:
            self.window.renumbered.append(((before.interface, before.address), (after.interface, after.address)))
