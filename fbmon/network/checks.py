"""Finds what looks wrong with Settings beside what the kernel has. Pure: Settings and Picture in, Notices out."""
import re

from fbmon.config import addresses, notices, values
from fbmon.config.schema import origin

_RANGE = r'(.*[0-9])(?:-|\.\.)[a-z]*[0-9]+\Z'


def warnings(settings, picture, given=None, ledger=None):
    """The warnings, a tuple of Notices.

    given: that of the Config, for lines, keys and values; without it a Notice has only a text. ledger: knows the
    addresses that the daemon has added; without it there are no warnings of addresses that belong to somebody else.
    """
    report, texts, places = notices.Report(), [], {}
    for check in (_missing, _shut, _no_way_back, _only_cards, _other_prefix, _elsewhere, _odd, _short_lease,
                  lambda *both: _others(ledger, *both)):
        for place, text in check(settings, picture):
            if text not in places:
                texts.append(text)
            places.setdefault(text, set()).add(origin(given or {}, *place))
    for text in texts:
        # If many listeners have the same address, there is one cause and one remedy.
        first = min(places[text], key=lambda given: given.line if given else 0)
        more = len(places[text]) - 1
        report.warning(first, text + (' (%d more line%s)' % (more, 's'[more == 1:]) if more else ''))
    return report.warnings()


def _missing(settings, picture):
    """An interface that is not there at the moment."""
    for place, name in interfaces(settings) + ports(settings):
        if name is not None and picture.link(name) is None:
            if any(name in link.altnames for link in picture.links.values()):
                yield place, picture.missing(name)
            else:
                yield place, ('interface %s is not there at the moment; what needs it waits for it: correct the '
                              'name if it will never come%s' % (name, _hint(name, picture)))


def _hint(name, picture):
    """What to add if a name looks like a list: sw1;sw2, or sw1-4 if there is a sw1. Otherwise ''."""
    range_of = re.match(_RANGE, name)
    if ';' in name or (range_of and picture.link(range_of.group(1))):
        return '; ' + values.AS_LIST
    return ''


def _shut(settings, picture):
    """A port that should not be shut: cards, addresses or heartbeats depend on it."""
    cards = _owners(settings.cards)
    beneath, beneath_cards = _beneath(_owners(settings.listeners), picture), _beneath(cards, picture)
    for place, name in ports(settings):
        if name in cards:
            yield place, ('port %s is the interface of card %d, which cannot ping when it is down; remove it '
                          'from the list' % (name, cards[name]))
        if name in beneath:
            yield place, ('port %s is a part of %s, the interface of listener %d: when it is down, '
                          'heartbeats may not arrive and nothing brings it up again; remove it from the list'
                          % ((name,) + beneath[name]))
        elif name in beneath_cards:
            yield place, ('port %s is a part of %s, the interface of card %d: when it is down, the card may not '
                          'be able to ping in normal either; remove it from the list'
                          % ((name,) + beneath_cards[name]))
        carried = [entry for entry in picture.on(name) if not addresses.link_local(entry.address)]
        if carried:
            yield place, ('port %s carries the address %s: going down loses IPv6 addresses and static '
                          'routes; remove it from the list, or the address from it'
                          % (name, carried[0].words))


def _no_way_back(settings, picture):
    """An address without a prefix on an interface on which no other address covers it."""
    networks = _networks(settings, picture)
    for place, name, address, prefix in placed(settings):
        most = addresses.bits(address)
        # There is nobody on lo. Replies from its addresses take the routes of other interfaces.
        if (prefix or most) < most or name == 'lo' or picture.link(name) is None:
            continue
        if not any(network == addresses.network(address, network[1]) for network in networks.get(name, ())
                   if network[0] == most):
            yield place, ('no other address on %s covers %s/%d, so replies have no way back; give it a '
                          '/prefix, as in %s/%d' % (name, address, most, address, 24 if most == 32 else 64))


def _only_cards(settings, picture):
    """An interface that has no IPv4 address in bypass, so that the kernel drops the routes through it."""
    owners = _owners([one for one in settings.cards
                      if one.address and ':' not in one.address and (one.prefix or 32) < 32])
    for name, index in sorted(owners.items()):
        cards = [one.address for one in settings.cards if one.interface == name]
        others = [entry for entry in picture.on(name) if entry.family == 'inet' and entry.address not in cards]
        listeners = [one for one in settings.listeners if one.interface == name and one.host and ':' not in one.host]
        if name != 'lo' and picture.link(name) and not others and not listeners:
            yield ('BYPASS_CARD_HOST', index), (
                '%s has no other IPv4 address than those of cards: in bypass the kernel drops all IPv4 routes through '
                'it, and they come back with the cards; give it an address of its own' % name)


def _other_prefix(settings, picture):
    """An address that is there with another prefix than in the file. It counts as present and is left as it is."""
    for place, name, address, prefix in placed(settings):
        found = [entry.prefix for entry in picture.entries(name, address)]
        if prefix and found and prefix not in found:
            yield place, ('address %s is on %s as /%d already, and is left so; for the /%d: ip addr del %s/%d dev %s, '
                          'and it is added again' % (address, name, found[0], prefix, address, found[0], name))


