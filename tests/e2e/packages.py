"""The package under test and one of a later version with the same content."""
import collections
import os
import re
import subprocess

Pair = collections.namedtuple('Pair', 'first later first_version later_version')
LATER = '1.99.99'


def pair(deb, directory):
    """Both packages; the later one is made from the first one in directory."""
    first = subprocess.check_output(['dpkg-deb', '--field', deb, 'Version']).decode().strip()
    content, later = os.path.join(directory, 'content'), os.path.join(directory, 'later.deb')
    subprocess.check_call(['dpkg-deb', '--raw-extract', deb, content])
    _replace(os.path.join(content, 'DEBIAN/control'), r'(?m)^Version: .*', 'Version: ' + LATER)
    _replace(os.path.join(content, 'usr/share/fastbypass_monitor/fbmon/__init__.py'), re.escape(first), LATER)
    subprocess.check_call(['dpkg-deb', '--root-owner-group', '-Zxz', '--build', content, later],
                          stdout=subprocess.DEVNULL)
    return Pair(deb, later, first, LATER)


def _replace(path, pattern, text):
    with open(path) as stream:
        content = stream.read()
    with open(path, 'w') as stream:
        stream.write(re.sub(pattern, text, content))
