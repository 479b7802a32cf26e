"""The candidate that is this daemon, under one interpreter, started as its unit does."""
import os
import shutil
import signal
import tempfile
import time

from candidates import HOST, PORT, SOURCE, Candidate, Nodes, USUAL
from installing import install
from kernel.daemon import Daemon

# Seconds in which a daemon that was stopped catches up, and one that has acted comes to rest.
CATCH_UP = 0.3


# A directory in memory, as /run is.
MEMORY = '/dev/shm'


class Installed(Daemon):
    """The daemon of the tests, with an interpreter and a checkout of its own."""

    def __init__(self, switch, directory, interpreter, program, journal=True):
        Daemon.__init__(self, switch, directory)
        self._interpreter = interpreter
        self._program = install(program, interpreter, directory + '/installed', journal)
        self.run_dir = tempfile.mkdtemp(prefix='fbmon-bench-', dir=MEMORY)

    def close(self):
        Daemon.close(self)
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def _argv(self, words, wrapper=()):
        # The same words as in debian/libexec/launch.
        return self.switch.prefix() + list(wrapper) + [
            self._interpreter, '-B', '-E', '-s', '-S', self._program, '--config', self.config,
            '--log-dir', self.directory + '/logs', '--run-dir', self.run_dir] + self._state() + list(words)

    def _state(self):
        """The option for the state directory, if this checkout is recent enough to have one."""
        known = os.path.exists(os.path.join(os.path.dirname(self._program), 'fbmon', 'memory', 'statedir.py'))
        return ['--state-dir', self.state_dir] if known else []


def configuration(setup):
    """The text of the configuration file for a Setup."""
    lines = ['LISTEN_HEARTBEAT_IFS=eth0', 'BYPASS_CARD_IFS=eth0', 'LISTEN_HEARTBEAT_FAILED=%d' % setup.threshold,
             'LISTEN_HEARTBEAT_TIMEOUT=%d' % setup.timeout, 'LISTEN_HB_SOURCE=' + SOURCE,
             'LISTEN_CUBRO_IFS=' + ','.join(setup.ports)]
    for node in range(setup.nodes):
        lines += ['LISTEN_HB_HOST[%d]=%s' % (node, HOST), 'LISTEN_HB_PORT[%d]=%d' % (node, PORT + node)]
    lines += ['BYPASS_CARD_HOST[%d]=%s' % pair for pair in enumerate(setup.cards)]
    return '\n'.join(lines) + '\n' + setup.lines


class Ours(Candidate):
    """The daemon with one node for each listener. load: the Load that runs beside it while it is awake, or None."""

    def __init__(self, label, interpreter, program, directory, setup=USUAL, load=None):
        Candidate.__init__(self, label, setup)
        self._interpreter, self._program, self._directory = interpreter, program, directory
        self._load = load
        self._failed = None
        self.daemon = self.nodes = None

    def open(self):
        Candidate.open(self)
        os.makedirs(self._directory)
        self.daemon = Installed(self.switch, self._directory, self._interpreter, self._program,
                                self.setup.journal)
        self.daemon.start(configuration(self.setup))
        self.begin()

    def begin(self):
        """Go through bypass and normal, so that each address and port has been changed once."""
        self.daemon.wait_state('bypass')
        self.nodes = Nodes(self, self.setup)
        self.wake()
        self.rest()

    def close(self):
        # After an error nobody has called rest().
        if self._load:
            self._load.stop()
        if self.daemon:
            self.daemon.close()
        Candidate.close(self)

    def pids(self):
        return [self.daemon.child.pid] + sorted(self.daemon.all_children())

    def wake(self):
        self.daemon.signal(signal.SIGCONT)
        time.sleep(CATCH_UP)
        self.reports.forget()
        self.nodes.order('all')
        self.reports.wait_for(self.back(), 20.0)
        if self._load:
            self._load.start(self)
        time.sleep(CATCH_UP)

    def rest(self):
        if self._load:
            self._load.stop()
        self.nodes.order('none')
        self.daemon.wait_state('bypass')
        # With a timeout of 100 ms eight threads would go on waking up beside the rounds of the other candidates.
        self.daemon.signal(signal.SIGSTOP)

    def fail(self, source):
        self._failed = source.randrange(self.setup.nodes)
        self.nodes.order('kill', self._failed)
        reported = self.reports.wait_for(self.gone())
        last = max(self.stamps(PORT + self._failed))
        return self.took(reported, last + self.setup.timeout / 1000.0)

    def come_back(self):
        self.capture.take()
        self.nodes.order('revive', self._failed)
        reported = self.reports.wait_for(self.back())
        first = min(self.stamps(PORT + self._failed))
        return self.took(reported, first)
