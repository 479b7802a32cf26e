"""The return from a bypass once more, written from section 12 of the specification: what is earned, and when.

The daemon decides only in its rounds, so this model looks at the same moments. It takes the light from the simulated
kernel, and not from what the daemon has read.
"""
from kernel import model
from sim import wants

# Seconds that the hour of the specification has in the simulated world.
HOUR = 16.0

# Seconds until the daemon must have done what is due.
BOUND = 1 / 32.0

# Seconds between two rounds at most, since the watchdog must be fed.
ROUND = 3.0


class Earned(object):
    """bypass: whether there was a bypass without a return yet; clear: since when the rules have said normal without a
    break, None if they do not; seen: {port: (since when each round has found it with light, the count and whose it is)}
    of those that are up in normal; doubled: how often the delay is doubled; returned: when the last return was, None if
    there was none.

    judged: the global state by the rules in the last round, None while they hold what was; state: the one that the
    daemon must have; verdict: what the network must be; asked: whether the operator says return in this round; took:
    whether that ended the bypass; sure: whether the daemon must remember all this when it is killed now.
    """

    def __init__(self, world, wrong):
        self._world, self._wrong = world, wrong
        self.booted()

    def booted(self):
        """After a boot nothing is waited for."""
        self.bypass, self.doubled, self.returned, self.sure = False, 0, None, True
        self.started()

    def started(self):
        """A daemon starts. What was waited so far is lost."""
        self.clear, self.seen, self.asked, self.judged, self._at = None, {}, False, None, self._world.now
        self.state, self.verdict, self.settings, self.states = 'unknown', model.NOTHING, None, {}
        self._followed = self._ports = None
        self._needed = {}    # {port: (since when it must be up in normal, its Optic: another link may get the name)}
        self.took = False
        self.override, self._ruled = None, (self.state, self.verdict)

    def remembers(self, course):
        """The daemon has read what an earlier one has left. If that one could not write all of it, believe it."""
        if not self.sure:
            self.bypass, self.doubled, self.returned, self.sure = course.bypassed, course.doubled, course.returned, True

    def look(self, settings, states, override):
        """The daemon comes round with {index: state} of its launched listeners. override: what an operator has made of
        the global state (section 13), or None."""
        if settings is not self.settings or states != self.states:
            self.settings, self.states = settings, states
            self.judged, self._ports = wants.judged(settings, states), None
        was, self.override = self.override, override
        if override:
            return self._overridden(was)
        if was and self._ruled[0] != 'unknown':
            # Until the rules decide, they hold what they had decided.
            self.state, self.verdict = self._ruled[0], self._ruled[1]._replace()
        before = self.bypass
        if self.judged == 'bypass':
            self._in_bypass()
        elif self.bypass:
            self._waits()
        self.took = self.asked and before and not self.bypass
        self.asked, self._at = False, self._world.now
        # Without these keys a bypass ends with the rules, so nothing is remembered.
        self.sure = settings.returns != (False, 0, 0, 0)
        if self.judged is not None:
            self.state = 'bypass' if self.bypass and self.judged == 'normal' else self.judged
            self._follow()

    def _overridden(self, was):
        """The operator decides. When that ends the rules decide at once, so there is no bypass to return from."""
        if not was:
            self._ruled = self.state, self.verdict
        self.bypass, self.clear, self.seen, self._needed, self.took = False, None, {}, {}, False
        self.asked, self._at, self._followed = False, self._world.now, None
        self.sure = self.settings.returns != (False, 0, 0, 0)
        if self.override != 'freeze':
            before, self.state = self.verdict, self.override
            self.verdict = wants.follows(self.settings, self.states, self.state, self.state)
            if 'unknown' in self.states.values():
                # Of such a node's ports nobody can tell, so they stay as they were.
                self.verdict = self.verdict._replace(ports=dict(before.ports, **self.verdict.ports))

    def _in_bypass(self):
        if not self.bypass:
            near = self.returned is not None and self._world.now - self.returned < HOUR
            self.doubled = self.doubled + 1 if near else 0
        self.bypass, self.clear, self.seen, self._needed = True, None, {}, {}

    def _waits(self):
        """The rules do not say bypass, after a bypass. Held neither ends the wait nor lets it through."""
        self._look_at_light()
        if self.judged == 'normal':
            self.clear = self._world.now if self.clear is None else self.clear
            if self.asked or self.earned() <= self._world.now:
                self._too_soon()
                self.bypass, self.clear, self.seen, self.returned = False, None, {}, self._world.now

    def _look_at_light(self):
        """Light that nobody has looked at does not count, and neither does light that was away since the last look."""
        before, self.seen = self.seen, {}
        needed, self._needed = self._needed, {}
        if self.settings.returns.carrier:
            for name in self.ports():
                optic = self._optic(name)
                same = name in needed and needed[name][1] is optic
                self._needed[name] = needed[name] if same else (self._world.now, optic)
                if optic and optic.lit:
                    count = optic.changes, id(optic)
                    self.seen[name] = before[name] if name in before and before[name][1] == count \
                        else (self._world.now, count)

    def ports(self):
        """The ports that must be up in normal."""
        if self._ports is None:
            found = wants.follows(self.settings, self.states, 'normal', 'normal').ports
            self._ports = sorted(name for name, target in found.items() if target == 'up')
        return self._ports

    def _optic(self, name):
        device = self._world.kernel.find(name)
        return device and device.up and device.optic

    def delay(self):
        """The seconds for which the rules must say normal."""
        rule = self.settings.returns
        return min(rule.delay << self.doubled, max(rule.delay, rule.longest)) / 1000.0

    def earned(self):
        """The second at which the return is earned, as far as the looks tell; for ever if it cannot be known."""
        rule, never = self.settings.returns, float('inf')
        if rule.manual or self.clear is None:
            return never
        at = self.clear + self.delay()
        if rule.carrier:
            ports = self.ports()
            lit = never if len(self.seen) < len(ports) else max([self.seen[name][0] for name in ports] or [-never])
            at = max(at, lit + rule.carrier / 1000.0)
        return at

    def _too_soon(self):
        """No return sooner than earned: by the light itself, too."""
        rule, now = self.settings.returns, self._world.now
        young = [] if self.asked or not rule.carrier else [
            name for name in self.ports() if self._optic(name).since > now - rule.carrier / 1000.0]
        if young:
            raise self._wrong('sooner: %s have not had light for long enough' % young)

    def leading(self):
        """Whether the ports come up before the cards: after the delay, while the return waits for carrier."""
        rule = self.settings.returns
        return self.bypass and not rule.manual and rule.carrier > 0 and self.clear is not None \
            and self._at >= self.clear + self.delay()

    def _follow(self):
        leads = 'normal' if self.state == 'bypass' and self.judged == 'normal' and self.leading() else self.state
        key = self.settings, self.states, self.state, leads
        if self._followed is None or key[2:] != self._followed[2:] or key[0] is not self._followed[0] \
                or key[1] != self._followed[1]:
            self._followed, self.verdict = key, wants.follows(*key)

    def late(self):
        """The words for a return that has not come although it was earned, or None: not later than BOUND after what
        the looks tell, and not later than that by the light itself. A light that comes is seen in the next round at
        the latest, and light that was away for a moment between two rounds counts from the second one."""
        now = self._world.now
        if not self.bypass or self.judged != 'normal' or self.settings.returns.manual:
            return None
        at = self.clear + self.delay()
        if self._at < at < now - BOUND:
            return 'later: the delay was over %g s ago, and the daemon has not come round' % (now - at)
        carrier = self.settings.returns.carrier / 1000.0
        if carrier:
            optics = [self._optic(name) for name in self.ports()]
            if not all(optic and optic.lit for optic in optics):
                return None
            at = max([at] + [max(self._needed[name][0], optic.since) + ROUND + carrier
                             for name, optic in zip(self.ports(), optics)])
        at = min(at, self.earned())
        return 'later: the return was earned %g s ago' % (now - at) if now > at + BOUND else None

    def answer(self, stopped):
        """The beginning of the answer to `return` in this round: ({'done' or 'refused'}, a word of it)."""
        if stopped:
            return 'refused', 'stops'
        if self.override:
            return 'refused', 'override'
        if self.took:
            return 'done', 'returned'
        return 'refused', 'rules say bypass' if self.judged == 'bypass' else 'held' if self.bypass else 'no bypass'

    def waits(self):
        """(what the return waits for, how many seconds more or None, the dark ports); None if it does not wait."""
        if not self.bypass or self.clear is None:
            return None
        rule, now = self.settings.returns, self._world.now
        if rule.manual:
            return 'operator', None, []
        if now < self.clear + self.delay():
            return 'delay', self.clear + self.delay() - now, []
        dark = [name for name in self.ports() if name not in self.seen] if rule.carrier else []
        if dark:
            return 'carrier', None, dark
        return ('carrier', self.earned() - now, []) if rule.carrier and now < self.earned() else None
