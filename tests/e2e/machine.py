"""A Debian system that is booted with systemd as its PID 1, in a container with its own network."""
import contextlib
import os
import signal
import subprocess

from waiting import wait_for

# Seconds. If a run is killed, its container ends after this time at the latest.
LIFETIME = 1800
# With --keep-unit systemd-nspawn ends with this exit code at a reboot. We then have to start it again.
REBOOT_WANTED = 133
UNIT = 'fastbypass_monitor'


class Failed(AssertionError):
    """A command in the machine ended with an exit code other than 0."""


class Machine(object):
    """Boots a tree, runs commands in it, and powers it off at the end."""

    def __init__(self, tree):
        self.tree = tree
        self.leader = None
        self._console = open(tree + '.console', 'wb')
        self._nspawn = None

    def boot(self):
        """Boot, and wait until PID 1 has started everything."""
        self._nspawn = self._start()
        self.leader = wait_for(self._find_leader, 'a PID 1', 60)
        wait_for(self._booted, 'a booted system', 60)

    def reboot(self, meanwhile=lambda: None):
        """Reboot as the operator does. Afterwards the network is a new one. meanwhile(): is called while it is down."""
        self.run('systemctl', 'reboot', check=False)
        assert self._nspawn.wait(60) == REBOOT_WANTED
        meanwhile()
        self.boot()

    def ended(self):
        """Wait until the system has gone down, after a command that it was given."""
        assert self._nspawn.wait(60) in (0, REBOOT_WANTED)

    def _start(self):
        # The systemd of trixie needs the unified hierarchy, even if the machine below has another one.
        environ = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY='1')
        return subprocess.Popen(
            ['timeout', '--kill-after=10', str(LIFETIME), 'systemd-nspawn', '--directory', self.tree,
             '--boot', '--register=no', '--keep-unit', '--private-network', '--console=pipe',
             '--link-journal=no', '--settings=no', '--hostname=switch'],
            env=environ, stdin=subprocess.DEVNULL, stdout=self._console, stderr=subprocess.STDOUT)

    def run(self, *argv, **options):
        """Run a command as root or as user=…, and return its Result. If it fails: raises Failed, unless check=False."""
        user, check = options.pop('user', None), options.pop('check', True)
        inside = ['runuser', '-u', user, '--'] + list(argv) if user else list(argv)
        done = subprocess.run(self._entering() + inside,
                              env={'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
                                   'TERM': 'dumb', 'DEBIAN_FRONTEND': 'noninteractive'},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=options.pop('timeout', 90))
        result = Result(done.returncode, done.stdout.decode('utf-8', 'replace').strip())
        if check and result.code:
            raise Failed('%s: exit code %d: %s' % (' '.join(argv), result.code, result.output))
        return result

    @contextlib.contextmanager
    def running(self, *argv, **options):
        """A context in which a command runs in the machine, with its output in a file there."""
        with open(self.path(options['output']), 'wb') as output:
            process = subprocess.Popen(self._entering() + list(argv), stdin=subprocess.DEVNULL, stdout=output)
        try:
            yield
        finally:
            # nsenter waits for its child. A signal to nsenter alone would leave the child behind.
            for child in _children(process.pid):
                os.kill(child, signal.SIGTERM)
            process.wait(10)

    def network(self, *argv):
        """Start a program of the outer world in this machine's network. Returns the process."""
        return subprocess.Popen(['nsenter', '--target', str(self.leader), '--net', '--'] + list(argv),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ip(self, *words):
        """What `ip WORDS` prints in this machine's network."""
        process = self.network('ip', *words)
        output = process.communicate(timeout=10)[0].decode()
        if process.returncode:
            raise Failed('ip %s: %s' % (' '.join(words), output))
        return output

    def path(self, inside):
        """The path by which the outer world finds a file of the machine."""
        return os.path.join(self.tree, inside.lstrip('/'))

    def read(self, inside):
        """The bytes of a file."""
        with open(self.path(inside), 'rb') as stream:
            return stream.read()

    def write(self, inside, text):
        """Write a text to a file."""
        with open(self.path(inside), 'w') as stream:
            stream.write(text)

    def show(self, name):
        """A property of the service, as systemd shows it."""
        return self.run('systemctl', 'show', '--property=' + name, UNIT).output.partition('=')[2]

    def main_pid(self):
        """The daemon's pid in the machine; None before it is ready."""
        if self.run('systemctl', 'is-active', UNIT, check=False).output != 'active':
            return None
        return int(self.show('MainPID')) or None

    def journal(self):
        """What the service has written, for the messages of failed tests."""
        return self.run('journalctl', '--no-pager', '--quiet', '-n', '30', '-u', UNIT, check=False).output

    def power_off(self):
        """Power off; if the system does not obey in time, kill it."""
        if self._nspawn is None:
            return
        self._nspawn.terminate()
        try:
            self._nspawn.wait(15)
        except subprocess.TimeoutExpired:
            if self.leader:
                os.kill(self.leader, 9)
            self._nspawn.kill()
            self._nspawn.wait(15)
        self._console.close()

    def _entering(self):
        return ['nsenter', '--target', str(self.leader), '--all', '--root', '--wd', '--']

    def _booted(self):
        return self.run('systemctl', 'is-system-running', check=False).output in ('running', 'degraded')

    def _find_leader(self):
        for nspawn in _children(self._nspawn.pid):
            for child in _children(nspawn):
                if _is_first(child):
                    return child
        if self._nspawn.poll() is not None:
            with open(self.tree + '.console', 'rb') as stream:
                raise Failed('systemd-nspawn ended: %s' % stream.read().decode('utf-8', 'replace')[-2000:])
        return None


class Result(object):
    """The result of a command: its exit code and its output."""

    def __init__(self, code, output):
        self.code, self.output = code, output

    def __repr__(self):
        return 'Result(%d, %r)' % (self.code, self.output)


def _children(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid)) as stream:
            return [int(word) for word in stream.read().split()]
    except EnvironmentError:
        return []


def _is_first(pid):
    """Whether a process is PID 1 of its namespace and has become systemd."""
    try:
        with open('/proc/%d/status' % pid) as stream:
            fields = dict(line.split(':', 1) for line in stream if ':' in line)
    except EnvironmentError:
        return False
    return fields['NSpid'].split()[1:] == ['1'] and fields['Name'].strip() in ('systemd', 'init')
