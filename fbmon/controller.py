"""The one consumer of the queue: events -> listeners' states -> rules -> what is wanted -> the network."""
import logging
from collections import namedtuple

from fbmon import compat, monitor, rules, source, status, wanted
from fbmon.listener import StateChanged
from fbmon.network import Network
from fbmon.plan import AddressItem, PortItem
from fbmon.roster import Roster
from fbmon.states import ABSENT, MISSING

# What the main thread and the status thread put on the queue. reply(text) is called with the JSON document.
Reload = namedtuple('Reload', '')
Stop = namedtuple('Stop', '')
StatusWanted = namedtuple('StatusWanted', 'reply')

# Seconds between two tries to launch an unconfigured listener when the kernel reports nothing.
LAUNCH_PAUSE = 5.0

# Seconds past its own deadline after which a listener's thread counts as stuck.
STUCK = 5.0


class Controller(object):
    """Holds what the file says, what the listeners report and what was decided; owns the network."""

    def __init__(self, path, loaded, mailbox, batch, ledger, history, hooks, watch, notifier, crashed,
                 clock=compat.monotonic):
        self.path = path
        self.loaded = loaded
        self.history = history
        self.hooks = hooks
        self.ledger = ledger
        self.decision = rules.UNDECIDED
        self.decided = False
        self.started = self.state_since = clock()
        self.troubles = {}
        self._mailbox = mailbox
        self._notifier = notifier
        self.clock = clock
        self.roster = Roster(mailbox.put, self._listener_changed, crashed, clock)
        self.network = Network(batch, ledger, self._item_changed, watch.replace, clock)
        self._handlers = {StateChanged: self._state_changed, monitor.Read: self._read, monitor.Seen: self._seen,
                          monitor.Lost: self._lost, Reload: self._reload, Stop: self._stop,
                          StatusWanted: self._status_wanted}
        self._names = wanted.names(self.settings)
        self._launch_at = self._feed_at = self._renew_at = None
        self._ready = self._stopped = False
        self._status_text = None
        self._asked = []
        self._reports = []
        self._before = self.decision

    def run(self):
        """Take events until Stop; afterwards the network stays as it is."""
        self.history.begin()
        self._take_settings()
        while not self._stopped:
            self.turn(self._mailbox.take(self._deadline()))
        self.history.end(self.decision.state)

    def turn(self, events):
        """One round: take the events in, act, then tell."""
        for event in events:
            self._handlers[type(event)](event)
        self._decide()
        self._settle()
        if self._renew_at is not None and self.clock() >= self._renew_at:
            self._renew()
        if self._launch_at is not None and self.clock() >= self._launch_at:
            self._launch()
        self.history.write()
        self._notify()
        self._feed()
        self._answer()

    @property
    def settings(self):
        """The Settings of the running configuration."""
        return self.loaded.settings

    # --- events ---

    def _state_changed(self, event):
        index = self.roster.take(event)
        if index is not None:
            self._reports.append((index, event))

    def _read(self, event):
        if self.troubles.pop('monitor', None):
            logging.info('the network is watched again')
        self._renew_at = self.clock()
        self._touched(self.network.read(event.picture))

    def _seen(self, event):
        self._touched(self.network.seen(event.changes))

    def _lost(self, event):
        """Nothing is known of the kernel at the moment; what can be launched without that is."""
        why = 'the network cannot be watched: %s' % event.why
        if self.troubles.get('monitor') != why:
            logging.warning('%s', why)
        self.troubles['monitor'] = why
        if self.network.picture is None:
            self._launch_at = self.clock()

    def _reload(self, _event):
        """Take a new file as a whole, or refuse it as a whole and go on with the running configuration."""
        try:
            loaded = source.load(self.path)
        except source.Unreadable as error:
            return self._refuse(str(error), ())
        if loaded.mistakes:
            return self._refuse('mistakes in %s' % self.path,
                                source.report(self.path, loaded.mistakes, 'error'))
        if self.settings.lease:
            self._give_up_leases()
        self.loaded = loaded
        self.troubles.pop('reload', None)
        logging.info('configuration loaded again from %s', self.path)
        self._take_settings()

    def _refuse(self, why, lines):
        for line in lines:
            logging.error(line)
        logging.error('reload refused, the running configuration goes on: %s', why)
        self.troubles['reload'] = 'reload refused, the running configuration goes on: %s: see fbypass_ctl check' % why

    def _stop(self, _event):
        self._stopped = True
        self._give_up_leases()

    def _status_wanted(self, event):
        self._asked.append(event.reply)

    # --- what follows ---

    def _take_settings(self):
        logging.getLogger().setLevel(self.settings.log_level)
        for line in source.report(self.path, self.loaded.warnings, 'warning'):
            logging.warning(line)
        self._names = wanted.names(self.settings)
        self._renew_at = self.clock()
        self.hooks.program = self.settings.on_change
        self.roster.assign(self.settings.listeners)
        if self.network.picture is not None:
            self._settle()
            self._launch()

    def _touched(self, names):
        """The kernel reported something on these interfaces: an unconfigured listener may be able to join."""
        if not self._ready or any(settings.interface in names for settings in self.roster.pending()):
            self._settle()
            self._launch()

    def _decide(self):
        states = self.roster.local_states()
        decision = rules.decide(self.settings, states, self.decision)
        self.decided = self.decided or decision is not self.decision
        if decision.state != self.decision.state:
            self.state_since = self._renew_at = self.clock()
        self.decision = decision

    def wanted(self):
        """{item: target} of all that the daemon has a say in at this moment."""
        released = wanted.left_behind(self._names, self.ledger.items) if self._may_release() else ()
        return wanted.wanted(self._names, self.decision, released)

    def _settle(self):
        self.network.settle(self.wanted(), self._names.forms, self._reason, self._note)

    def _renew(self):
        """Renew the leases; without one in the file, what the daemon had put there with one becomes permanent."""
        leased = wanted.leased(self._names, self.settings.lease, self.ledger.items)
        self.network.renew(wanted.renewed(leased, self.decision), self._names.forms)
        lease = wanted.whole_seconds(self.settings.lease)
        self._renew_at = self.clock() + lease / 3.0 if lease else None

    def _give_up_leases(self):
        """The cards' addresses stay as they are: those with a lease become permanent. Not those that are to be absent:
        what was just removed may not be shown yet, and a change would put it back."""
        leased = wanted.leased(self._names, self.settings.lease, self.ledger.items)
        self.network.renew(dict((item, None) for item in leased if self.decision.cards.get(item) != ABSENT), {})

    def _may_release(self):
        """What an earlier run or file left behind goes with the first decision; while a file with mistakes runs,
        nothing does: what it does not name may be a slip of the pen."""
        return self.decided and not self.loaded.mistakes

    def _launch(self):
        """Try the unconfigured listeners; the next try without a cause comes after a pause."""
        self.roster.launch(self._obstacle, self._scope)
        self._launch_at = self.clock() + LAUNCH_PAUSE if self.roster.pending() else None
        if not self._ready:
            self._ready = True
            self._notifier.ready()

    def _obstacle(self, settings, error):
        """Why a listener cannot be launched: before the try the missing interface, after it what the system said."""
        item = AddressItem(settings.interface, settings.host)
        if error is None:
            missing = self.network.actual(item) == MISSING
            return 'interface %s is not there' % settings.interface if missing else None
        return self.network.trouble(item) or getattr(error, 'strerror', None) or str(error)

    def _scope(self, interface):
        return self.network.picture.names.get(interface, 0) if self.network.picture else 0

    # --- what is told ---

    def _note(self):
        """What the listeners reported, and what was decided upon it."""
        reports, self._reports = self._reports, []
        for index, event in reports:
            self.history.reported(index, event, self._before is rules.UNDECIDED)
        old, new = self._before.state, self.decision.state
        self._before = self.decision
        if old != new:
            self.history.note('global', 'state', old, new,
                              rules.reason(self.settings, new, self.roster.local_states()))

    def _listener_changed(self, index, old, new, why):
        self.history.note('listener', str(index), old, new, why, kept=self._ready)

    def _item_changed(self, item, old, new, why):
        kind = 'port' if isinstance(item, PortItem) else 'card' if item in self._names.cards else 'address'
        self.history.note(kind, item.name if kind == 'port' else item.address, old, new, why)

    def _reason(self, item):
        """Why an item is wanted as it is, for the log."""
        if item in self._names.cards:
            return 'global state %s' % self.decision.state
        if item in self._names.ports:
            return rules.reason(self.settings, self.decision.state, self.roster.local_states(), item.name)
        return 'needed by a listener' if item in self._names.listeners else 'released'

    def _notify(self):
        text = status.line(self)
        if text != self._status_text:
            self._status_text = text
            self._notifier.status(text)

    def _answer(self):
        """Give the status to those who asked for it: after the events of this round were acted on."""
        asked, self._asked = self._asked, []
        text = status.document(self) if asked else ''
        for reply in asked:
            reply(text)

    def _feed(self):
        """Feed systemd's watchdog while this thread comes round and no listener's thread is stuck."""
        interval = self._notifier.watchdog_interval
        if interval and (self._feed_at is None or self.clock() >= self._feed_at):
            self._feed_at = self.clock() + interval
            if not self.roster.overdue(STUCK):
                self._notifier.watchdog()

    def _deadline(self):
        times = [self.network.deadline(), self._launch_at, self._feed_at, self._renew_at]
        return min([time for time in times if time is not None] or [None])
