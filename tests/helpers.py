"""Small helpers of the tests."""
import errno
import itertools
import array
import fcntl
import os
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

# Seconds for anything that must happen: generous, since it is only waited for where something is broken.
LIMIT = 20.0


def wait_for(condition, limit=LIMIT):
    """The first true value of condition(); fails after limit seconds."""
    deadline = clock.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert clock.monotonic() < deadline, 'did not happen within %g s' % limit
        time.sleep(0.002)


def require(condition, reason):
    """Skip the test where the machine does not offer what it needs; fail if FBMON_REQUIRE_KERNEL=1 says it must."""
    if not condition:
        # Here, because what is run without pytest uses this module, too.
        import pytest
        if os.environ.get('FBMON_REQUIRE_KERNEL') == '1':
            pytest.fail('FBMON_REQUIRE_KERNEL=1: ' + reason)
        pytest.skip(reason)


def lacking():
    """What this process may not do that tests on the real kernel need, in words; None where it may do all."""
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


def program(name):
    """The path of a program on PATH."""
    return next(path for path in (os.path.join(directory, name) for directory in os.environ['PATH'].split(os.pathsep))
                if os.access(path, os.X_OK))


def write(path, text):
    """Write a file, text as UTF-8."""
    with open(str(path), 'wb') as target:
        target.write(text if isinstance(text, bytes) else text.encode('utf-8'))
    return str(path)


def fill(path):
    """Write until there is no space left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while os.write(descriptor, b'x' * 512):
            pass
    except EnvironmentError:
        pass
    finally:
        os.close(descriptor)


def read(path):
    """The text of a file, '' where there is none."""
    try:
        with open(str(path), 'rb') as source:
            return source.read().decode('utf-8', 'replace')
    except EnvironmentError:
        return ''


def written(path):
    """The text of a log file, once the process that writes it has no line left to write, and has ended where the daemon
    has."""
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
    """Whether a writer has gone, or has read all lines and sleeps in read(0): see proc(5), syscall."""
    try:
        pipe = os.open('/proc/%s/fd/0' % pid, os.O_RDONLY | os.O_NONBLOCK)
        try:
            there = array.array('i', [0])
            fcntl.ioctl(pipe, termios.FIONREAD, there)
        finally:
            os.close(pipe)
        # read(2) is 0 on amd64 and 63 on arm64.
        return there[0] == 0 and read('/proc/%s/syscall' % pid).split()[:2] in (['0', '0x0'], ['63', '0x0'])
    except EnvironmentError:
        return not alive(int(pid))


def write_program(path, script):
    """An executable sh script."""
    write(path, '#!/bin/sh\n' + script + '\n')
    os.chmod(path, 0o755)


def alive(pid):
    """Whether a process is there and no zombie."""
    return read('/proc/%d/stat' % pid).rpartition(')')[2].split()[:1] not in ([], ['Z'])


# Of each process's own, below those that the kernel gives away: two runs of the tests at a time do not meet.
_ports = itertools.cycle(range(10000 + os.getpid() % 100 * 200, 10000 + os.getpid() % 100 * 200 + 200))


def free_port(host='127.0.0.1'):
    """A UDP port that nobody uses at the moment."""
    for port in _ports:
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
    """Send one datagram, from the source address if given."""
    sock = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if source:
            sock.bind((source, 0))
        sock.sendto(data, (host, port))
    finally:
        sock.close()


def python(script, *arguments, **options):
    """A child that runs the text of a script, with fbmon to import; pipes for its output.

    environ: variables to add; prefix: words in front of the command; other options go to Popen.
    """
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join([ROOT] + sys.path), PYTHONUNBUFFERED='1')
    environ.update(options.pop('environ', {}))
    command = options.pop('prefix', []) + [sys.executable, '-c', script] + [str(one) for one in arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, close_fds=True,
                            **options)


def finish(child, limit=LIMIT):
    """(exit code, stdout, stderr) of a child that must end by itself; it is killed where it does not."""
    timer = threading.Timer(limit, child.kill)
    timer.start()
    try:
        output, errors = child.communicate()
    finally:
        timer.cancel()
    return child.returncode, (output or b'').decode('utf-8', 'replace'), (errors or b'').decode('utf-8', 'replace')
