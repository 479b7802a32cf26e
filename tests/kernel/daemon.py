"""The daemon, as a process of its own in the switch's namespace."""
import json
import os
import signal
import socket
import subprocess
import sys
import time

import clock
import helpers
from fbmon.base import compat

# Seconds that anything may take; only waited for where something is broken.
LIMIT = 20.0


class Daemon(object):
    """Files in a directory; started, asked, told to reload, stopped and killed by the tests."""

    def __init__(self, switch, directory):
        self.switch = switch
        self.directory = str(directory)
        self.config = os.path.join(self.directory, 'env')
        self.run_dir = os.path.join(self.directory, 'run')
        self.child = None
        self.path = None
        # Seconds between two looks: each costs the daemon some time of its own.
        self.step = 0.01

    # --- its life ---

    def start(self, text=None, wrapper=()):
        """Start it, with a new configuration file if a text is given, until it gives its status."""
        self.launch(text, wrapper)
        return self.wait(lambda status: True)

    def launch(self, text=None, wrapper=(), command=('run',)):
        """Start the process and do not wait. wrapper: the words of a command that ends in executing the daemon."""
        if text is not None:
            helpers.write(self.config, text)
        with open(self.directory + '/stderr', 'ab') as errors:
            self.child = subprocess.Popen(self._argv(command, wrapper), env=self._environ(), stdout=errors,
                                          stderr=errors, close_fds=True)

    def stop(self, number=signal.SIGTERM):
        """End it by a signal; returns (exit code, seconds that it took)."""
        began = clock.monotonic()
        self.signal(number)
        return self.ended(), clock.monotonic() - began

    def kill(self):
        """kill -9."""
        self.child.kill()
        self.child.wait()

    def ended(self):
        """Its exit code, when it has ended by itself."""
        helpers.wait_for(lambda: self.child.poll() is not None, LIMIT)
        return self.child.returncode

    def close(self):
        """End it in any case, and the `ip` children that a kill leaves behind for a moment."""
        if self.child and self.child.poll() is None:
            children = self.children()
            self.kill()
            for pid in children:
                _kill(pid)

    def signal(self, number):
        """Send it a signal."""
        self.child.send_signal(number)

    def reload(self, text=None):
        """SIGHUP, with a new file if a text is given, until it has taken or refused it: what the log said."""
        if text is not None:
            helpers.write(self.config, text)
        # What it says on stderr is in one file for all of its lives, where the log begins anew when it has grown long.
        before = os.path.getsize(self.directory + '/stderr')
        self.signal(signal.SIGHUP)
        self._until(lambda: self._reloads(before), 'no reload')
        return self._reloads(before)[-1]

    # --- what it says ---

    def status(self):
        """The status as a dict, or None while nobody answers."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(LIMIT)
            sock.connect(os.path.join(self.run_dir, 'status.sock'))
            data = b''.join(iter(lambda: sock.recv(65536), b''))
            return json.loads(data.decode('utf-8')) if data else None
        except compat.SYSTEM_ERRORS:
            return None
        finally:
            sock.close()

    def wait(self, condition):
        """The first status for which condition(status) is true."""
        found = []

        def happened():
            found[:] = [self.status()]
            return found[0] is not None and condition(found[0])
        self._until(happened, 'not reached', found)
        return found[0]

    def wait_state(self, state):
        """The first status in which nothing is held, the global state is this, and all is as wanted."""
        return self.wait(lambda status: status['state'] == state and not status['held'] and settled(status))

    def wait_sound(self, state):
        """The same, and there is no problem any more."""
        return self.wait(lambda status: problems(status) == [] and status['state'] == state
                         and not status['held'] and settled(status))

    def wait_listener(self, index, state):
        """The first status in which a listener has this local state."""
        return self.wait(lambda status: listener(status, index)['state'] == state)

    def wait_log(self, text):
        """Until the log holds this text."""
        path = self.directory + '/logs/fastbypass_monitor.log'
        self._until(lambda: text in helpers.read(path), 'not logged: ' + text)

    def log(self):
        """Its log file, with all that was said until now."""
        return helpers.written(self.directory + '/logs/fastbypass_monitor.log')

    def said(self):
        """What is of use after a failed test."""
        # Some tests put a pipe there, or noise.
        plain = os.path.isfile(self.config) and os.path.getsize(self.config) < 20000
        config = helpers.read(self.config) if plain else 'no plain file of usual size'
        return config + '\n' + (helpers.read(self.directory + '/stderr') or self.log())

    def command(self, *words):
        """(exit code, stdout, stderr) of another command of fbmon.py, in the switch."""
        return helpers.finish(subprocess.Popen(self._argv(words), env=self._environ(), stdout=subprocess.PIPE,
                                               stderr=subprocess.PIPE, close_fds=True), LIMIT)

    # --- its processes ---

    def children(self):
        """{pid: command line} of its children, the dead ones and the writer of its log left out."""
        return dict((pid, line) for pid, line in self.all_children().items() if 'fastbypass_log' not in line)

    def log_writer(self):
        """The pid of the process that writes its log."""
        return next(pid for pid, line in self.all_children().items() if 'fastbypass_log' in line)

    def all_children(self):
        """{pid: command line} of its children, the dead ones left out."""
        found = {}
        for thread in os.listdir('/proc/%d/task' % self.child.pid):
            listed = helpers.read('/proc/%d/task/%s/children' % (self.child.pid, thread))
            for pid in [int(word) for word in listed.split()]:
                words = helpers.read('/proc/%d/cmdline' % pid).split('\0')
                if helpers.alive(pid):
                    found[pid] = ' '.join(words).strip()
        return found

    def child_of(self, word):
        """The pid of the one child with this word in its command line: 'batch' or 'monitor'."""
        found = []

        def one():
            found[:] = [pid for pid, line in self.children().items() if word in line.replace('-', ' ').split()]
            return len(found) == 1
        self._until(one, 'not one child with ' + word)
        return found[0]

    def _argv(self, words, wrapper=()):
        return self.switch.prefix() + list(wrapper) + [
            sys.executable, helpers.FBMON, '--config', self.config, '--log-dir', self.directory + '/logs',
            '--run-dir', self.run_dir] + list(words)

    def _environ(self):
        environ = dict(os.environ)
        if self.path:
            environ['PATH'] = self.path
        return environ

    def _reloads(self, before):
        with open(self.directory + '/stderr', 'rb') as errors:
            errors.seek(before)
            lines = errors.read().decode('utf-8', 'replace').splitlines()
        return [line for line in lines if 'configuration loaded again' in line or 'reload refused' in line]

    def _until(self, condition, what, found=()):
        """Wait for a condition; not any longer when the daemon has ended."""
        deadline = clock.monotonic() + LIMIT
        while not condition():
            assert self.child.poll() is None, '%s: the daemon has ended with code %s' % (what, self.child.returncode)
            assert clock.monotonic() < deadline, '%s within %g s: %s' % (
                what, LIMIT, json.dumps(list(found), indent=1))
            time.sleep(self.step)


def settled(status):
    """Whether every card and port is as wanted, those that are left alone aside."""
    return all(row['wanted'] in (None, row['actual']) for row in status['cards'] + status['ports'])


def listener(status, index):
    """The row of a listener."""
    return next(row for row in status['listeners'] if row['index'] == index)


def card(status, address):
    """The row of a card."""
    return next(row for row in status['cards'] if row['address'] == address)


def port(status, name):
    """The row of a port."""
    return next(row for row in status['ports'] if row['name'] == name)


def problems(status):
    """Its problems, but for late heartbeats, as the machine that runs the tests may be a busy one, and for leases that
    are short for the tests' sake."""
    return [problem for problem in status['problems']
            if 'longest gap' not in problem and 'ms is short' not in problem]


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except EnvironmentError:
        pass
