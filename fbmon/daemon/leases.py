"""The cards' leases: renewed every third of their length while all is well, and made permanent at the end."""
import logging

from fbmon.base import compat
from fbmon.rules import wanted
from fbmon.rules.items import describe
from fbmon.rules.states import ABSENT


class Leases(object):
    """When the next renewal is due, and what it renews (spec: BYPASS_CARD_LEASE). For the controller's thread."""

    def __init__(self, network, ledger, clock=compat.monotonic):
        self._network = network
        self._ledger = ledger
        self._clock = clock
        self._at = self._renewed = None

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
        leased = self._items(names, lease)
        self._network.renew(wanted.renewed(leased, decision), names.forms,
                            wanted.refreshed(names, decision, self._ledger.items))
        seconds, self._renewed = wanted.whole_seconds(lease), self._clock()
        self._at = self._clock() + seconds / 3.0 if seconds else None

    def let_go(self, names, lease, decision, kept):
        """A new file is taken: what it does not lease, all but `kept`, becomes permanent. Not what is to be absent."""
        leased = self._leased(names, lease, decision)
        self._network.make_permanent(dict((item, leased[item]) for item in set(leased).difference(kept)), names.forms)

    def end(self, names, lease, decision):
        """The last step: no address keeps a lease, shown or not. What the kernel took away, or was to take away by now
        since nobody had renewed for so long, is not put back."""
        if lease and self._renewed is not None and self._clock() - self._renewed >= wanted.whole_seconds(lease):
            logging.warning('the leases were over before the stop: what the kernel took away stays away')
            return
        failed = self._network.make_permanent(self._leased(names, lease, decision), names.forms)
        for item, said in sorted(failed.items()):
            logging.error('%s keeps its lease, and goes when that is over: %s', describe(item), said)

    def _leased(self, names, lease, decision):
        """{item: PRESENT, or None where only a lease that the kernel shows is one}, without what is to be absent."""
        return dict((item, decision.cards.get(item) if lease else None) for item in self._items(names, lease)
                    if decision.cards.get(item) != ABSENT)

    def _items(self, names, lease):
        return wanted.leased(names, lease, self._ledger.items, self._ledger.lasting())
