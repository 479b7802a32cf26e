"""Knows whose the addresses and ports of the simulated kernel are, even if the daemon has forgotten it."""

from sim.linux.device import Device


class Marks(object):
    """Follows what the daemon has done. taken: {(index, address): Address} of the addresses that were there before the
    daemon and that it has removed; sure: whether the daemon could remember all that it did; misread: whether
    names were swapped while the monitor had lost lines without a word, so that what is gone may look as if it were
    back; astray: the Addresses and
    Devices that `ip` has changed on another interface than the daemon meant, which had got the name since."""

    def __init__(self):
        self.taken, self._dropped = {}, {}
        self.astray = []
        self.sure, self.misread = True, False

    def did(self, line, done, ledger, dropped, refuses):
        """The daemon's `ip` has carried out a line. done: the Address or Device that it changed; dropped: the Addresses
        that the kernel has dropped with that and of which the daemon knew; refuses: whether promote_secondaries cannot
        be set, so that the daemon puts these back. A daemon that was killed between its note and its deed takes a
        stranger's change for its own."""
        words = line.split()
        noted = set(item[-1] for item in ledger.items)
        found = set((index, item.address) for item, (index, _) in ledger.found.items())
        meant = self._indexes(done, ledger) + [index for index, text in found if text == getattr(done, 'text', None)] \
            if done else []
        if meant and not set((None, done.index)).intersection(meant):
            self.astray.append(done)
        fresh = dict(((entry.index, entry.text), entry) for entry in dropped
                     if not entry.ours and not self._known(entry, ledger))
        self.taken.update(fresh)
        self._dropped.update(fresh)
        if words[0] == 'link' and words[-1] == 'down':
            done.downed = True
        elif words[0] == 'addr' and words[1] == 'del' and not done.ours and done.text not in noted:
            self.taken[done.index, done.text] = done
        elif words[0] == 'addr' and words[1] != 'del' and done.fresh:
            done.fresh = False
            self._dropped.pop((done.index, done.text), None)
            # An address that it puts back belongs to its former owner.
            done.ours = self.taken.pop((done.index, done.text), None) is None and (done.index, done.text) not in found \
                and not (refuses and not self._known(done, ledger))

    def killed(self, ledger, kernel):
        """The daemon was killed. Perhaps it has not seen where its change went, or has not put back what the kernel has
        dropped. Then nobody will know it."""
        for place in self._dropped:
            self.taken.pop(place, None)
        self._dropped = {}
        self.unseen(ledger, kernel)

    def unseen(self, ledger, kernel):
        """The daemon will never see where something went. A note without an index is about whatever has the name."""
        for done in self.astray:
            places = [kernel.find(item[0]) if index is None else kernel.devices.get(index)
                      for item, index in ledger.items.items() if item[-1] == self._name(done)]
            if not any(device and device.index == done.index for device in places):
                setattr(done, 'downed' if isinstance(done, Device) else 'ours', False)
        self.astray = []

    def _known(self, done, ledger):
        return bool(set((None, done.index)).intersection(self._indexes(done, ledger)))

    @staticmethod
    def _indexes(done, ledger):
        """The indexes of the interfaces on which the ledger has an item with this name."""
        return [index for item, index in ledger.items.items() if item[-1] == Marks._name(done)]

    @staticmethod
    def _name(done):
        return done.name if isinstance(done, Device) else done.text

    def strange(self, line, done):
        """Somebody else has carried out a line. If it was about an address, that address is his."""
        if line.startswith('addr'):
            done.fresh = False
            self.taken.pop((done.index, done.text), None)

    @staticmethod
    def ours(kernel):
        """{(index, address), ...} of the addresses that the daemon has added."""
        return set((device.index, entry.text) for device in kernel.devices.values()
                   for entry in device.four + device.six if entry.ours)
