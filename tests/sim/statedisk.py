"""The disk of the state directory, and the daemon's processes that write the file of orders there."""
from fbmon.daemon.saving import Loaded, Saved
from fbmon.memory.statefile import Late, StateError

# Seconds that a writing takes as a rule, on a slow disk, until the daemon gives it up, and after which it may still be
# done on a disk that hangs.
USUAL, SLOW, LIMIT, AT_LAST = 1 / 64.0, 2.0, 3.0, 5.0

# {fate: seconds after which a file has been read that was not there at once}. It may come before the first reading of
# the network.
READ = {'done': 0.0, 'lost': 1 / 16.0, 'later': 2.5}

PATH = 'orders'


class StateDisk(object):
    """text: what the file has, None without one; word: what happens to a writing: 'well', 'late', 'full', 'hangs', or
    'unreadable' if a start cannot read it; fate: what becomes of one that hangs, or whose daemon was killed: 'done',
    'lost', or 'later', after the daemon has given it up."""

    def __init__(self, world):
        self._world = world
        self.text, self.word, self.fate = None, 'well', 'done'
        self._writers = []    # [(when the file has it, text)]
        self._reports = []    # [(when the daemon is told, event)]; the event is None for one that is to be made then

    def busy(self):
        """Whether something is being written, or may still be."""
        return bool(self._writers or self._reports)

    def next_time(self):
        """When something happens next, or None."""
        times = [at for at, _ in self._writers + self._reports]
        return min(times) if times else None

    def deliver(self):
        """Write and report what is due."""
        now = self._world.now
        for one in [one for one in self._writers if one[0] <= now]:
            self._writers.remove(one)
            self.text = one[1]
        for one in [one for one in self._reports if one[0] <= now]:
            self._reports.remove(one)
            event = one[1] or Loaded(self.text, None)
            self._world.laws.orders.reports(event)
            self._world.inbox.append(event)

    def killed(self):
        """The daemon has gone. If its process was about to give the file its name, it has done so; otherwise it sees
        that nobody waits for it any more."""
        for _, text in self._writers if self.fate == 'done' else ():
            self.text = text
        self._writers, self._reports = [], []

    # --- what the daemon asks for ---

    def read(self):
        """The text of the file, or None."""
        if self.word == 'hangs':
            self._reports.append((self._world.now + READ[self.fate], None))
            raise Late('%s: cannot be read: it takes too long' % PATH)
        if self.word == 'unreadable':
            raise StateError('%s: cannot be read: Input/output error' % PATH)
        return self.text

    def save(self, text):
        """Begin to write the file."""
        now = self._world.now
        if self.word == 'hangs':
            done = {'done': 1.0, 'later': AT_LAST}.get(self.fate)
            # One that hangs cannot come before those that hung before it.
            first = max([at for at, _ in self._writers] or [0.0])
            self._writers += [(max(now + done, first), text)] if done else []
            self._reports.append((now + LIMIT, Saved('%s: cannot be written: it takes too long' % PATH, True)))
            return
        # Those that still hang have lost their files to this one.
        self._writers = []
        if self.word == 'full':
            self._reports.append((now + USUAL, Saved('%s: cannot be written: No space left on device' % PATH, False)))
            return
        at = now + (SLOW if self.word == 'late' else USUAL)
        self._writers.append((at, text))
        self._reports.append((at, Saved(None, False)))


class StateSaver(object):
    """What the daemon knows of the disk."""

    path = PATH

    def __init__(self, world):
        self._world = world

    def read(self):
        try:
            found = self._world.state.read()
        except StateError as error:
            self._world.laws.orders.reads(None, type(error).__name__)
            raise
        self._world.laws.orders.reads(found, None)
        return found

    def save(self, text):
        self._world.cut()
        self._world.laws.orders.saves(text)
        self._world.state.save(text)
