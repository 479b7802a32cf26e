"""A stand-in for `ip monitor`, with what may go wrong with it."""
from fbmon.network import monitor, picture

# Seconds. STARTING: that a new `ip monitor` needs until it listens; READING: that the reading takes then; DEAF: for
# which a monitor that swallows lines goes on to do so.
STARTING, READING, DEAF = 4 / 1024.0, 1 / 1024.0, 1 / 16.0

# Seconds until it tells of a change.
LATENCY = 1 / 1024.0

# Seconds in which the daemon must notice that its own change is not shown.
SHOWN = 1.125

# The most lines that it tells at once when it tells in pieces.
PIECE = 2


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
