"""Measures the time from the start of the daemon's launcher to READY=1, which says that all listeners listen."""
import os
import shutil
import socket
import subprocess
import time

import helpers
import results
from candidates import USUAL
from installing import install
from kernel import netlink
from kernel.switch import Switch
from observe import now
from ours import configuration

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

LIMIT = 20.0


def programs(interpreter, target):
    """Fill a directory in which the launcher, by PATH, finds this interpreter and no other, `ip` and sh. Returns it."""
    os.makedirs(target)
    name = 'python2.7' if '2.7' in os.path.basename(os.path.realpath(interpreter)) else 'python3'
    for link, path in ((name, interpreter), ('ip', helpers.program('ip')), ('sh', '/bin/sh')):
        os.symlink(path, os.path.join(target, link))
    return target


def run(label, interpreter, program, directory, rounds, blocks):
    """The Rows of one interpreter: starts on a switch that lacks the listeners' address, and restarts with it there."""
    installed = os.path.join(directory, 'installed')
    install(program, interpreter, installed)
    path = programs(interpreter, os.path.join(directory, 'bin'))
    helpers.write(directory + '/env', configuration(USUAL))
    switch = Switch()
    try:
        first, again = [], []
        for turn in range(blocks):
            pairs = [_pair(switch, installed, path, directory) for _ in range(max(1, rounds // blocks))]
            first.append([pair[0] for pair in pairs])
            again.append([pair[1] for pair in pairs])
    finally:
        switch.close()
    return [results.Row('start', 'first start until listening', label, 'ms', first, ''),
            results.Row('start', 'restart until listening', label, 'ms', again, '')]


def _pair(switch, installed, path, directory):
    switch.ip('addr', 'flush', 'dev', 'eth0', 'scope', 'global')
    switch.ip('addr', 'add', '192.168.1.200/24', 'dev', 'eth0')
    shutil.rmtree(directory + '/run', ignore_errors=True)
    return [1000 * _start(switch, installed, path, directory) for _ in range(2)]


def _start(switch, installed, path, directory):
    """Start the daemon, end it again, and return the seconds until READY=1."""
    name = '\0fbmon-bench-%d' % os.getpid()
    # An abstract name belongs to a network namespace, so the socket is made in that of the switch.
    manager = switch.inside(socket.socket, socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(name)
    manager.settimeout(LIMIT)
    argv = [installed + '/launch', '--config', directory + '/env', '--log-dir', directory + '/logs', '--run-dir',
            directory + '/run', '--state-dir', directory + '/state', 'run']
    environ = {'PATH': path, 'NOTIFY_SOCKET': '@' + name[1:]}
    with open(directory + '/stderr', 'ab') as errors:
        began = now()
        child = netlink.inside(switch.path, lambda: subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL,
                                                                     stdout=errors, stderr=errors))
    try:
        while manager.recv(4096) != b'READY=1':
            pass
        return now() - began
    finally:
        child.terminate()
        child.wait()
        manager.close()
        time.sleep(0.05)
