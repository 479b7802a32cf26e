"""Small helpers that all tests share."""
import array
import errno
import fcntl
import itertools
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
import time

import clock
from fbmon.base import compat

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FBMON = os.path.join(ROOT, 'fbmon.py')

# Seconds in which anything must happen. They are many, because a test waits so long only if something is broken.
LIMIT = 20.0


def wait_for(condition, limit=LIMIT):
    """Wait until condition() is true, and return its value. Fails after `limit` seconds."""
    deadline = clock.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert clock.monotonic() < deadline, 'did not happen within %g s' % limit
        time.sleep(0.002)


def require(condition, reason):
    """Skip the test if `condition` is false; with FBMON_REQUIRE_KERNEL=1 it fails instead. reason: for the report."""
    if not condition:
        # Imported here, because programs that run without pytest use this module, too.
        import pytest
        if os.environ.get('FBMON_REQUIRE_KERNEL') == '1':
            pytest.fail('FBMON_REQUIRE_KERNEL=1: ' + reason)
        pytest.skip(reason)


def lacking():
    """The right that tests on the real kernel need and this process lacks, as words for a message; None if none."""
    if os.geteuid() != 0:
        return 'need root: they make network namespaces'
    with open(os.devnull, 'w') as null:
        if subprocess.call(['unshare', '--net', '--mount', 'true'], stdout=null, stderr=null) != 0:
            return 'need CAP_SYS_ADMIN: they make network namespaces and mount (a container has it if it is privileged)'
    if not os.access('/proc/sys/net/ipv4/conf/all/promote_secondaries', os.W_OK):
        return 'need a /proc/sys that can be written: they set up network namespaces'
    return None


def has_ipv6():
    """Whether ::1 can be used."""
    try:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            sock.bind(('::1', 0))
        finally:
            sock.close()
        return True
    except compat.SYSTEM_ERRORS:
        return False


def has_xdist():
    """Whether this interpreter has pytest-xdist."""
    try:
        import xdist  # noqa: F401
        return True
    except ImportError:
        return False


def program(name):
    """The path of a program on PATH."""
    return next(path for path in (os.path.join(directory, name) for directory in os.environ['PATH'].split(os.pathsep))
                if os.access(path, os.X_OK))


def write(path, text):
    """Write a text to a file, as UTF-8."""
    with open(str(path), 'wb') as target:
        target.write(text if isinstance(text, bytes) else text.encode('utf-8'))
    return str(path)


def fill(path):
    """Write to a file until there is no space left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while os.write(descriptor, b'x' * 512):
            pass
    except EnvironmentError:
        pass
    finally:
        os.close(descriptor)


def read(path):
    """The text of a file, '' if there is none."""
    try:
        with open(str(path), 'rb') as source:
            return source.read().decode('utf-8', 'replace')
    except EnvironmentError:
        return ''


def written(path):
    """The text of a log file, after its writer has written all lines. If the daemon has ended, the writer has too."""
    words = ['/bin/sh', 'fastbypass_log', os.path.dirname(str(path))]
    pids = [name for name in os.listdir('/proc') if name.isdigit()]
    for pid in [pid for pid in pids if _has_words('/proc/%s/cmdline' % pid, words)]:
        wait_for(lambda: _waits_for_lines(pid))
    return read(path)


def _has_words(path, words):
    try:
        with open(path, 'rb') as source:
            found = source.read().decode('utf-8', 'replace').split('\0')
    except EnvironmentError:
        return False
    return found[:1] == words[:1] and found[3:5] == words[1:]


def _waits_for_lines(pid):
    """Whether a writer has gone, or has read all lines and sleeps in read(0): see `syscall` in proc(5)."""
    try:
        pipe = os.open('/proc/%s/fd/0' % pid, os.O_RDONLY | os.O_NONBLOCK)
        try:
            there = array.array('i', [0])
            fcntl.ioctl(pipe, termios.FIONREAD, there)
        finally:
            os.close(pipe)
        # The number of read(2) is 0 on amd64 and 63 on arm64.
        return there[0] == 0 and read('/proc/%s/syscall' % pid).split()[:2] in (['0', '0x0'], ['63', '0x0'])
    except EnvironmentError:
        return not alive(int(pid))


def in_tree(script, path, tops):
    """The text of a maintainer script that takes what is below these directories from the tree at `path`."""
    script = script.replace('/proc/1/root/', '=one=')
    for top in tops:
        script = script.replace(top, path + top)
    return script.replace('=one=', os.path.join(path, 'root-of-1/'))


def write_program(path, script):
    """Write an executable script of sh."""
    write(path, '#!/bin/sh\n' + script + '\n')
    os.chmod(path, 0o755)


def alive(pid):
    """Whether a process is there and is no zombie."""
    return read('/proc/%d/stat' % pid).rpartition(')')[2].split()[:1] not in ([], ['Z'])


# The ports of this process: an iterator, and what keeps them for it.
_ports = []


def claim_ports():
    """Claim 200 ports for this process as long as it lives, so that tests in other processes do not meet with its ones.

    They lie below those that the kernel gives away. Who has bound the first one of them for TCP has them all.
    """
    for first in range(10000, 30000, 200):
        claim = socket.socket()
        try:
            claim.bind(('127.0.0.1', first))
        except compat.SYSTEM_ERRORS:
            claim.close()
            continue
        fcntl.fcntl(claim, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        _ports[:] = [itertools.cycle(range(first, first + 200)), claim]
        return
    raise AssertionError('all ports for tests are taken')


def free_port(host='127.0.0.1'):
    """A UDP port that nobody uses now."""
    if not _ports:
        claim_ports()
    for port in _ports[0]:
        sock = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.bind((host, port))
            return port
        except compat.SYSTEM_ERRORS as error:
            if compat.error_number(error) != errno.EADDRINUSE:
                raise
        finally:
            sock.close()


def send(host, port, data=b'HEARTBEAT', source=None):
    """Send one datagram. source: its address, or None for any."""
    sock = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if source:
            sock.bind((source, 0))
        sock.sendto(data, (host, port))
    finally:
        sock.close()


def python(script, *arguments, **options):
    """Start a child that runs the text of a script and can import fbmon. Its output goes to pipes.

    environ: variables to add; prefix: words in front of the command; all other options are for Popen.
    """
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join([ROOT] + sys.path), PYTHONUNBUFFERED='1')
    environ.update(options.pop('environ', {}))
    command = options.pop('prefix', []) + [sys.executable, '-c', script] + [str(one) for one in arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, close_fds=True,
                            **options)


def in_a_terminal():
    """For preexec_fn: ignore no signal, as a process in a terminal. These tests may run in the background of a script.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def descriptors():
    """The number of descriptors of this process."""
    return len(os.listdir('/proc/self/fd'))


def drained(leader):
    """All that was written to a terminal that nobody has open any more. leader: its other end, which is closed."""
    found = b''
    try:
        while True:
            data = os.read(leader, 65536)
            if not data:
                return found
            found += data
    except EnvironmentError:
        # EIO: the last one has closed it.
        return found
    finally:
        os.close(leader)


def finish(child, limit=LIMIT):
    """(exit code, stdout, stderr) of a child that must end by itself. After `limit` seconds it is killed."""
    timer = threading.Timer(limit, child.kill)
    timer.start()
    try:
        output, errors = child.communicate()
    finally:
        timer.cancel()
    return child.returncode, (output or b'').decode('utf-8', 'replace'), (errors or b'').decode('utf-8', 'replace')
