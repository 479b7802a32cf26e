"""Checks the form of the repository's files: sh and bash with shellcheck, Python with flake8 (see setup.cfg)."""
import os
import re
import shutil
import subprocess
import sys

import interpreters

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLAKE8 = 'flake8>=7,<8'
# Directories that a build of the package leaves in the tree, and those that are not ours.
SKIPPED = {'.git', '__pycache__', 'build', 'dist', 'fastbypass-monitor', 'fastbypass-beat', '.debhelper',
           '.pytest_cache'}
NO_SHELLCHECK = 'shellcheck is not installed: sudo apt-get install shellcheck'
NO_FLAKE8 = 'flake8 cannot be had: is PyPI reachable?'


def main():
    """Run both linters. Returns the exit code: 1 if one is missing or finds a mistake, else 0."""
    wrong, missing = lint()
    for text in missing:
        print(text)
    return 1 if wrong or missing else 0


def lint():
    """Run the linters that are there. Returns ([names of those that found mistakes], [missing ones and the remedy])."""
    wrong, missing = [], []
    if not shutil.which('shellcheck'):
        missing.append(NO_SHELLCHECK)
    elif _run(['shellcheck'] + shell_scripts()):
        wrong.append('shellcheck')
    try:
        python = interpreters.environment(interpreters.modern(), [FLAKE8], 'tools-flake8')
        if _run([python, '-m', 'flake8']):
            wrong.append('flake8')
    except interpreters.Failed as error:
        missing.append('%s (%s)' % (NO_FLAKE8, str(error).splitlines()[-1]))
    return wrong, missing


def shell_scripts():
    """The paths, relative to the repository, of all files whose first line names sh or bash."""
    return sorted(os.path.relpath(path, ROOT) for path in _files() if _is_shell(path))


def _files():
    for directory, names, files in os.walk(ROOT):
        names[:] = [name for name in names if name not in SKIPPED]
        for name in files:
            yield os.path.join(directory, name)


def _is_shell(path):
    try:
        with open(path, 'rb') as source:
            return bool(re.match(br'#!.*\b(sh|bash)\s*$', source.readline(100)))
    except EnvironmentError:
        return False


def _run(argv):
    return subprocess.call(argv, cwd=ROOT, stdin=subprocess.DEVNULL)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except interpreters.Failed as error:
        sys.exit(str(error))
