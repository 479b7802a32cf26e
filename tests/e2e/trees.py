"""Debian trees to boot: made once by debootstrap, kept outside of the repository, copied for each run."""
import contextlib
import fcntl
import os
import shutil
import subprocess

MIRROR = os.environ.get('FBMON_MIRROR', 'http://deb.debian.org/debian')
PACKAGES = ['systemd-sysv', 'dbus', 'iproute2']
# The interpreters that a release is left with; bullseye has both worlds and stands for the old one.
PYTHON = {'bullseye': 'python2.7', 'bookworm': 'python3', 'trixie': 'python3'}
# Goes up when the recipe changes: trees of another recipe are not used.
RECIPE = 2


def cache():
    """The directory of the trees."""
    home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.environ.get('FBMON_CACHE') or os.path.join(home, 'fastbypass_monitor')


def tree(suite):
    """Path of the suite's tree, made if it is not there (a minute, 300 MB). Never boot it itself."""
    path = os.path.join(cache(), '%s-%d' % (suite, RECIPE))
    os.makedirs(cache(), exist_ok=True)
    with _locked(path + '.lock'):
        if not os.path.isdir(path):
            _make(suite, path + '.new')
            os.rename(path + '.new', path)
    return path


def copy(suite, target):
    """A copy of the suite's tree that may be changed."""
    subprocess.check_call(['cp', '-a', '--reflink=auto', tree(suite), target], timeout=300)


@contextlib.contextmanager
def _locked(path):
    with open(path, 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(suite, path):
    shutil.rmtree(path, ignore_errors=True)
    include = ','.join(PACKAGES + [PYTHON[suite]])
    _run('debootstrap', '--variant=minbase', '--include=' + include, suite, path, MIRROR)
    _run('chroot', path, 'apt-get', 'clean')
    if suite == 'bullseye':
        # For the test that takes python2.7 away: the machine has no network to fetch it then.
        _run('chroot', path, 'apt-get', '--yes', '--no-install-recommends', '--download-only',
             'install', 'python3')


def _run(*argv):
    environ = dict(os.environ, DEBIAN_FRONTEND='noninteractive', LC_ALL='C')
    done = subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=1200)
    if done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(argv), done.stdout.decode('utf-8', 'replace')[-2000:]))


def remove(path):
    """Deletes a copy."""
    subprocess.call(['rm', '-rf', '--one-file-system', path], timeout=120)
