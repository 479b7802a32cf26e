"""The package under test, and a package of a later version with the same content."""
import collections
import os
import re
import shutil
import subprocess

Pair = collections.namedtuple('Pair', 'first later first_version later_version')
LATER = '1.99.99'
# The modules of 1.0.00, which were all in one directory.
FIRST = '''
    __init__ addresses beats checks cli compat config conflicts console controller daemon envfile force
    heartbeat history hooks iproute ledger listener logs mailbox monitor network notices options pauses picture
    plan prometheus records roster rules rundir runner schema sdnotify source states status statussocket sysctl
    table threads values wanted
'''.split()


def pair(deb, directory):
    """Both packages. The later one is made of the first one in the directory."""
    first = subprocess.check_output(['dpkg-deb', '--field', deb, 'Version']).decode().strip()
    content, later = os.path.join(directory, 'content'), os.path.join(directory, 'later.deb')
    subprocess.check_call(['dpkg-deb', '--raw-extract', deb, content])
    replace(os.path.join(content, 'DEBIAN/control'), r'(?m)^Version: .*', 'Version: ' + LATER)
    replace(os.path.join(content, 'usr/share/fastbypass_monitor/fbmon/__init__.py'), re.escape(first), LATER)
    subprocess.check_call(['dpkg-deb', '--root-owner-group', '-Zxz', '--build', content, later],
                          stdout=subprocess.DEVNULL)
    return Pair(deb, later, first, LATER)


def first_version(deb, directory):
    """A package with the files of 1.0.00 below /usr/share, but without their content. It installs and runs nothing."""
    content, made = os.path.join(directory, 'content'), os.path.join(directory, 'first.deb')
    subprocess.check_call(['dpkg-deb', '--raw-extract', deb, content])
    replace(os.path.join(content, 'DEBIAN/control'), r'(?m)^Version: .*', 'Version: 1.0.00')
    modules = os.path.join(content, 'usr/share/fastbypass_monitor/fbmon')
    shutil.rmtree(modules)
    os.mkdir(modules)
    for name in FIRST:
        open(os.path.join(modules, name + '.py'), 'w').close()
    subprocess.check_call(['dpkg-deb', '--root-owner-group', '-Zxz', '--build', content, made],
                          stdout=subprocess.DEVNULL)
    return made


def replace(path, pattern, text):
    """Replace what matches a pattern in a file."""
    with open(path) as stream:
        content = stream.read()
    with open(path, 'w') as stream:
        stream.write(re.sub(pattern, text, content))
