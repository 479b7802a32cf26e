"""DPI nodes: a process that sends heartbeats and does nothing else, driven over a pipe."""
import os
import select
import signal
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == '__main__':
    sys.path[:0] = [os.path.join(ROOT, 'tests'), ROOT]

import clock  # noqa: E402
from fbmon.base import compat  # noqa: E402

# Where the listeners of the tests are, and ms between two heartbeats of a node that lives.
HOST = '192.168.1.202'
INTERVAL = 25


class Dpis(object):
    """The nodes, each known by the host and port of its listener. The process starts with the first order."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._child = None

    def beat(self, port, host=HOST, source='-', size=9):
        """One heartbeat of `size` bytes, from a source address if given; returns its monotonic second."""
        return self._order('beat', host, port, source, size)

    def steady(self, *ports, **options):
        """Heartbeats from now on, the first one at once. host, and interval in ms."""
        for port in ports:
            self._order('steady', options.get('host', HOST), port, options.get('interval', INTERVAL))

    def silence(self, *ports, **options):
        """No more heartbeats after this; returns the monotonic second of the last one."""
        return max([self._order('silence', options.get('host', HOST), port) for port in ports] or [0.0])

    def gap(self, port, host=HOST):
        """The longest time in seconds since the last question in which no heartbeat was really sent there, whatever
        was ordered: the process may have had to wait for the processor."""
        return self._order('gap', host, port)

    def close(self):
        """End the process."""
        if self._child:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _order(self, *words):
        if self._child is None:
            argv = self._namespace.prefix() + [sys.executable, os.path.abspath(__file__).replace('.pyc', '.py')]
            self._child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True)
        self._child.stdin.write((' '.join(str(word) for word in words) + '\n').encode('ascii'))
        self._child.stdin.flush()
        return float(self._child.stdout.readline())


class Sender(object):
    """The process's side."""

    def __init__(self):
        self._steady = {}
        self._last = {}
        self._sent = {}
        self._gaps = {}
        self._poller = select.poll()
        self._poller.register(0, select.POLLIN)

    def run(self):
        """Take orders, one at a time and each one answered, until the pipe is closed."""
        while True:
            if compat.poll(self._poller, self._until_next()):
                line = _line()
                if not line:
                    return
                words = line.split()
                answer = getattr(self, words[0])(words[1], int(words[2]), *words[3:])
                os.write(1, ('%.6f\n' % answer).encode('ascii'))
            self._send_due()

    def beat(self, host, port, source='-', size='9'):
        """One datagram."""
        sock = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
        began = self._last[host, port] = clock.monotonic()
        try:
            if source != '-':
                sock.bind((source, 0))
            sock.sendto(b'x' * int(size), (host, port))
            self._note_gap(host, port, clock.monotonic())
            self._sent[host, port] = began
        except compat.SYSTEM_ERRORS:
            # No way there at the moment: as lost as any other datagram.
            pass
        finally:
            sock.close()
        return self._last[host, port]

    def steady(self, host, port, interval):
        """A datagram now and then every `interval` ms."""
        self._steady[host, port] = [int(interval) / 1000.0, clock.monotonic() + int(interval) / 1000.0]
        return self.beat(host, port)

    def silence(self, host, port):
        """No more of them."""
        self._steady.pop((host, port), None)
        return self._last.get((host, port), 0.0)

    def gap(self, host, port):
        """The longest one up to now."""
        self._note_gap(host, port, clock.monotonic())
        return self._gaps.pop((host, port))

    def _note_gap(self, host, port, now):
        gap = now - self._sent.get((host, port), now)
        self._gaps[host, port] = max(gap, self._gaps.get((host, port), 0.0))

    def _until_next(self):
        if not self._steady:
            return None
        return max(0, min(due for _, due in self._steady.values()) - clock.monotonic()) * 1000

    def _send_due(self):
        for (host, port), timer in self._steady.items():
            if clock.monotonic() >= timer[1]:
                self.beat(host, port)
                timer[1] = clock.monotonic() + timer[0]


def _line():
    """One order, read byte by byte: nothing may wait in a buffer that poll does not see."""
    line = b''
    while not line.endswith(b'\n'):
        byte = os.read(0, 1)
        if not byte:
            return ''
        line += byte
    return line.decode('ascii')


if __name__ == '__main__':
    # A sender that is not scheduled in time looks like a DPI that has died.
    os.nice(-10)
    # Ctrl-C in a terminal reaches everybody; who started us ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Sender().run()
