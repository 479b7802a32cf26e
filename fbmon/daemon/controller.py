"""The controller takes events from the queue: events -> listeners' states -> rules -> wanted network -> the network."""
import logging
import time

from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.config import source
from fbmon.daemon import reasons, shutdown
from fbmon.daemon.answers import Answers, Commanded, StatusWanted
from fbmon.daemon.launching import Launching
from fbmon.daemon.leases import Leases
from fbmon.daemon.reloads import Reloads
from fbmon.daemon.returns import Returns
from fbmon.daemon.service import Service
from fbmon.daemon.telling import Telling
from fbmon.listeners.listener import StateChanged
from fbmon.listeners.roster import Roster
from fbmon.network import monitor, routewatch
from fbmon.network.keeper import Keeper
from fbmon.rules import decision, wanted
from fbmon.rules.states import ABSENT, BYPASS, PRESENT
from fbmon.show import status

# The main thread puts these on the queue.
Reload = namedtuple('Reload', '')
Stop = namedtuple('Stop', '')

# A listener's thread that is so many seconds past its own deadline is stuck.
STUCK = 5.0


class Controller(object):
    """Holds the settings, the listeners' reports and the last decision; owns the network."""

    def __init__(self, path, loaded, inbox, batch, ledger, history, hooks, watch, notifier, routes, course, crashed,
                 log, clock=compat.monotonic, wall=time.time):
        self.path = path
        self.loaded = loaded
        self.history = history
        self.hooks = hooks
        self.log = log
        self.ledger = ledger
        self.decision = decision.UNDECIDED
        self.decided = False
        self.started = self.state_since = clock()
        self.troubles = {}
        self._inbox = inbox
        self._batch = batch
        self.clock = clock
        self.roster = Roster(inbox.put, self._listener_changed, crashed, clock)
        self.network = Keeper(batch, ledger, self._item_changed, watch.replace, clock, routes=routes.keeper)
        self.routes = routes
        self.returns = Returns(course, clock, wall)
        self._answers = Answers({'return': self.returns.ask})
        self._leases = Leases(self.network, ledger, watch.look, clock)
        self._launching = Launching(self.roster, self.network, clock)
        self._service = Service(notifier, clock)
        self.telling = Telling(history, clock)
        self.reloads = Reloads(path, loaded, history.reloaded)
        self._handlers = {StateChanged: self._state_changed, monitor.Read: self._read, monitor.Seen: self._seen,
                          monitor.Lost: self._lost, Reload: self._reload, Stop: self._stop,
                          StatusWanted: self._answers.wanted, Commanded: self._answers.take,
                          routewatch.RoutesRead: self._routes_read}
        self._names = wanted.names(self.settings)
        self._stopped = self.going_down = False

    def run(self):
        """Take events until Stop. Then the network stays as it is. Returns whether no address keeps a lease."""
        self.history.begin()
        self._take_settings()
        while not self._stopped:
            self.turn(self._inbox.take(self._deadline()))
        self.history.end(self.decision.state)
        return self._leases.over

    def turn(self, events):
        """One round: take the events, act, then tell."""
        for event in events:
            self._handlers[type(event)](event)
        if self._stopped:
            self._leases.end(self._names, self.settings.lease, self.decision)
            self._bypass_if_system_stops()
        else:
            self._act()
        self.history.write()
        self.returns.tell()
        self.log.mend()
        self._service.step(status.line(self), self._launching.passed, self._healthy)
        self._answers.give(lambda: status.document(self))

    def _act(self):
        self._decide()
        self._settle()
        self._leases.step(self._names, self.settings.lease, self.decision)
        self._launching.step()
        if self.settings.observe:
            self.routes.blind()
        self.routes.step(self.decision.cards, self._names, self.wanted, self.network.picture)

    @property
    def settings(self):
        """The Settings of the running configuration."""
        return self.loaded.settings

    # --- events ---

    def _state_changed(self, event):
        if self.roster.take(event):
            self.telling.reported(event)

    def _read(self, event):
        if self.troubles.pop('monitor', None):
            logging.info('the network is watched again')
        self._leases.hasten()
        self.routes.hasten()
        self._touched(self.network.read(event.picture))

    def _seen(self, event):
        self._touched(self.network.seen(event.changes))
        if self.network.risen:
            self._leases.hasten()

    def _routes_read(self, event):
        self.routes.taken(event, self._names, self.network.picture)

    def _lost(self, event):
        """The kernel is not watched now. Before the first reading, launch the listeners that need none."""
        why = 'the network cannot be watched: %s' % event.why
        if self.troubles.get('monitor') != why:
            logging.warning('%s', why)
        self.troubles['monitor'] = why
        self.routes.blind()
        if self.network.picture is None:
            self._launching.hasten()

    def _reload(self, _event):
        """Take a new file as a whole; or refuse it as a whole, and go on with the running configuration."""
        if self._stopped:
            return
        try:
            loaded = self.reloads.load(self.path)
        except source.Unreadable as error:
            self.troubles['reload'] = self.reloads.refused(str(error), ())
            return
        if loaded.mistakes:
            lines = source.report(self.path, loaded.mistakes, 'error')
            self.troubles['reload'] = self.reloads.refused('mistakes in %s' % self.path, lines)
            return
        self.reloads.taken(self.loaded, loaded)
        before, self._names = self._names, wanted.names(loaded.settings)
        if self.settings.lease:
            kept = self._names.cards if loaded.settings.lease and not loaded.settings.observe else ()
            self._leases.let_go(before, self.settings.lease, self.decision, kept)
        self.loaded = loaded
        self.troubles.pop('reload', None)
        self._take_settings()

    def _stop(self, _event):
        """Stop with this round, which then only makes its last steps. No other event undoes them."""
        self._stopped = True

    # --- what follows ---

    def _take_settings(self):
        logging.getLogger().setLevel(self.settings.log_level)
        for line in source.report(self.path, self.loaded.warnings, 'warning'):
            logging.warning(line)
        self._names = wanted.names(self.settings)
        self.network.interfaces |= wanted.interfaces(self._names, self.ledger.items)
        self._leases.idle = self._batch.resting = self.settings.observe
        if self.settings.observe:
            self._batch.restart()
        self._leases.hasten()
        self.routes.reloaded()
        self.hooks.program = self.settings.on_change
        self.roster.assign(self.settings.listeners)
        if self.network.picture is not None:
            # Items that the file no longer names are released later, together with the items that take their place.
            listeners = () if self.settings.observe else self._names.listeners
            self.network.prepare(dict((item, PRESENT) for item in listeners), self._names.forms, self._reason)
            self._launching.launch()

    def _touched(self, names):
        """The kernel has reported something on these interfaces. An unconfigured listener may be able to join now."""
        self.routes.touched(names, self.network.picture)
        if self._launching.concerned(names) and not self._stopped:
            self._settle()
            self._launching.launch()

    def _decide(self):
        states = self.roster.local_states()
        before, self.decision = self.decision, self.returns.decide(self.settings, states, self.decision)
        self.decided = self.decided or self.decision is not before
        if self.decision.state != before.state:
            self.state_since = self.clock()
            self._leases.hasten()

    def wanted(self):
        """{item: target} of all items that the daemon has to care for now."""
        ours, found = self._releasable()
        return wanted.wanted(self._names, self.decision, wanted.left_behind(self._names, ours),
                             wanted.left_behind(self._names, found))

    def _settle(self):
        """Make the network as it is wanted. While observing, only tell what would be changed."""
        observes = self.settings.observe
        self.network.settle({} if observes else self.wanted(), self._names.forms, self._reason, self._note)
        if observes:
            self.telling.observed(self.wanted(), self.network.actual, self._names, self._reason)

    def _bypass_if_system_stops(self):
        """If the system goes down, remove the cards' addresses while the links have light (BYPASS_ON_SHUTDOWN).
        The very last step, since systemctl may be on a disk that hangs."""
        if self.settings.on_shutdown and not self.settings.observe and shutdown.going_down():
            self.decision = self.decision._replace(state=BYPASS, cards=dict.fromkeys(self._names.cards, ABSENT))
            self.going_down = True
            self._settle()

    def _releasable(self):
        """(our items, the addresses that were there before the daemon) that may be released now: none before the first
        decision. While a file with mistakes runs, only our items on a renamed interface: the file may fail to name the
        others by mistake."""
        if not self.decided:
            return (), ()
        return (self.ledger.followed, ()) if self.loaded.mistakes else (self.ledger.items, self.ledger.found)

    # --- what is told ---

    def _note(self):
        self.telling.decided(self.decision, self.settings.nodes, self.roster.local_states(), self._reason_of_state)

    def _listener_changed(self, settings, old, new, why):
        self.telling.listener_changed(settings, old, new, why, kept=self._launching.passed)

    def _item_changed(self, item, old, new, why):
        self.telling.item_changed(item, old, new, why, self._names.cards, self._names.called)

    def _reason_of_state(self, state):
        return reasons.of_state(self, state)

    def _reason(self, item):
        return reasons.of_item(self, self._names, item)

    def _healthy(self):
        """Whether no listener's thread is stuck. This thread is not stuck if it gets here."""
        return not self.roster.overdue(STUCK)

    def _deadline(self):
        parts = self.network, self._launching, self._service, self._leases, self.routes, self.returns
        return min([time for time in [part.deadline() for part in parts] if time is not None] or [None])
