"""Helpers of the tests of the page: a daemon's status socket, the page's process, and clients of it."""
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import helpers
from fbmon.memory import rundir
from fbmon.show import statussocket
from helpers import LIMIT, wait_for


class Daemon(object):
    """The status socket of a daemon. asked: how many times; status: what it answers, None if it hangs."""

    def __init__(self, run_dir, status):
        self.status, self.asked = status, 0
        self._path = os.path.join(str(run_dir), rundir.SOCKET)
        self._sock = statussocket.listen(self._path)
        self._sock.setblocking(True)
        self._kept = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.daemon = True
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection = self._sock.accept()[0]
            except EnvironmentError:
                return
            self.asked += 1
            if self.status is None:
                self._kept.append(connection)
                continue
            connection.recv(4096)
            connection.sendall(json.dumps(self.status).encode('ascii'))
            connection.close()

    def die(self):
        """Its process ends. The socket stays behind, as after a kill."""
        self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT)
        for sock in self._kept + [self._sock]:
            sock.close()


class Page(object):
    """The process of `fbmon.py serve`. port: where it serves."""

    def __init__(self, run_dir, listen='127.0.0.1:0'):
        self.child = subprocess.Popen(
            [sys.executable, helpers.FBMON, '--run-dir', str(run_dir), 'serve', '--listen', listen],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=helpers.in_a_terminal, close_fds=True,
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1'))
        self.line = self.child.stdout.readline().decode('ascii')
        assert self.line.startswith('serving at http://'), self.line
        self.host, self.port = self.line.split('/')[2].rsplit(':', 1)[0].strip('[]'), int(
            self.line.rsplit(':', 1)[1].strip('/\n'))

    def connect(self):
        """A connection."""
        return socket.create_connection((self.host, self.port), LIMIT)

    def ask(self, data):
        """All that is answered to these bytes."""
        sock = self.connect()
        try:
            sock.sendall(data)
            return rest(sock)
        finally:
            sock.close()

    def get(self, path, method='GET'):
        """(status code, body) of a path."""
        found = self.ask(('%s %s HTTP/1.1\r\nHost: %s\r\n\r\n' % (method, path, 'localhost')).encode('ascii'))
        head, _, body = found.partition(b'\r\n\r\n')
        return int(head.split()[1]), body.decode('utf-8')

    def status(self):
        """The JSON."""
        return json.loads(self.get('/status.json')[1])

    def threads(self):
        """The number of its threads."""
        return len(os.listdir('/proc/%d/task' % self.child.pid))

    def descriptors(self):
        """The number of its descriptors."""
        return len(os.listdir('/proc/%d/fd' % self.child.pid))

    def end(self, number=signal.SIGTERM):
        """(exit code, the rest of stdout, stderr) after a signal."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        return helpers.finish(self.child)


def rest(sock):
    """All that comes until the other end closes."""
    parts = []
    while parts[-1:] != [b'']:
        parts.append(sock.recv(65536))
    return b''.join(parts)


def until(page, condition):
    """The first JSON of the page for which the condition is true."""
    found = []

    def looks():
        found[:] = [page.status()]
        return condition(found[0])
    wait_for(looks)
    return found[0]
