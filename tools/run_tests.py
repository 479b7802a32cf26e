"""Runs the tests under several interpreters, two at a time. The last line is a summary line of pytest.

Each interpreter gets a pytest from PyPI that still works with it, in an environment that is kept for the next run, and
pytest-xdist, which shares the files of tests out among several processes. If PyPI cannot be reached, the interpreter's
own pytest is used, for example Debian's python3-pytest. What cannot run on this machine is left out and named. With
--pythons all interpreters that you name must be there; with --require everything else must be there too.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import interpreters
import lint

# 4.6 is the last one for Python 2.7, and 7.0 the last one for 3.6. pip picks the one that fits.
PYTEST = 'pytest>=4.6.11,<9'
# It reads what the daemon writes for Prometheus. 0.12 is the last one for Python 2.7.
PROMETHEUS = 'prometheus_client>=0.12,<1'
# It runs the tests in several processes. 1.34 is the last one for Python 2.7, and 3.0 the last one for 3.6.
XDIST = 'pytest-xdist>=1.34,<4'
# `make e2e` has the same environment. With another list one of the two would make it anew while the other uses it.
PACKAGES = [PYTEST, XDIST, PROMETHEUS]
# The tests of a file run one after the other, in one process. ARGS="-n0 ..." has all tests in pytest's own process.
SHARED_OUT = ['-n', '3', '--dist', 'loadfile']
# Seconds for the tests of one interpreter, in case something hangs.
LIMIT = 2000
# The number of interpreters whose tests run at the same time: the tests wait more than they work.
TOGETHER = 2
NOT_ROOT = 'tests on the real kernel: they need root (sudo make test)'
NO_PYTHON = 'a Python that the tests could run with'
OWN_PYTEST = 'Python %s: the pytest of PyPI, which cannot be had: tested with its own one'
NO_PYTEST = 'Python %s: it has no pytest, and PyPI cannot be reached (or: sudo apt-get install python3-pytest)'
SUMMARY = re.compile(r'.*\b(passed|failed|errors?|skipped|deselected|no tests ran)\b.* in [\d.]+')

# python: the path of a python that has pytest; shared: the arguments that share the tests out, [] without pytest-xdist.
Ready = collections.namedtuple('Ready', 'interpreter python shared')


def main(argv=None):
    """Returns the exit code: 0, 1 if something failed, 2 if something is missing that must be there."""
    options = _options(argv)
    names = options.pythons.replace(',', ' ').split()
    found, absent = interpreters.found_and_missing(names or interpreters.USUAL)
    absent = ['%s: not found' % name for name in absent]
    left_out = [] if os.geteuid() == 0 else [NOT_ROOT]
    missing = (absent if names else []) + (left_out if options.require else []) + ([] if found else [NO_PYTHON])
    if missing:
        _say('\n'.join('missing: ' + text for text in missing))
        return 2
    wrong = _lint(options, left_out) if options.lint else []
    _say('Python: ' + ', '.join(interpreters.version(one) for one in found))
    ready = _prepared(found, options, left_out)
    wrong += [] if ready else [NO_PYTHON]
    return _report(_tested(ready, options), wrong, absent + left_out)


def _options(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--pythons', default='', metavar='"NAME …"', help='these interpreters, all of them')
    parser.add_argument('--require', action='store_true', help='no test and no linter may be left out')
    parser.add_argument('--lint', action='store_true', help='check the form of the files first')
    parser.add_argument('arguments', nargs='*', metavar='ARGUMENT', help='for pytest (default: tests)')
    return parser.parse_args(argv)


def _lint(options, left_out):
    """[what is wrong]. A missing linter is wrong only with --require; otherwise it is added to left_out."""
    wrong, missing = lint.lint()
    if options.require:
        return wrong + missing
    left_out += missing
    return wrong


def _prepared(found, options, left_out):
    """[Ready, ...]. Raises Failed with --require if PyPI's pytest is missing."""
    ready = []
    for one in found:
        try:
            ready.append(Ready(one, interpreters.environment(one, PACKAGES), SHARED_OUT))
        except interpreters.Failed as error:
            if options.require:
                raise
            _say(str(error))
            own = interpreters.has(one, 'pytest')
            left_out.append((OWN_PYTEST if own else NO_PYTEST) % interpreters.version(one))
            ready += [Ready(one, one.path, SHARED_OUT if interpreters.has(one, 'xdist') else [])] if own else []
    return ready


def _tested(ready, options):
    """[(title, exit code, last line)] of all interpreters, in their order. The output of each is shown in one piece."""
    results = []
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        for title, code, text in pool.map(lambda one: _test(one, options), ready):
            _say('\n%s\n%s' % (title, text.rstrip('\n')))
            results.append((title, code, _last_line(text)))
    return results


def _test(ready, options):
    """(title, exit code, output) of the tests of one interpreter."""
    title = 'Python %s (%s)' % (interpreters.version(ready.interpreter), ready.interpreter.path)
    environ = dict(os.environ, PYTHONDONTWRITEBYTECODE='1')
    if options.require:
        environ['FBMON_REQUIRE_KERNEL'] = '1'
    # Its own place for the tests' files has so long a path that no socket could be there.
    directory = tempfile.mkdtemp(prefix='fbmon-')
    argv = ['timeout', '--foreground', '--kill-after=5', str(LIMIT), ready.python, '-m', 'pytest', '-rsfE', '-p',
            'no:cacheprovider', '--basetemp', directory] + ready.shared + (options.arguments or ['tests'])
    begin = time.time()
    with tempfile.TemporaryFile() as output:
        code = subprocess.call(argv, cwd=lint.ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=output,
                               stderr=subprocess.STDOUT)
        output.seek(0)
        text = output.read().decode('utf-8', 'replace')
    if code == 0:
        shutil.rmtree(directory, ignore_errors=True)
    # The second one after a kill, for example because a handler of SIGTERM was left.
    if code in (124, 137):
        text += '\n%s was ended after %d s\n' % (title, time.time() - begin)
    return title, code, text


def _last_line(text):
    """The last line that is pytest's summary or tells of the time limit; without one the last line of all.

    A dying process may still print something after the summary.
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()] or ['']
    return next((line for line in lines[::-1] if SUMMARY.match(line) or ' was ended after ' in line), lines[-1])


def _report(results, wrong, left_out):
    """Show what was left out and the result of each interpreter, those that failed last. Returns the exit code."""
    _say('')
    for text in left_out:
        _say('left out: ' + text)
    for text in wrong:
        _say('FAILED: ' + text)
    for title, code, last in sorted(results, key=lambda result: result[1] != 0):
        _say('%s%s\n%s' % ('FAILED: ' if code else '', title, last))
    return 1 if wrong or any(code for _, code, _ in results) else 0


def _say(text):
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    try:
        sys.exit(main())
    except interpreters.Failed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
