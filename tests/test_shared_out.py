"""conftest.py and helpers.py where several processes share the tests, as in `make test`."""
import subprocess

import pytest

import helpers

SHARED = ['-n2', '--dist', 'loadfile']
MEASURE = 'def test_one(figure):\n    figure("%s figures")\n'


@pytest.mark.parametrize('arguments', [[], SHARED])
def test_what_was_measured_is_shown_once_at_the_end(tmp_path, arguments):
    helpers.require(helpers.has_xdist() or not arguments, 'needs pytest-xdist')
    for name in ('one', 'two'):
        helpers.write(tmp_path / ('test_%s.py' % name), MEASURE % name)
    child = helpers.python('import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))', '-p', 'conftest', '-p',
                           'no:cacheprovider', *(arguments + [tmp_path]), cwd=str(tmp_path))

    code, output, errors = helpers.finish(child, 60)

    assert code == 0, output + errors
    assert [line for line in output.splitlines() if line.endswith(' figures')] == ['one figures', 'two figures']


def test_two_processes_have_no_port_in_common():
    script = 'import helpers; print(helpers.free_port())'
    child = helpers.python('import helpers, sys; print(helpers.free_port()); sys.stdout.flush(); sys.stdin.read()',
                           stdin=subprocess.PIPE)
    one = int(child.stdout.readline())
    code, output, errors = helpers.finish(helpers.python(script))
    child.communicate()

    assert code == 0, errors
    assert len(set([one // 200, int(output) // 200, helpers.free_port() // 200])) == 3
