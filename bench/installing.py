"""Installs the daemon in any directory, as its package does."""
import os
import shutil
import subprocess


def install(program, interpreter, target):
    """Copy the program to a directory and compile it as the postinst does. Returns the path of the new fbmon.py."""
    copy(program, target)
    environ = dict((name, value) for name, value in os.environ.items() if name != 'PYTHONDONTWRITEBYTECODE')
    subprocess.check_call([interpreter, '-E', '-s', '-S', '-m', 'compileall', '-q', target + '/fbmon'], env=environ)
    return target + '/fbmon.py'


def copy(program, target):
    """Copy what debian/rules installs from the checkout of this fbmon.py to a directory that is not there yet."""
    top = os.path.dirname(program)
    shutil.copytree(top + '/fbmon', target + '/fbmon', ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
    for name in ('fbmon.py', 'debian/libexec/launch', 'debian/libexec/reload'):
        shutil.copy(os.path.join(top, name), target)
