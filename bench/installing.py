"""The daemon as its package installs it, in any directory."""
import os
import shutil
import subprocess


def install(program, interpreter, target):
    """What debian/rules installs, in a directory, compiled as the postinst does it; returns the new fbmon.py."""
    copy(program, target)
    environ = dict((name, value) for name, value in os.environ.items() if name != 'PYTHONDONTWRITEBYTECODE')
    subprocess.check_call([interpreter, '-E', '-s', '-S', '-m', 'compileall', '-q', target + '/fbmon'], env=environ)
    return target + '/fbmon.py'


def copy(program, target):
    """The files of the checkout that this fbmon.py is in, to a directory that is not there yet."""
    top = os.path.dirname(program)
    shutil.copytree(top + '/fbmon', target + '/fbmon', ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
    for name in ('fbmon.py', 'debian/libexec/launch', 'debian/libexec/reload'):
        shutil.copy(os.path.join(top, name), target)
