"""The process that runs the ON_CHANGE program, because the daemon must not fork while it may have to react.

After a fork the daemon would have to claim its memory again, page by page: a reaction of 1.2 ms took 2.3 ms, and 13 ms
at worst (Python 2.7). This process is small, and nobody waits for it. It is started as a script, imports no other
module of ours, and ends with the daemon.

A request on stdin is the FIELDS, each with a zero byte at its end. The answer on stdout is one line: what went wrong,
or an empty one. If `kind` is empty, it only looks at the program. Even a look may have to wait for a disk, and the
daemon must not wait.
"""
import errno
import fcntl
import os
import select
import signal
import stat

FIELDS = ('limit', 'at', 'why', 'program', 'kind', 'name', 'old', 'new', 'called')

# The variable that has the name of a listener's node or of a card.
CALLED = {b'listener': 'FASTBYPASS_NODE', b'card': 'FASTBYPASS_CARD', b'pings': 'FASTBYPASS_CARD'}

# The whole environment of the program, together with FASTBYPASS_AT, FASTBYPASS_WHY, INSTANCE and the variables in
# CALLED.
ENVIRONMENT = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C'}

# One of several clusters on this switch has this variable, with its name, from launch.
INSTANCE = 'FASTBYPASS_INSTANCE'

# Added to the niceness, so that a program that never rests gives way to the daemon.
NICE = 10

# The shortest and the longest time, in seconds, between two looks whether the program has ended. It grows.
STEPS = (0.002, 0.05)


class DaemonGone(Exception):
    """The daemon has gone, so nobody needs an answer any more."""


def serve(descriptor=0, answers=1):
    """Carry out one request after the other, until the daemon has gone."""
    os.nice(NICE)
    unprotect()
    try:
        while True:
            limit, at, why, program, kind, name, old, new, called = receive(descriptor)
            said = obstacle(program)
            if kind and not said:
                environ = dict(ENVIRONMENT, FASTBYPASS_AT=at, FASTBYPASS_WHY=why)
                if INSTANCE in os.environ:
                    environ[INSTANCE] = os.environ[INSTANCE]
                if called and kind in CALLED:
                    environ[CALLED[kind]] = called
                said = run([program, kind, name, old, new], environ, float(limit), descriptor)
            os.write(answers, said.encode('ascii') + b'\n')
    except (DaemonGone, EnvironmentError):
        return


def unprotect(path='/proc/self/oom_score_adj'):
    """Take away our protection from the kernel's OOM killer: when memory is short, it must keep the daemon."""
    try:
        with open(path, 'r+') as score:
            if int(score.read()) < 0:
                score.seek(0)
                score.write('0')
    except EnvironmentError:
        pass


def receive(descriptor):
    """[The values of FIELDS], as bytes. Raises DaemonGone at the end of the input."""
    data = b''
    while data.count(b'\0') < len(FIELDS):
        part = os.read(descriptor, 65536)
        if not part:
            raise DaemonGone()
        data += part
    return data.split(b'\0')[:len(FIELDS)]


def obstacle(program):
    """Why a program is not run, for example because somebody but root could have written it; '' if it is run."""
    try:
        found = os.stat(program)
    except EnvironmentError as error:
        return os.strerror(error.errno)
    if not stat.S_ISREG(found.st_mode):
        return 'it is no plain file'
    if found.st_uid != 0 or found.st_mode & 0o022:
        return 'it must be owned by root and writable by nobody else: chown root, chmod go-w'
    return '' if found.st_mode & 0o111 else 'it is not executable: chmod +x'


def run(arguments, environ, limit, daemon):
    """Run a program, and wait until it and all other processes in its process group have ended.

    When its time is up (`limit`, in seconds), the whole group is killed. Returns what went wrong, '' if nothing did.
    daemon: a descriptor that becomes readable when the daemon has gone; then the group is killed and DaemonGone raised.
    """
    reader, writer = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (reader, writer, null):
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    try:
        pid = os.fork()
        if pid == 0:
            _become(arguments, environ, null, writer)
        os.close(writer)
        writer, refused = None, os.read(reader, 16)
        if refused:
            os.waitpid(pid, 0)
            return 'it cannot be started: ' + os.strerror(int(refused))
    except EnvironmentError as error:
        return 'it cannot be started: ' + os.strerror(error.errno)
    finally:
        for descriptor in (reader, writer, null):
            if descriptor is not None:
                os.close(descriptor)
    return _waited(pid, limit, daemon)


def _become(arguments, environ, null, writer):
    """Become the program, in a session of its own. If that fails, write the errno to the pipe."""
    try:
        os.setsid()
        os.chdir('/')
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.execve(arguments[0], arguments, environ)
    except EnvironmentError as error:
        os.write(writer, str(error.errno).encode('ascii'))
    finally:
        os._exit(127)


def _waited(pid, limit, daemon):
    poller = select.poll()
    poller.register(daemon, select.POLLIN)
    deadline, step, status = _seconds() + limit, STEPS[0], None
    while True:
        if status is None:
            status = _ended(pid)
        if status is not None and not _signal(pid, 0):
            return _in_words(status)
        if _seconds() >= deadline:
            _kill(pid, status)
            return 'killed, since it had not ended after %g s' % limit
        if poller.poll(step * 1000):
            _kill(pid, status)
            raise DaemonGone()
        step = min(2 * step, STEPS[1])


def _ended(pid):
    """The exit status of a child (see os.waitpid), or None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return status if found else None


def _kill(pid, status):
    _signal(pid, signal.SIGKILL)
    if status is None:
        os.waitpid(pid, 0)


def _in_words(status):
    if os.WIFSIGNALED(status):
        return 'it was ended by signal %d' % os.WTERMSIG(status)
    code = os.WEXITSTATUS(status)
    return 'it ended with exit code %d' % code if code else ''


def _signal(group, number):
    """Send a signal to a process group. Returns False if the group is empty.

    The kernel gives its number to no other group while a process is in it.
    """
    try:
        os.killpg(group, number)
        return True
    except EnvironmentError as error:
        # EPERM: the processes that are left have become those of another user.
        return error.errno != errno.ESRCH


def _seconds():
    """A monotonic clock in seconds, in steps of 10 ms. 2.7 has no time.monotonic."""
    return os.times()[4]


if __name__ == '__main__':
    serve()
