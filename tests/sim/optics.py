"""The light of the simulated switch's interfaces: cables, and optics that take their time."""
from fbmon.network.carrier import Carrier

# Seconds after which the kernel tells that a carrier was lost; it tells nothing if the light is back by then.
LINKWATCH = 0.5


class Optics(object):
    """Makes an Optic for each interface. slow: the seconds until there is light after a link or a cable is there."""

    def __init__(self):
        self.slow = 0.0

    def __call__(self, kernel, device):
        return Optic(self, kernel, device) if device.kind != 'lo' else None


class Optic(object):
    """The light of one interface. lit: whether there is light; since: the second since when there is, without a break;
    changes: how often that has changed, as the kernel counts it; plugged: whether a cable is in."""

    def __init__(self, optics, kernel, device):
        self.lit, self.since, self.changes, self.plugged = False, None, 0, True
        self._optics, self._kernel, self._device = optics, kernel, device
        self._told = False

    def link_up(self):
        """The link was brought up. The kernel tells that itself."""
        self._told = True
        self._await()
        self._told = self.lit

    def link_down(self):
        """The link was brought down. The kernel tells that itself."""
        self._darken()
        self._told = False

    def pull(self):
        """Somebody pulls the cable."""
        self.plugged = False
        if self.lit:
            self._darken()
            self._kernel.later(LINKWATCH, lambda kernel: self._tell())

    def plug(self):
        """Somebody plugs a cable in."""
        if not self.plugged:
            self.plugged = True
            self._await()

    def flap(self):
        """The light goes and comes back, so fast that the kernel only counts it."""
        if self.lit:
            self._darken()
            self._shine()

    def _await(self):
        if self._optics.slow:
            self._kernel.later(self._optics.slow, lambda kernel: self._shine())
        else:
            self._shine()

    def _darken(self):
        if self.lit:
            self.lit, self.since = False, None
            self.changes += 1

    def _shine(self):
        if self._device.up and self.plugged and not self.lit:
            self.lit, self.since = True, self._kernel.now
            self.changes += 1
            self._tell()

    def _tell(self):
        """Let the kernel tell what is new, but not of a link that is gone or was just brought up."""
        if self.lit != self._told and self._kernel.devices.get(self._device.index) is self._device:
            self._told = self.lit
            self._kernel.tell_link(self._device)


def look(kernel, name):
    """What sim.world gives the daemon instead of fbmon.network.carrier.read()."""
    device = kernel.find(name)
    if device is None:
        return Carrier(False, None, None)
    return Carrier(device.carrier(), device.optic.changes if device.optic else 0, device.index)
