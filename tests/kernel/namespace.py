"""A network namespace with its interfaces. The tests make it, change it and ask it."""
import itertools
import os
import signal
import subprocess

import helpers
from kernel import netlink
from kernel.watch import Watch

# The real `ip`, looked up before a test puts another one on PATH.
IP = helpers.program('ip')

_numbers = itertools.count()


def ip(*words, **options):
    """What `ip WORDS` prints. text: its standard input. If it fails, the test fails with its words."""
    child = subprocess.Popen((IP,) + words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             close_fds=True)
    output = child.communicate(options.get('text', '').encode('ascii'))[0].decode('utf-8', 'replace')
    assert child.returncode == 0, 'ip %s: %s' % (' '.join(words), output)
    return output


class Namespace(object):
    """A network namespace. Its name has our pid in it, so that several runs do not meet."""

    def __init__(self, role):
        self.name = 'fbmon-%d-%d-%s' % (os.getpid(), next(_numbers), role)
        self.path = '/run/netns/' + self.name
        self._sock = None
        self._watches = []
        ip('netns', 'add', self.name)
        self.ip('link', 'set', 'lo', 'up')

    def ip(self, *words, **options):
        """What `ip WORDS` prints in this namespace."""
        return ip('-n', self.name, *words, **options)

    def begin(self, *words):
        """Start `ip WORDS` in this namespace and do not wait for its end. Returns the process."""
        return subprocess.Popen((IP, '-n', self.name) + words, close_fds=True)

    def batch(self, *lines):
        """Run several commands in one `ip`. It stops at the first one that fails."""
        return self.ip('-batch', '-', text='\n'.join(lines) + '\n')

    def run(self, *argv):
        """What a command prints in this namespace."""
        return subprocess.check_output(self.prefix() + list(argv)).decode('utf-8', 'replace')

    def prefix(self):
        """The words to put in front of a command so that it runs here. It then has the pid of the process started."""
        return [IP, 'netns', 'exec', self.name]

    def inside(self, function, *arguments):
        """Call a function in this namespace and return its result."""
        return netlink.inside(self.path, function, *arguments)

    def dump(self):
        """({index: Link}, [Address, ...]) as the kernel has them now."""
        if self._sock is None:
            self._sock = self.inside(netlink.open_socket)
        return netlink.dump(self._sock)

    def link(self, name):
        """The Link with this name, or None."""
        return next((link for link in self.dump()[0].values() if link.name == name), None)

    def addresses(self, name):
        """['192.168.1.1/24', ...] on an interface, sorted; [] if there is no such interface."""
        links, found = self.dump()
        return sorted(one.text for one in found if one.index in links and links[one.index].name == name)

    def set(self, path, value):
        """Write a setting below /proc/sys/net."""
        self.inside(helpers.write, '/proc/sys/net/' + path, value)

    def get(self, path):
        """Read a setting below /proc/sys/net."""
        return self.inside(helpers.read, '/proc/sys/net/' + path).strip()

    def watch(self):
        """A Watch that begins now."""
        self._watches.append(Watch(self))
        return self._watches[-1]

    def close(self):
        """Remove the namespace with all its interfaces.

        An `ip monitor` whose daemon was killed would keep it, without its name, for ever: nothing happens there any
        more that the monitor could tell.
        """
        for each in self._watches + [self._sock]:
            if each:
                each.close()
        for pid in self._pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except EnvironmentError:
                # It has just ended.
                pass
        subprocess.call([IP, 'netns', 'del', self.name])

    def _pids(self):
        """The processes that are in the namespace."""
        try:
            return [int(pid) for pid in ip('netns', 'pids', self.name).split()]
        except AssertionError:
            # It is gone already.
            return []
