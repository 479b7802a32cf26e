"""Describes the machine of a run, and installs the programs that the run compares."""
import os
import re
import shutil
import subprocess
import sys

import helpers

# (program, its package in Debian). A peer that cannot be installed is left out of the run.
NEEDED = (('ip', 'iproute2'),)
PEERS = (('keepalived', 'keepalived'), ('exabgp', 'exabgp'))


def provide():
    """Install the programs that are missing. If a peer cannot be installed, the run leaves it out and says so."""
    missing = [package for program, package in NEEDED + PEERS if not shutil.which(program, path=_sbin())]
    if missing and shutil.which('apt-get'):
        sys.stderr.write('installing %s\n' % ' '.join(missing))
        environ = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
        subprocess.call(['apt-get', '--quiet', '--quiet', 'update'], env=environ, stdin=subprocess.DEVNULL)
        subprocess.call(['apt-get', '--quiet', '--quiet', '--yes', '--no-install-recommends', 'install'] + missing,
                        env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def describe(interpreters):
    """{name: text} that describes the machine and the versions of the programs."""
    model = _field('/proc/cpuinfo', r'(?m)^model name\s*: (.*)') or os.uname()[4]
    return {
        'kernel': ' '.join(os.uname()[index] for index in (0, 2, 3, 4)),
        'system': _field('/etc/os-release', r'(?m)^PRETTY_NAME="(.*)"'),
        'processor': '%d × %s' % (os.cpu_count(), model),
        'hypervisor': 'yes' if re.search(r'\bhypervisor\b', helpers.read('/proc/cpuinfo')) else 'not seen',
        'memory': '%d MB' % (int(_field('/proc/meminfo', r'MemTotal:\s*(\d+)')) // 1024),
        'clock': helpers.read('/sys/devices/system/clocksource/clocksource0/current_clocksource').strip(),
        'load before': ' '.join(helpers.read('/proc/loadavg').split()[:3]),
        'iproute2': _says(['ip', '-V']),
        'keepalived': _says(['keepalived', '--version']),
        'exabgp': _says(['dpkg-query', '--show', '--showformat=${Version}', 'exabgp']),
        'Python': ', '.join(version for version, _ in interpreters),
        'harness': 'Python %s' % sys.version.split()[0],
    }


def revision(directory):
    """What `git describe` says of a checkout, or else the daemon's version there."""
    said = _says(['git', '-C', directory, 'describe', '--always', '--dirty', '--tags'])
    return said or _field(directory + '/fbmon/__init__.py', r"__version__ = '(.*)'")


def _says(argv):
    try:
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        text = child.communicate()[0].decode('utf-8', 'replace').strip()
    except EnvironmentError:
        return ''
    return text.splitlines()[0] if text and child.returncode == 0 else ''


def _field(path, pattern):
    found = re.search(pattern, helpers.read(path))
    return found.group(1) if found else ''


def _sbin():
    return os.environ.get('PATH', os.defpath) + ':/usr/sbin:/sbin'
