"""What the daemon may touch and what it must leave alone: addresses, links, routes and the commands of `ip`."""
from fbmon.rules.items import AddressItem, PortItem
from sim import files


def foreign(kernel, noted):
    """The set of all addresses, links (with their up or down) and routes that the daemon must leave alone. noted: the
    items of the ledger. A daemon that was killed after its note takes a port that somebody else shut for its own."""
    ports = set(index for item, index in noted.items() if isinstance(item, PortItem))
    found = set((device.index, entry.text, entry.prefix) for device in kernel.devices.values()
                for entry in device.four + device.six if entry.text not in files.OURS)
    found.update((device.index, device.name, device.up) for device in kernel.devices.values()
                 if device.name not in files.PORTS and not device.downed and device.index not in ports)
    loopback = kernel.find('lo').index
    found.update(route for route in kernel.fib.routes if route.index == loopback)
    return found


def wrong(line, daemon, before):
    """Whether a command of the daemon touches what it must leave alone.

    before: the Names when this round began: when a new file is taken, the old items are released.
    """
    words, known = line.split(), set(daemon.ledger.items).union(daemon.ledger.found)
    for names in (before or daemon.names, daemon.names):
        known.update(names.cards, names.listeners, names.ports)
    if words[0] == 'link':
        return PortItem(words[3]) not in known
    if words[0] == 'route':
        return words[1] == 'del' or words[words.index('dev') + 1] not in [item[0] for item in known]
    item = AddressItem(words[words.index('dev') + 1], words[2].partition('/')[0])
    # The daemon puts back all that the kernel drops with an address of ours, even a stranger's.
    return item not in known and words[1] != 'add'
