"""ON_CHANGE: tells the operator's program each change of state, one at a time and in order. Nobody waits for it."""
import logging
import os
import select
import socket
import sys
import threading
import time

from fbmon.base import children, compat, starting, threads
from fbmon.base.compat import queue
from fbmon.tell import runner

# Seconds that the program may take. Then its process group is killed.
LIMIT = 10.0

# If the process that runs the program takes so many seconds longer, it is stuck.
PATIENCE = 5.0

# Seconds by which each change is told late. Changes come in groups, and a program that starts would delay the changes
# of the network that are still to come.
GRACE = 0.1

# So many changes may wait for a slow program; more are left out.
WAITING = 1000

KINDS = ('global', 'listener', 'card', 'port', 'operator', 'pings')

SOCK_CLOEXEC = getattr(socket, 'SOCK_CLOEXEC', 0o2000000)


class HookError(Exception):
    """The program cannot be run, or it did not end well. str() says why."""


class Hooks(object):
    """The queue of changes, and the thread that hands them to `program` (a path, or None).

    error: what is wrong now, or None. It is logged once, and again only after it has changed or a run has ended well.
    """

    def __init__(self, clock=compat.monotonic, limit=LIMIT):
        self._clock = clock
        self._limit = limit
        self._program = self._failure = self._overrun = None
        self._runner = Runner(clock)
        self._changes = queue.Queue(WAITING)

    @property
    def program(self):
        """The path of the program, or None. The thread looks at a new program at once, before there is a change."""
        return self._program

    @program.setter
    def program(self, path):
        if path != self._program:
            self._program, self._failure = path, None
            self._put(None)

    @property
    def error(self):
        """Why changes are not told, or None."""
        return self._overrun or self._failure

    def start(self, crashed):
        """Start the thread."""
        threads.start('hooks', self._loop, crashed)

    def close(self):
        """End the program that runs, because the daemon is about to end and could not limit its time any more."""
        self._runner.close()

    def tell(self, transition):
        """Put a Transition into the queue for the program. It never blocks."""
        if self._program and transition.kind in KINDS and not self._put(transition):
            why = 'ON_CHANGE: %s is too slow: %d changes wait for it, further ones are left out' % (
                self._program, WAITING)
            self._overrun = _logged(why, self._overrun)

    def _put(self, change):
        try:
            self._changes.put_nowait((self._clock() + GRACE, change))
            return True
        except queue.Full:
            return False

    def _loop(self):
        while True:
            self.take(*self._changes.get())
            if self._changes.empty():
                self._overrun = None

    def take(self, due, change):
        """Tell the program a Transition at `due` (monotonic seconds). With None only look at the program."""
        program = self._program
        if program is None:
            return self._runner.end()
        try:
            # The Runner is started before there is a change, since its start would delay the daemon's next reaction.
            self._runner.start()
            if change is not None:
                time.sleep(max(0, due - self._clock()))
            self._runner.run(program, change, self._limit)
            failure = None
        except HookError as error:
            failure = _logged('ON_CHANGE: %s: %s' % (program, error), self._failure)
        # Meanwhile a reload may have named another program. Then this failure does not matter any more.
        if program == self._program:
            self._failure = failure


class Runner(object):
    """The process that runs runner.py. All methods but close() are for one thread."""

    def __init__(self, clock=compat.monotonic):
        self._clock = clock
        self._child = self._sock = None
        self._closed = False
        self._changing = threading.Lock()
        self._reaper = children.Reaper()

    def start(self):
        """Start the process if it does not run. Raises HookError."""
        if self._child and self._child.poll() is None:
            return
        self.end()
        if self._reaper.waiting() >= children.HANGING:
            raise HookError('%d processes that ran it hang and cannot be ended: none is started before one has gone'
                            % children.HANGING)
        with self._changing:
            try:
                if not self._closed:
                    self._child, self._sock = _spawned()
            except EnvironmentError as error:
                raise HookError('it cannot be started: %s' % os.strerror(error.errno))

    def run(self, program, change, limit=LIMIT):
        """Run the program for a Transition, without a shell, and wait for its end. With None only look at the program.

        Raises HookError.
        """
        if self._sock is None:
            return
        limit = limit if change else 0
        try:
            self._sock.sendall(_request(program, change, limit))
            answer = self._answer(limit + PATIENCE)
        except compat.SYSTEM_ERRORS:
            answer = b''
        if not answer and not self._closed:
            self.end()
            raise HookError('the process that runs it has ended or hangs; the next change starts another one')
        if answer.strip():
            raise HookError(answer.decode('ascii').strip())

    def end(self):
        """End the process if there is one."""
        with self._changing:
            child, sock, self._child, self._sock = self._child, self._sock, None, None
        if child:
            self._reaper.end(child)
            sock.close()

    def close(self):
        """End the process and what it runs, and wait for it up to END_LIMIT. Another thread calls this at the end."""
        with threads.Briefly(self._changing):
            self._closed = True
            child = self._child
            if child:
                # For the process this means that the daemon has gone.
                self._sock.shutdown(socket.SHUT_RDWR)
        deadline = self._clock() + children.END_LIMIT
        while child and child.poll() is None and self._clock() < deadline:
            time.sleep(0.001)

    def _answer(self, limit):
        """The line that the process answers; b'' if it ends without one or takes more than `limit` seconds.

        With 2.7 a signal to the daemon may end the wait early; then it waits on.
        """
        data, deadline = b'', self._clock() + limit
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        while not data.endswith(b'\n'):
            left = deadline - self._clock()
            if left <= 0:
                return b''
            if compat.poll(poller, left * 1000):
                part = self._sock.recv(4096)
                if not part:
                    return b''
                data += part
        return data


def _spawned():
    """(the child, our end of the socket that is its stdin and stdout). Raises EnvironmentError."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | SOCK_CLOEXEC)
    try:
        ours.setblocking(False)
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'runner.py')
        return starting.start_child([sys.executable, '-B', '-E', '-s', path], session=True, cwd='/',
                                    stdin=its, stdout=its), ours
    except BaseException:
        ours.close()
        raise
    finally:
        its.close()


def _request(program, change, limit):
    """The request to runner.py, as bytes."""
    fields = dict.fromkeys(runner.FIELDS, '')
    fields.update(limit='%g' % limit, program=program)
    if change:
        fields.update(at='%.3f' % change.at, why=change.why, kind=change.kind, name=change.name, old=change.old,
                      new=change.new, called=change.called)
    return b''.join(fields[name].encode('ascii', 'replace') + b'\0' for name in runner.FIELDS)


def _logged(why, before):
    """Log `why` unless it is the same as before, and return it."""
    if why != before:
        logging.warning('%s', why)
    return why
