"""The world around the switch: a network namespace in which DPI nodes send heartbeats and cards ping."""
import os
import subprocess
import sys
import threading
import time

from waiting import wait_for

SWITCH = '192.168.1.200'
SENDER = '''
import socket, sys, time
host, port, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        sender.sendto(b"alive", (host, port))
    except OSError:
        pass
    time.sleep(pause)
'''


class Field(object):
    """It is connected to the machine's eth0. It has 192.168.1.1/24 at its own end, and SWITCH/24 at the other one."""

    def __init__(self, machine):
        self._machine = machine
        self._name = 'fbmon-e2e-%d' % os.getpid()
        self._nodes = []
        _call('ip', 'netns', 'add', self._name)

    def plug_in(self):
        """Plug in the cables. This must be done again after a reboot, which removes the machine's network."""
        for far, near in (('field0', 'eth0'), ('broker1', 'port1'), ('broker2', 'port2')):
            self._cable(far, near)
        _call('ip', '-n', self._name, 'addr', 'add', '192.168.1.1/24', 'dev', 'field0')
        self._machine.ip('addr', 'add', SWITCH + '/24', 'dev', 'eth0')
        wait_for(lambda: self.answers(SWITCH), 'a link between field and switch')

    def dpi(self, host, port, pause=0.1):
        """Start a DPI node that sends a heartbeat every `pause` seconds until its stop()."""
        node = Dpi(self._inside(sys.executable, '-c', SENDER, host, str(port), str(pause)))
        self._nodes.append(node)
        return node

    def answers(self, address):
        """Whether the switch answers a card's ping to this address."""
        return subprocess.call(self._inside('ping', '-c', '1', '-W', '1', address),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0

    def silence(self):
        """Stop all DPI nodes."""
        while self._nodes:
            self._nodes.pop().stop()

    def close(self):
        """Stop the nodes, and remove the namespace and the cables."""
        self.silence()
        subprocess.call(['ip', 'netns', 'del', self._name])

    def _cable(self, far, near):
        # An interface that a reboot has cut off goes away some time later.
        subprocess.call(['ip', '-n', self._name, 'link', 'del', far], stderr=subprocess.DEVNULL)
        _call('ip', 'link', 'add', far, 'netns', self._name, 'type', 'veth',
              'peer', 'name', near, 'netns', str(self._machine.leader))
        _call('ip', '-n', self._name, 'link', 'set', far, 'up')
        # Link-local addresses come late, and would look like changes by the daemon.
        self._machine.ip('link', 'set', near, 'addrgenmode', 'none')
        self._machine.ip('link', 'set', near, 'up')

    def _inside(self, *argv):
        return ['ip', 'netns', 'exec', self._name] + list(argv)


class Dpi(object):
    """A process that sends heartbeats."""

    def __init__(self, argv):
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def stop(self):
        """Send no more heartbeats."""
        self._process.terminate()
        self._process.wait(10)


class Watch(object):
    """All reports of the kernel about addresses and links of the machine, from its start to its stop()."""

    MARK = '127.77.7.7'

    def __init__(self, machine):
        self._machine = machine
        self._lines = []
        self._process = machine.network('ip', '-o', 'monitor', 'address', 'link')
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(self._marked, 'reports of ip monitor')
        self._settle()
        del self._lines[:]

    def stop(self):
        """Stop, and return the reports, without those about our own marks."""
        self._settle()
        self._process.terminate()
        self._process.wait(10)
        return [line for line in self._lines if self.MARK not in line]

    def last(self):
        """All reports, once the machine has gone down. Nobody can make a mark there any more."""
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(10)
        return [line for line in self._lines if self.MARK not in line]

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line.decode('utf-8', 'replace').strip())

    def _marked(self):
        """Whether the monitor has shown our own mark."""
        self._machine.ip('addr', 'add', self.MARK + '/32', 'dev', 'lo')
        self._machine.ip('addr', 'del', self.MARK + '/32', 'dev', 'lo')
        time.sleep(0.05)
        return any(self.MARK in line for line in self._lines)

    def _settle(self):
        """Make a mark, and wait until the monitor shows it. Reports come in order, so all earlier ones are there."""
        count = self._count()
        self._machine.ip('addr', 'add', self.MARK + '/32', 'dev', 'lo')
        self._machine.ip('addr', 'del', self.MARK + '/32', 'dev', 'lo')
        wait_for(lambda: self._count() >= count + 2, 'the last report of ip monitor')

    def _count(self):
        return len([line for line in self._lines if self.MARK in line])


def _call(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
