"""Wanted minus actual gives the commands. Pure: the wanted network and the Picture in, lines for `ip -batch` out."""
from fbmon.base.tuples import namedtuple
from fbmon.network.picture import as_found, as_kept
from fbmon.rules.items import PLAIN, AddressItem
from fbmon.rules.states import ABSENT, DOWN, MISSING, PRESENT, SILENT, UP

# item: what it changes, or None; line: for `ip -batch`; target: the state of the item when the kernel has done it.
Command = namedtuple('Command', 'item line target')


def actual(item, picture):
    """The actual state of an item: PRESENT or ABSENT, UP or DOWN; MISSING if there is no such interface."""
    has = state(item, picture)
    return ABSENT if has == SILENT else has


def state(item, picture):
    """As actual(), but SILENT for an address that is there and does not answer. Such an address is never as wanted.

    Addresses are compared without their prefix: an address that is there with any prefix is present.
    """
    if isinstance(item, AddressItem):
        if picture.link(item.interface) is None:
            return MISSING
        entries = picture.entries(*item)
        for entry in entries:
            if not entry.silent:
                return PRESENT
        return SILENT if entries else ABSENT
    link = picture.link(item.name)
    return MISSING if link is None else UP if link.up else DOWN


def parts(wanted, forms):
    """The pairs of {item: target} in two lists: what is planned and done first, and what only then.

    The addresses that the file names and that have to go make a bypass. They wait neither for the plan nor for the
    changes of everything else.
    """
    urgent, rest = [], []
    for pair in wanted.items():
        (urgent if pair[1] == ABSENT and pair[0] in forms else rest).append(pair)
    return urgent, rest


def commands(wanted, picture, forms, keep_secondaries=lambda interface: True, leaves=lambda item: False):
    """[Commands that lead from the picture to the wanted state].

    wanted: {item: target}; forms: {AddressItem: Form} of all addresses in the file. The order is: addresses that the
    file names are removed, ports come up, ports go down, addresses are added, addresses that the file no longer names
    are removed. So the urgent removals come first; ports are up before addresses come, since a port that goes down
    loses its IPv6 addresses; and the last address of a network goes after its successor has come, since the network's
    routes would go with it.

    keep_secondaries(interface) prepares an interface for the end of a primary address, by a removal or a lifetime. If
    it returns False, the secondaries that the kernel will drop are added again in the same batch, as they were; not if
    leaves(item): that has to go, too, or is on its way.
    """
    gone, released, ups, downs, additions = [], [], [], [], []
    for item, target in sorted(wanted.items()):
        now = state(item, picture)
        if now in (target, MISSING):
            continue
        if target == ABSENT:
            (gone if item in forms else released).append(item)
        elif target == PRESENT:
            form = forms.get(item, PLAIN)
            if form.lease and ':' not in item.address:
                keep_secondaries(item.interface)
            if now == SILENT:
                silent = picture.entries(*item)
                additions += [Command(None, 'addr del %s dev %s' % (entry.words, item.interface), None)
                              for entry in silent]
                # The same address is added again, without a search for doubles.
                form = form._replace(found=form.found or tuple(map(as_found, silent)))
            additions += [Command(item, line, PRESENT) for line in _add(item, form)]
        else:
            (ups if target == UP else downs).append(
                Command(item, 'link set dev %s %s' % (item.name, target), target))
    first, last, kept = _remove(gone, wanted, picture, keep_secondaries, leaves)[0], [], True
    if released:
        last, kept = _remove(released, wanted, picture, keep_secondaries, leaves)
    if not kept or not additions:
        # If secondaries are not kept, an address that is added beside a released primary is one and would be dropped,
        # too.
        first, last = first + last, []
    return first + ups + downs + additions + last


