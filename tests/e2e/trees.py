"""Debian trees to boot. debootstrap makes them once, outside of the repository, and each run copies them."""
import contextlib
import fcntl
import os
import shutil
import subprocess

MIRROR = os.environ.get('FBMON_MIRROR', 'http://deb.debian.org/debian')
PACKAGES = ['systemd-sysv', 'dbus', 'iproute2']
# The interpreter that each release has in the tests. bullseye has both 2 and 3, and here it has the old one.
PYTHON = {'bullseye': 'python2.7', 'bookworm': 'python3', 'trixie': 'python3'}
# Count it up when the recipe changes: trees of another recipe are not used.
RECIPE = 2


def cache():
    """The path of the directory of the trees."""
    home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.environ.get('FBMON_CACHE') or os.path.join(home, 'fastbypass_monitor')


def tree(suite):
    """The path of the suite's tree. It is made if it is not there (a minute, 300 MB). Never boot this tree itself."""
    path = os.path.join(cache(), '%s-%d' % (suite, RECIPE))
    os.makedirs(cache(), exist_ok=True)
    with _locked(path + '.lock'):
        if not os.path.isdir(path):
            _make(suite, path + '.new')
            os.rename(path + '.new', path)
    return path


def copy(suite, target):
    """Make a copy of the suite's tree, which may be changed."""
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
        # For the test that removes python2.7: the machine has no network from which it could fetch python3 then.
        _run('chroot', path, 'apt-get', '--yes', '--no-install-recommends', '--download-only',
             'install', 'python3')


def _run(*argv):
    environ = dict(os.environ, DEBIAN_FRONTEND='noninteractive', LC_ALL='C')
    done = subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=1200)
    if done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(argv), done.stdout.decode('utf-8', 'replace')[-2000:]))


def remove(path):
    """Delete a copy."""
    subprocess.call(['rm', '-rf', '--one-file-system', path], timeout=120)
