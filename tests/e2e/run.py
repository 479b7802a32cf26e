"""`make e2e`: looks for what the tests need, and runs them. The last line is pytest's summary line."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, 'tools'))

import interpreters  # noqa: E402
import run_tests  # noqa: E402

# (program, its package in Debian).
NEEDED = (('systemd-nspawn', 'systemd-container'), ('debootstrap', 'debootstrap'), ('lintian', 'lintian'),
          ('man', 'man-db'), ('dpkg-deb', 'dpkg'), ('ar', 'binutils'), ('nsenter', 'util-linux'),
          ('ip', 'iproute2'), ('ping', 'iputils-ping'))


def main(deb, suites, arguments):
    """Returns pytest's exit code, or 2 if something is missing."""
    missing = [package for program, package in NEEDED if not shutil.which(program)]
    if missing:
        return refuse('apt-get install ' + ' '.join(missing))
    if os.geteuid() != 0:
        return refuse('systems are booted by root only: sudo make e2e')
    python = interpreters.environment(interpreters.modern(), run_tests.PACKAGES)
    environ = dict(os.environ, FBMON_E2E_SUITES=suites, FBMON_DEB=os.path.abspath(deb),
                   PYTHONDONTWRITEBYTECODE='1')
    argv = [python, '-m', 'pytest', '-rsfE', '-p', 'no:cacheprovider'] + (arguments or [HERE])
    return subprocess.call(argv, cwd=TOP, env=environ, stdin=subprocess.DEVNULL)


def refuse(text):
    """Say what is missing, and return 2."""
    sys.stderr.write('e2e: %s\n' % text)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
