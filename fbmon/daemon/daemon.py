"""The daemon: it puts the parts together, starts the threads, and waits for signals in the main thread."""
import logging
import os
import resource
import select
import signal
import sys

from fbmon import __version__
from fbmon.base import children, compat, moments
from fbmon.base.inbox import Inbox
from fbmon.base.threads import NO_THREAD, start
from fbmon.config import source
from fbmon.daemon.answers import Commanded, StatusWanted
from fbmon.daemon.controller import Controller, Stop
from fbmon.daemon.fetching import Fetcher
from fbmon.daemon.keeping import Keeping
from fbmon.daemon.leases import REMEDY
from fbmon.daemon.reloads import Reload
from fbmon.daemon.saving import Saver
from fbmon.daemon.trials import Tried
from fbmon.memory import rundir, statedir
from fbmon.memory.history import History
from fbmon.memory.ledger import Ledger
from fbmon.memory.records import Records
from fbmon.memory.statefile import StateFile
from fbmon.network.batch import Batch
from fbmon.network.monitor import Monitor
from fbmon.network.routekeeper import RouteKeeper
from fbmon.network.routereadings import RouteReadings
from fbmon.network.routewatch import RouteWatch
from fbmon.show import statussocket
from fbmon.tell import journal, logs
from fbmon.tell.evidence import Evidence
from fbmon.tell.hooks import Hooks
from fbmon.tell.sdnotify import Notifier

# Exit codes; 71, 75 and 78 are from sysexits.h. LEFT: it has stopped, but an address keeps its lease or may keep it.
STOPPED, CRASHED, LEFT, ALREADY_RUNNING, CONFIGURATION = 0, 1, 71, 75, 78

# What becomes of the network at a stop.
STAYS = 'addresses and ports stay as they are'
GOES = "the cards' addresses are removed, as the system goes down"

# Seconds in which the controller must end after a stop. It may be waiting for an `ip` that hangs.
STOP_LIMIT = 1.0

# The bytes that wake the main thread. A signal handler only writes one of them to a pipe.
HANGUP, TERMINATE, FINISHED, UNSURE, CRASH = b'H', b'T', b'F', b'U', b'X'


def run(path, log_dir, run_dir, state_dir):
    """Run the daemon until it is stopped. Returns the exit code."""
    wakes = Wakes()
    try:
        loaded = source.load(path)
        directory = rundir.RunDirectory(run_dir)
    except source.Unreadable as error:
        journal.complain('%s' % error)
        return CONFIGURATION
    except rundir.AlreadyRunning as error:
        journal.complain('%s' % error)
        return ALREADY_RUNNING
    moments.settle_zone()
    log = logs.set_up(log_dir, loaded.settings.log_level)
    logging.info('fastbypass_monitor %s starts with pid %d and %s', __version__, os.getpid(), path)
    for line in source.report(path, loaded.mistakes, 'error'):
        logging.error(line)
    _raise_descriptor_limit()
    _wake_on_time()
    compat.switch_threads_seldom()
    daemon = Daemon(path, loaded, directory, statedir.StateDirectory(state_dir), wakes, log)
    daemon.report_troubles(run=directory.error)
    return daemon.run()


