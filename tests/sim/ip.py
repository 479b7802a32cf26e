"""Stand-ins for `ip`: the child that changes the simulated kernel, the monitor, and the readings of routes."""
from fbmon.network import monitor, picture
from fbmon.network.routewatch import RoutesRead
from sim import files
from sim.laws import BOUND, SHORT
from sim.linux import command
from sim.linux.ipv4 import Refused
from sim.standins import Killed

# Seconds. HANG: after which the daemon gives up an `ip` that does not answer; STARTING: that a new `ip monitor` needs
# until it listens; READING: that the reading takes then; DEAF: for which a monitor that swallows lines goes on to do
# so.
HANG, STARTING, READING, DEAF = 1.0, 4 / 1024.0, 1 / 1024.0, 1 / 16.0

# Seconds until the monitor tells of a change.
LATENCY = 1 / 1024.0

# Seconds in which the daemon must notice that its own change is not shown.
SHOWN = 1.125

# The most lines that the monitor tells at once when it tells in pieces.
PIECE = 2

# Seconds that a reading of routes takes.
ROUTES = 1 / 64.0


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


def _about(line):
    """The index of the interface that a line is about, and the address if it is about one."""
    words = line.replace('Deleted ', '', 1).split()
    return words[0], words[3] if words[2].startswith('inet') else None


class Watch(object):
    """`ip monitor`. It tells the daemon the lines of the simulated kernel, late, in pieces, or not at all.

    blind: it has lost something without a word, and nothing was read since; ours: the daemon waits for what the kernel
    tells now; owed: when the daemon must have replaced it, because such a line was lost; well_at: since when it listens
    and has read everything.
    """

    def __init__(self, world):
        self.late, self.pieces, self.swallows, self.losing = 0.0, False, False, 0
        self.blind = self.ours = False
        self.owed = None
        self._lost = set()    # of what it has not shown the daemon's change
        self._world = world
        self._lines = []    # [(when it is told, line)]
        self._listens = False
        self._deaf_until = 0.0
        self._reading = self.well_at = world.now
        self.replaced = 0

    def replace(self):
        """A new child reads everything again. What the old one has not told yet is never told."""
        self.replaced += 1
        self._begin(STARTING)

    def look(self, _limit):
        """The Picture of what the kernel has now."""
        return picture.of(self._world.kernel.show_links() + self._world.kernel.show_addresses())

    def end(self, pause):
        """The child ends. For `pause` seconds new ones end, too."""
        self._world.inbox.append(monitor.Lost('ip monitor: ended'))
        self._begin(pause)

    def forget(self):
        """Lose without a word all that it has not told yet."""
        self.blind = self.blind or bool(self._lines)
        del self._lines[:]

    def collect(self, lines):
        """Take these lines, which the kernel tells now."""
        if self._listens and self._world.now < self._deaf_until:
            self.blind = self.blind or bool(lines)
        elif self._listens:
            lost, self.losing = lines[:self.losing], max(0, self.losing - len(lines))
            self.blind = self.blind or bool(lost)
            self._note_lost(set(map(_about, lost)), set(map(_about, lines[len(lost):])))
            at = max([self._world.now + max(self.late, LATENCY), self._reading or 0.0]
                     + [due for due, _ in self._lines[-1:]])
            self._lines += [(at, line) for line in lines[len(lost):]]

    def _note_lost(self, lost, told):
        """Note of what it has lost lines, and of what it tells: a later line shows the end of an earlier change."""
        self._lost -= told
        if self.ours and lost - told:
            self._lost |= lost - told
            self.owed = self._world.now + SHOWN
        elif not self._lost:
            self.owed = None

    def has_told(self, entry):
        """Whether the daemon knows all that has happened to an address."""
        return not self.blind and not any(' %s/' % entry.text in line for _, line in self._lines)

    def behind(self):
        """Whether it has not told yet that a link has changed: what the daemon does may go to another one."""
        return any(': <' in line for _, line in self._lines)

    def revives(self, line):
        """Whether a change of a lifetime puts back what somebody else has just removed, which is nobody's then."""
        words = line.split()
        return words[:2] == ['addr', 'change'] and any(
            gone.startswith('Deleted ') and ' %s ' % words[2] in gone for _, gone in self._lines)

    def deaf(self):
        """Whether it loses lines without a word, or has lost some."""
        return bool(self.losing or self.blind)

    def begins(self):
        """Whether a new child has not read everything yet."""
        return self._reading is not None

    def next_time(self):
        """When it has something to tell next, or None."""
        told = self._lines[0][0] if self._lines else None
        return told if self._reading is None or (told is not None and told < self._reading) else self._reading

    def deliver(self):
        """Put all that it tells by now into the inbox."""
        now = self._world.now
        if self._reading is not None and self._reading <= now:
            if not self._listens:
                # Changes between its listening and the end of the reading are told twice.
                self._listens, self._reading = True, now + READING
                return
            self._read(now)
        if self._lines and self._reading is None and self._lines[0][0] <= now:
            due = [line for at, line in self._lines if at <= now]
            due = due[:PIECE] if self.pieces else due
            del self._lines[:len(due)]
            changes = tuple(change for change in map(picture.parse, due) if change)
            if changes:
                self._world.inbox.append(monitor.Seen(changes))

    def _read(self, now):
        self._reading, self.blind, self.owed, self.well_at = None, False, None, now
        self._lost = set()
        self._deaf_until, self.swallows = now + DEAF if self.swallows else 0.0, False
        self._world.inbox.append(monitor.Read(self.look(None)))

    def _begin(self, pause):
        del self._lines[:]
        self._listens, self._reading, self.owed = False, self._world.now + pause, None
        self.well_at = self._reading + READING


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
