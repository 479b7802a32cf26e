"""What the package fastbypass-beat is made of: its modules, unit, launcher, pages and maintainer scripts."""
import os
import re
import subprocess

import pytest

import helpers
from fbmon import __version__
from fbmon.beat import envkeys
from helpers import ROOT, read
from test_packaging import KNOWN_TO_215, MAY_BE_IGNORED

SCRIPTS = ('postinst', 'prerm', 'postrm')
UNITS = 'fastbypass_beat@*.service'
# All calls that dpkg may make (Debian policy, 6.6).
CALLS = [('postinst', 'configure', ''), ('postinst', 'configure', '1.4.00'), ('postinst', 'abort-upgrade', '1.5.00'),
         ('postinst', 'abort-remove'), ('postinst', 'abort-deconfigure'),
         ('prerm', 'remove'), ('prerm', 'upgrade', '1.5.00'), ('prerm', 'failed-upgrade', '1.4.00'),
         ('prerm', 'deconfigure'),
         ('postrm', 'remove'), ('postrm', 'purge'), ('postrm', 'upgrade', '1.5.00'),
         ('postrm', 'failed-upgrade', '1.4.00'), ('postrm', 'abort-install'), ('postrm', 'abort-upgrade', '1.4.00'),
         ('postrm', 'disappear')]


def source(*names):
    """The text of a file of the repository."""
    return read(os.path.join(ROOT, *names))


# --- its files ---

def test_it_has_all_modules_that_it_needs_and_no_other(tmp_path):
    copied = []
    for name in re.search(r'(?m)^beat_modules = (.*)$', source('debian/rules').replace('\\\n', '')).group(1).split():
        copied += [name + one for one in os.listdir(os.path.join(ROOT, name)) if one.endswith('.py')] \
            if name.endswith('/') else [name]
    for name in copied:
        if not (tmp_path / name).parent.exists():
            (tmp_path / name).parent.mkdir(parents=True)
        helpers.write(tmp_path / name, source(name))
    script = 'import sys; sys.path[:] = [%r] + [place for place in sys.path if place != %r]; ' \
        'import fbmon.beat.main; print("\\n".join(sorted(module.__file__ for name, module in sys.modules.items() ' \
        'if module and name.startswith("fbmon"))))' % (str(tmp_path), ROOT)

    code, output, errors = helpers.finish(helpers.python(script))

    assert (code, errors) == (0, '')
    loaded = [re.sub(r'\.pyc$', '.py', line) for line in output.split()]
    assert loaded == sorted(str(tmp_path / name) for name in copied)


def test_the_sample_has_every_key_and_can_be_used():
    sample = source('debian/beat/sample.env')
    every = re.sub(r'(?m)^# (?=BEAT_)', '', sample)

    assert [envkeys.read(text)[1] for text in (sample, every)] == [[], []]
    assert set(re.findall(r'(?m)^(BEAT_\w+)=', every)) == set(envkeys.KEYS)


def test_its_man_page_has_every_option_and_key():
    page = source('docs/man/fastbypass_beat.8').replace('\\-', '-')
    options = re.findall(r"'(--[a-z]+)'", source('fbmon/beat/commandline.py') + source('fbmon/beat/main.py'))

    assert len(options) > 6
    assert [one for one in options if not re.search(r'(?m)^\.BI? %s\b' % one, page)] == []
    assert [key for key in envkeys.KEYS if key not in page] == []
    assert re.search(r'"fastbypass_monitor (.*?)"', page).group(1) == __version__


def test_its_launcher_takes_the_same_interpreters_as_that_of_the_daemon():
    ours, theirs = source('debian/beat/fastbypass_beat'), source('debian/libexec/launch')
    suits = re.compile(r'(?s)\nsuits\(\) \{.*?\n\}\n')

    assert suits.search(ours).group() == suits.search(theirs).group()
    assert 'for python in python3 python2.7 python; do' in ours and '-B -E -s -S' in ours


def test_its_unit_has_only_directives_that_systemd_215_knows_or_can_do_without():
    directives = re.findall(r'(?m)^([A-Z]\w+)=(.*)$', source('debian/beat/fastbypass_beat@.service'))
    values = dict(directives)

    assert set(values) - KNOWN_TO_215 - MAY_BE_IGNORED == set(
        ['User', 'RestartPreventExitStatus', 'ProtectKernelTunables'])
    assert (values['Restart'], values['StartLimitInterval'], values['Type']) == ('always', '0', 'notify')
    # A check may look for a process, or need memory that can be written and executed.
    assert not set(values) & set(['ProtectProc', 'MemoryDenyWriteExecute', 'PrivateTmp', 'PrivateNetwork'])
    assert values['CapabilityBoundingSet'] == '' and values['SystemCallFilter'].startswith('~')


# --- the maintainer scripts, in a small tree ---

