"""Asks the daemon for its status, in a thread of its own and at most once a second, and keeps its last answer."""
import time

from fbmon.base import compat, threads
from fbmon.base.tuples import namedtuple
from fbmon.show import statussocket

# Seconds for which an answer counts as new, and that pass between two questions.
PACE = 1.0

# Seconds that the daemon has for its answer.
LIMIT = 5.0

# What is known. status: the last answer, None before the first; answered: the monotonic second at which it came; at:
# the same by the wall clock; error: why the daemon has not answered the last question, None if it has; silent: whether
# somebody may be there all the same (statussocket.NoAnswer); tried: the second at which it was asked last.
View = namedtuple('View', 'status answered at error silent tried')

NOTHING = View(None, None, None, statussocket.NO_STATUS, True, None)

# Seconds that a client waits for a new answer. After that it gets the last one.
PATIENCE = 1.0

# Seconds after which an answer that is still the last one shows that the daemon is stuck: it was asked again meanwhile.
OLD = PACE + PATIENCE + 0.5


def judged(view, now):
    """The View as it is to be understood: while the daemon keeps us waiting, it does not answer."""
    if view.error or now - view.answered < OLD:
        return view
    return view._replace(error=statussocket.NO_STATUS, silent=True)


class Source(object):
    """view: the View. told() is called in the thread when there is a new one.

    ask(), fresh() and began are for one other thread alone.
    """

    def __init__(self, path, told, clock=compat.monotonic, wall=time.time, ask=statussocket.ask):
        self.view = NOTHING
        self.began = None
        self._path = path
        self._told = told
        self._clock = clock
        self._wall = wall
        self._ask = ask
        self._questions = compat.queue.Queue()

    def start(self, crashed):
        """Start the thread."""
        threads.start('asking', self._run, crashed)

    def fresh(self):
        """Whether the daemon was asked so lately that it is not asked again."""
        return self.view.tried is not None and self._clock() - self.view.tried < PACE

    def ask(self):
        """Have the daemon asked, if it is not being asked just now."""
        if self.began is None or self.view.tried == self.began:
            self.began = self._clock()
            self._questions.put(self.began)

    def _run(self):
        while True:
            self.turn(self._questions.get())

    def turn(self, began):
        """Ask once. began: when that was wanted."""
        before = self.view
        try:
            found = self._ask(self._path, LIMIT)
            self.view = View(found, self._clock(), self._wall(), None, False, began)
        except statussocket.NotRunning as error:
            self.view = before._replace(error=_text(error), tried=began,
                                        silent=isinstance(error, statussocket.NoAnswer))
        self._told()


def _text(error):
    """The words of an error, as text: with 2.7 the path in it may have any bytes."""
    words = '%s' % error
    return words.decode('utf-8', 'replace') if isinstance(words, bytes) else words
