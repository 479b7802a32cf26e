"""The part of the simulated world in which nodes send heartbeats and listeners wait for them."""

# Seconds between two heartbeats of a living node.
BEAT = 0.5


class Hearing(object):
    """alive: the UDP ports whose nodes live; nodes: the listeners; next_beat: when the next heartbeats come; heard_at:
    when the listeners have looked last."""

    def has(self, host):
        """Whether the kernel answers at this address."""
        if self.answering[0] != self.kernel.changes:
            self.answering = self.kernel.changes, set(
                entry.text for device in self.kernel.devices.values() for entry in device.four + device.six
                if not entry.tentative)
        return host in self.answering[1]

    def hang(self, seconds):
        """The daemon's controller waits for so long, while its listeners go on."""
        self.laws.asleep()
        end, self.nodes = self.now + seconds, self.launched()
        while self.now < end:
            times = [max(node.due, node.stuck) for node in self.nodes]
            self.pass_time(max(0.0, min(times + [end, self.next_beat]) - self.now))
            if self.next_beat <= self.now:
                self._beats()
            self._listeners()
        self.laws.orders.awake = self.now

    def stall(self, seconds):
        """The daemon is not scheduled for so long. Heartbeats wait in its sockets."""
        self.laws.asleep()
        for node in self.nodes:
            node.stuck = max(node.stuck, self.now + seconds)
        end = self.now + seconds
        while self.next_beat <= end:
            self.pass_time(self.next_beat - self.now)
            self._beats()
        self.pass_time(end - self.now)
        self.laws.orders.awake = self.now

    def launched(self):
        """The listeners that the daemon has."""
        return [member.listener for member in self.daemon.roster.launched.values()]

    def _listeners(self):
        now = self.heard_at = self.now
        for node in self.nodes:
            if node.stuck <= now:
                if node.backlog:
                    backlog, node.backlog = node.backlog, []
                    for at in backlog:
                        self._hears(node, at, True)
                while node.due <= now:
                    node.timed_out()

    def _beats(self):
        self.next_beat += BEAT
        if self.nodes:
            for port in sorted(self.alive):
                self.beat(port)

    def beat(self, port):
        """Send a heartbeat to this port."""
        for node in self.nodes:
            if node.settings.port == port and self.has(node.settings.host) and self.near(node):
                if node.stuck >= self.now:
                    node.backlog.append(self.now)
                else:
                    self._hears(node, self.now, False)

    def near(self, node):
        """Whether a listener can hear: at a link-local address it must be bound to the interface that has the address.
        """
        if not node.settings.host.startswith('fe80:'):
            return True
        scope = self.kernel.devices.get(node.bound_to().scope)
        return scope and any(entry.text == node.settings.host for entry in scope.six)

    def _hears(self, node, at, late):
        node.heartbeat(at)
        self.laws.heard(node, at, late)
