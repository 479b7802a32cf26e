"""The controller makes a round only if there is something to do: thousands of random lives on their own clock."""
import logging
import random

import pytest

from fbmon.config.reader import Config, Mistake
from fbmon.daemon.controller import Reload, StatusWanted, Stop
from fbmon.listeners.listener import StateChanged
from fbmon.network import monitor, picture, routewatch
from fbmon.rules.states import ACTIVE, FAILED
from settings import card, config, listener
from test_controller import World

LIVES, STEPS, ROUNDS = 2000, 15, 6

# So many rounds in a row may be less than PAUSE seconds apart: each part of the controller may have something to do at
# nearly the same time.
PAUSE, IN_A_ROW = 0.05, 4

NAMES = ('eth0', 'eth1', 'sw0', 'sw1')


class Kernel(object):
    """Interfaces and addresses behind a batch. What it shows waits in `lines` until somebody reads it."""

    unsure = False

    def __init__(self, chance):
        self.chance, self.lines, self.ran, self.failing = chance, [], [], ()
        self.links, self.addresses, self.last = {}, set(), 1
        for name in NAMES:
            if chance.random() < 0.8:
                self.come(name)

    def come(self, name):
        self.last += 1
        self.links[name] = [self.last, True]
        self.show('', name)

    def go(self, name):
        if name in self.links:
            self.show('Deleted ', name)
            del self.links[name]
            self.addresses = set(one for one in self.addresses if one[0] != name)

    def rename(self, old, new):
        if old in self.links and new not in self.links:
            self.links[new] = self.links.pop(old)
            self.addresses = set((new if name == old else name, address) for name, address in self.addresses)
            self.show('', new)

    def show(self, word, name, address=None):
        self.lines.append(word + self.line(name, address))

    def line(self, name, address=None):
        index, up = self.links[name]
        if address is None:
            return '%d: %s: <%s> mtu 1 qdisc mq' % (index, name, 'UP' if up else 'BROADCAST')
        return '%d: %s    inet %s scope global %s' % (index, name, address, name)

    def everything(self):
        del self.lines[:]
        return [self.line(name) for name in self.links] + [self.line(*one) for one in sorted(self.addresses)]

    def run(self, lines):
        self.ran += lines
        return dict((number, 'no') for number, line in enumerate(lines) if not self.do(line.split()))

    def do(self, words):
        name = words[words.index('dev') + 1]
        if name not in self.links or words[1] in self.failing:
            return False
        if words[0] == 'link':
            self.links[name][1] = words[-1] == 'up'
            self.show('', name)
        else:
            there = (name, words[2])
            (self.addresses.discard if words[1] == 'del' else self.addresses.add)(there)
            self.show('Deleted ' if words[1] == 'del' else '', *there)
        return True

    def restart(self):
        pass

    def once(self, lines):
        self.ran += lines
        return dict((number, 'no') for number in range(len(lines)) if self.chance.random() < 0.3)


