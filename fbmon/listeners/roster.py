"""Knows which listeners are launched and which could not be, and what a new file changes for them."""
import logging

from fbmon.base import compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.config.addresses import link_local
from fbmon.listeners.listener import Listener
from fbmon.listeners.sockets import open_socket
from fbmon.rules.nodes import described
from fbmon.rules.states import UNCONFIGURED, UNKNOWN

# After a reload a listener is the same one if its Key is the same.
Key = namedtuple('Key', 'host port interface')

# A launched listener, its local state, and the monotonic second since when it has this state.
Member = namedtuple('Member', 'listener state since')

# A listener's thread that is so many seconds past its own deadline is stuck.
STUCK = 5.0

DEAF = 'hears nothing: interface %s is another one than before, and the address cannot be bound there: %s'

# Why a listener is unconfigured that the file no longer has.
REMOVED = 'a reload has removed it'


def key_of(settings):
    """The Key of a listener's settings."""
    return Key(settings.host, settings.port, settings.interface)


class Roster(object):
    """All listeners of the file.

    launched: {Key: Member}; reasons: {index: why this listener is unconfigured}; deaf: {index: why this launched
    listener hears nothing: it is bound to an interface that is no longer there}. changed(settings, old, new, why) is
    called when one is launched or released, and when one gets another index or another node.
    """

    def __init__(self, report, changed, crashed, clock=compat.monotonic, opener=open_socket, create=Listener):
        self.launched = {}
        self.reasons = {}
        self.deaf = {}
        self._settings = ()
        # {Key: index of the interface} of the listeners whose socket hears one interface only.
        self._scopes = {}
        self._report = report
        self._changed = changed
        self._crashed = crashed
        self._clock = clock
        self._open = opener
        self._create = create

    def assign(self, listeners):
        """Take the listeners of a new file. Those that it no longer has are closed; those that stay keep everything."""
        named = dict((key_of(settings), settings) for settings in listeners if not settings.error)
        for key in [key for key in self.launched if key not in named]:
            self._release(key)
        self._rename(named)
        self._settings = tuple(listeners)
        self.reasons = dict((settings.index, settings.error) for settings in listeners if settings.error)

    def _rename(self, named):
        """Give the listeners their new settings. Under another name the same one begins anew for whoever is told."""
        renamed = []
        for key, member in self.launched.items():
            before, after = member.listener.settings, named[key]
            if (before.index, before.node) != (after.index, after.node):
                self._changed(before, member.state, UNCONFIGURED, 'it is now ' + described(after))
                renamed.append((after, member.state, 'it was ' + described(before)))
            member.listener.update(after)
        for after, state, why in renamed:
            self._changed(after, UNCONFIGURED, state, why)

    def pending(self):
        """The settings of the listeners that are valid but not launched."""
        return [settings for settings in self._settings
                if not settings.error and key_of(settings) not in self.launched]

    def launch(self, obstacle, scope):
        """Try to launch every pending listener. Returns whether one was launched.

        obstacle(settings, error): why it cannot be launched, or None; error: what the system said, None before the try.
        scope(interface): the index of an interface.
        """
        return any([self._launch(settings, obstacle, scope) for settings in self.pending()])

    def moved(self, scope):
        """The Keys of the listeners whose interface has another index than the one that they are bound to."""
        return [key for key, index in self._scopes.items() if scope(key.interface) not in (0, index)]

    def rebind(self, obstacle, scope):
        """Bind the sockets of these listeners again. obstacle, scope: as in launch()."""
        before, self.deaf = self.deaf, {}
        for key in self.moved(scope):
            self._rebind(key, obstacle, scope(key.interface), before)

    def take(self, event):
        """Take a StateChanged. Returns whether the listener is still launched."""
        listener = event.listener
        key = key_of(listener.settings)
        if key not in self.launched or self.launched[key].listener is not listener:
            return False
        self.launched[key] = Member(listener, event.new, event.at)
        return True

    def find(self, settings):
        """The Member of a listener's settings; None if it is not launched.

        A listener with a mistake is not launched, even if another one at its host and port is.
        """
        return None if settings.error else self.launched.get(key_of(settings))

    def local_states(self):
        """{index: local state} of the launched listeners, as the rules take it."""
        return dict((member.listener.settings.index, member.state) for member in self.launched.values())

    def overdue(self, grace=STUCK):
        """The listeners that are more than `grace` seconds past their own deadline: their threads are stuck."""
        now = self._clock()
        return [member.listener for member in self.launched.values()
                if member.listener.due is not None and now > member.listener.due + grace]

    def _launch(self, settings, obstacle, scope):
        why = obstacle(settings, None)
        if why is None:
            try:
                index = scope(settings.interface)
                self._start(settings, self._open(settings, index), index)
                return True
            except threads.NO_THREAD + compat.SYSTEM_ERRORS as error:
                why = obstacle(settings, error)
        if self.reasons.get(settings.index) != why:
            logging.warning('%s (%s port %d) is unconfigured: %s',
                            described(settings), settings.host, settings.port, why)
        self.reasons[settings.index] = why
        return False

    def _rebind(self, key, obstacle, index, before):
        listener = self.launched[key].listener
        settings = listener.settings
        try:
            listener.rebind(self._open(settings, index))
        except compat.SYSTEM_ERRORS as error:
            why = self.deaf[settings.index] = DEAF % (key.interface, obstacle(settings, error))
            if before.get(settings.index) != why:
                logging.warning('%s (%s port %d) %s', described(settings), key.host, key.port, why)
            return
        self._scopes[key] = index
        logging.info('%s (%s port %d) is bound anew: interface %s has another index than before',
                     described(settings), key.host, key.port, key.interface)

    def _start(self, settings, sock, index):
        key, listener = key_of(settings), self._create(settings, sock, self._report)
        try:
            listener.start(self._crashed)
        except BaseException:
            listener.close()
            raise
        self.launched[key] = Member(listener, UNKNOWN, self._clock())
        if link_local(key.host):
            self._scopes[key] = index
        self.reasons.pop(settings.index, None)
        self._changed(settings, UNCONFIGURED, UNKNOWN,
                      'listens on %s port %d' % (settings.host, settings.port))

    def _release(self, key):
        listener, state, _ = self.launched.pop(key)
        self._scopes.pop(key, None)
        listener.close()
        logging.info('%s (%s port %d) is released', described(listener.settings), key.host, key.port)
        self._changed(listener.settings, state, UNCONFIGURED, REMOVED)
