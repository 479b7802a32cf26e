"""Finds Python interpreters, and makes an environment outside of the repository for each of them.

As a program it prints the path of the interpreter with the name that it is given.
"""
import collections
import contextlib
import fcntl
import glob
import os
import shutil
import subprocess
import sys

# `make test` looks for these if it is given no names: the Python 2.7 of the switches, the oldest Python 3 that we
# promise, those of Debian 12 and 13, and the python3 of this machine.
USUAL = ('python2.7', 'python3.6', 'python3.11', 'python3.13', 'python3')

# The last virtualenv that makes environments for 2.7 and 3.6. We need it because 2.7 has no venv, and because the pip
# that comes with 3.6 does not understand which packages of PyPI fit its version.
VIRTUALENV = 'virtualenv>=20.21,<20.22'

Interpreter = collections.namedtuple('Interpreter', 'name path version')   # version: for example (3, 11, 2)


class Failed(Exception):
    """Something could not be set up. The argument says what, and what helps."""


def find(name):
    """The Interpreter with this name (python3.11, or a path) on PATH or among those of pyenv; None if not found."""
    for path in [name] if os.sep in name else _candidates(name):
        found = _ask(path)
        if found and _fits(name, found[1]):
            return Interpreter(name, *found)
    return None


def found_and_missing(names=USUAL):
    """([Interpreter, ...], [names that were not found]). An interpreter with two names comes once, with the first."""
    found, missing = collections.OrderedDict(), []
    for name in names:
        interpreter = find(name)
        if interpreter is None:
            missing.append(name)
        else:
            found.setdefault(interpreter.version, interpreter)
    return list(found.values()), missing


def version(interpreter):
    """The version of an Interpreter as text, for example '3.11.2'."""
    return '.'.join(str(number) for number in interpreter.version)


def cache():
    """The path of the directory that is kept from one run to the next."""
    home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.environ.get('FBMON_CACHE') or os.path.join(home, 'fastbypass_monitor')


def environment(interpreter, packages, purpose='tests'):
    """The path of the python of an environment with these packages from PyPI.

    The environment is made if it is not there, or made anew if it is broken or was made of something else. Raises
    Failed.
    """
    directory = os.path.join(cache(), '%s-%s' % (purpose, version(interpreter)))
    recipe = '\n'.join([os.path.realpath(interpreter.path)] + sorted(packages))
    python = os.path.join(directory, 'bin', 'python')
    with _locked(directory + '.lock'):
        if _read(os.path.join(directory, 'recipe')) != recipe or _ask(python) is None:
            sys.stdout.write('making %s\n' % directory)
            sys.stdout.flush()
            shutil.rmtree(directory, ignore_errors=True)
            _make(interpreter, directory)
            _run([python, '-m', 'pip', 'install', '--quiet'] + packages, 'is PyPI reachable?')
            with open(os.path.join(directory, 'recipe'), 'w') as target:
                target.write(recipe)
    return python


def has(interpreter, module):
    """Whether an Interpreter itself, without an environment of ours, can import a module."""
    argv = [interpreter.path, '-c', 'import ' + module]
    return subprocess.call(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def clean():
    """Remove all environments."""
    for path in glob.glob(os.path.join(cache(), 'tests-*')) + glob.glob(os.path.join(cache(), 'tools-*')):
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def modern():
    """An Interpreter that is new enough for today's tools. Raises Failed if there is none."""
    for name in (sys.executable, 'python3') + USUAL[::-1]:
        interpreter = find(name)
        if interpreter and interpreter.version >= (3, 9):
            return interpreter
    raise Failed('no Python 3.9 or later was found: the tools that prepare and check need one')


def _make(interpreter, directory):
    if interpreter.version >= (3, 8):
        _run([interpreter.path, '-m', 'venv', directory], 'sudo apt-get install python3-venv')
    else:
        virtualenv = environment(modern(), [VIRTUALENV], 'tools-virtualenv')
        _run([virtualenv, '-m', 'virtualenv', '--quiet', '--python', interpreter.path, directory], 'see above')


def _candidates(name):
    for directory in os.environ.get('PATH', os.defpath).split(os.pathsep):
        yield os.path.join(directory, name)
    pyenv = os.environ.get('PYENV_ROOT') or os.path.expanduser('~/.pyenv')
    for path in glob.glob(os.path.join(pyenv, 'versions', name.replace('python', '') + '.*', 'bin', 'python')):
        yield path


def _fits(name, numbers):
    """Whether these version numbers suit a name like python3.6. A shim with this name may start another Python."""
    wanted = os.path.basename(name).replace('python', '')
    return os.sep in name or '.'.join(str(number) for number in numbers).startswith(wanted)


def _ask(path):
    """(real path, version) of the interpreter at a path; None if it does not run."""
    script = 'import sys; print("%s %d %d %d" % ((sys.executable,) + sys.version_info[:3]))'
    try:
        output = subprocess.check_output([path, '-c', script], stderr=subprocess.DEVNULL)
    except (EnvironmentError, subprocess.CalledProcessError):
        return None
    words = output.decode().rsplit(None, 3)
    return words[0], tuple(int(word) for word in words[1:])


def _run(argv, remedy):
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.communicate()[0].decode('utf-8', 'replace')
    if child.returncode:
        raise Failed('%s\n%s: exit code %d (%s)' % (output.strip(), ' '.join(argv), child.returncode, remedy))


def _read(path):
    try:
        with open(path) as source:
            return source.read()
    except EnvironmentError:
        return None


@contextlib.contextmanager
def _locked(path):
    if not os.path.isdir(cache()):
        os.makedirs(cache())
    with open(path, 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(name):
    """Print the path of an interpreter. Returns the exit code: 0, or 2 if it is not found."""
    found = find(name)
    sys.stdout.write(found.path + '\n') if found else sys.stderr.write('missing: %s: not found\n' % name)
    return 0 if found else 2


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
