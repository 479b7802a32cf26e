"""Installs the daemon in any directory, as its package does."""
import os
import shutil
import subprocess


# There is no setting for this: it is the copy that drops what goes into the journal.
NO_JOURNAL = '\n\nEvidence.take = lambda self, transition: None\n'


def install(program, interpreter, target, journal=True):
    """Copy the program to a directory and compile it as the postinst does. Returns the path of the new fbmon.py.

    journal: whether it keeps one.
    """
    copy(program, target)
    if not journal:
        drop_journal(target)
    environ = dict((name, value) for name, value in os.environ.items() if name != 'PYTHONDONTWRITEBYTECODE')
    subprocess.check_call([interpreter, '-E', '-s', '-S', '-m', 'compileall', '-q', target + '/fbmon'], env=environ)
    return target + '/fbmon.py'


def drop_journal(target):
    """Let a copy drop what goes into the journal, if this version has one."""
    path = target + '/fbmon/tell/evidence.py'
    if os.path.exists(path):
        with open(path, 'a') as source:
            source.write(NO_JOURNAL)


def copy(program, target):
    """Copy what debian/rules installs from the checkout of this fbmon.py to a directory that is not there yet."""
    top = os.path.dirname(program)
    shutil.copytree(top + '/fbmon', target + '/fbmon', ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
    for name in ('fbmon.py', 'debian/libexec/launch', 'debian/libexec/reload'):
        shutil.copy(os.path.join(top, name), target)
