"""DPI nodes: one process that only sends heartbeats and takes its orders over a pipe."""
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

# The host of the tests' listeners, and the ms between two heartbeats of a node that lives.
HOST = '192.168.1.202'
INTERVAL = 25


class Dpis(object):
    """The nodes. Each is known by the host and port of its listener. The process starts with the first order."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._child = None

    def beat(self, port, host=HOST, source='-', size=9):
        """Send one heartbeat of `size` bytes; source: its address, '-' for any. Returns its monotonic second."""
        return self._order('beat', host, port, source, size)

    def steady(self, *ports, **options):
        """Send heartbeats from now on, the first one at once. Options: host, and interval in ms."""
        for port in ports:
            self._order('steady', options.get('host', HOST), port, options.get('interval', INTERVAL))

    def silence(self, *ports, **options):
        """Send no more heartbeats. Option: host. Returns the monotonic second of the last one."""
        return max([self._order('silence', options.get('host', HOST), port) for port in ports] or [0.0])

    def gap(self, port, host=HOST):
        """The longest time in seconds without a heartbeat for this listener since gap() was last called.

        Only what was really sent counts: the process may have had to wait for the processor.
        """
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
    """The part that runs in the process."""

    def __init__(self):
        self._steady = {}
        self._last = {}
        self._sent = {}
        self._gaps = {}
        self._poller = select.poll()
        self._poller.register(0, select.POLLIN)

    def run(self):
        """Carry out and answer one order after the other, until the pipe is closed."""
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
        """Send one datagram. Returns its monotonic second."""
        sock = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
        began = self._last[host, port] = clock.monotonic()
        try:
            if source != '-':
                sock.bind((source, 0))
            sock.sendto(b'x' * int(size), _place(host, port))
            self._note_gap(host, port, clock.monotonic())
            self._sent[host, port] = began
        except compat.SYSTEM_ERRORS:
            # There is no way to the listener now. The datagram is lost, as any other could be.
            pass
        finally:
            sock.close()
        return self._last[host, port]

    def steady(self, host, port, interval):
        """Send a datagram now, and then one every `interval` ms. Returns the monotonic second of the first one."""
        self._steady[host, port] = [int(interval) / 1000.0, clock.monotonic() + int(interval) / 1000.0]
        return self.beat(host, port)

    def silence(self, host, port):
        """Send no more datagrams. Returns the monotonic second of the last one, or 0.0 if none was sent."""
        self._steady.pop((host, port), None)
        return self._last.get((host, port), 0.0)

    def gap(self, host, port):
        """The longest gap in seconds up to now. A new count begins with this call."""
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


def _place(host, port):
    """What a socket takes; a link-local host has its interface behind it: fe80::1%eth0. That may be another one now."""
    if '%' not in host:
        return host, port
    return socket.getaddrinfo(host, port, socket.AF_INET6, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0][4]


def _line():
    """One order, '' at the end. It is read byte by byte, since poll does not see what waits in a buffer."""
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
    # Ctrl-C in a terminal reaches every process. The one that started us ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Sender().run()
