"""What the kernel has, from the lines of `ip -o addr`, `ip -o -0 addr` and `ip -o monitor address link`. Pure.

Everything is kept by the index of the interface. After a rename the monitor goes on printing the old name in front of
an address, and only the index says where the address belongs.

Names and labels may be any text. So a record counts only as a whole, from its beginning, with each word in its place.
An alias of an interface may even have line ends and whole records in it. We do not ask for aliases: only `ip link`
prints them. Other names of an interface may have the same in them, and `ip` prints these. So the code that reads must
keep the records apart (see iproute.spawn_by_write).
"""
import re

from fbmon.base.tuples import namedtuple

# lower: the device below, as eth0 in `vlan7@eth0`, or None; master: the bridge, bond or VRF above, or None; up: the
# administrative flag; altnames: its other names.
Link = namedtuple('Link', 'index name up lower master altnames')
Link.__new__.__defaults__ = ((),)

# family: 'inet' or 'inet6'; words: what `ip addr del` takes, for example '10.0.0.1 peer 10.0.0.2/32'; secondary: the
# kernel would drop it together with its primary; lifetime: valid_lft in seconds, None for ever; silent: the kernel does
# not answer there, because it searches for a double of it (tentative) or has found one (dadfailed); rest: what `ip`
# says between the words and the lifetime.
Address = namedtuple('Address', 'index family address prefix words secondary lifetime silent rest')
Address.__new__.__defaults__ = (False, '')

# A line of the monitor. gone: whether it begins with "Deleted".
LinkSeen = namedtuple('LinkSeen', 'link gone')
AddressSeen = namedtuple('AddressSeen', 'address gone')

# Only lines with a qdisc are about the interface itself. A bridge reports its ports in lines of the same form without
# a qdisc, and says "Deleted" if a port has only left it.
_LINK = re.compile(r'(?P<gone>Deleted )?(?P<index>[0-9]+): (?P<name>[^ :]+): <(?P<flags>[^ >]*)> mtu [0-9]+'
                   r'(?: xdp\S*)? qdisc [^\s\\]+(?: master (?P<master>[^ ]+))?(?P<rest>.*)', re.DOTALL)
_ADDRESS = re.compile(r'(?P<gone>Deleted )?(?P<index>[0-9]+): [^ :]+ +(?P<family>inet6?) '
                      r'(?P<words>(?P<address>[0-9a-f.:]+)(?: peer [0-9a-f.:]+)?(?:/(?P<prefix>[0-9]+))?)'
                      r'(?P<values>(?: (?:metric|brd|any) [^ \\]+)* scope [^ \\]+)'
                      r'(?P<rest>.*(?=\\)|.*)(?P<times>.*)', re.DOTALL)
_LIFETIME = re.compile(r' valid_lft ([0-9]+)sec')
_VALUES = re.compile(r' (?:metric [0-9]+|brd [0-9.]+|scope (?!global )[0-9a-z]+)(?= )')
_METRIC = re.compile(r'(?: metric [0-9]+(?= ))?')
_FLAGS = re.compile(r' (?:home|mngtmpaddr|nodad|noprefixroute|autojoin)(?= |$)')
_LABEL = re.compile(r' ([A-Za-z0-9_.-]+:[A-Za-z0-9_.:-]+) *$')
_ALTNAME = re.compile(r'\\    altname ([^\s\\]+)')

# For an interface whose name another one has by now: the kernel takes no name with a slash.
NAMELESS = 'index/%d'

# The kernel's own words end here.
_ALIAS = '\\    alias '


class Picture(namedtuple('Picture', 'links addresses names')):
    """The kernel's interfaces and addresses: {index: Link}, {index: {address: (Address, ...)}} and {name: index}."""
    __slots__ = ()

    def link(self, name):
        """The Link with this name, or None."""
        return self.links.get(self.names.get(name))

    def missing(self, name):
        """The text that says that an interface is not there."""
        owner = next((link.name for _, link in sorted(self.links.items()) if name in link.altnames), None)
        return 'interface %s is not there%s' % (name, ': it is an altname of %s, use that' % owner if owner else '')

    def on(self, name):
        """A tuple of the Addresses on the interface with this name; empty if there is no such interface."""
        here = self.addresses.get(self.names.get(name), {})
        return tuple(entry for entries in here.values() for entry in entries)

    def entries(self, name, address):
        """A tuple of the Addresses that this address has on the interface, one for each prefix."""
        return self.addresses.get(self.names.get(name), {}).get(address, ())


def empty():
    """The Picture of a kernel that has no interface."""
    return Picture({}, {}, {})


def parse(line):
    """The LinkSeen or AddressSeen in one line, or None for any other line."""
    match = _ADDRESS.match(line)
    if match:
        return AddressSeen(_address(match), bool(match.group('gone')))
    match = _LINK.match(line)
    if match:
        return LinkSeen(_link(match), bool(match.group('gone')))
    return None


def of(lines):
    """The Picture that the lines of `ip -o -0 addr` and `ip -o addr` show."""
    return made(map(parse, lines))


def made(changes):
    """The Picture that LinkSeens and AddressSeens show; a None among them is nothing."""
    picture = empty()
    for seen in changes:
        if seen:
            apply(picture, seen)
    return picture


