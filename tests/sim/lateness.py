"""Checks that an address that must go does not stay too long. While `ip` works, nothing else excuses the daemon."""
from fbmon.rules.items import AddressItem

# Seconds. An address that the daemon was shown may stay for BOUND. One that it has added itself, and that was not shown
# yet, may stay for SHOWN.
BOUND, SHOWN = 1 / 32.0, 1.5


class Lateness(object):
    """touched: the second until which somebody else may have added an address."""

    def __init__(self, world):
        self.world = world
        self.touched = world.now

    def touch(self, seconds):
        """Note that others do something."""
        self.touched = max(self.touched, self.world.now + seconds)

    def wrong(self, laws):
        """The words for an address that has stayed too long, or None."""
        world, settings = self.world, self.world.daemon.settings
        since = max(self.touched, laws.ip_calm, laws.changed)
        if world.now - since <= BOUND:
            return None
        for card in settings.cards:
            if laws.verdict.cards.get((card.interface, card.address)) == 'absent' and self._there(card):
                known = self._known(AddressItem(card.interface, card.address))
                if known or self._well(since):
                    return 'late: %s on %s is there for %g s' % (card.address, card.interface, world.now - since)
        return None

    def _there(self, card):
        device = self.world.kernel.find(card.interface)
        return device and any(entry.text == card.address for entry in device.four + device.six)

    def _known(self, item):
        """Whether the daemon was shown this address on the interface that has the name now."""
        network, device = self.world.daemon.network, self.world.kernel.find(item.interface)
        return network.picture is not None and network.picture.names.get(item.interface) == device.index \
            and bool(network.picture.entries(*item)) and item not in network._shown.flights

    def _well(self, since):
        """Whether the monitor must have shown it by now."""
        watch = self.world.watch
        return not watch.blind and watch._reading is None \
            and self.world.now - max(since, watch.well_at) > SHOWN + watch.late
