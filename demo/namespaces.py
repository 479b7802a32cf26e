"""The story on a switch that is made of network namespaces: cards that ping, and addresses that come and go."""
import stage
from stage import ip
from story import CONFIG, Story


# Seconds after which a card that does not ping is silent. A ping that has to wait for the processor is not late yet.
SILENT = 2.0


class InNamespaces(Story):
    """The demo as it is where network namespaces can be made."""

    interface, host, ports, cards = 'eth0', '192.168.1.202', ('3000', '3100'), ('192.168.1.211', '192.168.1.212')
    normal = 'normal: both addresses are there, both cards are answered'
    again = 'normal again: both addresses are there, both cards are answered'
    bypass = 'bypass: both addresses are gone, no card is answered'
    left = 'the addresses are still there, the cards are answered'

    def arrive(self):
        """Make the switch with its own address, and plug two DPI nodes and two cards into it.

        Nobody answers the cards' pings until the daemon has heard both DPI nodes.
        """
        self.say('a switch with 192.168.1.200 on eth0, two DPI nodes, two bypass cards')
        ip('link', 'add', 'eth0', 'type', 'bridge')
        ip('link', 'set', 'eth0', 'up')
        ip('addr', 'add', '192.168.1.200/24', 'dev', 'eth0')
        self.dpis = [stage.Dpi(self.stage, 'DPI %d' % n, '192.168.1.%d/24' % (11 + n)) for n in (0, 1)]
        self.pinging = [stage.Card(self.stage, 'card %d' % n, '192.168.1.%d/24' % (21 + n)) for n in (0, 1)]
        self.configure(CONFIG + 'BYPASS_CARD_PING_TIMEOUT=%d\n' % (1000 * SILENT))
        for card, address in zip(self.pinging, self.cards):
            card.watch(address)
        for dpi, port in zip(self.dpis, self.ports):
            dpi.live(self.program, self.host, port)
        self.expect('both DPI nodes send heartbeats, no card is answered yet', self.is_bypass)

    def outside(self):
        """The page is served in the network around the switch, where a browser is."""
        return stage.outside()

    def between(self):
        """The daemon puts right what somebody else changes, and says which card does not look at the switch."""
        self.say('somebody deletes %s by hand' % self.cards[0])
        ip('addr', 'del', self.cards[0] + '/32', 'dev', 'eth0')
        self.expect('it is there again', self.is_normal)
        self.say('card 1 is set to manual mode: it pings no more')
        self.pinging[1].rest()
        self.expect('nobody pings %s: a problem, and nothing is changed' % self.cards[1],
                    lambda: self.pings() == ['seen', 'silent'] and self.present() == [True, True])
        self.show('status')
        self.say('card 1 pings again')
        self.pinging[1].watch(self.cards[1])
        self.expect('it is seen', lambda: self.pings() == ['seen', 'seen'] and self.is_normal())

    def is_normal(self):
        """Whether both cards' addresses are there and both cards are answered."""
        return self.present() == [True, True] and self.answered() == [True, True]

    is_left = is_normal

    def is_bypass(self):
        """Whether neither address is there and neither card is answered."""
        return self.present() == [False, False] and self.answered() == [False, False]

    def pings(self):
        """[Whether the daemon has seen or misses the card's pings, as the status says it] of each card."""
        seen = self.status()
        return seen and [card['pings'] for card in seen['cards']]

    def answered(self):
        """[Whether the card's last ping was answered] of each card; None before its first ping has ended."""
        return [card.answered for card in self.pinging]
