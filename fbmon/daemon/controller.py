"""The controller takes events from the queue: events -> listeners' states -> rules -> wanted network -> the network."""
import logging
import time

from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.config import source
from fbmon.daemon import shutdown
from fbmon.daemon.answers import Answers, Commanded, StatusWanted
from fbmon.daemon.launching import Launching
from fbmon.daemon.leases import Leases
from fbmon.daemon.operators import Operators
from fbmon.daemon.pinging import Pinging
from fbmon.daemon.reasons import Reasons
from fbmon.daemon.reloads import Reload, Reloads
from fbmon.daemon.returns import Returns
from fbmon.daemon.saving import Loaded, Saved
from fbmon.daemon.service import Service
from fbmon.daemon.telling import Telling
from fbmon.daemon.trials import TakeBack, Tried
from fbmon.listeners.listener import StateChanged
from fbmon.listeners.roster import Roster
from fbmon.network import monitor, routewatch
from fbmon.network.keeper import Keeper
from fbmon.rules import decision, ordering, pings, wanted
from fbmon.rules.states import ABSENT, BYPASS, PRESENT
from fbmon.show import status

# The main thread puts this on the queue.
Stop = namedtuple('Stop', '')


class Controller(object):
    """Holds the settings, the listeners' reports and the last decision; owns the network."""

    def __init__(self, path, loaded, inbox, batch, ledger, history, hooks, watch, notifier, routes, course, saver,
                 crashed, log, clock=compat.monotonic, wall=time.time):
        self.path = path
        self.loaded = loaded
        self.history = history
        self.hooks = hooks
        self.log = log
        self.ledger = ledger
        self.decision = decision.UNDECIDED
        self.started = self.state_since = clock()    # monotonic seconds
        self.troubles = {}    # {what: problem} of what does not work but stops nothing
        self._inbox = inbox
        self._batch = batch
        self.clock = clock
        self.reasons = Reasons(self)
        self.roster = Roster(inbox.put, self.reasons.listener_changed, crashed, clock)
        self.network = Keeper(batch, ledger, self.reasons.item_changed, watch.replace, clock, routes=routes.keeper)
        self.routes = routes
        self.pinging = Pinging(inbox.put, history, crashed, clock)
        self.returns = Returns(course, clock, wall)
        self.operators = Operators(saver, history.note, lambda: (self.settings, self.states, self.decision.state),
                                   clock, wall)
        self._leases = Leases(self.network, ledger, watch.look, clock)
        self.launching = Launching(self.roster, self.network, clock)
        self._service = Service(notifier, clock)
        self.telling = Telling(history, clock, wall)
        self.reloads = Reloads(path, loaded, history.reloaded, self.troubles, inbox.put, clock, wall)
        commands = dict({'return': self.returns.ask}, **dict.fromkeys(ordering.COMMANDS, self.operators.take))
        self._answers = Answers(dict(commands, **self.reloads.commands()))
        self._handlers = {StateChanged: self._state_changed, monitor.Read: self._read, monitor.Seen: self._seen,
                          monitor.Lost: self._lost, Stop: self._stop, Reload: self._reload, Tried: self._reload,
                          TakeBack: self._reload, StatusWanted: self._answers.wanted, Commanded: self._answers.take,
                          routewatch.RoutesRead: self._routes_read, Saved: self.operators.saved,
                          Loaded: self.operators.loaded, pings.PingsChanged: self.pinging.changed}
        self.names = wanted.names(self.settings)
        self.decided = self.going_down = self._stopped = False    # decided: whether there was a Decision

    def run(self):
        """Take events until Stop. Then the network stays as it is. Returns whether no address keeps a lease."""
        self.history.begin()
        self._take_settings()
        self.reloads.begin()
        while not self._stopped:
            self.turn(self._inbox.take(self._deadline()))
        self.history.stop(self.decision.state, shutdown.WHY if self.going_down else shutdown.PLAIN)
        return self._leases.over

    def turn(self, events):
        """One round: take the events, act, then tell."""
        for event in events:
            self._handlers[type(event)](event)
        if self._stopped:
            self._leases.end(self.names, self.settings.lease, self.decision)
            self._bypass_if_system_stops()
        else:
            self._act()
        self.history.write()
        self.returns.tell()
        self.log.mend()
        self._service.step(status.line(self), self.launching.passed, lambda: not self.roster.overdue())
        self.reloads.step(self.launching.passed)
        self._answers.give(lambda: status.document(self), self._stopped)

    def _act(self):
        if self.operators.step():
            self._obey()
        self._decide()
        self._settle()
        self._leases.step(self.names, self.settings.lease, self.decision)
        self.launching.step()
        if self.still:
            self.routes.blind()
        self.routes.step(self.decision.cards, self.names, self.wanted, self.network.picture)
        self.pinging.step(self.settings, self.network)

    @property
    def settings(self):
        """The Settings of the running configuration."""
        return self.loaded.settings

    @property
    def still(self):
        """Whether nothing may be changed: the daemon observes, or an operator has frozen the network."""
        return self.settings.observe or self.operators.frozen

    @property
    def states(self):
        """{index: local state} of the launched listeners, as the rules take it."""
        return self.operators.marked(self.settings.nodes, self.roster.local_states())

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
        self.routes.taken(event, self.names, self.network.picture)

    def _lost(self, event):
        """The kernel is not watched now. Before the first reading, launch the listeners that need none."""
        why = 'the network cannot be watched: %s' % event.why
        if self.troubles.get('monitor') != why:
            logging.warning('%s', why)
        self.troubles['monitor'] = why
        self.routes.blind()
        if self.network.picture is None:
            self.launching.hasten()

    def _reload(self, event):
        """Take a new file as a whole; or refuse it as a whole, and go on with the running configuration."""
        loaded = None if self._stopped else self.reloads.next(event)
        if loaded is None:
            return
        self.operators.reloaded(self.settings, loaded.settings)
        before, self.names = self.names, wanted.names(loaded.settings)
        if self.settings.lease:
            kept = self.names.cards if loaded.settings.lease and not loaded.settings.observe else ()
            self._leases.let_go(before, self.settings.lease, self.decision, kept)
        self.loaded = loaded
        self._take_settings()

    def _stop(self, _event):
        """Stop with this round, which then only makes its last steps. No other event undoes them."""
        self._stopped = True

    def _take_settings(self):
        logging.getLogger().setLevel(self.settings.log_level)
        for line in source.report(self.path, self.loaded.warnings, 'warning'):
            logging.warning(line)
        self.network.interfaces |= wanted.interfaces(self.names, self.ledger.items)
        self._rest()
        self.routes.reloaded()
        self.hooks.program = self.settings.on_change
        self.roster.assign(self.settings.listeners)
        if self.network.picture is not None:
            # Items that the file no longer names are released later, together with the items that take their place.
            listeners = () if self.still else self.names.listeners
            self.network.prepare(dict((item, PRESENT) for item in listeners), self.names.forms, self.reasons.of_item)
            self.launching.launch()

    def _rest(self):
        """Change nothing, and keep no child of `ip` for it, while nothing may be changed."""
        self._leases.idle = self._batch.resting = self.still
        self._leases.frozen = self.still and not self.settings.observe
        if self.still:
            self._batch.restart()
        self._leases.hasten()

    def _obey(self):
        """The operators' orders are others than before. A lease that is not renewed would be a change: let none be."""
        if self.still and not self._leases.idle:
            self._leases.freeze(self.names, self.settings.lease, self.decision)
        if self.still != self._leases.idle:
            self._rest()

    def _touched(self, names):
        """The kernel has reported something on these interfaces. An unconfigured listener may be able to join now."""
        self.routes.touched(names, self.network.picture)
        self.pinging.hasten()
        if self.launching.concerned(names) and not self._stopped:
            self._settle()
            self.launching.launch()

    def _decide(self):
        before = self.decision
        self.decision = self.returns.decide(self.settings, self.states, before, self.operators.override)
        self.decided = self.decided or self.decision is not before
        if self.decision.state != before.state:
            self.state_since = self.clock()
            self._leases.hasten()

    def wanted(self):
        """{item: target} of all items that the daemon has to care for now."""
        ours, found = self._releasable()
        return wanted.wanted(self.names, self.decision, wanted.left_behind(self.names, ours),
                             wanted.left_behind(self.names, found))

    def _settle(self):
        """Make the network as it is wanted. While observing, only tell what would be changed."""
        why = self.reasons.of_item
        self.network.settle({} if self.still else self.wanted(), self.names.forms, why, self.reasons.note)
        if self.settings.observe:
            self.telling.observed({} if self.operators.frozen else self.wanted(), self.network.actual, self.names, why)

    def _bypass_if_system_stops(self):
        """BYPASS_ON_SHUTDOWN: the cards' addresses go first. The very last step: systemctl's disk may hang."""
        if self.settings.on_shutdown and not self.still and shutdown.going_down():
            self.decision = self.decision._replace(state=BYPASS, cards=dict.fromkeys(self.names.cards, ABSENT))
            self.going_down = True
            self._settle()

    def _releasable(self):
        """(our items, the addresses from before the daemon) that may be released now: none before the first decision;
        while a file with mistakes runs, only our items on a renamed interface: it may fail to name others by mistake.
        """
        if not self.decided:
            return (), ()
        return (self.ledger.followed, ()) if self.loaded.mistakes else (self.ledger.items, self.ledger.found)

    def _deadline(self):
        parts = (self.network, self.launching, self._service, self._leases, self.routes, self.returns, self.operators,
                 self.reloads, self.history)
        return min([time for time in [part.deadline() for part in parts] if time is not None] or [None])
