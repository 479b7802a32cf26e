"""The story on loopback addresses, for a machine on which no network namespace can be made.

The daemon, the heartbeats and the status are real. OBSERVE=1 keeps the daemon from changing anything, so this needs no
rights. The cards send no pings: the kernel answers at each address of 127.0.0.0/8, whatever the state.
"""
import socket

import stage
from stage import Unexpected
from story import CONFIG, Story


class OnLoopback(Story):
    """The demo as it is elsewhere. why: what keeps it from making namespaces, with the remedy."""

    interface, host, cards = 'lo', '127.0.0.202', ('127.0.0.211', '127.0.0.212')
    normal = "normal: the cards' addresses would be there now"
    again = "normal again: the cards' addresses would be there"
    bypass = "bypass: the cards' addresses would be gone now"
    left = "lo has none of the cards' addresses: nothing was changed"

    def __init__(self, why):
        Story.__init__(self)
        self.why = why
        self.ports = free_ports(self.host, 2)

    def arrive(self):
        """Say what is different here, and let the DPI nodes send heartbeats to this machine itself."""
        self.say('no switch can be made of network namespaces here; that needs %s' % self.why)
        self.say('so this runs on loopback addresses, with OBSERVE=1: daemon, heartbeats and status are real, but '
                 'nothing is changed, and no card pings')
        self.configure(self.translated(CONFIG) + 'OBSERVE=1\n')
        self.dpis = [Sender(self.stage), Sender(self.stage)]
        for dpi, port in zip(self.dpis, self.ports):
            dpi.live(self.program, self.host, port)
        self.say('two DPI nodes send heartbeats to %s, ports %s and %s' % ((self.host,) + self.ports))

    def translated(self, text):
        """The story's file with the addresses and ports of this place."""
        for old, new in (('eth0', 'lo'), ('192.168.1.', '127.0.0.'), ('[0]=3000', '[0]=' + self.ports[0]),
                         ('[1]=3100', '[1]=' + self.ports[1])):
            text = text.replace(old, new)
        return text

    def outside(self):
        """The page is served where all of it is."""
        return []

    def between(self):
        """Show what the daemon would have changed."""
        if 'would be: ' not in self.show('status', '--history'):
            raise Unexpected('the history does not say what would be changed')

    def is_normal(self):
        """Whether the daemon wants both cards' addresses, and lo has neither."""
        return self.wanted() == ('normal', ['present', 'present']) and self.is_left()

    def is_bypass(self):
        """Whether the daemon wants neither address, and lo has neither."""
        return self.wanted() == ('bypass', ['absent', 'absent']) and self.is_left()

    def is_left(self):
        """Whether lo has neither address."""
        return self.present() == [False, False]

    def wanted(self):
        """(global state, [what becomes of the card's address]) as the status says it; None if nobody answers yet."""
        seen = self.status()
        return seen and (seen['state'], [card['wanted'] for card in seen['cards']])


class Sender(object):
    """A DPI node on this machine. It sends heartbeats to its listener."""

    def __init__(self, stage):
        self._stage = stage

    def live(self, program, host, port):
        """Send a heartbeat every 100 ms from now on. --force: the daemon is on this machine, too."""
        self._beating = self._stage.start(program + ['beat', host, port, '--interval', '100', '--force'])

    def die(self):
        """Send no more heartbeats."""
        stage.end(self._beating)


def free_ports(host, count):
    """So many UDP ports of this machine that nobody uses now, as texts."""
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for sock in socks:
            sock.bind((host, 0))
        return tuple(str(sock.getsockname()[1]) for sock in socks)
    finally:
        for sock in socks:
            sock.close()
