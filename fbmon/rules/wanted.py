"""The items that the file names, and what each of them should be at this moment. Pure."""
from fbmon.base.tuples import namedtuple
from fbmon.rules.items import AddressItem, Form, PortItem
from fbmon.rules.states import ABSENT, PRESENT, UP

# The items that a file names, as sets. listeners, cards: their addresses; ports: those in a list that has a say;
# forms: {AddressItem: Form}, with the lease for those of cards; called: {AddressItem: name} of the cards with a name.
Names = namedtuple('Names', 'listeners cards ports forms called')
Names.__new__.__defaults__ = ({},)


def names(settings):
    """The Names of a file, without components that use a faulty value."""
    lease = whole_seconds(settings.lease) or None
    listeners = _forms(((one.interface, one.host, one.prefix) for one in settings.listeners if not one.error), None)
    cards = _forms(((one.interface, one.address, one.prefix) for one in settings.cards if not one.error), lease)
    ports = set(settings.ports if settings.shutdown else ())
    for listener in settings.listeners:
        ports.update(listener.ports if listener.shutdown else ())
    return Names(frozenset(listeners), frozenset(cards),
                 frozenset(PortItem(name) for name in ports.difference(settings.faulty_ports)),
                 dict(list(listeners.items()) + list(cards.items())),
                 dict((AddressItem(one.interface, one.address), one.name) for one in settings.cards if one.name))


def _forms(triples, lease):
    """{AddressItem: Form} of (interface, address, prefix). If an address has several prefixes, the first one counts."""
    found = {}
    for interface, address, prefix in triples:
        item = AddressItem(interface, address)
        before = found.get(item)
        found[item] = Form(before.prefix if before and before.prefix else prefix, lease)
    return found


def interfaces(known, items):
    """The names of the interfaces in the file and of those of the items. items: those that the daemon has changed."""
    return frozenset(item[0] for group in (known.listeners, known.cards, known.ports, items) for item in group)


def left_behind(known, items):
    """The items (those that the daemon has changed) that the file no longer names."""
    return set(items).difference(known.listeners, known.cards, known.ports)


def wanted(known, decision, released, restored=()):
    """{item: target} of all items that the daemon has to care for now.

    A listener's address is always wanted. A card or port is wanted as decided, if it was decided. released: items that
    the file no longer names; of these addresses are removed and ports come up. restored: addresses that the daemon had
    removed and the file no longer names; they are added again.
    """
    items = dict((item, PRESENT) for item in known.listeners.union(restored))
    for pair, target in decision.cards.items():
        if AddressItem(*pair) in known.cards:
            items[AddressItem(*pair)] = target
    for name, target in decision.ports.items():
        if PortItem(name) in known.ports:
            items[PortItem(name)] = target
    for item in released:
        items[item] = UP if isinstance(item, PortItem) else ABSENT
    return items


def whole_seconds(lease):
    """The length of a lease in seconds, as `ip` takes it, rounded up. lease: ms, 0 for none."""
    return (lease + 999) // 1000


def leased(known, lease, ours, lasting=()):
    """The addresses whose lifetime the daemon sets.

    These are the cards' addresses: all of them if the file has a lease, otherwise those among ours, which the daemon
    itself has added. lasting: the addresses that were there for good before; if one of them has a lifetime now, it can
    only be a lease of ours.
    """
    return set(item for item in known.cards if lease or item in ours).union(lasting)


def refreshed(known, decision, ours):
    """The addresses among ours (those that the daemon has added) that must be present."""
    return [item for item in ours if item in known.listeners or decision.cards.get(item) == PRESENT]


def renewed(items, decision):
    """{item: target} of the addresses whose lease is renewed; items: those that have one.

    An item that must be absent is not renewed. The target None is for one that is not decided yet, also because its
    file is newer than a decision that is held: it is renewed only if it is there.
    """
    return dict((item, decision.cards.get(item)) for item in items if decision.cards.get(item) != ABSENT)
