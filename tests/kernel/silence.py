"""Whether the daemon does nothing at all while nothing happens."""
import subprocess

import helpers

# A question mark: where the architecture has no such system call.
CALLS = 'trace=?fork,?vfork,?clone,?clone3,execve'


def check(switch, daemon, seconds):
    """Fails if the kernel reports any change, or the daemon starts any process or thread, for some seconds."""
    children = daemon.children()
    watch = switch.watch()
    tracer = _trace(daemon)
    watch.quiet(seconds)
    started = _end(daemon, tracer) if tracer else ''
    assert (started, daemon.children()) == ('', children)


def has_strace():
    """Whether it can be looked for processes that end at once, too."""
    return subprocess.call(['sh', '-c', 'command -v strace >/dev/null']) == 0


def _trace(daemon):
    if not has_strace():
        return None
    argv = ['strace', '-f', '-qq', '-e', CALLS, '-e', 'signal=none', '-o', daemon.directory + '/strace', '-p',
            str(daemon.child.pid)]
    tracer = subprocess.Popen(argv, close_fds=True)
    helpers.wait_for(lambda: tracer.poll() is not None or '\nTracerPid:\t0\n' not in helpers.read(
        '/proc/%d/status' % daemon.child.pid))
    helpers.require(tracer.poll() is None, 'strace may not be used here')
    return tracer


def _end(daemon, tracer):
    tracer.terminate()
    tracer.wait()
    return helpers.read(daemon.directory + '/strace')
