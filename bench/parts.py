"""The parts of the bench: what each one measures, and with which candidates."""
import os
import random

import budgets
import helpers
import idle
import keepalived
import loads
import peers
import reaction
import results
import starting
from candidates import HOST, PORT, SOURCE, USUAL
from ours import Ours
from thousand import Thousand

# 64 addresses of cards and 64 ports.
MANY = tuple('192.168.2.%d' % number for number in range(1, 65))
PORTS = tuple('sw%d' % number for number in range(64))
MASS = USUAL._replace(cards=MANY, ports=PORTS)
ADDRESSES = USUAL._replace(cards=MANY)
# Each node sends 10 heartbeats a second. Only when all 1,000 have failed does a bypass begin, so it begins with the
# last timeout.
THOUSAND = MASS._replace(nodes=1000, interval=114, timeout=1000, threshold=1000)
# 400 cards in a network without another address: for the kernel one of them is the primary address of all others.
CROWD = USUAL._replace(cards=tuple('10.9.%d.%d/23' % (8 + number // 250, 1 + number % 250) for number in range(400)))
# With one address, to measure what a single change costs.
ONE = USUAL._replace(cards=USUAL.cards[:1])


class Bench(object):
    """The parts, each a method that returns Rows, and what they share.

    daemons: [(name, path of fbmon.py)]; interpreters: [(version, path)]; directory: where the candidates keep files.
    """

    def __init__(self, daemons, interpreters, options, directory):
        self.daemons, self.interpreters, self.options, self.directory = daemons, interpreters, options, directory
        self._made = 0

    def reaction(self):
        """How long the daemon, with 8 listeners and 2 cards, and its peers take to go to bypass and to come back."""
        candidates = self._ours(USUAL) + [
            keepalived.TracksBfd('keepalived, BFD', self._path()),
            keepalived.TracksFile('keepalived, file', self._path()),
            peers.Exabgp('exabgp healthcheck, each 50 ms', self._path())]
        return self._rounds('reaction', candidates)

    def limits(self):
        """How long the bare changes take at least, without a daemon."""
        candidates = []
        for kind, text in (('processes', 'ip process'), ('batch', 'ip -batch, started for it'),
                           ('coprocess', 'ip -batch, kept running'), ('netlink', 'netlink')):
            candidates += [peers.Bare('%s, Python %s' % (text, version), path, kind, ONE)
                           for version, path in self.interpreters]
        rows = self._rounds('limits', candidates, names=results.CHANGE)
        version, path = self.interpreters[-1]
        return rows + self._rounds('limits of 64 + 64', [
            peers.Bare('%s, Python %s' % (text, version), path, kind, MASS)
            for kind, text in (('coprocess', 'ip -batch, kept running'), ('netlink', 'netlink'))], 0.5, results.CHANGE)

    def mass(self):
        """How long 64 cards and 64 ports at once take, and each of both, beside what has no decision to make."""
        path = self.interpreters[-1][1]
        found = self._samples(self._ours(MASS) + [
            keepalived.TracksFile(budgets.MANY, self._path(), ADDRESSES),
            peers.Bare(budgets.BATCH, path, 'coprocess', MASS)], 0.5)
        return [row for of, name in (('all', 'mass'), ('addresses', 'mass, addresses'), ('ports', 'mass, ports'))
                for row in results.reaction_rows(name, found, of=of)]

    def crowd(self):
        """How long 400 cards in one network without another address take."""
        return self._rounds('crowd', self._ours(CROWD), 0.5)

    def loads(self):
        """The reaction beside each load, and without one in the same run, for comparison."""
        hook = os.path.join(self.directory, 'hook')
        helpers.write(hook, loads.HOOK)
        os.chmod(hook, 0o755)
        kinds = (('calm', USUAL, None), ('flood', USUAL, loads.flooding(HOST, PORT)), ('status', USUAL, loads.asking()),
                 ('page', USUAL, loads.reading()),
                 ('hook', USUAL._replace(lines='ON_CHANGE=%s\n' % hook), None))
        candidates = [candidate for name, setup, load in kinds for candidate in self._ours(setup, ', ' + name, load)]
        return self._rounds('loads', candidates, 0.5)

    def evidence(self):
        """The reaction with and without the journal and the watch of the cards' pings. The cards ping in any case."""
        watched = USUAL._replace(lines='BYPASS_CARD_PING_TIMEOUT=5000\n')
        kinds = (('neither', USUAL._replace(journal=False)), ('journal', USUAL),
                 ('pings', watched._replace(journal=False)), ('journal and pings', watched))
        candidates = [candidate for name, setup in kinds
                      for candidate in self._ours(setup, ', ' + name, loads.pinging(USUAL.cards))]
        return self._rounds('evidence', candidates)

    def thousand(self):
        """1,000 listeners: what goes wrong while all nodes live, and how long it takes when all fail at once."""
        rows = []
        # One candidate at a time: 10,000 heartbeats a second would disturb the rounds of the others.
        for candidate in self._ours(THOUSAND, kind=Thousand):
            found = reaction.run([candidate], max(1, self.options.rounds // 10), 3, self._source(), candidate.live)
            rows += candidate.rows() + results.reaction_rows('thousand', found)
        return rows

    def idle(self):
        """What the daemon and its peers cost while nothing happens."""
        candidates = self._ours(idle.HEARTBEATS, kind=idle.Beating)
        candidates += self._ours(idle.SILENCE, ', no heartbeats', kind=idle.Silent)
        candidates += [idle.Receiver('bare threads that receive, Python %s' % version, path)
                       for version, path in self.interpreters]
        candidates += [idle.IdleBfd('keepalived, BFD', self._path()),
                       peers.IdleExabgp('exabgp healthcheck, each second', self._path(), 1.0)]
        return idle.run(candidates, self.options.seconds)

    def floods(self):
        """What a flood of heartbeats and one of pings cost, and what no flood costs."""
        setup = idle.HEARTBEATS._replace(lines='BYPASS_CARD_PING_TIMEOUT=5000\n')
        kinds = (('calm', None), ('heartbeats', loads.flooding(HOST, PORT, SOURCE)),
                 ('pings', loads.pinging(setup.cards[:1], loads.RATE)))
        candidates = [candidate for name, load in kinds
                      for candidate in self._ours(setup, ', ' + name, load, idle.Beating)]
        # One after the other: two floods at once would be slower ones.
        return [row for candidate in candidates
                for row in idle.run([candidate], max(1, self.options.seconds // 6), 'floods')]

    def start(self):
        """How long the daemon takes from its start until it listens."""
        rows = []
        for name, program in self.daemons:
            for version, path in self.interpreters:
                directory = self._path()
                rows += starting.run('%s, Python %s' % (name, version), path, program, directory,
                                     max(1, self.options.rounds // 3), self.options.blocks)
        return rows

    def _ours(self, setup, suffix='', load=None, kind=Ours):
        return [kind('%s, Python %s%s' % (name, version, suffix), path, program, self._path(), setup, load)
                for name, program in self.daemons for version, path in self.interpreters]

    def _rounds(self, part, candidates, share=1.0, names=results.REACTION):
        return results.reaction_rows(part, self._samples(candidates, share), names)

    def _samples(self, candidates, share=1.0):
        words = self.options.only.split('|')
        chosen = [one for one in candidates if any(word in one.label for word in words)]
        rounds = max(1, int(self.options.rounds * share))
        return reaction.run(chosen, rounds, self.options.blocks, self._source())

    def _source(self):
        return random.Random(self.options.seed)

    def _path(self):
        self._made += 1
        return os.path.join(self.directory, str(self._made))