def renewals(wanted, picture, forms, unsure=lambda item: False):
    """[Commands that give each entry of these addresses its full lease again, or make it permanent].

    Nothing else of an entry changes.
    wanted: {AddressItem: PRESENT, or None if nothing is decided: then only a lease that is there is renewed};
    unsure(item): whether a change was sent that is not shown yet: the entry may be permanent by now.
    """
    found = []
    for item, target in sorted(wanted.items()):
        lease = forms.get(item, PLAIN).lease
        for entry in picture.entries(*item):
            if entry.lifetime is not None or (lease and target):
                place = _there(entry, item.interface)
                lasting = entry.lifetime is None or (lease and unsure(item))
                if entry.family == 'inet6' and lasting and ' noprefixroute' not in as_kept(entry):
                    # Some kernels (6.18) would give its route, which others share, an end, and a wrong one.
                    found.append(_change(item, place + ' noprefixroute', lease, 0))
                found.append(_change(item, place, lease or 'forever'))
    return found


def permanent(wanted, picture, forms, coming):
    """[Commands that make each entry of these addresses permanent].

    wanted: {AddressItem: PRESENT, or None if only an entry that shows a lifetime counts}; coming: the addresses that
    `ip` has acknowledged and the kernel has not shown yet. These become permanent, too.
    """
    found = []
    for item, target in sorted(wanted.items()):
        form, entries = forms.get(item, PLAIN), picture.entries(*item)
        places = [_there(entry, item.interface) for entry in entries if target or entry.lifetime is not None]
        if item in coming and form.lease and (form.found or not entries):
            places += [place for place in _places(item, form)
                       if not any(place.startswith(entry.words + ' ') for entry in entries)]
        found += [_change(item, place, 'forever') for place in places]
    return found


def _add(item, form):
    """[The lines that add an address], in the form of the file, or as it was there before the daemon."""
    if form.found:
        return ['addr add ' + _as_found(words, item.interface, form.lease) for words in form.found]
    return ['addr add ' + _place(item, form) + (_lifetime(form.lease) if form.lease else '')]


def _as_found(words, interface, lease):
    """The words for an entry that was found, with a lease instead of its own lifetime.

    Its label is kept only if it begins with the name of the interface, as the kernel demands.
    """
    words, end, seconds = words.partition(' valid_lft ')
    words, _, label = words.partition(' label ')
    kept = ' label ' + label if label.startswith(interface + ':') else ''
    if ':' in words.partition('/')[0] and ' nodad' not in words:
        words += ' nodad'
    return '%s%s dev %s%s' % (words, kept, interface, _lifetime(lease) if lease else end + seconds)


def _places(item, form):
    """Where an address is added: in the form of the file, or in those that it had before the daemon."""
    found = [words.partition(' valid_lft ')[0] for words in form.found]
    return [_as_found(words, item.interface, None) for words in found] or [_place(item, form)]


def _place(item, form):
    six = ':' in item.address
    line = '%s/%d dev %s' % (item.address, form.prefix or (128 if six else 32), item.interface)
    return line + (' nodad' if six else '')


def _there(entry, interface):
    return '%s dev %s%s' % (entry.words, interface, as_kept(entry))


def _change(item, place, valid, preferred=None):
    return Command(item, 'addr change ' + place + _lifetime(valid, preferred), PRESENT)


def _lifetime(valid, preferred=None):
    return ' valid_lft %s preferred_lft %s' % (valid, valid if preferred is None else preferred)


def _remove(items, wanted, picture, keep_secondaries, leaves):
    """([one removal for each entry, with the prefix that the kernel shows], whether secondaries are kept).

    Secondaries go before their primary. Otherwise the kernel would promote one of them, and report each of the others.
    """
    secondaries, primaries, interfaces = [], [], set()
    for item in items:
        for entry in picture.entries(*item):
            if entry.family == 'inet':
                interfaces.add(item.interface)
            (secondaries if entry.secondary else primaries).append(
                Command(item, 'addr del %s dev %s' % (entry.words, item.interface), ABSENT))
    lossy = [interface for interface in sorted(interfaces) if not keep_secondaries(interface)]
    dropped = []
    for interface in lossy:
        for other in picture.on(interface):
            item = AddressItem(interface, other.address)
            if other.secondary and wanted.get(item) != ABSENT and not leaves(item):
                dropped.append(Command(None, 'addr add ' + _as_found(as_found(other), interface, None), None))
    return secondaries + primaries + dropped, not lossy