def quoted(links):
    """[LinkSeen] of what `ip -j -0 addr` prints: a list of dicts, of which some are empty."""
    return [LinkSeen(Link(link['ifindex'], link['ifname'], 'UP' in link['flags'], _lower(link), link.get('master'),
                          tuple(link.get('altnames', ()))), False) for link in links if 'qdisc' in link]


def apply(picture, seen):
    """Bring the picture up to date, in place, with one LinkSeen or AddressSeen.

    Returns whether something else must have changed before that was not shown.
    """
    if isinstance(seen, LinkSeen):
        return _apply_link(picture, seen.link, seen.gone)
    _apply_address(picture, seen.address, seen.gone)
    return False


def make_permanent(picture, item):
    """Take the lifetime from an address before the kernel shows it, in place."""
    here = picture.addresses.get(picture.names.get(item.interface), {})
    if item.address in here:
        here[item.address] = tuple(entry._replace(lifetime=None) for entry in here[item.address])


def index_of(seen):
    """The index of the interface that a LinkSeen or AddressSeen is about."""
    return seen.link.index if isinstance(seen, LinkSeen) else seen.address.index


def rose(before, after):
    """Whether a link is up now and was down before, or has got its name. before, after: a Link, or None if it was or is
    not there."""
    return after is not None and after.up and before is not None and \
        (not before.up or before[:2] != after[:2])


def as_found(entry):
    """The words of `ip addr add` that make an entry as it is, with its label, flags and lifetime if it has them."""
    rest, label = entry.rest + ' ', _LABEL.search(entry.rest) if entry.family == 'inet' else None
    found = entry.words + ''.join(_VALUES.findall(rest) + _FLAGS.findall(rest))
    return found + (' label ' + label.group(1) if label else '') \
        + (' valid_lft {0} preferred_lft {0}'.format(entry.lifetime) if entry.lifetime is not None else '')


def as_kept(entry):
    """The part of these words that `ip addr change` must repeat, because the kernel would otherwise drop it.

    This is the metric, and for IPv6 the flags. An IPv6 address that is just getting its first lifetime (see
    plan.renewals) is deprecated and has no route for a moment only, so its noprefixroute is left out.
    """
    flags = _FLAGS.findall(entry.rest) if entry.family == 'inet6' else []
    if entry.lifetime is not None and ' deprecated' in entry.rest:
        flags = [flag for flag in flags if flag != ' noprefixroute']
    return _METRIC.match(entry.rest).group() + ''.join(flags)


def _apply_link(picture, link, gone):
    """The kernel gives no name twice. If two links seem to have one name, `NAME@LOWER` is the whole name of one."""
    other = picture.names.get(link.name, link.index)
    if other != link.index and link.lower and not gone:
        link = _whole(link)
    elif other != link.index and not gone and picture.links[other].lower:
        picture.links[other] = _whole(picture.links[other])
        picture.names[picture.links[other].name] = other
    robbed = None if gone else picture.names.get(link.name)
    if robbed not in (None, link.index):
        # It has another name by now, or is gone: what is known of it stays with its index.
        picture.links[robbed] = picture.links[robbed]._replace(name=NAMELESS % robbed)
    before = picture.links.pop(link.index, None)
    if before and picture.names.get(before.name) == link.index:
        del picture.names[before.name]
    if gone:
        picture.addresses.pop(link.index, None)
    else:
        picture.links[link.index] = link
        picture.names[link.name] = link.index
    return robbed not in (None, link.index)


def _apply_address(picture, entry, gone):
    here = picture.addresses.setdefault(entry.index, {})
    others = tuple(other for other in here.pop(entry.address, ()) if other.words != entry.words)
    if others or not gone:
        here[entry.address] = others if gone else others + (entry,)


def _whole(link):
    return link._replace(name='%s@%s' % (link.name, link.lower), lower=None)


def _address(match):
    four = match.group('family') == 'inet'
    # The label, which may be any text, stands between the kernel's flags and the lifetime. If a line end in it breaks
    # the line, there is no lifetime.
    rest, lifetime = match.group('rest'), _LIFETIME.search(match.group('times'))
    return Address(int(match.group('index')), match.group('family'), match.group('address'),
                   int(match.group('prefix') or (32 if four else 128)), match.group('words'),
                   rest.startswith(' secondary '), int(lifetime.group(1)) if lifetime else None,
                   not four and _silent(rest.split()), match.group('values') + rest)


def _silent(flags):
    """Whether these flags mean that nobody answers. An optimistic address answers while it is tentative (RFC 4429)."""
    return 'dadfailed' in flags or ('tentative' in flags and 'optimistic' not in flags)


def _lower(link):
    """The device below, as a line has it: `@NONE` if it is gone, `@if7` if it is in another namespace."""
    if 'link_index' in link:
        return 'if%d' % link['link_index']
    return (link['link'] or 'NONE') if 'link' in link else None


def _link(match):
    name, _, lower = match.group('name').partition('@')
    rest = match.group('rest')
    altnames = tuple(_ALTNAME.findall(rest.partition(_ALIAS)[0])) if 'altname' in rest else ()
    return Link(int(match.group('index')), name, 'UP' in match.group('flags').split(','),
                lower or None, match.group('master'), altnames)
