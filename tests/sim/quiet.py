"""What must hold after all has been quiet for a while: the daemon remembers exactly what is there."""
from fbmon.memory.history import KEPT
from fbmon.memory.ledger import Seen
from fbmon.rules.items import AddressItem, PortItem

# The most items that a part of the daemon may remember: all items of all files, on all interfaces.
MANY = 64

COLLECTIONS = (dict, list, set, frozenset)


def wrong(world, laws):
    """The words for a law that does not hold, or None."""
    for law in (_ledger, _written, _released, _history, _observed, _deaf, _memory, _routes):
        found = law(world, laws)
        if found:
            return found
    return None


def _ledger(world, laws):
    """The ledger must have exactly our items that are there, by index and name."""
    ledger, kernel = world.daemon.ledger, world.kernel
    if not _sure(world) or laws.still():
        return None
    noted = set((index, item.address) for item, index in ledger.items.items() if isinstance(item, AddressItem))
    found = set((index, item.address) for item, (index, _) in ledger.found.items())
    there = set((device.index, entry.text) for device in kernel.devices.values()
                for entry in device.four + device.six)
    ours = world.marks.ours(kernel)
    if ours - noted - found:
        return 'ledger: lacks %s' % sorted(ours - noted - found)
    if noted - there:
        return 'ledger: has %s, which is not there' % sorted(noted - there)
    downed = set(device.name for device in kernel.devices.values() if device.downed)
    ports = set(item.name for item in ledger.items if isinstance(item, PortItem))
    if downed - ports:
        return 'ledger: lacks %s' % sorted(downed - ports)
    up = [name for name in sorted(ports) if kernel.find(name) is None or kernel.find(name).up]
    return 'ledger: has %s, which is not down' % up if up else None


def _written(world, _laws):
    """The file of the ledger says the same as its memory."""
    known, kept = world.daemon.ledger, Seen('ledger')
    if (kept.items, kept.found) != (known.items, known.found):
        return 'ledger: its file has %s' % sorted(set(kept.items.items()) ^ set(known.items.items()))
    return None


def _sure(world):
    """Whether the ledger must be right now.

    What an earlier run or file has left is released with the first decision, but not while a file with mistakes runs.
    """
    return world.marks.sure and world.daemon.decided and not world.daemon.loaded.mistakes


def _released(world, laws):
    """All that the file does not name must be as it was found."""
    daemon, kernel = world.daemon, world.kernel
    if not _sure(world) or laws.still():
        return None
    names = daemon.names
    for device in kernel.devices.values():
        for entry in device.four + device.six:
            item = AddressItem(device.name, entry.text)
            if entry.ours and item not in names.cards and item not in names.listeners:
                return 'released: %s on %s is left' % (entry.text, device.name)
        if device.downed and PortItem(device.name) not in names.ports:
            return 'released: %s is left down' % device.name
    for (index, text), entry in sorted(world.marks.taken.items() if not world.marks.misread else ()):
        device = kernel.devices.get(index)
        if device and AddressItem(device.name, text) not in names.cards | names.listeners and not entry.six:
            return 'released: %s on %s was there before' % (text, device.name)
    return None


def _history(world, laws):
    """The last transition of each thing must be its present state."""
    last = dict((key, word) for key, (word, at) in laws._last.items() if at > laws._loose)
    state = last.get(('global', 'state'), world.daemon.decision.state)
    if state != world.daemon.decision.state:
        return 'history: global %s, told %s' % (world.daemon.decision.state, state)
    for node in world.nodes:
        told = last.get(('listener', str(node.settings.index)), node.pulse.state)
        if told != node.pulse.state:
            return 'history: listener %d %s, told %s' % (node.settings.index, node.pulse.state, told)
    for item, (told, _) in sorted(laws.items.items() if not world.daemon.settings.observe else ()):
        real = _real(world.kernel.find(item[0]), item)
        if told != real:
            return 'history: %s is %s, told %s' % (item, real, told)
    return None


def _observed(world, laws):
    """While it only observes, the daemon must have told all that it would change."""
    return laws.observing.untold(laws.verdict)


def _real(device, item):
    """The state of an item in the kernel, in the daemon's words."""
    if device is None:
        return 'missing'
    if isinstance(item, PortItem):
        return 'up' if device.up else 'down'
    return 'present' if any(entry.text == item.address and not entry.tentative
                            for entry in device.four + device.six) else 'absent'


def _deaf(world, laws):
    """Each listener must be bound to the interface that has its address. While the daemon only observes, it does not
    put the address where the file wants it."""
    for node in world.nodes if not laws.still() else ():
        if world.has(node.settings.host) and world.kernel.find(node.settings.interface) and not world.near(node):
            return 'deaf: listener %d' % node.settings.index
    return None


def _memory(world, _laws):
    """Nothing must grow: not the daemon's parts and their parts, not its listeners, and not its files."""
    parts = [world.daemon] + world.nodes
    for part in parts[:1] + [world.daemon.network, world.daemon.routes]:
        parts += [one for one in vars(part).values() if type(one).__module__.startswith('fbmon.')]
    large = sorted(name for part in parts for name, value in getattr(part, '__dict__', {}).items()
                   if isinstance(value, COLLECTIONS) and len(value) > MANY)
    large += ['history'] * (len(world.daemon.history.transitions) > KEPT)
    lines = max([len(lines) for lines in world.disk.values()] or [0])
    return 'memory: %s' % large if large or lines > 2100 or len(world.inbox) > MANY else None


def _routes(world, laws):
    """A route that was there in normal must be there in normal again."""
    if laws.verdict.state != 'normal' or laws.still():
        return None
    there = set(route for route in world.kernel.fib.routes if not route.connected)
    gone = (laws.routes or set()) - there
    laws.routes = there
    return 'routes: gone are %s' % sorted(route[1:6] for route in gone) if gone else None
