"""Whose the addresses and ports of the simulated kernel are, as the world saw it, whatever the daemon remembers."""


class Marks(object):
    """Follows what the daemon has done. taken: {(index, address): (prefix, the Address)} of what was there before it
    and was taken away. sure: the daemon could remember all that it did."""

    def __init__(self):
        self.taken = {}
        self.sure = True

    def did(self, line, done, noted, found):
        """The daemon's `ip` has done a line; done: the Address or Device that it concerned; noted, found:
        what the ledger has. A daemon that was killed between its note and its deed takes what a stranger does for its
        own."""
        words = line.split()
        if words[0] == 'link' and words[-1] == 'down':
            done.downed = True
        elif words[0] == 'addr' and words[1] == 'del' and not done.ours and done.text not in noted:
            self.taken[done.index, done.text] = done
        elif words[0] == 'addr' and words[1] != 'del' and done.fresh:
            done.fresh = False
            # What it puts back is whose it was.
            done.ours = self.taken.pop((done.index, done.text), None) is None and done.text not in found

    def strange(self, line, done):
        """Somebody else has done a line: what he does with an address is what counts there."""
        if line.startswith('addr'):
            done.fresh = False
            self.taken.pop((done.index, done.text), None)

    @staticmethod
    def ours(kernel):
        """{(index, address)} of the addresses that the daemon put there."""
        return set((device.index, entry.text) for device in kernel.devices.values()
                   for entry in device.four + device.six if entry.ours)
