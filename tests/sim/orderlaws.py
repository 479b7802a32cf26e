"""Laws for the operators' orders (section 13): which are taken, when they count, when they end, and what is kept."""
from fbmon.daemon.saving import Saved
from fbmon.rules.orders import Noise
from sim import ordered

# Seconds. BOUND: until the daemon must have done what is due; PAUSE: between two looks of the daemon at the wall clock,
# as long as the simulated world has it; ANSWER: until an order must be answered; PATIENCE: for which it may wait for
# others; KEPT: until a disk that works must have what holds.
BOUND, PAUSE, ANSWER, PATIENCE, KEPT = 1 / 32.0, 4.0, 4.5, 1.5, 8.0


class Ask(object):
    """An order that was given. looks: how often the daemon has looked whether it may be; result: what holds with it,
    None if it must be refused; failed: whether the disk has not taken it; renamed: whether another file was taken
    meanwhile, so that a node may have another name in the file of orders, until that is written again; node: the
    name of the node that it meant at the first look."""

    def __init__(self, question, now):
        self.question, self.asked = question, now
        self.looks, self.result, self.failed, self.renamed, self.node = 0, None, False, False, None


class OrderLaws(object):
    """held: what holds, see ordered.py; asks: the orders without an answer; may: what the file may have, as what holds;
    noisy: whether it may have anything, since it was noise or could not be read; late: whether it is not read yet;
    stepped: when the wall clock was set last; awake: since when the daemon does what is due; changed: since when what
    holds is as it is; well: since when the disk works."""

    def __init__(self, world, wrong):
        self._world, self._wrong = world, wrong
        self.held, self.may, self.noisy, self._judged = {}, [{}], False, None
        self.stepped = self.well = world.now
        self.started()

    def started(self):
        """A daemon starts. Who has asked the one before it gets no answer."""
        self.asks, self.late, self.held, self._told, self._given = [], False, {}, {}, None
        self.awake = self.changed = self._world.now

    def frozen(self):
        """Whether an operator has frozen the network."""
        return self._world.daemon is not None and self._world.daemon.operators.frozen

    def now(self):
        """What the daemon takes into account now. turned() checks that it is what holds."""
        return ordered.of_daemon(self._world.daemon.operators.orders)

    def watches(self, operators):
        """Look at what a new daemon does with its orders."""
        after, parse, reloaded = operators._after, operators._parse, operators.reloaded
        operators._after = lambda task: self._judges(after, task)
        operators._parse = lambda text: (self.reads(text, None), parse(text))[1]
        operators.reloaded = lambda *files: (self._reloads(*files), reloaded(*files))[1]

    def changes(self, line):
        """The daemon gives this command to `ip`: none while the network is frozen. Only an address that would go away
        by itself is kept."""
        words = line.split()
        if self.frozen() and not (words[:2] == ['addr', 'change'] and 'forever' in words):
            raise self._wrong('frozen: %s' % line)

    # --- the file ---

    def reads(self, text, error):
        """A daemon reads the file, or cannot: then nothing holds. late: whether it comes later."""
        self.late = error == 'Late'
        found = None if error else ordered.of_text(text)
        if found is None and not error and not self.noisy:
            raise self._wrong('kept: the file is noise: %s' % text)
        if found is not None and not self.noisy and found not in self.may:
            raise self._wrong('kept: %s, and not one of %s' % (found, self.may))
        self.noisy = self.noisy or error == 'StateError'
        self.held, self.changed = found or {}, self._world.now

    def saves(self, text):
        """The daemon has the file written."""
        found, wall = ordered.of_text(text), self._world.wall()
        self._given, judged, self._judged = self._judged, self._judged, None
        if self.late:
            raise self._wrong('kept: written before it was read')
        if found not in [self.held, ordered.left(self.held, wall), judged and judged.result]:
            raise self._wrong('kept: %s is written, and %s holds' % (found, self.held))
        self.may.append(found)

    def reports(self, event):
        """The disk says what came of a writing."""
        if isinstance(event, Saved) and event.error is None:
            self.may, self.noisy = self.may[-1:], False
        elif isinstance(event, Saved):
            if not event.unsure:
                self.may.pop()
            if self._given:
                self._given.failed = True

    # --- orders ---

    def asked(self, question):
        """Somebody gives an order. Returns the Ask."""
        self.asks.append(Ask(question, self._world.now))
        return self.asks[-1]

    def answered(self, one, kind, words):
        """The daemon has answered. kind: 'done' or 'refused'."""
        self.asks.remove(one)
        if kind == 'done':
            if one.result is None or one.failed:
                raise self._wrong('order: done is %s, which must be refused' % one.question)
            if one.looks > 1 and not (one.renamed or self.noisy) and not self._kept(one):
                raise self._wrong('kept: done is %s, and the file has %s' % (one.question, self._world.state.text))
        elif not self._rightly(one):
            raise self._wrong('order: refused is %s: %s' % (one.question, words))

    def _kept(self, one):
        """Whether the file has what holds with an order. It may also have what has ended while it was written."""
        found = ordered.of_text(self._world.state.text)
        lacks, more = set(one.result.items()) - set(found.items()), set(found.items()) - set(one.result.items())
        return not ordered.left(dict(lacks), self._world.wall()) and all(value[1] is not None for _, value in more)

    def _rightly(self, one):
        """Whether there is a reason to refuse an order."""
        waited = one.looks == 0 and self._world.now - one.asked > PATIENCE
        return self._world.daemon._stopped or one.failed or waited or (one.looks == 0 and self.late) \
            or (one.looks > 0 and one.result is None)

    def _judges(self, real, task):
        """The daemon looks whether an order may be: before it is written, and when the file has it. So does this."""
        daemon = self._world.daemon
        one, = [one for one in self.asks if one.question is task.question]
        now = self._world.wall() if task.now is None else task.now
        one.looks += 1
        one.result = ordered.after(self.held, one.question, round(now, 3), daemon.settings,
                                   daemon.roster.local_states(), daemon.decision.state, one.node)
        one.node = one.node or ordered.meant(self.held, one.question, daemon.settings)
        try:
            given = real(task)
        except Noise as error:
            if one.result is not None:
                raise self._wrong('order: refused is %s: %s' % (one.question, error))
            raise
        found = ordered.of_daemon(given)
        if found != one.result:
            raise self._wrong('order: %s gives %s, not %s' % (one.question, found, one.result))
        if one.looks == 2:
            self.held = one.result
        else:
            self._judged = one
        return given

    def _reloads(self, old, new):
        self.held = ordered.followed(self.held, old, new)
        for one in self.asks:
            one.renamed, one.node = True, None

    # --- what must hold ---

    def turned(self):
        """A round is over. What holds is what was answered, without what is over."""
        found, wall = self.now(), self._world.wall()
        over = set(self.held.items()) - set(ordered.left(self.held, wall).items())
        if set(found.items()) - set(self.held.items()) or set(self.held.items()) - set(found.items()) - over:
            raise self._wrong('order: %s holds, not %s at %s' % (found, self.held, wall))
        told = dict((key, value[0]) for key, value in found.items())
        wrong = [key for key, word in self._told.items() if told.get(key, 'off') != word]
        if wrong:
            raise self._wrong('history: not told of %s' % wrong)
        if found != self.held or over:
            self.changed = self._world.now
        self.held = found

    def told(self, one):
        """The daemon has told of an order."""
        self._told[('override',) if one.name == 'override' else ('node', one.name)] = one.new

    def check(self):
        """After a step: all is answered in time, all ends in time, and the file has what holds."""
        now, wall = self._world.now, self._world.wall()
        for one in self.asks:
            if now > max(one.asked, self.awake) + ANSWER + BOUND:
                raise self._wrong('order: no answer to %s' % one.question)
        for key, value in self.held.items():
            if value[1] is not None and now > max(now - wall + value[1], self.stepped + PAUSE, self.awake) + BOUND:
                raise self._wrong('end: %s has not ended at %s' % ((key, value), wall))
        state, since = self._world.state, max(self.well, self.changed, self.awake)
        if state.word == 'well' and not (state.busy() or self.noisy or self.late) and now > since + KEPT:
            if ordered.of_text(state.text) != self.held:
                raise self._wrong('kept: the file has %s, and %s holds' % (state.text, self.held))

    def in_status(self, status):
        """The status must say what holds."""
        override, found = status['override'], {}
        if override:
            found[ordered.OVERRIDE] = ordered._held(override['state'], override)
        for node in status['nodes']:
            if node['maintenance']:
                found['node', node['name']] = ordered._held('maintenance', node['maintenance'])
        names = set(ordered.called(one) for one in self._world.daemon.settings.listeners)
        held = dict((key, value) for key, value in self.now().items() if key == ordered.OVERRIDE or key[1] in names)
        if found != held:
            raise self._wrong('status: it says %s, not %s' % (found, held))