class Life(World):
    """A Controller and what happens to it, by a seed."""

    def __init__(self, seed, monkeypatch):
        self.chance = random.Random(seed)
        self.replaced, self.tries, self.kernel = 0, 0, Kernel(self.chance)
        self.told = []
        World.__init__(self, self.file(), monkeypatch)
        self.batch = self.controller.network._batch = self.kernel
        self.controller.routes.keeper._batch = self.kernel
        self.notifier.watchdog_interval = self.chance.choice([None, 3.0])
        self.controller.roster._open = self.open
        self.read()

    def open(self, _settings, _scope):
        self.tries += 1
        if self.chance.random() < 0.5:
            raise EnvironmentError(99, 'Cannot assign requested address')
        return 'sock'

    def replace(self):
        self.replaced += 1

    def file(self):
        pick, chance = self.chance.choice, self.chance.random
        return config([listener(index, interface=pick(NAMES[:2]), ports=pick([(), ('sw1',)]))
                       for index in range(pick([0, 1, 1, 2]))],
                      [card(index, interface=pick(NAMES[:2])) for index in range(pick([0, 1, 2]))],
                      ports=pick([(), ('sw0',)]), lease=pick([0, 0, 1, 6000]), shutdown=chance() < 0.9)

    def did(self):
        """A count of all visible deeds up to now."""
        return (len(self.kernel.ran), self.replaced, self.tries, len(self.notifier.said), len(self.told),
                len(self.history.transitions), len(self.wishes))

    # --- what happens ---

    def step(self):
        self.chance.choice([self.reported, self.shown, self.shown, self.lost_lines, self.read, self.lost, self.link,
                            self.link, self.stranger, self.fails, self.fails, self.reload, self.refused, self.asked,
                            self.later, self.routes])()

    def reported(self):
        for member in list(self.controller.roster.launched.values()):
            if self.chance.random() < 0.7:
                new = self.chance.choice([ACTIVE, FAILED])
                self.turn_with(StateChanged(member.listener, member.state, new, 'why', self.now))

    def shown(self):
        lines, self.kernel.lines = self.kernel.lines, []
        if lines:
            self.turn_with(monitor.Seen(tuple(picture.parse(line) for line in lines)))

    def lost_lines(self):
        del self.kernel.lines[:]

    def read(self):
        self.turn_with(monitor.Read(picture.of(self.kernel.everything())))

    def lost(self):
        self.turn_with(monitor.Lost('ended'))

    def link(self):
        name, other = self.chance.sample(NAMES, 2)
        (self.kernel.go if name in self.kernel.links else self.kernel.come)(name)
        if self.chance.random() < 0.3:
            self.kernel.rename(name, other)

    def stranger(self):
        for name, address in list(self.kernel.addresses):
            if self.chance.random() < 0.5:
                self.kernel.do(['addr', 'del', address, 'dev', name])

    def fails(self):
        self.kernel.failing = self.chance.choice([(), (), ('add',), ('del',), ('change',), ('set',),
                                                  ('add', 'del', 'change', 'set')])

    def reload(self):
        self.loaded = self.file()
        self.turn_with(Reload())

    def refused(self):
        self.loaded = Config(self.file().settings, (Mistake(3, 'KEY', 'x', 'give one'),), (), {})
        self.turn_with(Reload())

    def asked(self):
        self.turn_with(StatusWanted(self.told.append))

    def later(self):
        self.now += self.chance.choice([0.01, 0.5, 1.5, 40.0])
        self.turn_with()

    def routes(self):
        places = self.wishes[-1] if self.wishes else ()
        lines = ['10.50.0.0/16 via 10.0.0.9 ', '10.52.0.0/16 src 10.0.1.0 ']
        found = dict((place, self.chance.choice([None, [], lines[:1], lines])) for place in places)
        failed = dict((place, 'no') for place in places if self.chance.random() < 0.2)
        self.turn_with(routewatch.RoutesRead(found, failed, 0.01))

    def turn_with(self, *events):
        self.controller.turn(events)

    # --- what must hold ---

    def rounds(self):
        """Let only the time pass for which the controller asks. Returns what went wrong, or None."""
        row = 0
        for _ in range(ROUNDS):
            due = self.controller._deadline()
            if due is None:
                return None
            self.now = max(self.now, due)
            before = self.did()
            self.turn_with()
            after = self.controller._deadline()
            deed = self.did() != before
            if after is not None and after <= self.now and not deed:
                return 'a round at %s did nothing, and the next one is due at %s' % (self.now, after)
            row = row + 1 if after is not None and after < self.now + PAUSE else 0
            if row > IN_A_ROW:
                return '%d rounds in a row until %s' % (row, self.now)
        return None


@pytest.fixture
def quiet():
    """Turns the log off. It would take most of the time, and fill what a failure prints."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize('part', range(4))
def test_no_round_is_without_something_to_do_or_a_pause_after_it(monkeypatch, quiet, part):
    found = []
    for seed in range(part * LIVES // 4, (part + 1) * LIVES // 4):
        life = Life(seed, monkeypatch)
        for number in range(STEPS):
            life.step()
            wrong = life.rounds()
            if wrong:
                found.append('seed %d, step %d: %s' % (seed, number, wrong))
                break
    assert found[:3] == []


def test_a_stop_ends_the_rounds(monkeypatch, quiet):
    for seed in range(50):
        life = Life(seed, monkeypatch)
        for _ in range(STEPS):
            life.step()
        life.turn_with(Stop())
        assert life.controller._stopped
