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

    def renumber(self):
        """SIGHUP with a file in which a card has another address of the same network: it comes before the old goes."""
        file, before, after = field.renumbered(self.source, self.world.file)
        there = self.world.entries((after.interface, after.address))
        self.take_file(file)
        if self.window.plain and not there:
            self.window.renumbered.append(((before.interface, before.address), (after.interface, after.address)))
