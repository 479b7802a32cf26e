"""Routes as `ip -o route show` prints them, and the lines of `ip -batch` that put them back. Pure.

The kernel drops these routes of an interface with an address of ours (seen on 6.x; the code is the same since 3.x):
- IPv4: all of them, in every table, when the interface loses its last IPv4 address; and those that have a removed
  address as `src`.
- IPv6: none, but those that have a removed address as `src` lose that word.

We leave alone: the kernel's own routes, which come back with the address by themselves; routes of a routing daemon or a
router advertisement, which care for their own; routes that end by themselves (`expires`); and routes that a line does
not describe in full: those of a nexthop object or with an encapsulation. A route with several nexthops belongs to no
single interface and is not listed for one. The kernel marks its nexthop dead and uses it again when the address is
back.
"""
import re

from fbmon.base.tuples import namedtuple

# words: what `ip route add` takes: its type, if it has one, then the destination and the rest; source: its `src` or
# None.
Route = namedtuple('Route', 'words source')

_TYPES = frozenset('unicast local broadcast multicast anycast'.split())
_VALUED = frozenset('via src metric proto scope table tos mtu advmss realm realms window rtt rttvar cwnd initcwnd '
                    'initrwnd ssthresh hoplimit quickack congctl rto_min pref reordering features '
                    'fastopen_no_cookie from'.split())
_FLAGS = frozenset(['onlink', 'pervasive'])

# Words of the kernel for the present state of a route.
_STATE = frozenset('linkdown dead offload offload_failed trap rt_offload rt_offload_failed rt_trap'.split())

# The `proto` of those who care for their routes themselves.
_OWNERS = frozenset('kernel ra redirect babel bgp bird eigrp gated isis mrouted ntk openr ospf rip xorp zebra'.split())

# The only characters that may be in a word for `ip -batch`, which knows quotes, comments and line ends.
_PLAIN = re.compile(r'[A-Za-z0-9_.:/+-]+$')


def parse(line, interface, six):
    """The Route in one line of `ip -o -4 route show table all dev INTERFACE`; None for a route that is left alone.

    six: whether the line is from `ip -6`.
    """
    tokens = line.split()
    if not all(_PLAIN.match(token) for token in tokens):
        return None
    kind = [tokens.pop(0)] if tokens and tokens[0] in _TYPES else []
    if not tokens:
        return None
    # Written in full: with `default` alone `ip` would have to guess the family.
    target = {'default': '::/0' if six else '0.0.0.0/0'}.get(tokens[0], tokens[0])
    rest = _attributes(tokens[1:])
    if rest is None or not target[0].isdigit() and ':' not in target:
        return None
    found = dict(rest)
    if found.get('proto') in _OWNERS:
        return None
    words = kind + [target, 'dev', interface] + [' '.join(pair).strip() for pair in rest]
    return Route(' '.join(words), found.get('src'))


def of_words(words):
    """The Route with these words."""
    tokens = words.split()
    rest = tokens[tokens.index('dev') + 2:] if 'dev' in tokens else []
    return Route(words, dict(zip(rest, rest[1:])).get('src'))


def is_six(route):
    """Whether it is an IPv6 route."""
    tokens = route.words.split()
    return ':' in tokens[1 if tokens[0] in _TYPES else 0]


def matters(route, six, ours, bare):
    """Whether the kernel drops a route together with one of `ours`, the addresses that the daemon adds.

    bare: whether the interface has no other IPv4 address.
    """
    return route.source in ours or (bare and not six)


def has_source(route, picture):
    """Whether the source address of a route is there. Without it the route cannot be added."""
    return route.source is None or any(route.source in here for here in picture.addresses.values())


def in_order(found):
    """The Routes in an order in which they can be added: first those that others need to reach their gateway."""
    return sorted(found, key=lambda route: ' via ' in route.words and ' onlink' not in route.words)


def lines(route):
    """[The lines that put a route back]. The last one counts. A route that somebody else has added instead stays.

    An IPv6 route that has lost its `src` has to be removed first. If it is not there, that fails; then the last line
    fails, too, unless nothing is there.
    """
    add = 'route add ' + route.words
    if route.source and is_six(route):
        return ['route del ' + route.words.replace(' src ' + route.source, ''), add]
    return [add]


def _attributes(tokens):
    """[(word, value), ...] of the words behind the destination; None if a word is not known."""
    found, rest = [], list(tokens)
    while rest:
        word = rest.pop(0)
        if word in _FLAGS:
            found.append((word, ''))
        elif word == 'dev' and rest:
            rest.pop(0)
        elif word in _VALUED and rest:
            found.append((word, _value(word, rest)))
        elif word not in _STATE:
            return None
    return found


def _value(word, rest):
    """Take the value of a word off the rest, and return it: one token, or two if the first says how to read the second.
    """
    value = rest.pop(0)
    if rest and (value == 'lock' or (word == 'via' and value in ('inet', 'inet6'))):
        # `rto_min` is always locked. `ip` prints this word but does not accept it.
        return rest.pop(0) if word == 'rto_min' else value + ' ' + rest.pop(0)
    return value
