"""The daemon as a process of its own in the switch's namespace."""
import errno
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

# Seconds that anything may take at most. A test waits so long only if something is broken.
LIMIT = 20.0


class Daemon(object):
    """A daemon with its files in one directory. The tests start, ask, reload, stop and kill it."""

    def __init__(self, switch, directory):
        self.switch = switch
        self.directory = str(directory)
        self.config = os.path.join(self.directory, 'env')
        self.run_dir = os.path.join(self.directory, 'run')
        self.state_dir = os.path.join(self.directory, 'state')
        self.child = None
        self.path = None
        # Seconds between two looks at the status. Each look costs the daemon some time.
        self.step = 0.01

    # --- its life ---

    def start(self, text=None, wrapper=()):
        """Start it and return its first status. text: a new configuration file, or None to keep the old one."""
        self.launch(text, wrapper)
        return self.wait(lambda status: True)

    def launch(self, text=None, wrapper=(), command=('run',)):
        """Start the process and do not wait. wrapper: the words of a command that executes the daemon at its end."""
        if text is not None:
            helpers.write(self.config, text)
        with open(self.directory + '/stderr', 'ab') as errors:
            self.child = subprocess.Popen(self._argv(command, wrapper), env=self._environ(), stdout=errors,
                                          stderr=errors, close_fds=True)

    def stop(self, number=signal.SIGTERM):
        """End it by a signal. Returns (exit code, seconds that it took)."""
        began = clock.monotonic()
        self.signal(number)
        return self.ended(), clock.monotonic() - began

    def kill(self):
        """kill -9."""
        self.child.kill()
        self.child.wait()

    def ended(self):
        """Wait until it has ended by itself. Returns its exit code."""
        helpers.wait_for(lambda: self.child.poll() is not None, LIMIT)
        return self.child.returncode

    def close(self):
        """Kill it if it runs, and with it the children that it would leave behind for a moment."""
        if self.child and self.child.poll() is None:
            children = self.children()
            self.kill()
            for pid in children:
                _kill(pid)

    def signal(self, number):
        """Send it a signal."""
        self.child.send_signal(number)

    def lose_state(self):
        """Move the state directory away, when the daemon has kept its first file there."""
        kept = os.path.join(self.state_dir, 'files')
        helpers.wait_for(lambda: os.path.isdir(kept) and [name for name in os.listdir(kept) if name[0].isdigit()])
        os.rename(self.state_dir, self.state_dir + '.before')

    def reload(self, text=None):
        """Send SIGHUP and wait until it has taken or refused the file. Returns the line of the log that says so.

        text: a new configuration file, or None to keep the old one.
        """
        if text is not None:
            helpers.write(self.config, text)
        # stderr goes to one file for all of its lives. The log would begin anew when it has grown long.
        before = os.path.getsize(self.directory + '/stderr')
        self.signal(signal.SIGHUP)
        self._until(lambda: self._reloads(before), 'no reload')
        # The log says so before the listeners have the new file. The status is given afterwards.
        self.status()
        return self._reloads(before)[-1]

    # --- what it says ---

    def status(self):
        """The status as a dict; None while nobody answers."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(LIMIT)
            sock.connect(os.path.join(self.run_dir, 'status.sock'))
            sock.sendall(b'\n')
            data = b''.join(iter(lambda: sock.recv(65536), b''))
            return json.loads(data.decode('utf-8')) if data else None
        except compat.SYSTEM_ERRORS:
            return None
        finally:
            sock.close()

    def wait(self, condition):
        """Wait for the first status for which condition(status) is true, and return it."""
        found = []

        def happened():
            found[:] = [self.status()]
            return found[0] is not None and condition(found[0])
        self._until(happened, 'not reached', found)
        return found[0]

    def wait_state(self, state):
        """Wait until the global state is this one and not held, and everything is as wanted. Returns that status."""
        return self.wait(lambda status: status['state'] == state and not status['held'] and settled(status))

    def wait_sound(self, state):
        """As wait_state(), and there is no problem any more."""
        return self.wait(lambda status: problems(status) == [] and status['state'] == state
                         and not status['held'] and settled(status))

    def wait_listener(self, index, state):
        """Wait until a listener has this local state. Returns that status."""
        return self.wait(lambda status: listener(status, index)['state'] == state)

    def wait_log(self, text):
        """Wait until the log has this text."""
        path = self.directory + '/logs/fastbypass_monitor.log'
        self._until(lambda: text in helpers.read(path), 'not logged: ' + text)

    def log(self):
        """The text of its log file, with everything that it has said up to now."""
        return helpers.written(self.directory + '/logs/fastbypass_monitor.log')

    def said(self):
        """What helps to understand a failed test: the configuration file, and stderr or the log."""
        # Some tests put a pipe or random bytes there.
        plain = os.path.isfile(self.config) and os.path.getsize(self.config) < 20000
        config = helpers.read(self.config) if plain else 'no plain file of usual size'
        return config + '\n' + (helpers.read(self.directory + '/stderr') or self.log())

    def command(self, *words):
        """Run another command of fbmon.py on the switch. Returns (exit code, stdout, stderr)."""
        return helpers.finish(self.begin(*words), LIMIT)

    def begin(self, *words, **options):
        """Start another command of fbmon.py on the switch, and return its process. options: of Popen."""
        for stream in ('stdout', 'stderr'):
            options.setdefault(stream, subprocess.PIPE)
        return subprocess.Popen(self._argv(words), env=self._environ(), close_fds=True, **options)

    # --- its processes ---

    def children(self):
        """{pid: command line} of its children, without those that are dead and those that work on its files."""
        return dict((pid, line) for pid, line in self.all_children().items()
                    if not line.startswith('/bin/sh -c') or ' fastbypass_' not in line)

    def log_writer(self):
        """The pid of the process that writes its log."""
        return next(pid for pid, line in self.all_children().items() if 'fastbypass_log' in line)

    def journal_writer(self):
        """The pid of the process that writes its journal."""
        return next(pid for pid, line in self.all_children().items() if 'fastbypass_journal' in line)

    def all_children(self):
        """{pid: command line} of its children, without those that are dead."""
        found = {}
        for thread in os.listdir('/proc/%d/task' % self.child.pid):
            listed = helpers.read('/proc/%d/task/%s/children' % (self.child.pid, thread))
            for pid in [int(word) for word in listed.split()]:
                words = helpers.read('/proc/%d/cmdline' % pid).split('\0')
                if helpers.alive(pid):
                    found[pid] = ' '.join(words).strip()
        return found

    def kill_children(self):
        """kill -9 of its children. One that reads something may end by itself meanwhile."""
        for pid in self.children():
            try:
                os.kill(pid, signal.SIGKILL)
            except EnvironmentError as error:
                if error.errno != errno.ESRCH:
                    raise

    def child_of(self, word):
        """Wait until exactly one child has this word, 'batch' or 'monitor', in its command line. Returns its pid."""
        found = []

        def one():
            found[:] = [pid for pid, line in self.children().items() if word in line.replace('-', ' ').split()]
            return len(found) == 1
        self._until(one, 'not one child with ' + word)
        return found[0]

    def _argv(self, words, wrapper=()):
        return self.switch.prefix() + list(wrapper) + [
            sys.executable, helpers.FBMON, '--config', self.config, '--log-dir', self.directory + '/logs',
            '--run-dir', self.run_dir, '--state-dir', self.state_dir] + list(words)

    def _environ(self):
        # The same as in debian/libexec/launch.
        environ = dict(os.environ, MALLOC_ARENA_MAX='1')
        if self.path:
            environ['PATH'] = self.path
        return environ

    def _reloads(self, before):
        with open(self.directory + '/stderr', 'rb') as errors:
            errors.seek(before)
            lines = errors.read().decode('utf-8', 'replace').splitlines()
        return [line for line in lines if 'configuration loaded again' in line or 'reload refused' in line]

    def _until(self, condition, what, found=()):
        """Wait until condition() is true. Fails after LIMIT, or at once if the daemon has ended."""
        deadline = clock.monotonic() + LIMIT
        while not condition():
            assert self.child.poll() is None, '%s: the daemon has ended with code %s' % (what, self.child.returncode)
            assert clock.monotonic() < deadline, '%s within %g s: %s' % (
                what, LIMIT, json.dumps(list(found), indent=1))
            time.sleep(self.step)


def settled(status):
    """Whether every card and port is as wanted. Those that are left alone do not count."""
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
    """The problems without three kinds that tell nothing here.

    Heartbeats come late if the machine of the tests is busy, the tests use short leases, and a bypass comes and goes.
    """
    return [problem for problem in status['problems']
            if 'longest gap' not in problem and 'ms is short' not in problem and ' bypasses since ' not in problem]


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except EnvironmentError:
        pass