def _raise_descriptor_limit():
    """Use as many descriptors as the system allows, since each listener takes three."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, EnvironmentError):
        pass


def _wake_on_time():
    """Let the kernel wake threads exactly when a timeout is due. By default it may let them sleep 50 us longer.

    Threads that are started later inherit this (timerslack_ns of proc(5)).
    """
    try:
        with open('/proc/self/timerslack_ns', 'w') as slack:
            slack.write('1')
    except EnvironmentError:
        pass


class Wakes(object):
    """The pipe that wakes the main thread, and the signals that write to it."""

    def __init__(self):
        self._reader, self._writer = compat.pipe()
        self._poller = select.poll()
        self._poller.register(self._reader, select.POLLIN)
        # The kernel may give a signal to any thread. Then poll ends in that thread and not in this one. So Python
        # writes a byte here by itself, which wakes this thread and means nothing else.
        signal.set_wakeup_fd(self._writer)
        for number, byte in ((signal.SIGHUP, HANGUP), (signal.SIGTERM, TERMINATE), (signal.SIGINT, TERMINATE)):
            signal.signal(number, lambda _number, _frame, byte=byte: self.send(byte))
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
            # These signals end nothing. SIG_IGN would do that too, but children would inherit it.
            signal.signal(number, lambda _number, _frame: None)

    def send(self, byte):
        """Wake the main thread. A signal handler may call this; a full pipe wakes the thread just as well."""
        try:
            os.write(self._writer, byte)
        except EnvironmentError:
            pass

    def wait(self, limit=None):
        """[The bytes that have come], one by one. Wait up to `limit` seconds for the first one."""
        compat.poll(self._poller, None if limit is None else limit * 1000)
        try:
            data = os.read(self._reader, 4096)
        except EnvironmentError as error:
            if not compat.would_block(error) and not compat.interrupted(error):
                raise
            data = b''
        compat.run_signal_handlers()
        return [data[index:index + 1] for index in range(len(data))]


class Daemon(object):
    """The parts, put together."""

    def __init__(self, path, loaded, directory, state, wakes, log):
        self._wakes = wakes
        self._inbox = Inbox()
        self._batch = Batch()
        self._monitor = Monitor(self._inbox.put)
        self._notifier = Notifier()
        self._routes = RouteWatch(self._inbox.put, self._crashed)
        self._directory = directory
        ledger = Ledger(directory.file(rundir.LEDGER))
        routes = RouteReadings(RouteKeeper(self._batch, Records(directory.file(rundir.ROUTES))), self._routes.ask)
        self._hooks = Hooks()
        self._fetcher = Fetcher(path, lambda: self._inbox.put(Reload()), self._crashed)
        self._tried = Fetcher(path + statedir.TRIED, lambda: self._inbox.put(Tried()), self._crashed)
        self._keeping = Keeping(state.file(statedir.FILES), self._crashed)
        evidence = Evidence(state.path, Records(directory.file(rundir.LIFE)))
        log.beside.append(evidence.lines)
        history = History(Records(directory.file(rundir.HISTORY)), self._hooks.tell, journal=evidence)
        course = Records(directory.file(rundir.RETURN))
        self._saver = Saver(StateFile(state.file(statedir.ORDERS)), self._inbox.put, self._crashed)
        self._controller = Controller(path, loaded, self._inbox, self._batch, ledger, history, self._hooks,
                                      self._monitor, self._notifier, routes, course, self._saver, self._crashed, log)
        self._controller.reloads.connect(self._fetcher, self._tried, self._keeping,
                                         Records(directory.file(rundir.TRIAL)))

    def report_troubles(self, **troubles):
        """Log what does not work but stops nothing, and show it in the status: {what: why or None}."""
        for what, why in sorted(troubles.items()):
            if why:
                logging.warning('%s', why)
                self._controller.troubles[what] = why

    def run(self):
        """Start the threads, and make events of signals until the end. Returns the exit code."""
        try:
            self._serve_status()
            self._hooks.start(self._crashed)
            self._monitor.start(self._crashed)
            start('controller', self._control, self._crashed)
        except NO_THREAD as error:
            logging.critical('a thread cannot be started: %s', error)
            return CRASHED
        code = self._wait()
        self._notifier.stopping()
        self._hooks.close()
        users = self._saver, self._fetcher, self._tried, self._keeping, self._monitor, self._routes
        children.wait(sum([one.close() for one in users], self._batch.kill()))
        if code in (STOPPED, LEFT):
            logging.info('fastbypass_monitor stops; %s', GOES if self._controller.going_down else STAYS)
        return code

    def _control(self):
        self._wakes.send(FINISHED if self._controller.run() else UNSURE)

    def _serve_status(self):
        path = self._directory.file(rundir.SOCKET)
        try:
            sock = statussocket.listen(path)
        except compat.SYSTEM_ERRORS as error:
            return self.report_troubles(socket='%s: %s: no status can be asked for' % (path, error.strerror or error))
        statussocket.Server(sock, lambda reply: self._inbox.put(StatusWanted(reply)),
                            lambda *command: self._inbox.put(Commanded(*command))).start(self._crashed)

    def _crashed(self):
        self._wakes.send(CRASH)

    def _wait(self):
        deadline = None
        while True:
            left = None if deadline is None else max(0, deadline - compat.monotonic())
            woken = self._wakes.wait(left)
            if CRASH in woken:
                return CRASHED
            if FINISHED in woken:
                return STOPPED
            if UNSURE in woken:
                return LEFT
            if left == 0:
                return self._give_up()
            if TERMINATE in woken and deadline is None:
                deadline = compat.monotonic() + STOP_LIMIT
                self._inbox.put(Stop())
            if HANGUP in woken and deadline is None:
                self._fetcher.ask()

    def _give_up(self):
        """The exit code if the controller has not ended in time."""
        if not self._controller.settings.lease:
            logging.warning('not ended within %g s of a stop', STOP_LIMIT)
            return STOPPED
        logging.error('an address may keep its lease: not ended within %g s of a stop; %s', STOP_LIMIT, REMEDY)
        return LEFT


def leave(code):
    """End the process at once with this exit code, whatever its other threads are waiting for."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (EnvironmentError, ValueError, AttributeError):
            # Nobody reads the stream any more, or there is none.
            pass
    os._exit(code)
