"""The demo's processes and what they say, and a switch and the nodes around it, each in a network namespace.

A namespace without a name goes with its last process. So nothing is left when all processes have ended.
"""
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

# After so many seconds every process ends by itself, in case the demo is killed and cannot clean up. LONG: of a demo
# that stays until Ctrl-C.
LIFETIME, LONG = '60', '86400'


class Unexpected(Exception):
    """Something did not go as it should. The argument says what."""


def enter():
    """Run this program once more, in a network namespace of its own, which is the switch. outside() leads out of it."""
    if '--inside' not in sys.argv:
        around = os.open('/proc/self/ns/net', os.O_RDONLY)
        os.set_inheritable(around, True)
        os.execvp('unshare', ['unshare', '--net', '--', sys.executable] + sys.argv + ['--inside', str(around)])


def outside():
    """The words before a command that make it run in the network around the switch."""
    around = sys.argv[sys.argv.index('--inside') + 1]
    return ['nsenter', '--net=/proc/%d/fd/%s' % (os.getpid(), around), '--']


def ip(*words, **options):
    """What `ip WORDS` prints on the switch, or on the node at=. Raises Unexpected if `ip` fails."""
    node = options.get('at')
    argv = (node.inside if node else []) + ['ip'] + list(words)
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.communicate()[0].decode('utf-8', 'replace')
    if child.returncode:
        raise Unexpected('%s: %s' % (' '.join(argv), output.strip()))
    return output


def wait_for(condition, limit=15.0):
    """Whether condition() becomes true within `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


class Stage(object):
    """Starts processes and shows what they say. close() ends them all and removes the directory."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='fbmon-demo-')
        self._begin = time.monotonic()
        self.lifetime = LIFETIME
        self._processes = []
        self._ears = []
        self._lock = threading.Lock()

    def say(self, who, text):
        """Print a line with the seconds since the start of the demo and the name of who says it.

        What stands below that line is printed as it is.
        """
        with self._lock:
            line, end, below = text.partition('\n')
            line = '%6.2f s  %-7s %s' % (time.monotonic() - self._begin, who, line)
            try:
                print((_fitted(line) if sys.stdout.isatty() else line) + end + below)
                sys.stdout.flush()
            except EnvironmentError as error:
                _give_up(error)

    def start(self, argv, hear=None, bounded=True):
        """Start a process and return it. Each line that it prints goes to hear(line).

        bounded: the process ends after its lifetime.
        """
        output = subprocess.PIPE if hear else subprocess.DEVNULL
        limit = ['timeout', '--foreground', self.lifetime] if bounded else []
        # In a session of its own, so that Ctrl-C reaches only the demo, which then ends its processes in order.
        process = subprocess.Popen(limit + argv, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT if hear else None, start_new_session=True,
                                   env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1'))
        self._processes.append(process)
        if hear:
            self._ears.append(threading.Thread(target=_read, args=(process.stdout, hear), daemon=True))
            self._ears[-1].start()
        return process

    def close(self):
        """End all processes and remove the directory."""
        for process in reversed(self._processes):
            end(process)
        for ear in self._ears:
            ear.join(1.0)
        shutil.rmtree(self.directory, ignore_errors=True)


def end(process, limit=3.0):
    """End a process by SIGTERM, or by SIGKILL if it still runs after `limit` seconds. Returns its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def _fitted(line):
    """A line in the columns of this terminal: the text of a longer one goes on below its beginning."""
    return textwrap.fill(line, max(shutil.get_terminal_size().columns, 40), subsequent_indent=' ' * 18,
                         break_long_words=False, break_on_hyphens=False)


def _give_up(error):
    """Nobody reads what is printed, as in `make demo | head`: end the demo as a SIGTERM does, in order."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno != errno.EPIPE:
        sys.stderr.write('cannot be written: %s\n' % error.strerror)
    os.kill(os.getpid(), signal.SIGTERM)


def _read(stream, hear):
    for line in stream:
        hear(line.decode('utf-8', 'replace').rstrip())


class Node(object):
    """A machine beside the switch: a namespace whose eth0 is plugged into the switch's bridge."""

    def __init__(self, stage, name, address):
        self.stage, self.name = stage, name
        holder = stage.start(['unshare', '--net', 'sleep', stage.lifetime], bounded=False)
        namespace = '/proc/%d/ns/net' % holder.pid
        if not wait_for(lambda: os.readlink(namespace) != os.readlink('/proc/self/ns/net')):
            raise Unexpected('no network namespace could be made')
        self.inside = ['nsenter', '--net=' + namespace]
        port = name.replace(' ', '')
        ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', str(holder.pid))
        ip('link', 'set', port, 'master', 'eth0', 'up')
        ip('addr', 'add', address, 'dev', 'eth0', at=self)
        ip('link', 'set', 'eth0', 'up', at=self)
        # The kernel asks for a neighbour's hardware address once a second. That is too slow to watch.
        ip('ntable', 'change', 'name', 'arp_cache', 'dev', 'eth0', 'retrans', '100', at=self)

    def start(self, argv, hear=None):
        """Start a process in this node's namespace and return it."""
        return self.stage.start(self.inside + argv, hear)


class Dpi(Node):
    """A DPI node. It sends heartbeats to its listener."""

    def live(self, program, host, port):
        """Send a heartbeat every 100 ms from now on."""
        self._beating = self.start(program + ['beat', host, port, '--interval', '100'])
        if not wait_for(lambda: host in ip('neigh', at=self)):
            raise Unexpected('%s sends nothing' % self.name)

    def die(self):
        """Send no more heartbeats."""
        end(self._beating)


class Card(Node):
    """A bypass card. It pings its address on the switch and says when the answers begin and end."""

    answered = None

    def watch(self, address):
        """Ping every 100 ms from now on."""
        self._address = address
        self._pinging = self.start(['ping', '-n', '-O', '-i', '0.1', address], self._hear)

    def rest(self):
        """Ping no more."""
        end(self._pinging)
        self.answered = None

    def _hear(self, line):
        if ' bytes from ' in line:
            self._now(True, '%s answers' % self._address)
        elif 'no answer yet' in line or 'Unreachable' in line:
            self._now(False, '%s does not answer: the fibre is connected straight through' % self._address)

    def _now(self, answered, text):
        if answered != self.answered:
            self.answered = answered
            self.stage.say(self.name, text)