class Tree(object):
    """The tree in which the scripts run. Each of their paths is below it."""

    def __init__(self, directory):
        self.path = str(directory)
        for name in ('bin', 'usr/sbin', 'usr/share/fastbypass_beat/fbmon/__pycache__', 'run/systemd/system',
                     'etc/fastbypass_beat', 'etc/systemd/system/multi-user.target.wants'):
            os.makedirs(self.at(name))
        os.symlink('/', self.at('root-of-1'))
        for name in ('usr/share/fastbypass_beat/fbmon/__pycache__/a.pyc', 'etc/fastbypass_beat/dpi.env',
                     'etc/systemd/system/multi-user.target.wants/fastbypass_beat@dpi.service',
                     'etc/systemd/system/multi-user.target.wants/other.service'):
            helpers.write(self.at(name), '')
        self.program('bin/systemctl', 'echo "systemctl $*" >> "$TREE/notes"\n'
                     'case "$*" in *list-units*) echo "fastbypass_beat@dpi.service loaded active running x" ;; esac')
        self.program('bin/getent', '[ -e "$TREE/users" ]')
        self.program('bin/useradd', 'echo "useradd $*" >> "$TREE/notes"; touch "$TREE/users"')
        for name in ('python3', 'python2.7'):
            self.program('bin/' + name, 'true')
        for name in SCRIPTS:
            helpers.write(self.at(name), helpers.in_tree(
                source('debian', 'fastbypass-beat.' + name), self.path,
                ('/usr/share', '/usr/sbin/policy', '/etc/', '/run/')))

    def at(self, name):
        """The path of something in the tree."""
        return os.path.join(self.path, name)

    def program(self, name, script):
        """Put a program of sh into the tree."""
        helpers.write_program(self.at(name), script)

    def lose(self, *names):
        """Remove these files and directories."""
        subprocess.check_call(['rm', '-rf'] + [self.at(name) for name in names])

    def __call__(self, name, *words):
        """Run a script. Returns (exit code, its stderr, [the notes])."""
        self.lose('notes')
        environ = dict(os.environ, TREE=self.path, PATH=self.at('bin') + ':/usr/bin:/bin')
        code, _, said = helpers.finish(subprocess.Popen(['sh', self.at(name)] + list(words), env=environ,
                                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return code, said, read(self.at('notes')).splitlines()


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


DAMAGES = {'nothing': [], 'no program': ['usr/share/fastbypass_beat'], 'no systemd': ['run/systemd'],
           'no run directory': ['run'], 'no settings': ['etc/fastbypass_beat'], 'no systemctl': ['bin/systemctl']}


@pytest.mark.parametrize('damage', sorted(DAMAGES))
@pytest.mark.parametrize('call', CALLS, ids=' '.join)
def test_every_script_ends_well_whatever_is_missing(tree, damage, call):
    tree.lose(*DAMAGES[damage])
    if damage == 'no systemctl':
        tree.program('bin/systemctl', 'exit 1')

    code, said, _ = tree(*call)

    assert code == 0, said


@pytest.mark.parametrize('script', SCRIPTS)
def test_the_scripts_are_sound(script):
    subprocess.check_call(['sh', '-n', os.path.join(ROOT, 'debian', 'fastbypass-beat.' + script)])


def test_an_installation_makes_the_user_once_and_restarts_what_runs_without_waiting(tree):
    made = ['useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin '
            'fastbypass_beat']
    restarted = ['systemctl --system daemon-reload', 'systemctl --no-block try-restart ' + UNITS]

    assert tree('postinst', 'configure', '') == (0, '', made + restarted)
    assert tree('postinst', 'configure', '1.4.00') == (0, '', restarted)


def test_where_the_user_cannot_be_made_it_says_what_follows(tree):
    tree.program('bin/useradd', 'echo "useradd: cannot lock /etc/passwd" >&2; exit 1')

    assert tree('postinst', 'configure', '')[:2] == (
        0, 'fastbypass-beat: the user fastbypass_beat could not be made: no sender can start without it\n')


@pytest.mark.parametrize('code, restarts', [(0, True), (101, False), (104, True)])
def test_a_policy_is_obeyed(tree, code, restarts):
    tree.program('usr/sbin/policy-rc.d', 'exit %d' % code)

    notes = tree('postinst', 'configure', '1.4.00')[2]

    assert any('try-restart' in note for note in notes) is restarts


def test_a_removal_stops_all_and_one_that_is_called_off_starts_what_ran(tree):
    assert tree('prerm', 'remove')[2][-1] == 'systemctl stop ' + UNITS
    assert not os.path.exists(tree.at('usr/share/fastbypass_beat/fbmon/__pycache__'))

    assert tree('postinst', 'abort-remove')[2] == ['systemctl --no-block start fastbypass_beat@dpi.service']
    assert not os.path.exists(tree.at('run/fastbypass_beat.ran'))


def test_an_upgrade_stops_nothing(tree):
    assert tree('prerm', 'upgrade', '1.5.00')[2] == []


@pytest.mark.parametrize('call', CALLS, ids=' '.join)
def test_in_a_chroot_no_service_of_the_machine_is_touched(tree, call):
    tree.lose('root-of-1')
    os.mkdir(tree.at('root-of-1'))

    assert [note for note in tree(*call)[2] if 'systemctl' in note] == []


def test_a_purge_takes_the_settings_and_the_links_and_nothing_of_others(tree):
    tree('postrm', 'remove')
    assert os.path.exists(tree.at('etc/fastbypass_beat/dpi.env'))

    tree('postrm', 'purge')

    assert not os.path.exists(tree.at('etc/fastbypass_beat'))
    assert os.listdir(tree.at('etc/systemd/system/multi-user.target.wants')) == ['other.service']
