"""Stand-ins for `ip`: the child that changes the simulated kernel, and the readings of routes."""
from fbmon.network.routewatch import RoutesRead
from sim import files
from sim.laws import BOUND, SHORT
from sim.linux import command
from sim.linux.ipv4 import Refused
from sim.standins import Killed

# Seconds. HANG: after which the daemon gives up an `ip` that does not answer; ROUTES: that a reading of routes takes.
HANG, ROUTES = 1.0, 1 / 64.0


class Batch(object):
    """Changes the simulated kernel as `ip -batch` does, with the accidents that the world has for it."""

    def __init__(self, world):
        self.unsure = False
        self._world = world
        self._indexes = {}

    def restart(self):
        """Begin with a new child, which remembers nothing."""
        self._indexes = {}

    def run(self, lines):
        """Run the lines. Returns {position: ip's words} of those that failed, also with a new child."""
        deed, number = self._world.accident()
        self.unsure = deed in ('hang', 'die')
        if deed == 'missing':
            return dict.fromkeys(range(len(lines)), 'ip cannot be started: No such file or directory')
        if deed == 'late':
            self._world.hang(number)
        refused = [number % len(lines)] if deed == 'refuse' else []
        part = len(lines) if deed in (None, 'late', 'refuse') else number % (len(lines) + 1)
        again = self._do(lines, [place for place in range(part) if place not in refused])
        if deed == 'kill':
            raise Killed()
        if deed == 'hang':
            self._world.hang(HANG)
        if not self.unsure and not again and not refused:
            return {}
        self.restart()
        again = self._do(lines, range(len(lines)) if self.unsure else sorted(again))
        again.update((place, 'RTNETLINK answers: Cannot allocate memory') for place in refused)
        return again

    def once(self, lines):
        """As run(), but without a second try and without accidents."""
        return self._do(lines, range(len(lines)))

    def _do(self, lines, places):
        failed, networks = {}, Networks(self._world, len(places) > 1)
        if self._world.watch.behind():
            self._world.laws.astray()
        for place in places:
            self._world.cut()
            self._world.commanded(lines[place])
            try:
                done = command.run(self._world.kernel, lines[place], self._indexes)
            except Refused as error:
                failed[place] = str(error)
            else:
                dropped, self._world.kernel.dropped[:] = list(self._world.kernel.dropped), []
                known = [entry for entry in dropped if self._world.watch.has_told(entry)]
                self._world.marks.did(lines[place], done, self._world.daemon.ledger, known, self._world.refuses)
                if self._world.watch.revives(lines[place]):
                    done.ours = False
                if self._world.watch.blind:
                    # That the names have changed was never told.
                    self._world.marks.unseen(self._world.daemon.ledger, self._world.kernel)
                self._undo(lines[place], lines[place + 1:])
                networks.look()
        networks.end(lines)
        self._world.watch.ours = any(line.split()[:2] != ['addr', 'change'] for line in lines)
        self._world.collect()
        self._world.watch.ours = False
        return failed

    def _undo(self, line, rest):
        """If the world is contrary, a stranger undoes what a line did. rest: the lines that come after it."""
        words = line.split()
        place = 'dev ' + words[words.index('dev') + 1]
        back = {'link': 'link set %s %s' % (place, 'up' if words[-1] == 'down' else 'down'),
                'addr': 'addr %s %s %s' % ('del' if words[1] == 'add' else 'add', words[2], place)}.get(words[0])
        if place[4:] not in files.PORTS and words[0] == 'link':
            # A port that has got another name since is nobody's business but the daemon's.
            back = None
        if self._world.contrary and back and words[1] != 'change':
            self._world.contrary = False
            # A monitor that loses both lines without a word is replaced after a second. An address that is back before
            # it can be added anew is one more change that fails.
            anew = words[:2] == ['addr', 'del'] and any(words[2] in one.split() for one in rest)
            self._world.laws.amiss(SHORT if anew or self._world.watch.deaf() else BOUND)
            self._world.run(back)


class Networks(object):
    """The IPv4 networks in which the interfaces are during a batch of several lines.

    No network must be left and entered again, because its routes go with its last address.
    """

    def __init__(self, world, several):
        self._world = world
        self._before = self._now() if several else set()
        self._left = set()

    def look(self):
        """Look after a line was carried out."""
        if self._before:
            self._left |= self._before - self._now()

    def end(self, lines):
        """Check at the end of the batch."""
        again = self._left and self._left & self._now()
        if again and not self._urgent(lines) and not self._world.refuses and self._world.now > self._world.laws.calm:
            raise self._world.laws.wrong('gap: left and entered again: %s' % sorted(again))

    def _urgent(self, lines):
        """Whether a card has to go, which waits for nothing."""
        cards = self._world.laws.verdict.cards
        return any(line.startswith('addr del %s/' % address) for (_, address), target in cards.items()
                   if target == 'absent' for line in lines)

    def _now(self):
        return set((device.index, entry.network(), entry.prefix) for device in self._world.kernel.devices.values()
                   for entry in device.four if entry.prefix < 32)


class Routes(object):
    """Reads the routes a moment after it was asked."""

    def __init__(self, world):
        self._world = world
        self.at = None
        self._places = ()

    def ask(self, places):
        """Note what to read; RouteReadings calls this."""
        self.at, self._places = self._world.now + ROUTES, tuple(places)

    def deliver(self):
        """Put the routes into the inbox when they are read."""
        if self.at is not None and self.at <= self._world.now:
            self.at = None
            self._world.inbox.append(RoutesRead(
                dict((place, self._world.kernel.show_routes(*place)) for place in self._places), {}, 0.0))
