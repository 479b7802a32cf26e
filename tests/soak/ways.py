"""The routes that somebody adds to an interface of cards: which of them must be there, and which may be there.

The kernel removes all routes of an interface with its last address, and a route with a source when that address goes.
The daemon puts back the routes that it knows. It reads them while all addresses of the interface are as wanted. While
somebody else's address keeps them there, it does not care for them.
"""
import os

import helpers
from fbmon.network import routes

INTERFACE = 'eth2'

# In the form that `ip -o -4 route show table all dev INTERFACE` prints.
ROUTES = ('default via 192.168.3.1 metric 20', '10.50.0.0/16 via 192.168.3.1',
          '10.51.0.0/16 via 192.168.3.1 table 100 proto static mtu 1400', '10.52.0.0/16 scope link src 192.168.3.212',
          '10.54.0.0/16 via 10.99.0.1 onlink', 'local 10.57.0.0/16 table local scope host')


class Ways(object):
    """there: the routes that are there while the interface has an address; doubtful: those that may be."""

    def __init__(self):
        self.there, self.doubtful = set(), set()

    def recreated(self):
        """The interface was deleted and made anew, without a route."""
        self.there, self.doubtful = set(), set()

    def doubt(self):
        """The daemon may forget all of them."""
        self.there, self.doubtful = set(), self.there | self.doubtful

    def wrong(self, switch, truth, unsure):
        """[What is not as it should be], one line each.

        unsure: whether the interface was down or the like since the last checkpoint.
        """
        has, may = shown(switch), self._may(truth)
        must = may & self.there if _is_kept(truth) and not unsure else set()
        return ['route too many: ' + one for one in sorted(has - may)] \
            + ['route too few: ' + one for one in sorted(must - has)]

    def adopt(self, switch, truth, daemon):
        """All agree. Routes that are there and known to the daemon must be there from now on; others may come back."""
        has, may, kept = shown(switch), self._may(truth), _is_kept(truth)
        sure = set(one for one in has if one in self.there or _words(one) in known(daemon))
        # The daemon forgets a route whose source goes while other addresses stay.
        sure |= set(one for one in self.there - may if not _here(truth))
        self.there, self.doubtful = sure, (self.there | self.doubtful | has) - sure
        if kept:
            # The daemon forgot these. One that it knows comes back: perhaps the first try has failed.
            self.doubtful -= set(one for one in may - has if source(one) is None and _words(one) not in known(daemon))
        if _is_foreign(truth):
            self.doubt()

    def _may(self, truth):
        return set(one for one in self.there | self.doubtful if _can_be(one, truth))


class Wayfaring(object):
    """Deeds with routes. Each one waits until the daemon knows the routes."""

    def put_routes(self):
        """Somebody adds routes."""
        for route in self._some([one for one in ROUTES if one not in shown(self.switch)], 4):
            if _can_be(route, self.world):
                self.switch.ip('route', 'add', *(route.split() + ['dev', INTERFACE]))
                self.world.ways.there.add(route)
        self._until_known()

    def drop_route(self):
        """Somebody deletes a route. It does not come back."""
        for route in self._some(shown(self.switch), 1):
            self.switch.ip('route', 'del', *(route.split() + ['dev', INTERFACE]))
            self.world.ways.there.discard(route)
            self.world.ways.doubtful.discard(route)
        self._until_known()

    def _until_known(self):
        """Wait until the daemon knows the routes that are there, if it reads them at all."""
        wanted = [word for item, word in self.world.verdict.cards.items() if item[0] == INTERFACE]
        if 'present' not in wanted or _is_foreign(self.world):
            self.world.ways.doubt()
            return
        self.same_reload()
        try:
            helpers.wait_for(lambda: known(self.daemon) == set(_words(one) for one in shown(self.switch)))
        except AssertionError:
            assert self.ask_the_sender(), 'routes: %s are there, %s are known' % (
                sorted(shown(self.switch)), sorted(known(self.daemon)))
            self.world.ways.doubt()


def _here(truth):
    return set(entry.split('/')[0] for interface, entry in truth.addresses if interface == INTERFACE)


def _can_be(route, truth):
    here = _here(truth)
    return bool(here) and source(route) in here | set([None])


def cards(truth):
    """The addresses on the interface that the file names."""
    return set(card.address for card in truth.file.cards if card.interface == INTERFACE)


def _is_foreign(truth):
    """Whether the interface has an address that the file does not name."""
    return not _here(truth) <= cards(truth)


def _is_kept(truth):
    """Whether the interface has an address that the daemon has added, and no other one that keeps the routes there."""
    return not _is_foreign(truth) and any((INTERFACE, address) in truth.ours
                                          for address in cards(truth) & _here(truth))


def source(route):
    """The source address of a route, or None."""
    words = route.split()
    return words[words.index('src') + 1] if 'src' in words else None


def shown(switch):
    """The routes that are there, except those that the kernel itself makes."""
    lines = switch.ip('-o', '-4', 'route', 'show', 'table', 'all', 'dev', INTERFACE).splitlines()
    return set(' '.join(line.split()) for line in lines if 'proto kernel' not in line)


def known(daemon):
    """The routes that the daemon remembers, in its words."""
    lines = helpers.read(os.path.join(daemon.run_dir, 'routes')).splitlines()
    return set(line.split(' ', 2)[2] for line in lines if line.split()[1] == INTERFACE)


def _words(route):
    return routes.parse(route, INTERFACE, False).words