def _others(ledger, settings, picture):
    """A card whose address was there before the daemon. The ledger knows interfaces by their index."""
    if ledger is None:
        return
    ours = _places(ledger.items, picture)
    found = _places(dict((item, place[0]) for item, place in ledger.found.items()), picture)
    for card in settings.cards:
        place = card.interface, card.address
        if None not in place and place not in ours and (place in found or picture.entries(*place)):
            yield ('BYPASS_CARD_HOST', card.index), (
                'address %s on %s was there before the daemon: in bypass it goes away for all who use it; give the '
                'card an address of its own, or take this one out of the network configuration of the system' % (
                    card.address, card.interface))


def _places(items, picture):
    """{(interface, address), ...} of {item: index}, with the present name of the interface."""
    return set((picture.links[index].name if index in picture.links else item[0], item[-1])
               for item, index in items.items() if index is None or index in picture.links)


def _networks(settings, picture):
    """{interface: its networks, as addresses.network() gives them}, now or by this file. /32 and /128 are none."""
    there = set((name, address) for _, name, address, _ in placed(settings) if picture.entries(name, address))
    pairs = [(name, entry.words.split()[-1].partition('/')[0], entry.prefix)
             for name in set(one[1] for one in placed(settings)) for entry in picture.on(name)]
    pairs += [(name, address, prefix) for _, name, address, prefix in placed(settings)
              if prefix and (name, address) not in there]
    found = {}
    for name, address, prefix in pairs:
        if prefix < addresses.bits(address):
            found.setdefault(name, set()).add(addresses.network(address, prefix))
    return found


def _elsewhere(settings, picture):
    """The same address on another interface, now or by this file."""
    places = {}
    for index, link in picture.links.items():
        for address in picture.addresses.get(index, ()):
            places.setdefault(address, set()).add(link.name)
    for _, name, address, _ in placed(settings):
        places.setdefault(address, set()).add(name)
    for place, name, address, _ in placed(settings):
        others = sorted(places[address] - set([name]))
        # Every interface may have the same link-local address.
        if others and not addresses.link_local(address):
            yield place, ('address %s is not only for %s but also on %s; remove it there, or correct the '
                          'interface' % (address, name, ', '.join(others)))


def _odd(settings, _picture):
    """An address or a prefix that is hardly meant."""
    for place, _, address, prefix in placed(settings):
        bits = addresses.bits(address)
        if prefix and prefix < 8:
            yield place, ('/%d makes nearly every address a neighbour of %s; give the prefix of its network'
                          % (prefix, address))
        elif prefix and bits == 32 and prefix < 31:
            # The part of the address that differs within its network.
            host = addresses.network(address, bits)[2] & ((1 << (bits - prefix)) - 1)
            if host in (0, (1 << (bits - prefix)) - 1):
                yield place, ('%s/%d is the %s address of its network, which few can ping; give another one'
                              % (address, prefix, 'broadcast' if host else 'network'))


def _short_lease(settings, _picture):
    """A lease that may end before a busy switch has renewed it."""
    if 0 < settings.lease < 5000:
        yield ('BYPASS_CARD_LEASE', None), (
            'a lease of %d ms is short: a switch that is busy for so long lets the cards go to bypass; give 5000'
            % settings.lease)


def placed(settings):
    """((key, index), interface, address, prefix) of each listener and card that has both."""
    found = [(('LISTEN_HB_HOST', one.index), one.interface, one.host, one.prefix)
             for one in settings.listeners]
    found += [(('BYPASS_CARD_HOST', one.index), one.interface, one.address, one.prefix)
              for one in settings.cards]
    return [one for one in found if None not in one[1:3]]


def interfaces(settings):
    """[((key, index), interface)] of each listener and card; its interface may be None."""
    return [(('LISTEN_HEARTBEAT_IFS', one.index), one.interface) for one in settings.listeners] \
        + [(('BYPASS_CARD_IFS', one.index), one.interface) for one in settings.cards]


def ports(settings):
    """[((key, index) of the first list that names it, name)] of each port that the daemon brings up and down."""
    lists = [(None, settings.shutdown, settings.ports)]
    lists += [(one.index, one.shutdown, one.ports) for one in settings.listeners]
    first = {}
    for index, shutdown, names in lists:
        for name in names if shutdown else ():
            if name not in settings.faulty_ports:
                first.setdefault(name, index)
    return [(('LISTEN_CUBRO_IFS', index), name) for name, index in sorted(first.items())]


def _owners(components):
    """{interface: index of the first component on it}."""
    return dict((one.interface, one.index) for one in reversed(components) if one.interface is not None)


def _beneath(owners, picture):
    """{name: (interface, index of its component)} of all members and lower devices of these interfaces.

    Members of members count, too. owners: {interface: index}.
    """
    members = {}
    for link in picture.links.values():
        members.setdefault(link.master, []).append(link.name)
    found = {}
    for interface, index in sorted(owners.items()):
        rest = [interface]
        while rest:
            link = picture.link(rest.pop())
            below = members.get(link.name, []) + [link.lower] if link else []
            new = [name for name in below if name not in found]
            found.update((name, (interface, index)) for name in new)
            rest += new
    return found
