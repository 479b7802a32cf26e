"""Keeps an interface's other addresses where one of them goes: promote_secondaries, set in time and looked at again."""
import logging

CANNOT = ('interface %s: promote_secondaries cannot be set: addresses that the kernel drops '
          'together with a removed one are put back')


class Promotion(object):
    """Which interfaces are prepared for the end of a primary address. For the controller's thread."""

    def __init__(self, settings):
        self._sysctl = settings
        self._promoted = set()
        self._checked = set()
        self._unpromoted = set()

    def begin(self):
        """A batch is about to be made: look again at everything that was looked at for the last one."""
        self._checked.clear()

    def before_lifetimes(self, interfaces, picture):
        """Addresses there are about to get a lifetime, whose end nobody may see: look at the setting in any case."""
        self.begin()
        for interface in interfaces:
            self._promoted.discard(picture.names[interface])
            self.keeps_secondaries(interface, picture)

    def keeps_secondaries(self, interface, picture):
        """Set promote_secondaries before the first removal on an interface, and where there are secondaries look at it
        before each batch: somebody may have reset it meanwhile. False, told once, where it cannot be set."""
        index = picture.names[interface]
        if index in self._checked:
            return True
        spared = index in self._promoted and not any(entry.secondary for entry in picture.on(interface))
        if spared or self._sysctl.promote_secondaries(interface):
            self._promoted.add(index)
            self._checked.add(index)
            return True
        if interface not in self._unpromoted:
            self._unpromoted.add(interface)
            logging.warning(CANNOT, interface)
        return False
