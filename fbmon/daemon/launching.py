"""Tries unconfigured and deaf listeners: at once when the kernel reports a change there, otherwise every 5 s."""
from fbmon.base import compat
from fbmon.rules.items import AddressItem
from fbmon.rules.states import MISSING

# Seconds between two tries when the kernel reports nothing.
PAUSE = 5.0


class Launching(object):
    """Launches the roster's pending listeners. For the controller's thread."""

    def __init__(self, roster, network, clock=compat.monotonic):
        self.passed = False    # whether all listeners have been tried once
        self._roster = roster
        self._network = network
        self._clock = clock
        self._at = None

    def deadline(self):
        """The monotonic second of the next try, or None."""
        return self._at

    def hasten(self):
        """Try with the next step."""
        self._at = self._clock()

    def concerned(self, names):
        """Whether a change on these interfaces may let a listener join or hear again; before the first try: True."""
        return not self.passed or any(one.interface in names for one in self._waiting())

    def step(self):
        """Try if it is due. This comes after the decision, so one that joins makes another round: a listener in
        maintenance counts at once.
        """
        if self._at is not None and self._clock() >= self._at and self.launch():
            self.hasten()

    def launch(self):
        """Try the unconfigured listeners and those that must be bound again. After PAUSE they are tried again.

        Returns whether one was launched.
        """
        joined = self._roster.launch(self._obstacle, self._scope)
        self._roster.rebind(self._obstacle, self._scope)
        self._at = self._clock() + PAUSE if self._waiting() else None
        self.passed = True
        return joined

    def _waiting(self):
        return self._roster.pending() + self._roster.moved(self._scope)

    def _obstacle(self, settings, error):
        """Why a listener cannot be launched: before the try its missing interface, after it what the system said."""
        item = AddressItem(settings.interface, settings.host)
        if error is None:
            missing = self._network.actual(item) == MISSING
            return self._network.picture.missing(settings.interface) if missing else None
        return self._network.trouble(item) or getattr(error, 'strerror', None) or str(error)

    def _scope(self, interface):
        return self._network.index(interface)
