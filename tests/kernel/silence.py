"""Whether the daemon does nothing at all while nothing happens."""
import subprocess

import helpers

# A question mark: where the architecture has no such system call.
CALLS = 'trace=?fork,?vfork,?clone,?clone3,execve'


def check(switch, daemon, seconds):
    """Fails if the kernel reports any change, or the daemon starts any process or thread, for some seconds. Now and
    then it reads routes, and nothing else: of three times, one must be without."""
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
    """{pid: command line} of its children, but for one that reads routes at the moment."""
    return dict((pid, line) for pid, line in daemon.children().items() if ' route ' not in line)


def has_strace():
    """Whether it can be looked for processes that end at once, too."""
    return subprocess.call(['sh', '-c', 'command -v strace >/dev/null']) == 0


def trace(daemon):
    """A strace that notes what the daemon starts, or None where there is none."""
    if not has_strace():
        return None
    argv = ['strace', '-f', '-qq', '-e', CALLS, '-e', 'signal=none', '-o', daemon.directory + '/strace', '-p',
            str(daemon.child.pid)]
    tracer = subprocess.Popen(argv, close_fds=True)
    helpers.wait_for(lambda: tracer.poll() is not None or '\nTracerPid:\t0\n' not in helpers.read(
        '/proc/%d/status' % daemon.child.pid))
    helpers.require(tracer.poll() is None, 'strace may not be used here')
    return tracer


def end(daemon, tracer):
    """Stop a strace; returns its lines. One that is told to end while the daemon starts a process may wait for ever."""
    tracer.terminate()
    helpers.finish(tracer, 2.0)
    return helpers.read(daemon.directory + '/strace')
