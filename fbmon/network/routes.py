"""Routes as `ip -o route show` prints them, and the lines of `ip -batch` that bring them back. Pure.

Which of an interface's routes the kernel drops with an address of ours (seen on 6.x, and so in the code since 3.x):
- IPv4: all of them, in every table, when the interface loses its last IPv4 address; and those that have a removed
  address as `src`.
- IPv6: none, but those that have a removed address as `src` lose that word.

Left alone are the kernel's own routes, which come with the address by themselves, what a routing daemon or a router
advertisement has put there, which sees to its own, what ends by itself (`expires`), and what a line does not tell in
full: routes of a nexthop object or with an encapsulation. A route with several nexthops belongs to no single interface
and is not listed for one; the kernel marks the nexthop dead and uses it again when the address is back.
"""
import re
from collections import namedtuple

# words: what `ip route add` takes, destination first, or its type and then the destination; source: its `src` or None.
Route = namedtuple('Route', 'words source')

_TYPES = frozenset('unicast local broadcast multicast anycast'.split())
_VALUED = frozenset('via src metric proto scope table tos mtu advmss realm realms window rtt rttvar cwnd initcwnd '
                    'initrwnd ssthresh hoplimit quickack congctl rto_min pref reordering features '
                    'fastopen_no_cookie from'.split())
_FLAGS = frozenset(['onlink', 'pervasive'])

# What the kernel says of a route's state at the moment.
_STATE = frozenset('linkdown dead offload offload_failed trap rt_offload rt_offload_failed rt_trap'.split())

# `proto` of those who see to their routes themselves.
_OWNERS = frozenset('kernel ra redirect babel bgp bird eigrp gated isis mrouted ntk openr ospf rip xorp zebra'.split())

# What may stand in a line for `ip -batch`, which knows quotes, comments and line ends.
_PLAIN = re.compile(r'[A-Za-z0-9_.:/+-]+$')


def parse(line, interface, six):
    """The Route of one line of `ip -o -4 route show table all dev INTERFACE` (six: of -6), None of one that is left
    alone."""
    tokens = line.split()
    if not all(_PLAIN.match(token) for token in tokens):
        return None
    kind = [tokens.pop(0)] if tokens and tokens[0] in _TYPES else []
    if not tokens:
        return None
    # Said in full: of `default` alone `ip` would have to guess the family.
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
    """The Route of such words."""
    tokens = words.split()
    rest = tokens[tokens.index('dev') + 2:] if 'dev' in tokens else []
    return Route(words, dict(zip(rest, rest[1:])).get('src'))


def is_six(route):
    """Whether it is one of IPv6."""
    tokens = route.words.split()
    return ':' in tokens[1 if tokens[0] in _TYPES else 0]


def matters(route, six, ours, bare):
    """Whether the kernel drops it with one of `ours`, the addresses that the daemon puts there. bare: without them the
    interface has no IPv4 address."""
    return route.source in ours or (bare and not six)


def in_order(found):
    """Those that others need first: a gateway may be reached by another route."""
    return sorted(found, key=lambda route: ' via ' in route.words and ' onlink' not in route.words)


def lines(route):
    """The lines that bring it back, the last one what counts; nothing that somebody else has put in its place goes.

    Of IPv6 what is left of it has to go first. That fails where it is not left, and then so does what follows, unless
    nothing is there.
    """
    add = 'route add ' + route.words
    if route.source and is_six(route):
        return ['route del ' + route.words.replace(' src ' + route.source, ''), add]
    return [add]


def _attributes(tokens):
    """[(word, value), ...] behind the destination; None where something is not known."""
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
    """The value of a word, taken off the rest: one token, or two where the first one says how the second is meant."""
    value = rest.pop(0)
    if rest and (value == 'lock' or (word == 'via' and value in ('inet', 'inet6'))):
        # `rto_min` is always locked: `ip` prints it and does not take it.
        return rest.pop(0) if word == 'rto_min' else value + ' ' + rest.pop(0)
    return value
