"""Keeps an interface's other addresses when one goes: sets promote_secondaries in time, and looks at it again."""
import logging

CANNOT = ('interface %s: promote_secondaries cannot be set: addresses that the kernel drops '
          'together with a removed one are put back')


class Promotion(object):
    """Knows which interfaces are prepared for the end of a primary address. For the controller's thread."""

    def __init__(self, settings):
        self._sysctl = settings
        self._promoted = set()
        self._checked = set()
        self._unpromoted = set()

    def begin(self):
        """Begin a new batch, for which each setting is looked at again."""
        self._checked.clear()

    def before_lifetimes(self, interfaces, picture):
        """Look at the setting of these interfaces in any case: addresses there are about to get a lifetime.

        Perhaps nobody is there to see it end.
        """
        self.begin()
        for interface in interfaces:
            self._promoted.discard(picture.names[interface])
            self.keeps_secondaries(interface, picture)

    def keeps_secondaries(self, interface, picture):
        """Set promote_secondaries. Returns False if that cannot be done; it is logged once.

        It is set before the first removal on an interface. If the interface has secondaries, it is looked at before
        each batch, since somebody may have reset it meanwhile.
        """
        index = picture.names[interface]
        if index in self._checked:
            return True
        spared = index in self._promoted and not any(entry.secondary for entry in picture.on(interface))
        if spared or self._sysctl.promote_secondaries(interface):
            if index not in self._promoted:
                # Forget interfaces that are gone: an interface that is made anew gets another index each time.
                self._promoted.intersection_update(picture.links)
                self._promoted.add(index)
            self._checked.add(index)
            return True
        if interface not in self._unpromoted:
            self._unpromoted.add(interface)
            logging.warning(CANNOT, interface)
        return False
