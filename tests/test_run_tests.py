"""tools/run_tests.py. The stand-in for an interpreter is a program of sh that says what pytest would say."""
import os
import shutil
import sys
import tempfile

import pytest

import helpers
from helpers import ROOT

pytestmark = pytest.mark.skipif(sys.version_info < (3,), reason='what make runs is for Python 3')


@pytest.fixture
def tools(monkeypatch):
    """The module run_tests."""
    monkeypatch.syspath_prepend(os.path.join(ROOT, 'tools'))
    import run_tests
    return run_tests


@pytest.fixture
def pythons(tools, tmp_path, monkeypatch):
    """put(name, script): makes an interpreter that is found; the script stands for it."""
    found = []
    monkeypatch.setattr(tools.interpreters, 'found_and_missing', lambda names: (found, []))
    monkeypatch.setattr(tools.interpreters, 'environment', lambda one, packages: one.path)
    monkeypatch.setenv('DIR', str(tmp_path))
    # What is kept after a failure.
    monkeypatch.setattr(tools.tempfile, 'tempdir', str(tmp_path))

    def put(number, script):
        path = str(tmp_path / ('python3.%d' % number))
        helpers.write_program(path, script)
        found.append(tools.interpreters.Interpreter(os.path.basename(path), path, (3, number, 0)))
    return put


def no_pypi(one, packages, purpose='tests'):
    """Does what interpreters.environment does without a network."""
    import interpreters
    raise interpreters.Failed('pip: no network')


def wait_for_other(mine, other):
    """A script of sh that says that it runs, and waits until the other one runs as well."""
    return ('touch $DIR/%s; for i in $(seq 400); do [ ! -e $DIR/%s ] || break; sleep 0.05; done; '
            '[ -e $DIR/%s ] || exit 9; ' % (mine, other, other))


def test_two_interpreters_run_at_a_time_and_each_ones_output_is_whole(tools, pythons, capsys):
    pythons(8, wait_for_other('a', 'b') + 'echo one a; sleep 0.3; echo two a; echo "== 8 passed in 1.00s =="')
    pythons(9, wait_for_other('b', 'a') + 'echo one b; sleep 0.1; echo two b; echo "== 9 passed in 1.00s =="')

    assert tools.main([]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line[:3] in ('one', 'two')]
    assert lines == ['one a', 'two a', 'one b', 'two b']


def test_the_last_line_is_the_summary_of_the_one_that_failed(tools, pythons, capsys):
    pythons(8, 'echo "== 1 failed, 7 passed in 1.00s =="; echo a thread says good bye >&2; exit 1')
    pythons(9, 'echo "== 9 passed in 1.00s =="')

    assert tools.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == '== 1 failed, 7 passed in 1.00s =='


@pytest.mark.parametrize('script', ['exec sleep 60', "trap '' TERM; while :; do sleep 1; done"])
def test_one_that_hangs_is_ended_and_says_so(tools, pythons, capsys, monkeypatch, script):
    monkeypatch.setattr(tools, 'LIMIT', 1)
    pythons(8, 'echo begun; ' + script)

    assert tools.main([]) == 1
    assert ' was ended after ' in capsys.readouterr().out.splitlines()[-1]


def test_without_pypi_its_own_pytest_serves_and_lint_is_left_out_both_told(tools, pythons, capsys, monkeypatch):
    monkeypatch.setattr(tools.interpreters, 'environment', no_pypi)
    monkeypatch.setattr(tools.lint.shutil, 'which', lambda name: None)
    pythons(8, '[ "$*" != "-c import pytest" ] || exit 1; echo never; exit 1')
    pythons(9, '[ "$*" != "-c import pytest" ] || exit 0; echo "== 9 passed in 1.00s =="')

    assert tools.main(['--lint']) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith('left out: ')]
    assert [line for line in said if 'root' not in line] == ['left out: ' + text for text in (
        'shellcheck is not installed: sudo apt-get install shellcheck',
        'flake8 cannot be had: is PyPI reachable? (pip: no network)',
        'Python 3.8.0: it has no pytest, and PyPI cannot be reached (or: sudo apt-get install python3-pytest)',
        'Python 3.9.0: the pytest of PyPI, which cannot be had: tested with its own one')]


def test_the_tests_are_shared_out_where_that_is_possible(tools, pythons, capsys):
    pythons(9, 'echo "$*"; echo "== 9 passed in 1.00s =="')

    assert tools.main([]) == 0
    assert '-n 3 --dist loadfile tests\n' in capsys.readouterr().out


@pytest.mark.parametrize('there', [False, True])
def test_an_own_pytest_shares_them_out_if_it_has_pytest_xdist(tools, pythons, capsys, monkeypatch, there):
    monkeypatch.setattr(tools.interpreters, 'environment', no_pypi)
    pythons(9, '[ "$*" != "-c import xdist" ] || exit %d; echo "$*"; echo "== 9 passed in 1.00s =="' % (not there))

    assert tools.main(['tests/rules']) == 0
    assert ('-n 3 --dist loadfile tests/rules\n' in capsys.readouterr().out) is there


@pytest.mark.parametrize('code', [0, 1])
def test_the_files_of_the_tests_have_short_paths_and_are_kept_after_a_failure_only(tools, pythons, capsys, code):
    pythons(9, 'while [ $1 != --basetemp ]; do shift; done; touch $2/one; echo directory $2; exit %d' % code)

    tools.main([])
    said = capsys.readouterr().out.splitlines()
    path = next(line.partition(' ')[2] for line in said if line.startswith('directory '))
    # As short as that of a pytest in one process: a socket's path has 107 bytes at most.
    assert len(os.path.relpath(path, tempfile.gettempdir()) + '/popen-gw2') <= len('pytest-of-root/pytest-9999')
    assert os.path.isdir(path) is (code == 1)
    shutil.rmtree(path, ignore_errors=True)


def test_without_any_pytest_nothing_passes(tools, pythons, monkeypatch):
    monkeypatch.setattr(tools.interpreters, 'environment', no_pypi)
    pythons(8, 'exit 1')

    assert tools.main([]) == 1


def test_where_everything_is_required_nothing_stands_in_for_what_pypi_has(tools, pythons, monkeypatch):
    monkeypatch.setattr(tools.interpreters, 'environment', no_pypi)
    monkeypatch.setattr(tools.os, 'geteuid', lambda: 0)
    pythons(9, 'echo "== 9 passed in 1.00s =="')

    with pytest.raises(tools.interpreters.Failed):
        tools.main(['--require'])
