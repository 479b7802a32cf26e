"""What the network must be, written once more from the specification, in another way than in the daemon."""
from kernel import model


class Ear(object):
    """The state that a listener must have (section 4). last: the second since when it waits; known: False after new
    timers, until a heartbeat or a failure shows where it stands."""

    def __init__(self, settings, now):
        self.state, self.heard, self.last, self.known = 'unknown', 0, now, True
        self.settings = settings

    def span(self):
        """The seconds without a heartbeat after which it has failed."""
        return self.settings.timeout * self.settings.attempts / 1000.0

    def hear(self, now, late=False):
        """A heartbeat comes. late: it has waited in the socket, so it counts before a timeout."""
        if now > self.last + self.span() and not late:
            self.pass_time(now)
        self.heard += self.state == 'failed'
        if self.state != 'failed' or self.heard >= self.settings.recovery:
            self.state, self.heard = 'active', 0
        self.last = now

    def pass_time(self, now):
        """It fails if it has waited too long by now."""
        if self.known and now >= self.last + self.span():
            self.state, self.heard = 'failed', 0

    def follow(self, pulse, now):
        """After new timers take the daemon's own state, at a heartbeat or a failure."""
        if not self.known:
            self.state, self.heard, self.last, self.known = pulse.state, pulse.heard, now, True

    def update(self, settings):
        """Take a new file."""
        self.known = self.known and (settings.timeout, settings.attempts, settings.recovery) == (
            self.settings.timeout, self.settings.attempts, self.settings.recovery)
        self.settings = settings


def nodes(settings, states):
    """{node: state} (section 11) for {index: state} of the launched listeners. A node without a name is its index."""
    names = dict((one.index, one.node or one.index) for one in settings.listeners)
    ways = {}
    for index, state in states.items():
        ways.setdefault(names[index], set()).add(state)
    return dict((node, next(state for state in ('maintenance', 'active', 'unknown', 'failed') if state in those))
                for node, those in ways.items())


def judged(settings, states):
    """The global state by the rules (section 5); None while they hold what was."""
    found = list(nodes(settings, states).values())
    return None if not found or 'unknown' in found else model.overall(settings.threshold, found)


def follows(settings, states, state, leading):
    """The model's Verdict with a global state. leading: the one that the ports follow already (section 12)."""
    lists = [model.PortList(settings.ports, settings.shutdown, None)]
    lists += [model.PortList(one.ports, one.shutdown, one.index) for one in settings.listeners]
    cards = [(card.interface, card.address) for card in settings.cards if not card.error]
    found = nodes(settings, states)
    # The list of a listener follows the state of its node, but has a say only if the listener itself is launched.
    states = dict((one.index, found[one.node or one.index]) for one in settings.listeners if one.index in states)
    return model.follows(model.Rules(settings.threshold, cards, lists, settings.faulty_ports), state, leading, states)


def wrong(kernel, settings, verdict):
    """[What in the kernel is not as the verdict wants it], as sorted texts."""
    # A verdict that is held from an earlier file counts for the items that this file names.
    wanted = dict((card, target) for card, target in verdict.cards.items()
                  if card in [(one.interface, one.address) for one in settings.cards if not one.error])
    named = set(settings.ports if settings.shutdown else ()).union(
        *[one.ports for one in settings.listeners if one.shutdown]).difference(settings.faulty_ports)
    wanted.update(((one.interface, one.host), 'present') for one in settings.listeners if not one.error)
    found = []
    for (interface, address), target in wanted.items():
        device = kernel.find(interface)
        entries = [entry for entry in device.four + device.six if entry.text == address] if device else ()
        # If the address must be absent, none of its entries must be left.
        there = [entry for entry in entries if target != 'present' or _answers(kernel, device, entry)]
        if device and bool(there) != (target == 'present'):
            found.append('%s on %s is not %s' % (address, interface, target))
    for name, target in verdict.ports.items():
        device = kernel.find(name)
        if device and name in named and device.up != (target == 'up'):
            found.append('%s is not %s' % (name, target))
    return sorted(found)


def _answers(kernel, device, entry):
    """Whether an entry answers: not while it is tentative. An IPv6 address also needs the route of its network."""
    if not entry.six or not entry.ours or entry.prefix == 128 or not device.up:
        return not entry.tentative
    return not entry.tentative and any(route.six and route.connected and route.index == device.index
                                       and (route.network, route.prefix) == (entry.network(), entry.prefix)
                                       for route in kernel.fib.routes)
