"""The daemon's own controller on a switch with one card and one port, without time.

All that follows from an event has happened when happen() returns. The whole switch can be kept and brought back.
"""
import collections
import contextlib
import errno

from fbmon.config import reader, source
from fbmon.daemon.controller import Controller, Reload, Stop
from fbmon.listeners import listener
from fbmon.memory import ledger
from fbmon.memory.history import History
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routereadings import RouteReadings
from sim import optics
from sim.ip import Batch
from sim.linux import command
from sim.linux.kernel import Kernel
from sim.marks import Marks
from sim.standins import Hooks, Inbox, Log, Node, Notifier, Records, Saver, Socket, Sysctl
from sim.watch import Watch

CARD, PORT, FAR = '10.0.1.11', 'sw0', 'eth2'

# The most turns after one event.
TURNS = 50

# More timeouts than this make no difference.
MANY = 3


# {text: its Config}. A search reads the same few files thousands of times.
_READ = {}


def read(text):
    """The Config of a file."""
    if text not in _READ:
        _READ[text] = reader.read(text)
    return _READ[text]


def text(one, last):
    """The text of a rulebook.File. last: the UDP port of the listener that is on eth2, or None."""
    lines = ['LISTEN_HEARTBEAT_FAILED=%s' % (one.threshold or 'many')]
    for port, index, attempts, recovery in one.listeners:
        host, name = ('10.0.2.2', FAR) if port == last else ('10.0.0.2', 'eth0')
        values = (('HB_HOST', host), ('HB_PORT', port), ('HEARTBEAT_IFS', name), ('HEARTBEAT_ATTEMPTS', attempts),
                  ('HEARTBEAT_RECOVERY', recovery))
        lines += ['LISTEN_%s[%d]=%s' % (key, index, value) for key, value in values]
    for index, flag in one.lists:
        mark = '' if index is None else '[%d]' % index
        lines += ['LISTEN_CUBRO_IFS%s=%s' % (mark, PORT), 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS%s=%d' % (mark, flag)]
    lines += ['BYPASS_CARD_HOST[0]=' + CARD, 'BYPASS_CARD_IFS[0]=eth1'] if one.card else []
    return u'\n'.join(lines) + u'\n'


class Bell(object):
    """Nobody waits here, so nobody is woken."""

    descriptor = 0

    def ring(self):
        pass

    heard = leave = close = ring


class Short(History):
    """A History that keeps nothing for later runs."""

    def write(self):
        del self._unwritten[:]


@contextlib.contextmanager
def edges(switch):
    """Replaces the places at which the daemon's parts read something by themselves."""
    before = source.load, ledger.Records, listener.Bell
    source.load = lambda path: read(switch.texts[switch.file])
    ledger.Records, listener.Bell = lambda path: Records(switch, path), Bell
    try:
        yield
    finally:
        source.load, ledger.Records, listener.Bell = before


class Paper(object):
    """A run directory with which nothing goes wrong."""

    full = refuses = contrary = False

    def __init__(self):
        self.disk, self.untold = {}, set()

    def cut(self):
        """Nobody kills the daemon in the middle of a deed."""

    feeds = cut


class Switch(Paper):
    """texts: {name: configuration file}."""

    def __init__(self, texts, file):
        self.texts, self.file = texts, file
        Paper.__init__(self)
        self.now, self.inbox, self.marks = 1024.0, [], Marks()
        self.kernel = Kernel(self.now)
        for name in ('eth0', 'eth1', PORT):
            self.kernel.set_up(self.kernel.create(name, 'dummy'))
        self._start()

    def _start(self):
        del self.inbox[:], self.kernel.told[:]
        self.batch, self.watch = Batch(self), Watch(self)
        self.watch._reading = self.now
        history = Short(Records(Paper(), 'history'), wall=lambda: self.now)
        keeper = RouteKeeper(self.batch, Records(self, 'routes'))
        made = self.daemon = Controller(
            '.env', read(self.texts[self.file]), Inbox(self.inbox), self.batch, ledger.Ledger('ledger'), history,
            Hooks(lambda transition: None), self.watch, Notifier(self),
            RouteReadings(keeper, lambda places: None, lambda: self.now), Records(self, 'return'), Saver(), None, Log(),
            clock=lambda: self.now, wall=lambda: self.now)
        made.reasons.look = lambda name: optics.look(self.kernel, name)
        made.roster._open = self._open
        made.roster._create = lambda settings, sock, report: Node(settings, sock, report, lambda: self.now)
        made.network._sysctl = made.network._promotion._sysctl = Sysctl(self)
        made._take_settings()
        self._settle()

    def _open(self, settings, scope):
        device = self.kernel.find(settings.interface)
        if not any(entry.text == settings.host for entry in device.four):
            raise EnvironmentError(errno.EADDRNOTAVAIL, 'Cannot assign requested address')
        return Socket(scope)

    # --- what the stand-ins ask for ---

    def accident(self):
        return None, 0

    def commanded(self, _line):
        """Nobody looks at the commands."""

    sets = commanded

    def collect(self):
        told, self.kernel.told[:] = list(self.kernel.told), []
        self.watch.collect(told)

    # --- what happens ---

    def happen(self, event):
        """Carry out an event of the rulebook, and all that follows from it."""
        word, rest = event[0], event[1:]
        if word in ('heartbeat', 'timeout'):
            node = self.nodes()[rest[0]]
            node.heartbeat(self.now) if word == 'heartbeat' else node.timed_out()
        elif word == 'reload':
            self.file = rest[0]
            self.inbox.append(Reload())
        elif word in ('stop', 'kill'):
            if word == 'stop':
                self.daemon.turn([Stop()])
            return self._start()
        else:
            self._strange(word)
        self.collect()
        self._settle()

    def _strange(self, word):
        if word == 'take':
            there = self.has_card()
            command.run(self.kernel, 'addr %s %s/32 dev eth1' % ('del' if there else 'add', CARD))
        elif word == 'push':
            command.run(self.kernel, 'link set dev %s %s' % (PORT, 'down' if self.kernel.find(PORT).up else 'up'))
        elif word == 'gone':
            self.kernel.destroy(self.kernel.find(FAR))
        else:
            self.kernel.set_up(self.kernel.create(FAR, 'dummy'))

    def _settle(self):
        for _ in range(TURNS):
            self.watch.deliver()
            if self.inbox:
                events, self.inbox[:] = list(self.inbox), []
                self.daemon.turn(events)
                self.collect()
                continue
            at = self.watch.next_time()
            if at is None:
                return
            self.now = max(self.now, at)
            self.kernel.advance(self.now)
        raise AssertionError('the controller comes round again and again')

    # --- what is seen ---

    def nodes(self):
        """{UDP port: Listener}"""
        return dict((key.port, member.listener) for key, member in self.daemon.roster.launched.items())

    def has_card(self):
        return any(entry.text == CARD for entry in self.kernel.find('eth1').four)

    def seen(self):
        """(listeners, global state, card, whose it is, port, whether we have shut it), in the words of the rulebook."""
        ours = set(item[-1] for item in self.daemon.ledger.items)
        found = set(item[-1] for item in self.daemon.ledger.found)
        nodes = dict((port, (node.pulse.state, min(node.pulse.missed, MANY), node.pulse.heard))
                     for port, node in self.nodes().items())
        return (nodes, self.daemon.decision.state, self.has_card(),
                'found' if CARD in found else 'ours' if CARD in ours else None, self.kernel.find(PORT).up, PORT in ours)

    def key(self):
        """All on which the daemon's further life depends, except what the rulebook knows."""
        decision, ledger_ = self.daemon.decision, self.daemon.ledger
        return (self.daemon.decided, sorted(decision.cards.items()), sorted(decision.ports.items()),
                sorted(ledger_.items), sorted(ledger_.found), sorted(ledger_.followed),
                sorted(device.name + entry.text for device in self.kernel.devices.values() for entry in device.four))


def keep(root):
    """[(object, its contents)] of all objects below `root` that can change, for bring_back()."""
    kept, known, rest = [], set(), [root]
    while rest:
        one = rest.pop()
        kind = type(one)
        if kind is tuple or isinstance(one, tuple):
            rest.extend(one)
            continue
        if id(one) in known:
            continue
        if kind is dict:
            parts = one.copy()
            rest.extend(parts.values())
        elif kind in (list, set, collections.deque):
            parts = kind(one)
            rest.extend(parts)
        elif kind.__module__.startswith(('fbmon.', 'sim.')):
            if hasattr(one, '__dict__'):
                rest.append(one.__dict__)
                parts = None
            else:
                parts = [(name, getattr(one, name)) for name in getattr(kind, '__slots__', ()) if hasattr(one, name)]
                rest.extend(value for _, value in parts)
        else:
            continue
        known.add(id(one))
        if parts is not None:
            kept.append((one, parts))
    return kept


def bring_back(kept):
    """Make everything as it was when it was kept."""
    for one, parts in kept:
        kind = type(one)
        if kind is dict:
            one.clear()
            one.update(parts)
        elif kind is list:
            one[:] = parts
        elif kind in (set, collections.deque):
            one.clear()
            (one.update if kind is set else one.extend)(parts)
        else:
            for name, value in parts:
                setattr(one, name, value)
