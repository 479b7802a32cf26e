"""Runs the tests under several interpreters, one after the other; its last line is a summary line of pytest.

Every interpreter gets a pytest that still works with it, from PyPI, in an environment that is kept for the next run.
What cannot be run on this machine is left out and named. With --pythons the interpreters are named that must be there,
with --require everything else must be.
"""
import argparse
import os
import subprocess
import sys
import time

import interpreters
import lint

# 4.6 is the last for Python 2.7, 7.0 the last for 3.6: pip picks what fits.
PYTEST = 'pytest>=4.6.11,<9'
# Reads what the daemon writes for Prometheus; 0.12 is the last for Python 2.7.
PROMETHEUS = 'prometheus_client>=0.12,<1'
# Seconds for one interpreter's tests: only for the case that something hangs.
LIMIT = 900
NOT_ROOT = 'tests on the real kernel: they need root (sudo make test)'
NO_PYTHON = 'a Python that the tests could run with'


def main(argv=None):
    """Returns the exit code: 0, 1 when something failed, 2 when something that must be there is missing."""
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
    results = [_test(interpreter, options) for interpreter in found]
    return _report(results, wrong, absent + left_out)


def _options(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--pythons', default='', metavar='"NAME …"', help='these interpreters, all of them')
    parser.add_argument('--require', action='store_true', help='no test and no linter may be left out')
    parser.add_argument('--lint', action='store_true', help='check the form of the files first')
    parser.add_argument('arguments', nargs='*', metavar='ARGUMENT', help='for pytest (default: tests)')
    return parser.parse_args(argv)


def _lint(options, left_out):
    """What is wrong; a linter that is not there is wrong only where it is required, and left out otherwise."""
    wrong, missing = lint.lint()
    if options.require:
        return wrong + missing
    left_out += missing
    return wrong


def _test(interpreter, options):
    """One interpreter's (title, exit code, last line of its output)."""
    title = 'Python %s (%s)' % (interpreters.version(interpreter), interpreter.path)
    python = interpreters.environment(interpreter, [PYTEST, PROMETHEUS])
    _say('\n' + title)
    environ = dict(os.environ, PYTHONDONTWRITEBYTECODE='1')
    if options.require:
        environ['FBMON_REQUIRE_KERNEL'] = '1'
    argv = ['timeout', '--foreground', '--kill-after=5', str(LIMIT), python, '-m', 'pytest', '-rsfE', '-p',
            'no:cacheprovider'] + (options.arguments or ['tests'])
    begin = time.time()
    child = subprocess.Popen(argv, cwd=lint.ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    last = ''
    for line in child.stdout:
        last = line.decode('utf-8', 'replace').rstrip() or last
        sys.stdout.write(line.decode('utf-8', 'replace'))
        sys.stdout.flush()
    code = child.wait()
    if code == 124:
        last = '%s was ended after %d s' % (title, time.time() - begin)
    return title, code, last


def _report(results, wrong, left_out):
    """What was left out and what came of each interpreter, the failed ones last."""
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
