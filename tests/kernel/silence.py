"""Checks that the daemon does nothing while nothing happens."""
import subprocess

import helpers

# With a question mark strace accepts that this architecture has no such system call.
CALLS = 'trace=?fork,?vfork,?clone,?clone3,execve'


# The command lines of the children that a daemon has all the time.
CHILDREN = ['ip -force -batch -', 'ip -o monitor address link']


def check(switch, daemon, seconds):
    """Fails if within some seconds the kernel reports a change, or the daemon starts a process or a thread.

    Now and then the daemon may read the routes. So there are up to three tries, and in one of them it must start
    nothing at all.
    """
    helpers.wait_for(lambda: sorted(lasting(daemon).values()) == CHILDREN)
    children = lasting(daemon)
    for _ in range(3):
        watch = switch.watch()
        tracer = trace(daemon)
        watch.quiet(seconds)
        started = end(daemon, tracer) if tracer else ''
        others = [line for line in started.splitlines() if 'execve(' in line and '"route"' not in line]
        assert (others, lasting(daemon)) == ([], children)
        if not started:
            break
    assert started == ''


def lasting(daemon):
    """{pid: command line} of its children, without one that reads routes at the moment, or is about to: until a child
    executes `ip` it has the daemon's command line."""
    return dict((pid, line) for pid, line in daemon.children().items()
                if ' route ' not in line and 'fbmon.py' not in line)


def has_strace():
    """Whether there is a strace: only strace sees a process that ends at once."""
    return subprocess.call(['sh', '-c', 'command -v strace >/dev/null']) == 0


def trace(daemon, calls=CALLS):
    """Start a strace that notes what the daemon starts, and return its process; None if there is no strace.

    calls: what it notes instead.
    """
    if not has_strace():
        return None
    argv = ['strace', '-f', '-qq', '-e', calls, '-e', 'signal=none', '-o', daemon.directory + '/strace', '-p',
            str(daemon.child.pid)]
    tracer = subprocess.Popen(argv, close_fds=True)
    helpers.wait_for(lambda: tracer.poll() is not None or '\nTracerPid:\t0\n' not in helpers.read(
        '/proc/%d/status' % daemon.child.pid))
    helpers.require(tracer.poll() is None, 'strace may not be used here')
    return tracer


def end(daemon, tracer):
    """Stop a strace and return what it noted, as text.

    It is killed after 2 s: a strace that is told to end while the daemon starts a process may never end.
    """
    tracer.terminate()
    helpers.finish(tracer, 2.0)
    return helpers.read(daemon.directory + '/strace')
