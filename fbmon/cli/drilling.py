"""drill: a bypass for some seconds, to see that cards and ports go and come back. The daemon itself holds its end."""
import os
import signal
import time

from fbmon.base import compat
from fbmon.base.words import natural
from fbmon.cli import commanding, force, stopped
from fbmon.cli.output import fail, say
from fbmon.memory import rundir
from fbmon.rules import ordering
from fbmon.rules.states import BYPASS, NORMAL, PRESENT
from fbmon.show import statussocket

# Seconds between two looks at the status; for which the daemon may be late with an end; and for which all may take to
# come back.
PAUSE = 0.1
LATE = 1.0
BACK = 10.0

# Seconds for which one look may take.
LOOK = 2.0

UNSURE = 'drill: it may begin all the same; then it ends by itself after %d s at most: see fbypass_ctl show'

# What ends a drill early, unless it was ignored from the beginning, as after nohup.
SIGNALS = {signal.SIGINT: 'Ctrl-C', signal.SIGTERM: 'SIGTERM', signal.SIGHUP: 'SIGHUP'}


def drill(options):
    """Make a drill and show what happens. Returns the exit code: 0 if all came back, 1, or 3 without a daemon."""
    asked = Drill(options.run_dir, options.seconds, options.reason)
    for number in SIGNALS:
        # It stays so until the process has ended, so that a late signal does not change the exit code.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, asked.interrupt)
    try:
        return asked.run()
    except statussocket.NotRunning as error:
        return stopped.nobody(error)
    except (KeyError, TypeError):
        return fail('the running daemon is of another version: restart the service')


class Drill(object):
    """One drill. until: its end by the wall clock, which names it to the daemon."""

    def __init__(self, run_dir, seconds, reason):
        self._run_dir = run_dir
        self._seconds = seconds
        self._reason = reason or ''
        self._signals = []
        self._ended = False
        self._before = self._seen = None

    def interrupt(self, number, _frame):
        """A signal handler: the drill ends early."""
        self._signals.append(number)

    def run(self):
        """Make it. Returns the exit code. Raises NotRunning, and KeyError or TypeError for another daemon's status."""
        status = self._ask()
        self._before = self._seen = things(status)
        wrong = not_there(status)
        if status['state'] == NORMAL and wrong:
            return fail('drill: refused: ' + wrong[0])
        self._began = compat.monotonic()
        self.until = round(time.time() + self._seconds, 3)
        try:
            answer = commanding.asked(self._run_dir, {'command': ordering.DRILL, 'by': force.who(),
                                                      'until': self.until, 'reason': self._reason})
        except statussocket.NotRunning as error:
            return commanding.unanswered(error, UNSURE % self._seconds)
        code = commanding.told(ordering.DRILL, answer)
        if code:
            return code
        self._ends = compat.monotonic() + max(0.0, self.until - time.time())
        return self._result(self._watch())

    def _watch(self):
        """Show what changes until all is settled after the drill, or its time is up. Returns the last status or None.
        """
        while True:
            status = self._look()
            now = compat.monotonic()
            if status and not self._on(status) and settled(status) or now >= self._ends + BACK:
                return status
            if not self._ended and (self._signals or now >= self._ends + LATE):
                self._end(now)
            time.sleep(PAUSE)

    def _look(self):
        try:
            status = self._ask()
        except statussocket.NotRunning:
            status = None
        seen = things(status) if status else dict(self._seen, daemon='does not answer')
        for name, old, new in changes(self._seen, seen):
            self._say('%s: %s -> %s' % (name, old, new))
        self._seen = seen
        return status

    def _ask(self):
        return statussocket.ask(os.path.join(self._run_dir, rundir.SOCKET), LOOK)

    def _on(self, status):
        """Whether this drill is on."""
        override = status['override']
        return bool(override) and override['state'] == BYPASS and override['until'] == self.until

    def _end(self, now):
        """Have the daemon end it now. If it does not answer, it ends it by itself at its time."""
        self._ended, self._ends = True, min(now, self._ends)
        self._say('ended by ' + SIGNALS[self._signals[0]] if self._signals else 'ended: it did not end by itself')
        try:
            commanding.asked(self._run_dir, {'command': ordering.DRILL, 'by': force.who(), 'end': self.until})
        except statussocket.NotRunning as error:
            fail('drill: %s; it ends by itself in %d s' % (error, max(0, self.until - time.time())))

    def _say(self, text):
        say('%6.1f s  %s' % (compat.monotonic() - self._began, text))

    def _result(self, status):
        """Say what came back. Returns the exit code."""
        if status is None:
            return fail('drill: the daemon does not answer: it is not known what came back')
        wrong = ['%s is %s, and was %s before the drill' % (name, new, old)
                 for name, old, new in changes(self._before, things(status))]
        if not wrong and not settled(status):
            wrong = not_there(status) or ['held: not all listeners have reported yet']
        for line in wrong:
            fail('drill: ' + line)
        if not wrong:
            say('all came back')
        return int(bool(wrong))


def things(status):
    """{name: its state, as text} of all that a drill changes or that explains it."""
    override = status['override']
    found = {'state': status['state'], 'daemon': 'answers',
             'override': '%s by %s' % (override['state'], override['by']) if override else ordering.OFF}
    found.update(('node %s' % row['name'], row['state']) for row in status['nodes'])
    found.update((_card(row), row['actual'] or 'unconfigured') for row in status['cards'])
    found.update(('port %s' % row['name'], row['actual'] or 'unconfigured') for row in status['ports'])
    return found


def changes(before, after):
    """[(name, old, new)] of what differs between two such dicts, in an order that stays the same."""
    return [(name, before.get(name, 'not there'), after.get(name, 'not there'))
            for name in sorted(set(before) | set(after), key=_place) if before.get(name) != after.get(name)]


def _place(name):
    kinds = ('daemon', 'override', 'node', 'state', 'card', 'port')
    return kinds.index(name.split()[0]), natural(name)


def settled(status):
    """Whether no more changes are to come: nothing is waited for, and each card and port is as it is wanted."""
    return not status['held'] and status['return'] is None and all(
        row['wanted'] in (None, row['actual']) for row in status['cards'] + status['ports'])


def not_there(status):
    """[What is not as it must be in normal], so that a drill could not show that it comes back."""
    return ['%s is %s' % (_card(row), row['actual'] or 'unconfigured') for row in status['cards']
            if row['actual'] != PRESENT] + [
        'port %s is %s' % (row['name'], row['actual'] or 'unconfigured') for row in status['ports']
        if row['wanted'] not in (None, row['actual'])]


def _card(row):
    return 'card %s %s' % (row['name'] or row['index'], row['address'])
