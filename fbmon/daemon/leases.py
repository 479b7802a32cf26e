"""The cards' leases. They are renewed each third of their length, and at the end the addresses become permanent."""
import logging

from fbmon.base import compat
from fbmon.network.iproute import IpError
from fbmon.rules import wanted
from fbmon.rules.items import AddressItem, describe
from fbmon.rules.states import ABSENT

# Seconds for the reading at a stop that comes before the first reading. The rest of the stop's second is for `ip`.
LOOK_LIMIT = 0.75

REMEDY = 'it goes when that is over, unless you start the daemon again or use fbypass_ctl force_off'


class Leases(object):
    """Renews leases when they are due (BYPASS_CARD_LEASE). For the controller's thread.

    look(limit): the Picture of what the kernel has now; limit: seconds. It raises IpError.
    """

    def __init__(self, network, ledger, look, clock=compat.monotonic):
        self._network = network
        self._ledger = ledger
        self._look = look
        self._clock = clock
        self._at = self._renewed = None
        # Whether the last step has left no lease.
        self.over = False
        # Whether nothing may be changed now; and whether that is because an operator has frozen the network.
        self.idle = self.frozen = False
        # Whether a step has come after the first reading.
        self._begun = False

    def deadline(self):
        """The monotonic second of the next renewal, or None."""
        return self._at

    def hasten(self):
        """Renew with the next step."""
        self._at = self._clock()

    def step(self, names, lease, decision):
        """Renew the leases if they are due. lease: that of the file in ms, 0 for none.

        If the file has none, addresses that the daemon had added with a lease become permanent.
        """
        if self.idle:
            self._at = None
        if not self._begun and self._network.picture is not None:
            self._begun = True
            if self.frozen:
                # An earlier run may have left leases, and their end would be a change.
                self._network.make_permanent(self._all_leased(names, lease, decision), names.forms)
        if self._at is None or self._clock() < self._at:
            return
        leased = self._items(names, lease)
        self._network.renew(wanted.renewed(leased, decision), names.forms,
                            wanted.refreshed(names, decision, self._ledger.items))
        seconds, self._renewed = wanted.whole_seconds(lease), self._clock()
        self._at = self._clock() + seconds / 3.0 if seconds else None

    def let_go(self, names, lease, decision, kept):
        """A new file is taken: make the addresses permanent, except those in `kept` and those that must be absent."""
        leased = {} if self.idle else self._leased(names, lease, decision)
        self._network.make_permanent(dict((item, leased[item]) for item in set(leased).difference(kept)), names.forms)

    def freeze(self, names, lease, decision):
        """Nothing may be changed from now on: make the addresses permanent. Before the first reading step() does it."""
        self._network.make_permanent(self._all_leased(names, lease, decision), names.forms)

    def end(self, names, lease, decision):
        """The last step: let no address keep a lease, shown or not.

        An address that the kernel has removed, or should have removed by now, is not added again.
        """
        self.over = self.idle or self._end(names, lease, decision)

    def _end(self, names, lease, decision):
        if lease and self._renewed is not None and self._clock() - self._renewed >= wanted.whole_seconds(lease):
            logging.warning('the leases were over before the stop: what the kernel took away stays away')
            return True
        leased = self._leased(names, lease, decision)
        if not decision.cards:
            # An earlier run has put these on interfaces that have other names now.
            leased.update((item, None) for item in self._ledger.followed if isinstance(item, AddressItem))
        try:
            if leased and self._network.picture is None:
                # The leases are those that an earlier run has given.
                self._network.read(self._look(LOOK_LIMIT))
        except IpError as error:
            logging.error('an address may keep its lease: %s; %s', error, REMEDY)
            return False
        failed = self._network.make_permanent(leased, names.forms, last=True)
        for item, said in sorted(failed.items()):
            logging.error('%s keeps its lease: %s; %s', describe(item), said, REMEDY)
        return not failed

    def _leased(self, names, lease, decision):
        """{item: PRESENT, or None if only a lease that the kernel shows counts}, without those that must be absent."""
        return dict((item, decision.cards.get(item) if lease else None) for item in self._items(names, lease)
                    if decision.cards.get(item) != ABSENT)

    def _all_leased(self, names, lease, decision):
        """As _leased(), also with addresses of ours that the file does not name, and of which nothing is decided."""
        found = dict((item, None) for item in self._ledger.items
                     if isinstance(item, AddressItem) and decision.cards.get(item) != ABSENT)
        found.update(self._leased(names, lease, decision))
        return found

    def _items(self, names, lease):
        return wanted.leased(names, lease, self._ledger.items, self._ledger.lasting())
