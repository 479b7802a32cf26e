"""Loads beside the daemon: a flood, cards that ping, somebody who keeps asking for the status, an ON_CHANGE program,
and a page with many readers.

    python3 bench/loads.py flood HOST PORT RATE SOURCE
    python3 bench/loads.py ping HOST,HOST RATE
    python3 bench/loads.py ask SOCKET PAUSE_MS
    python3 bench/loads.py page RUN_DIR RATE
"""
import os
import signal
import socket
import struct
import subprocess
import sys
import time

# RATE: datagrams a second; STRANGER: their source, which the listener does not accept; PAUSE: ms between two questions
# for the status; READERS: requests for the page a second.
RATE, STRANGER, PAUSE, READERS = 10000, '192.168.1.2', 10, 200
# How often a card pings, in a second.
PINGS = 10
HOOK = '#!/bin/sh\n# Some tens of milliseconds of one CPU.\nn=0\nwhile [ $n -lt 40000 ]; do n=$((n + 1)); done\n'


class Load(object):
    """A process that runs from start() to stop(). outside: in the namespace of the nodes."""

    def __init__(self, words, outside=False):
        self._words, self._outside = words, outside
        self._child = None

    def start(self, candidate):
        """Start it beside this candidate. The daemon's run directory takes the place of {} in the words."""
        prefix = candidate.switch.outside.prefix() if self._outside else []
        words = [word.replace('{}', candidate.daemon.run_dir) for word in self._words]
        self._child = subprocess.Popen(prefix + [sys.executable, os.path.abspath(__file__)] + words,
                                       start_new_session=True)

    def stop(self):
        """Kill it and its children if it runs."""
        if self._child:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None


def flooding(host, port, source=STRANGER):
    """The Load of a flood at one listener."""
    return Load(['flood', host, str(port), str(RATE), source], outside=True)


def pinging(hosts, rate=PINGS):
    """The Load of cards that each ping their address `rate` times a second."""
    return Load(['ping', ','.join(hosts), str(rate * len(hosts))], outside=True)


def asking():
    """The Load of somebody who asks for the status."""
    return Load(['ask', '{}/status.sock', str(PAUSE)])


def reading():
    """The Load of the page's process, with many readers."""
    return Load(['page', '{}', str(READERS)])


def flood(host, port, rate, source):
    """Send `rate` datagrams a second."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    _endless(sock, [(host, int(port))], b'junk', int(rate))


def ping(hosts, rate):
    """Send `rate` echo requests a second, to one host after the other."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    # Nobody reads the answers.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    _endless(sock, [(host, 0) for host in hosts.split(',')], echo_request(), int(rate))


def echo_request():
    """An ICMP echo request without data (RFC 792)."""
    words = 8 << 8, 0x4242, 1
    return struct.pack('!HHHH', words[0], 0xffff - sum(words), *words[1:])


def _endless(sock, targets, data, rate):
    """Send to the targets in turns, what is due in one millisecond at a time."""
    sent, began = 0, time.monotonic()
    while True:
        while sent < (time.monotonic() - began) * rate:
            try:
                sock.sendto(data, targets[sent % len(targets)])
            except OSError:
                pass
            sent += 1
        time.sleep(max(0.001, began + float(sent) / rate - time.monotonic()))


def ask(path, pause):
    """Ask for the status again and again, with `pause` ms in between."""
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(path)
        except OSError:
            sock.close()
        else:
            _asked(sock, b'\n')
        time.sleep(int(pause) / 1000.0)


def page(run_dir, rate):
    """Serve the page of a run directory as its unit does, and ask for all that it has, `rate` times a second."""
    program = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'fbmon.py')
    child = subprocess.Popen(['nice', '-n', '10', sys.executable, '-B', '-E', '-s', '-S', program, '--run-dir', run_dir,
                              'serve', '--listen', '127.0.0.1:0'], stdout=subprocess.PIPE)
    port = int(child.stdout.readline().decode('ascii').strip('\n/').rpartition(':')[2])
    asked, began = 0, time.monotonic()
    while True:
        while asked < (time.monotonic() - began) * int(rate):
            _fetch(port, ('/', '/metrics', '/status.json')[asked % 3])
            asked += 1
        time.sleep(0.001)


def _fetch(port, path):
    _asked(socket.create_connection(('127.0.0.1', port), 20), ('GET %s HTTP/1.0\r\n\r\n' % path).encode('ascii'))


def _asked(sock, question):
    """Send a question, read all of its answer, and close the socket."""
    try:
        sock.sendall(question)
        while sock.recv(65536):
            pass
    except OSError:
        pass
    finally:
        sock.close()


if __name__ == '__main__':
    {'flood': flood, 'ping': ping, 'ask': ask, 'page': page}[sys.argv[1]](*sys.argv[2:])
