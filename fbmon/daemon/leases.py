"""The cards' leases: renewed every third of their length while all is well, and made permanent at the end."""
from fbmon.base import compat
from fbmon.rules import wanted
from fbmon.rules.states import ABSENT


class Leases(object):
    """When the next renewal is due, and what it renews (spec: BYPASS_CARD_LEASE). For the controller's thread."""

    def __init__(self, network, ledger, clock=compat.monotonic):
        self._network = network
        self._ledger = ledger
        self._clock = clock
        self._at = None

    def deadline(self):
        """Monotonic seconds of the next renewal, or None."""
        return self._at

    def hasten(self):
        """Renew with the next step."""
        self._at = self._clock()

    def step(self, names, lease, decision):
        """Renew the leases that are due; without one in the file (`lease` in ms, 0: none), what the daemon had put
        there with one becomes permanent."""
        if self._at is None or self._clock() < self._at:
            return
        leased = wanted.leased(names, lease, self._ledger.items)
        self._network.renew(wanted.renewed(leased, decision), names.forms)
        seconds = wanted.whole_seconds(lease)
        self._at = self._clock() + seconds / 3.0 if seconds else None

    def give_up(self, names, lease, decision):
        """The cards' addresses stay as they are: those with a lease become permanent. Not those that are to be absent:
        what was just removed may not be shown yet, and a change would put it back."""
        leased = wanted.leased(names, lease, self._ledger.items)
        self._network.renew(dict((item, None) for item in leased if decision.cards.get(item) != ABSENT), {})
