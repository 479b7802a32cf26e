"""Tests that cannot run here are left out with one reason, and the demo runs on loopback and says what it lacks."""
import os
import re
import subprocess
import sys

import pytest

import helpers
from helpers import ROOT

pytestmark = pytest.mark.usefixtures('rights')

# Rights that a container often lacks.
WITHOUT = {
    'CAP_SYS_ADMIN': ['setpriv', '--bounding-set=-sys_admin'],
    'a /proc/sys that can be written': ['unshare', '--mount', 'sh', '-c', 'mount --bind /proc/sys /proc/sys && mount '
                                        '-o remount,bind,ro /proc/sys && exec "$@"', 'sh'],
}


def run(lack, *argv):
    """(exit code, output) of a program that lacks a right."""
    environ = dict(os.environ, PYTHONDONTWRITEBYTECODE='1')
    environ.pop('FBMON_REQUIRE_KERNEL', None)
    child = subprocess.Popen(WITHOUT[lack] + list(argv), cwd=ROOT, env=environ, stdin=subprocess.DEVNULL
                             if hasattr(subprocess, 'DEVNULL') else None, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    code, output, _ = helpers.finish(child, limit=60)
    return code, output


@pytest.mark.parametrize('lack, processes', zip(sorted(WITHOUT), [0, 2]))
def test_tests_that_cannot_run_are_left_out_for_one_reason_and_the_others_run(lack, processes):
    shared = ['-n%d' % processes, '--dist', 'loadfile'] if processes and helpers.has_xdist() else []
    code, output = run(lack, sys.executable, '-m', 'pytest', '-rsfE', '-p', 'no:cacheprovider',
                       'tests/kernel/test_lease.py', 'tests/rules/test_wanted.py', *shared)

    told = [line for line in output.splitlines() if line.startswith('left out: ')]
    assert (code, len(told)) == (0, 1), output
    assert re.match(r'left out: \d\d+ tests that need %s: ' % re.escape(lack), told[0])
    assert re.search(r'\d\d passed.* in [\d.]+', output.splitlines()[-1])


@pytest.mark.skipif(sys.version_info < (3,), reason='the demo is a program for Python 3')
@pytest.mark.parametrize('lack', sorted(WITHOUT))
def test_the_demo_says_what_it_lacks_and_runs_on_loopback(lack):
    code, output = run(lack, sys.executable, 'demo/demo.py')

    assert code == 0, output
    assert re.match(r'.* demo    no switch can be made .*; that needs %s: .*\n' % re.escape(lack), output)
    assert output.endswith('demo    all of it was as it should be\n')
