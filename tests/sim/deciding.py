"""The part of the laws that knows what the daemon hears, and what it must decide."""
from sim import ordered, wants


class Deciding(object):
    """ears: {Node: Ear}; verdict: what the network must be; earned: the return by the model; changed: since when
    verdict and file are as they are."""

    def ear(self, node):
        """The model of a listener."""
        found = self.ears.get(node)
        if found is None:
            found = self.ears[node] = wants.Ear(node.settings, node.launched)
        elif found.settings is not node.settings:
            found.update(node.settings)
        return found

    def heard(self, node, at, late):
        """A listener has read a heartbeat; late: it had waited in the socket."""
        ear = self.ear(node)
        ear.hear(at, late)
        ear.follow(node.pulse, at)

    def decides(self, decide, settings, given, *rest):
        """The daemon decides on {index: state} of its listeners by decide(), and so does the model."""
        held = self.orders.now()
        if ordered.override(held) != self.earned.override:
            # It begins, or ends: the network must follow at once, and nobody knows what was done to it meanwhile.
            self.changed = self.world.now
            self._thawed(ordered.override(held))
        states = ordered.marked(settings, self.world.daemon.roster.local_states(), held)
        self.earned.look(settings, states, ordered.override(held))
        if self.earned.verdict != self.verdict:
            self.verdict, self.changed = self.earned.verdict, self.world.now
        found = decide(settings, given, *rest)
        if found.state != self.earned.state:
            kind = {('bypass', 'normal'): 'later', ('normal', 'bypass'): 'sooner'}.get((found.state, self.earned.state))
            kind = 'delayed' if self.earned.judged == 'bypass' else kind or 'state'
            raise self.wrong('%s: %s, not %s with %s' % (kind, found.state, self.earned.state, states))
        return found

    def _thawed(self, override):
        """If the network was frozen, what has happened meanwhile is nobody's fault."""
        if self.earned.override == 'freeze' != override:
            self.unpromoted()
            self.routes, self.observing.would = None, {}

    def judge(self):
        """The last decision must be that of the rules, and it must have been on what the listeners have heard."""
        if self.world.deadline is not None and self.world.deadline <= self.world.now:
            # It comes round again at once: it may have launched a listener after its decision.
            return
        settings, held = self.world.daemon.settings, self.orders.now()
        states = ordered.marked(settings, self._states(), held)
        if self._judged[0] is not settings or self._judged[1] != states:
            self._judged = settings, states, wants.judged(settings, states)
        judged, state = self._judged[2], self.world.daemon.decision.state
        if judged == 'bypass' != state and not ordered.override(held):
            raise self.wrong('delayed: %s, not bypass with %s' % (state, states))
        # The daemon may decide before it launches a listener, or after that: the rules hold what was with one that has
        # not reported.
        if judged not in (None, self.earned.judged) or self.earned.state != state:
            raise self.wrong('state: %s, not %s with %s' % (state, self.earned.state, states))

    def _states(self):
        """{index: state} that the launched listeners must have."""
        world, states = self.world, {}
        for node in world.nodes:
            ear = self.ear(node)
            if node.stuck <= world.now:
                ear.pass_time(world.heard_at)
                if node.pulse.state == 'failed' and not node.pulse.heard:
                    ear.follow(node.pulse, world.heard_at)
            states[node.settings.index] = ear.state if ear.known else node.pulse.state
        return states
