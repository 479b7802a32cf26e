"""Random lives of a switch with nodes, ways, returns, reloads, operators and crashes, against spec.md, 5, 11 and 12.

The text is written down once more below, over the whole past each time. `FASTBYPASS_LIVES=20000` plays more of them.
"""
import os
import random

import pytest

from fbmon.daemon.answers import Refused
from fbmon.daemon.returns import Returns
from fbmon.network.carrier import Carrier
from fbmon.rules import decision
from fbmon.rules.returning import Return
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, NORMAL, UNKNOWN, UP
from settings import card, listener, settings
from test_returns import Paper

LIVES = int(os.environ.get('FASTBYPASS_LIVES', '400'))

RULES = (Return(False, 0, 0, 0), Return(False, 500, 500, 0), Return(False, 1000, 8000, 0), Return(False, 0, 0, 2000),
         Return(False, 500, 4000, 1000), Return(True, 0, 0, 0), Return(True, 500, 4000, 1000))

# Seconds between two events.
PAUSES = (0.0, 0.25, 0.5, 0.5, 1.0, 2.0, 4.0, 3599.0, 3601.0)


class Life(object):
    """The daemon's Returns, and beside it what has happened: past has (second, state by the rules, {port: whether it
    was dark for a moment before that} of the ports that are up in normal and have carrier)."""

    def __init__(self, source):
        self.source, self.now, self.paper = source, 100.0, Paper()
        count = source.randint(1, 4)
        names = [source.choice([None, 'a', 'b']) for _ in range(count)]
        self.listeners = [listener(index, node=name, ports=source.choice([(), ('sw%d' % index,)]))
                          for index, name in enumerate(names)]
        self.nodes = [[index for index in range(count) if (names[index] or index) == node]
                      for node in sorted(set(name or index for index, name in enumerate(names)), key=str)]
        self.threshold = source.randint(1, len(self.nodes))
        self.states = dict.fromkeys(range(count), UNKNOWN)
        self.light = dict(('sw%d' % index, [True, 0]) for index in range(5))
        self.bypassed = self.returned = None    # the place in past where it began; the second of the last return
        self.past, self.doubled, self.state, self.cut = [], 0, UNKNOWN, set()
        self.reload()
        self.start()

    def start(self):
        self.daemon = Returns(self.paper, lambda: self.now, lambda: self.now,
                              lambda name: Carrier(*(self.light[name] + [4])))
        self.decision = decision.UNDECIDED
        # What was waited so far is lost, never the bypass.
        self.states = dict.fromkeys(self.states, UNKNOWN)
        self.state = UNKNOWN
        if self.bypassed is not None:
            self.past, self.bypassed = [(self.now, BYPASS, {})], 0

    def reload(self):
        self.file = settings(self.listeners, [card(0)], threshold=self.threshold, ports=('sw4',),
                             returns=self.source.choice(RULES))

    def event(self):
        """Something happens."""
        self.now += self.source.choice(PAUSES)
        what, asked = self.source.random(), False
        if what < 0.55:
            index = self.source.choice(sorted(self.states))
            self.states[index] = self.source.choice([ACTIVE, ACTIVE, FAILED])
        elif what < 0.65:
            self.flicker()
        elif what < 0.7:
            asked = self.ask()
        elif what < 0.75:
            self.reload()
        elif what < 0.8 and self.file.returns != RULES[0]:
            self.start()
        self.look(asked)

    def flicker(self):
        """A carrier goes, comes, or goes and comes between two looks."""
        name, changes = self.source.choice(sorted(self.light)), self.source.choice([1, 2])
        one = self.light[name]
        one[:] = [one[0] != (changes == 1), one[1] + changes]
        self.cut.add(name)

    def ask(self):
        """The operator's return; whether it is taken."""
        try:
            self.daemon.ask({'by': 'alice'})
            return True
        except Refused:
            return False

    def look(self, asked):
        """The daemon comes round, and so does the text."""
        self.decision = self.daemon.decide(self.file, self.states, self.decision)
        judged = self.judged()
        # What nobody has looked at does not count.
        ports = self.up_in_normal() if self.file.returns.carrier else ()
        self.past.append((self.now, judged, dict((name, name in self.cut) for name in ports if self.light[name][0])))
        self.cut.clear()
        self.text(judged, asked)

    def judged(self):
        """Sections 5 and 11: None while held."""
        found = []
        for ways in self.nodes:
            states = [self.states[index] for index in ways]
            found.append(ACTIVE if ACTIVE in states else UNKNOWN if UNKNOWN in states else FAILED)
        if UNKNOWN in found:
            return None
        dead = found.count(FAILED)
        return BYPASS if dead >= self.threshold or dead == len(found) else NORMAL

    def up_in_normal(self):
        """The ports that are up in normal: of the global list, and of the nodes that are active."""
        names = ['sw4']
        for ways in self.nodes:
            active = ACTIVE in [self.states[index] for index in ways]
            names += [name for index in ways for name in self.listeners[index].ports if active]
        return names

    def text(self, judged, asked):
        """Section 12: what the global state is after this look."""
        if judged == BYPASS and self.bypassed is None:
            near = self.returned is not None and self.now - self.returned < 3600
            self.doubled, self.bypassed = self.doubled + 1 if near else 0, len(self.past) - 1
        if judged is None:
            return
        if judged == NORMAL and self.bypassed is not None and (asked or self.earned()):
            self.bypassed, self.returned = None, self.now
        self.state = NORMAL if self.bypassed is None else BYPASS

    def earned(self):
        rule, looks = self.file.returns, self.past[self.bypassed:]
        if rule.manual:
            return False
        last = max(place for place, look in enumerate(looks) if look[1] == BYPASS)
        clear = next(look[0] for look in looks[last:] if look[1] == NORMAL)
        if self.now < clear + min(rule.delay * 2 ** self.doubled, max(rule.delay, rule.longest)) / 1000.0:
            return False
        return not rule.carrier or self.shone(looks[last + 1:], rule.carrier / 1000.0)

    def shone(self, looks, seconds):
        """Whether each of the ports has had carrier for so long without a break, as far as the looks tell."""
        for name in self.up_in_normal():
            begin = None
            for now, _, lit in looks:
                begin = None if name not in lit else now if lit[name] or begin is None else begin
            if begin is None or self.now < begin + seconds:
                return False
        return True


@pytest.mark.parametrize('part', range(4))
def test_no_return_comes_sooner_than_it_is_earned_and_none_later(part):
    for seed in range(part * LIVES // 4, (part + 1) * LIVES // 4):
        life = Life(random.Random(seed))
        for step in range(60):
            life.event()
            assert (seed, step, life.decision.state) == (seed, step, life.state)
            if life.state != UNKNOWN:
                wanted = set(life.decision.cards.values())
                assert wanted == set(['present' if life.state == NORMAL else 'absent'])
                if life.state == NORMAL:
                    assert life.decision.ports.get('sw4') == UP
