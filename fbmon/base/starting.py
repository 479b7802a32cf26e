"""Starts children. Nobody waits for a program whose disk hangs."""
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading

from fbmon.base import compat

# A pipe to or from the child; the same as its stdout.
PIPE, STDOUT = subprocess.PIPE, subprocess.STDOUT

# Seconds for which the start of a child waits to learn whether its program can be executed.
BRIEFLY = 0.2

# A child closes the descriptors up to this one if it cannot see which are open.
UNSEEN = 65535

# Whether Popen, which need not fork (vfork) since 3.10, lets the other threads run until the child executes its
# program.
VFORK_STOPS_NOBODY = sys.version_info >= (3, 11, 4)


def start_child(arguments, session=False, env=None, patient=False, ends_with_reader=False, **options):
    """Start a child and return its Popen, with unbuffered pipes. session: in a session of its own.

    Raises EnvironmentError. Popen itself would wait until the child executes its program. If the disk of the program
    hangs, it would wait for ever; with 3.10 to 3.11.3 all other threads would, too (vfork). So the child executes the
    program by itself, and we wait for the outcome for BRIEFLY at most. A child that fails later says why on stderr and
    ends with the code 127.

    patient: the calling thread may wait for ever. Then we need not fork where VFORK_STOPS_NOBODY: after a fork the next
    reaction would have to claim the memory again, page by page.

    ends_with_reader: its stdout is one end of a socket, and the kernel ends it when nobody has the other one any more,
    because we were killed. A pipe would do that with the next write; a socket of datagrams does not.
    """
    if patient and VFORK_STOPS_NOBODY:
        return subprocess.Popen(arguments, bufsize=0, env=env, start_new_session=session, **options)
    outcome, report = compat.pipe()
    try:
        # Popen of 2.7 is not safe from several threads at once (bpo-20318).
        with _spawning, _Held():
            child = subprocess.Popen(arguments, bufsize=0, close_fds=False, preexec_fn=lambda: _execute(
                arguments, os.environ if env is None else env, session, ends_with_reader, report), **options)
        os.close(report)
        report = None
        number = _number(outcome)
    finally:
        for descriptor in (outcome, report):
            if descriptor is not None:
                os.close(descriptor)
    if number:
        raise _failed(child, number)
    return child


_spawning = threading.Lock()


class _Held(object):
    """Within it Ctrl-C waits: Python prints and forgets what is raised while it calls its own hooks of a fork.

    It does nothing where Ctrl-C raises no KeyboardInterrupt: in the daemon, and in all but the main thread.
    """

    def __enter__(self):
        self._before, self._came = None, []
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                self._before = signal.signal(signal.SIGINT, lambda *both: self._came.append(both))
            except ValueError:
                # We are not in the main thread.
                pass

    def __exit__(self, *_):
        if self._before:
            signal.signal(signal.SIGINT, self._before)
        if self._came:
            raise KeyboardInterrupt()


def _execute(arguments, env, session, ends_with_reader, report):
    """Be the child: execute the program, or report why that fails.

    Before that, close all that is not the child's. If the program's disk hangs, the child keeps what it has: the lock
    of the run directory, the listeners' sockets. Popen waits until its own pipe is closed. And Python ignores SIGPIPE;
    a child that inherits this would outlive its reader.
    """
    try:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        if session:
            os.setsid()
        if ends_with_reader:
            # Before it closes its own copy of the other end. So it also ends if we were killed meanwhile.
            fcntl.fcntl(1, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | fcntl.FASYNC)
        os.closerange(3, report)
        os.closerange(report + 1, _last() + 1)
        os.execvpe(arguments[0], arguments, env)
    except EnvironmentError as error:
        _tell(report, error.errno)
    finally:
        os._exit(127)


def _last(opened='/proc/self/fd'):
    """The highest descriptor that is open. If the kernel does not tell, UNSEEN."""
    try:
        return max(int(name) for name in os.listdir(opened))
    except EnvironmentError:
        return UNSEEN


def _tell(report, number):
    """Report an error number. If nobody waits for it any more, say it on stderr, as the program would."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        os.write(report, b'%d' % number)
    except EnvironmentError:
        os.write(2, b'cannot be started: ' + os.strerror(number).encode('ascii', 'replace') + b'\n')


def _number(outcome):
    """The error number that a child reports; 0 if it executes its program, or if that is not known BRIEFLY."""
    poller, until = select.poll(), compat.monotonic() + BRIEFLY
    poller.register(outcome, select.POLLIN)
    # A signal may end a wait early.
    while not compat.poll(poller, max(0, until - compat.monotonic()) * 1000) and compat.monotonic() < until:
        pass
    try:
        return int(os.read(outcome, 16) or 0)
    except EnvironmentError as error:
        if not compat.would_block(error):
            raise
        return 0


def _failed(child, number):
    """The error of a child that could not execute its program, after it was collected."""
    child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()
    return EnvironmentError(number, os.strerror(number))
