"""ON_CHANGE: tells the operator's program of each change of state, one at a time, in order, in its own thread."""
import errno
import logging
import os
import signal
import stat
import time

from fbmon import compat, threads
from fbmon.compat import queue

# Seconds that a program has before its process group is killed.
LIMIT = 10.0

# Seconds between two looks whether it has ended: soon for a short one, seldom for a long one.
STEPS = (0.002, 0.05)

# Seconds by which a change is told late: changes come in groups, and starting a process would get into the way of
# what the network still needs.
GRACE = 0.1

# Changes that wait for a slow program; more are left out.
WAITING = 1000

KINDS = ('global', 'listener', 'card', 'port')

# All that a program finds in its environment besides FASTBYPASS_AT and FASTBYPASS_WHY.
ENVIRONMENT = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C'}


class HookError(Exception):
    """The program cannot be run, or did not end well."""


class Hooks(object):
    """The queue of changes and the thread that hands them to `program` (a path, None: there is none).

    error says what is wrong at the moment, or None; it is logged once, until it changes or a run ends well.
    """

    def __init__(self, clock=compat.monotonic, limit=LIMIT):
        self._clock = clock
        self._limit = limit
        self._program = self._failure = self._overrun = self._child = None
        self._changes = queue.Queue(WAITING)

    @property
    def program(self):
        """The path of the program; a new one is looked at by the thread at once, before there is a change."""
        return self._program

    @program.setter
    def program(self, path):
        if path != self._program:
            self._program, self._failure = path, None
            self._put(None)

    @property
    def error(self):
        """Why changes are not told, or None."""
        return self._overrun or self._failure

    def start(self, crashed):
        """Start the thread."""
        threads.start('hooks', self._loop, crashed)

    def close(self):
        """Kill what is running: the process is about to end, and nobody would see to its time any more."""
        child = self._child
        if child:
            _signal(child, signal.SIGKILL)

    def tell(self, transition):
        """Have the program told of a Transition. Never blocks."""
        if self._program and transition.kind in KINDS and not self._put(transition):
            why = 'ON_CHANGE: %s is too slow: %d changes wait for it, further ones are left out' % (
                self._program, WAITING)
            self._overrun = _logged(why, self._overrun)

    def _put(self, change):
        try:
            self._changes.put_nowait((self._clock() + GRACE, change))
            return True
        except queue.Full:
            return False

    def _loop(self):
        while True:
            self.take(*self._changes.get())
            if self._changes.empty():
                self._overrun = None

    def take(self, due, change):
        """Tell the program of a Transition at `due` (monotonic seconds), or only look at it (None)."""
        program = self._program
        if program is None:
            return
        try:
            if change is None:
                check(program)
            else:
                time.sleep(max(0, due - self._clock()))
                self._run(program, change)
            failure = None
        except HookError as error:
            failure = _logged('ON_CHANGE: %s: %s' % (program, error), self._failure)
        # Meanwhile a reload may have named another one, of which this says nothing.
        if program == self._program:
            self._failure = failure

    def _run(self, program, change):
        """One run; close() knows of the child while it is there."""
        self._child = started(program, change)
        try:
            wait(self._child, self._clock, self._limit)
        finally:
            self._child = None


def _logged(why, before):
    """why; logged unless it was the reason before."""
    if why != before:
        logging.warning('%s', why)
    return why


def check(program):
    """Raises HookError for a program that is not there, or that somebody other than root could have written."""
    try:
        found = os.stat(program)
    except EnvironmentError as error:
        raise HookError(error.strerror)
    if not stat.S_ISREG(found.st_mode):
        raise HookError('it is no plain file')
    if found.st_uid != 0 or found.st_mode & 0o022:
        raise HookError('it must be owned by root and writable by nobody else: chown root, chmod go-w')
    if not found.st_mode & 0o111:
        raise HookError('it is not executable: chmod +x')


def started(program, change):
    """The child that runs the program for a Transition, without a shell. What it prints goes nowhere. Raises HookError.
    """
    check(program)
    environ = dict(ENVIRONMENT, FASTBYPASS_AT='%.3f' % change.at,
                   FASTBYPASS_WHY=str(change.why.encode('ascii', 'replace').decode('ascii')))
    try:
        with open(os.devnull, 'r+b') as null:
            compat.close_on_exec(null.fileno())
            return compat.start_child([program] + arguments(change), session=True, cwd='/', env=environ, stdin=null,
                                      stdout=null, stderr=null)
    except EnvironmentError as error:
        raise HookError('it cannot be started: %s' % error.strerror)


def wait(child, clock=compat.monotonic, limit=LIMIT):
    """Wait for the end of a child and of all that it left in its process group; when its time is up, kill the whole
    group. Raises HookError where it did not end well."""
    deadline, step = clock() + limit, STEPS[0]
    while not _over(child) and clock() < deadline:
        time.sleep(step)
        step = min(2 * step, STEPS[1])
    if not _over(child):
        _signal(child, signal.SIGKILL)
        child.wait()
        raise HookError('killed, since it had not ended after %g s' % limit)
    if child.returncode < 0:
        raise HookError('it was ended by signal %d' % -child.returncode)
    if child.returncode > 0:
        raise HookError('it ended with exit code %d' % child.returncode)


def arguments(change):
    """What a program is given: kind, name, old and new state. The global state goes by the name of state."""
    return [change.kind, change.name, change.old, change.new]


def _over(child):
    """Whether the program has ended, and all that it left in its process group."""
    return child.poll() is not None and not _signal(child, 0)


def _signal(child, number):
    """Send a signal to the process group; False where there is none any more. Its number is not given to another
    one while a process is in it."""
    try:
        os.killpg(child.pid, number)
        return True
    except EnvironmentError as error:
        # EPERM: what is left has become somebody else's.
        return error.errno != errno.ESRCH
