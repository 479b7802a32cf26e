"""The maintainer scripts of the package, run in a small tree, with stand-ins for systemd's programs."""
import os
import subprocess

import pytest

import helpers
from helpers import ROOT, read

SCRIPTS = ('preinst', 'postinst', 'prerm', 'postrm')
UNIT = 'fastbypass_monitor.service'
WEB = 'fastbypass_web.service'
# It notes its call. Files say what systemd answers about itself and about the unit.
SYSTEMCTL = '''echo "systemctl $*" >> "$TREE/notes"
case "$*" in
    is-system-running) cat "$TREE/system" 2> /dev/null || echo running ;;
    *is-active*fastbypass_web*) [ -e "$TREE/web" ] ;;
    *is-active*@*) [ -e "$TREE/active.$3" ] ;;
    *is-enabled*@*) [ -e "$TREE/enabled.$3" ] ;;
    *is-active*) [ -e "$TREE/active" ] ;;
    *is-enabled*) [ ! -e "$TREE/disabled" ] ;;
esac
'''
# There are the groups and users of this file.
GETENT = '[ -e "$TREE/groups" ] && grep -qx "$2" "$TREE/groups"'
USERADD = 'echo "useradd $*" >> "$TREE/notes"; for last; do :; done; echo "$last" >> "$TREE/groups"'
GROUPADD = 'echo "groupadd $*" >> "$TREE/notes"; echo "$2" >> "$TREE/groups"'
NOTED = 'echo "%s $*" >> "$TREE/notes"'
# All calls that dpkg may make (Debian policy, 6.6).
CALLS = [('preinst', 'install'), ('preinst', 'install', '1.0.00'), ('preinst', 'upgrade', '1.0.00'),
         ('preinst', 'abort-upgrade', '1.1.00'),
         ('postinst', 'configure', ''), ('postinst', 'configure', '1.0.00'), ('postinst', 'abort-upgrade', '1.1.00'),
         ('postinst', 'abort-remove'), ('postinst', 'abort-deconfigure'),
         ('prerm', 'remove'), ('prerm', 'upgrade', '1.1.00'), ('prerm', 'failed-upgrade', '1.0.00'),
         ('prerm', 'deconfigure'),
         ('postrm', 'remove'), ('postrm', 'purge'), ('postrm', 'upgrade', '1.1.00'),
         ('postrm', 'failed-upgrade', '1.0.00'), ('postrm', 'abort-install'), ('postrm', 'abort-upgrade', '1.0.00'),
         ('postrm', 'disappear')]


class Tree(object):
    """The tree in which the scripts run. Each of their paths is below it."""

    def __init__(self, directory):
        self.path = str(directory)
        for name in ('bin', 'usr/share/fastbypass_monitor/fbmon', 'usr/sbin', 'var/fastbypass_monitor/backend/logs',
                     'run/systemd/system', 'run/fastbypass_monitor'):
            os.makedirs(self.at(name))
        os.symlink('/', self.at('root-of-1'))
        helpers.write(self.at('var/fastbypass_monitor/backend/sample.env'), '# nothing\n')
        helpers.write(self.at('var/fastbypass_monitor/backend/.env'), 'LOG_LEVEL=INFO\n')
        self.program('bin/systemctl', SYSTEMCTL)
        self.program('bin/getent', GETENT)
        self.program('bin/groupadd', GROUPADD)
        self.program('bin/useradd', USERADD)
        for name in ('deb-systemd-invoke', 'deb-systemd-helper', 'python3', 'python2.7'):
            self.program('bin/' + name, NOTED % name)
        self.program('usr/share/fastbypass_monitor/launch', 'exit 0')
        for name in SCRIPTS:
            helpers.write(self.at(name), helpers.in_tree(
                read(os.path.join(ROOT, 'debian', name)), self.path,
                ('/usr/share', '/usr/sbin', '/var/', '/run/', '/etc/')))

    def at(self, name):
        """The path of something in the tree."""
        return os.path.join(self.path, name)

    def program(self, name, script):
        """Put a program of sh into the tree."""
        helpers.write_program(self.at(name), script)

    def mark(self, name, text=''):
        """Make a file by which systemctl answers."""
        helpers.write(self.at(name), text)

    def instance(self, name, *marks):
        """Give an instance a configuration file, and say with marks whether its unit is active and enabled."""
        os.makedirs(self.at('var/fastbypass_monitor/%s/logs' % name))
        os.makedirs(self.at('var/fastbypass_monitor/%s/state' % name))
        self.mark('var/fastbypass_monitor/%s/.env' % name, '# %s\n' % name)
        for one in marks:
            self.mark('%s.fastbypass_monitor@%s.service' % (one, name))

    def lose(self, *names):
        """Remove these files and directories."""
        subprocess.check_call(['rm', '-rf'] + [self.at(name) for name in names])

    def there(self, name):
        """Whether something is in the tree."""
        return os.path.lexists(self.at(name))

    def __call__(self, name, *words):
        """Run a script. Returns (exit code, its stderr, [the calls that start, stop or restart something])."""
        self.lose('notes')
        environ = dict(os.environ, TREE=self.path, PATH=self.at('bin') + ':/usr/bin:/bin')
        child = subprocess.Popen(['sh', self.at(name)] + list(words), env=environ, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        code, _, said = helpers.finish(child)
        deeds = [line for line in read(self.at('notes')).splitlines() if set(line.split()) &
                 set(['start', 'stop', 'restart'])]
        return code, said, deeds


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def nothing(tree):
    """The system is as it should be."""


def no_program(tree):
    """rm -rf /usr/share/fastbypass_monitor"""
    tree.lose('usr/share/fastbypass_monitor')


def no_home(tree):
    """rm -rf /var/fastbypass_monitor"""
    tree.lose('var/fastbypass_monitor')


def no_var(tree):
    """Nothing can be made in /var, not even by root, as if it were read-only."""
    tree.lose('var')
    tree.mark('var')


def no_helpers(tree):
    """init-system-helpers are not installed."""
    tree.lose('bin/deb-systemd-invoke', 'bin/deb-systemd-helper')


def helpers_that_fail(tree):
    """The helpers fail, as if /etc were read-only."""
    for name in ('deb-systemd-invoke', 'deb-systemd-helper', 'systemctl'):
        tree.program('bin/' + name, 'exit 1')


@pytest.mark.parametrize('damage', [nothing, no_program, no_home, no_var, no_helpers, helpers_that_fail])
@pytest.mark.parametrize('call', CALLS, ids=' '.join)
@pytest.mark.parametrize('active', [True, False])
def test_every_script_ends_well_whatever_is_missing(tree, damage, call, active):
    if active:
        tree.mark('active')
    damage(tree)

    code, said, _ = tree(*call)

    assert (code, said.count('set -e')) == (0, 0), said


def test_a_first_installation_starts_the_daemon_though_no_note_could_be_made(tree):
    no_var(tree)

    assert tree('preinst', 'install')[:2] == (0, '')
    assert tree('postinst', 'configure', '')[2] == ['deb-systemd-invoke start ' + UNIT]


def test_installed_again_after_a_removal_it_is_started(tree):
    tree('preinst', 'install', '1.0.00')

    assert tree('postinst', 'configure', '1.0.00')[2] == ['deb-systemd-invoke start ' + UNIT]
    assert not tree.there('var/fastbypass_monitor/.start')


def test_an_upgrade_restarts_what_runs_and_starts_nothing(tree):
    tree('preinst', 'upgrade', '1.0.00')
    assert tree('postinst', 'configure', '1.0.00') == (0, '', [])

    tree.mark('active')
    assert tree('postinst', 'configure', '1.0.00') == (0, '', ['deb-systemd-invoke restart ' + UNIT])


def test_a_note_of_long_ago_starts_nothing_at_an_upgrade(tree):
    tree.mark('var/fastbypass_monitor/.start')

    tree('preinst', 'upgrade', '1.0.00')

    assert tree('postinst', 'configure', '1.0.00')[2] == []


def test_a_daemon_that_could_not_start_again_is_not_ended(tree):
    tree.mark('active')
    tree.program('usr/share/fastbypass_monitor/launch', '[ "$*" != check ]')

    code, said, deeds = tree('postinst', 'configure', '1.0.00')

    assert (code, deeds) == (0, [])
    assert said == 'fastbypass-monitor: fbypass_ctl check finds mistakes: the daemon works on as it is; mend them, ' \
                   'then fbypass_ctl restart\n'


def test_a_daemon_whose_file_was_removed_is_not_ended_for_one_that_manages_nothing(tree):
    tree.mark('active')
    tree.lose('var/fastbypass_monitor/backend/.env')

    code, said, deeds = tree('postinst', 'configure', '1.0.00')

    assert (code, deeds) == (0, [])
    assert said.startswith('fastbypass-monitor: the configuration was not there: the daemon works on with what it has')
    assert read(tree.at('var/fastbypass_monitor/backend/.env')) == '# nothing\n'


@pytest.mark.parametrize('call', [('abort-upgrade', '1.1.00'), ('abort-deconfigure', 'in-favour', 'other', '1')])
def test_what_is_called_off_touches_no_daemon(tree, call):
    tree.mark('active')

    assert tree('prerm', 'upgrade', '1.1.00')[2] == []
    assert tree('postinst', *call) == (0, '', [])


def test_a_removal_that_is_called_off_starts_what_ran_even_if_it_is_disabled(tree):
    tree.mark('active')
    tree.mark('disabled')
    assert tree('prerm', 'remove')[2] == ['deb-systemd-invoke stop %s %s' % (UNIT, WEB)]
    tree.lose('active')

    assert tree('postinst', 'abort-remove') == (0, '', ['systemctl start ' + UNIT])
    assert not tree.there('var/fastbypass_monitor/.start')


def test_a_removal_that_is_called_off_starts_nothing_that_did_not_run(tree):
    tree('prerm', 'remove')

    assert tree('postinst', 'abort-remove') == (0, '', [])


@pytest.mark.parametrize('state', ['initializing', 'starting'])
def test_nothing_waits_for_a_service_while_the_system_starts(tree, state):
    tree.mark('system', state + '\n')
    tree('preinst', 'install')
    assert tree('postinst', 'configure', '')[2] == ['systemctl --no-block start ' + UNIT]

    tree.mark('active')
    assert tree('postinst', 'configure', '1.0.00')[2] == ['systemctl --no-block restart ' + UNIT]

    tree('prerm', 'remove')
    assert tree('postinst', 'abort-remove')[2] == ['systemctl --no-block start ' + UNIT]


@pytest.mark.parametrize('code, started', [(0, True), (101, False), (104, True)])
def test_a_policy_is_obeyed_then_too(tree, code, started):
    tree.mark('system', 'starting\n')
    tree.program('usr/sbin/policy-rc.d', 'exit %d' % code)

    assert (tree('postinst', 'configure', '')[2] != []) is started


def test_disabled_is_not_started_then_either(tree):
    tree.mark('system', 'starting\n')
    tree.mark('disabled')

    assert tree('postinst', 'configure', '')[2] == []


@pytest.mark.parametrize('call', CALLS, ids=' '.join)
def test_in_a_chroot_with_the_machines_run_directory_nothing_of_the_machine_is_touched(tree, call):
    tree.lose('root-of-1')
    os.mkdir(tree.at('root-of-1'))
    tree.mark('active')

    assert tree(*call) == (0, '', [])
    assert 'systemctl' not in read(tree.at('notes')) and tree.there('run/fastbypass_monitor')


def test_a_purge_takes_all_that_is_ours_and_leaves_copies(tree):
    tree.mark('var/fastbypass_monitor/backend/.env.of-last-year')

    tree('postrm', 'purge')

    assert not tree.there('run/fastbypass_monitor')
    assert sorted(os.listdir(tree.at('var/fastbypass_monitor/backend'))) == ['.env.of-last-year', 'sample.env']


def test_what_the_postinst_compiled_goes_with_the_version(tree):
    cache = tree.at('usr/share/fastbypass_monitor/fbmon/rules/__pycache__')
    os.makedirs(cache)
    for name in (cache + '/a.pyc', os.path.dirname(cache) + '/b.pyc', os.path.dirname(cache) + '/b.py'):
        helpers.write(name, '')

    assert tree('prerm', 'upgrade', '1.2.00')[0] == 0

    assert os.listdir(os.path.dirname(cache)) == ['b.py']


# --- the instances ---

def unit(name):
    return 'fastbypass_monitor@%s.service' % name


def test_an_upgrade_restarts_each_instance_that_runs_and_starts_none(tree):
    tree.instance('a-1', 'active')
    tree.instance('b', 'enabled')
    tree.instance('c', 'active', 'enabled')
    tree.instance('d')

    assert tree('postinst', 'configure', '1.3.00') == (
        0, '', ['deb-systemd-invoke restart ' + unit('a-1'), 'deb-systemd-invoke restart ' + unit('c')])


def test_an_instance_that_could_not_start_again_is_not_ended_and_the_others_are_new(tree):
    for name in 'abc':
        tree.instance(name, 'active')
    tree.mark('active')
    tree.program('usr/share/fastbypass_monitor/launch', '[ "$*" != "-i b check" ]')

    assert tree('postinst', 'configure', '1.3.00') == (
        0, 'fastbypass-monitor: fbypass_ctl -i b check finds mistakes: the daemon works on as it is; mend them, then '
        'fbypass_ctl -i b restart\n',
        ['deb-systemd-invoke restart ' + one for one in (UNIT, unit('a'), unit('c'))])


def test_instances_are_restarted_even_if_the_nameless_daemon_cannot_follow(tree):
    tree.instance('a', 'active')
    tree.mark('active')
    tree.lose('var/fastbypass_monitor/backend/.env')

    assert tree('postinst', 'configure', '1.3.00')[2] == ['deb-systemd-invoke restart ' + unit('a')]


def test_an_instance_that_has_lost_its_file_works_on_and_is_told_of(tree):
    os.makedirs(tree.at('run/fastbypass_monitor/@a'))
    tree.mark('active.' + unit('a'))
    tree.program('usr/share/fastbypass_monitor/launch', 'exit 1')

    code, said, deeds = tree('postinst', 'configure', '1.3.00')

    assert (code, deeds) == (0, []) and 'fbypass_ctl -i a check finds mistakes' in said


def test_installed_again_after_a_removal_the_enabled_instances_are_started(tree):
    tree.instance('a', 'enabled')
    tree.instance('b')
    tree('preinst', 'install', '1.4.00')

    assert tree('postinst', 'configure', '1.4.00')[2] == [
        'deb-systemd-invoke start ' + UNIT, 'deb-systemd-invoke start ' + unit('a')]


def test_a_removal_stops_all_instances_and_if_it_is_called_off_those_that_ran_are_started(tree):
    tree.instance('a', 'active')
    tree.instance('b')
    # This one has lost its file.
    os.makedirs(tree.at('run/fastbypass_monitor/@c'))
    tree.mark('active.' + unit('c'))

    assert tree('prerm', 'remove')[2] == ['deb-systemd-invoke stop ' + one
                                          for one in (UNIT + ' ' + WEB, unit('a'), unit('b'), unit('c'))]
    assert tree('postinst', 'abort-remove') == (0, '', ['systemctl start ' + unit('a'), 'systemctl start ' + unit('c')])
    assert not tree.there('var/fastbypass_monitor/.start')


def test_an_upgrade_stops_no_instance(tree):
    tree.instance('a', 'active')

    assert tree('prerm', 'upgrade', '9')[2] == tree('postrm', 'upgrade', '9')[2] == []


def test_a_purge_takes_what_is_the_instances_too_and_leaves_copies(tree):
    tree.instance('a')
    tree.instance('b')
    tree.mark('var/fastbypass_monitor/b/.env.of-last-year')
    wants = 'etc/systemd/system/multi-user.target.wants/'
    os.makedirs(tree.at(wants))
    for name in ('a', 'b'):
        os.symlink('/lib/systemd/system/fastbypass_monitor@.service', tree.at(wants + unit(name)))
    tree.mark(wants + 'other@a.service')

    tree('postrm', 'purge')

    assert not tree.there('var/fastbypass_monitor/a')
    assert os.listdir(tree.at('var/fastbypass_monitor/b')) == ['.env.of-last-year']
    assert os.listdir(tree.at(wants)) == ['other@a.service']


def test_a_removal_keeps_what_is_the_instances(tree):
    tree.instance('a')

    tree('prerm', 'remove')
    tree('postrm', 'remove')

    assert sorted(os.listdir(tree.at('var/fastbypass_monitor/a'))) == ['.env', 'logs', 'state']


def test_both_scripts_find_the_instances_in_the_same_way():
    def found(name):
        return read(os.path.join(ROOT, 'debian', name)).partition('\ninstances() {')[2].partition('\n}\n')[0]

    assert found('postinst') == found('prerm') != ''


# --- the group, the run directory and the state directory ---

@pytest.mark.parametrize('begin', [nothing, no_var, no_helpers, lambda tree: tree.lose('run/systemd')])
def test_the_group_is_made_once_with_or_without_systemd(tree, begin):
    begin(tree)
    tree('postinst', 'configure', '')
    made = read(tree.at('notes')).count('groupadd --system fastbypass\n')
    tree('postinst', 'configure', '1.2.00')

    assert (made, read(tree.at('groups'))) == (1, 'fastbypass\nfastbypass-web\n')


@pytest.mark.parametrize('script', ['exit 9', 'echo "cannot lock /etc/group" >&2; exit 10'])
def test_where_the_group_cannot_be_made_the_installation_says_so_and_goes_on(tree, script):
    tree.program('bin/groupadd', script)

    code, said, deeds = tree('postinst', 'configure', '')

    assert (code, said) == (0, 'fastbypass-monitor: the group fastbypass could not be made: only root can read the '
                            'status\n')
    assert deeds == ['deb-systemd-invoke start ' + UNIT]


# --- the page ---

def of_the_page(tree):
    """The calls of systemctl that are about the page and change something."""
    return [line for line in read(tree.at('notes')).splitlines() if WEB in line and 'is-active' not in line]


@pytest.mark.parametrize('version', ['', '1.3.00'])
def test_the_page_is_neither_enabled_nor_started_and_renewed_only_if_it_runs(tree, version):
    tree('postinst', 'configure', version)

    assert of_the_page(tree) == ['systemctl --no-block try-restart ' + WEB]


def test_a_policy_keeps_the_page_as_it_is(tree):
    tree.program('usr/sbin/policy-rc.d', 'case $1 in *web*) exit 101 ;; esac')
    tree('postinst', 'configure', '1.3.00')

    assert of_the_page(tree) == []


def test_a_removal_that_is_called_off_starts_the_page_if_it_ran(tree):
    tree.mark('web')
    tree('prerm', 'remove')
    tree('postinst', 'abort-remove')
    assert of_the_page(tree) == ['systemctl --no-block start ' + WEB]

    tree.lose('web')
    tree('prerm', 'remove')
    tree('postinst', 'abort-remove')
    assert of_the_page(tree) == [] and not tree.there('var/fastbypass_monitor/.start_web')


def test_the_pages_user_is_made_once_and_without_a_home_or_a_shell(tree):
    tree('postinst', 'configure', '')
    made = [line for line in read(tree.at('notes')).splitlines() if line.startswith('useradd')]
    tree('postinst', 'configure', '1.3.00')

    assert made == ['useradd --system --gid nogroup --no-create-home --home-dir /nonexistent --shell %s --comment '
                    'FastBypass status page fastbypass-web' % tree.at('usr/sbin/nologin')]
    assert 'useradd' not in read(tree.at('notes'))


def test_where_the_user_cannot_be_made_the_installation_says_so_and_goes_on(tree):
    tree.program('bin/useradd', 'exit 9')

    assert tree('postinst', 'configure', '')[:2] == (
        0, 'fastbypass-monitor: the user fastbypass-web could not be made: %s cannot be started\n' % WEB)


def test_a_purge_takes_the_link_that_enables_the_page(tree):
    link = tree.at('etc/systemd/system/multi-user.target.wants/' + WEB)
    os.makedirs(os.path.dirname(link))
    os.symlink('/lib/systemd/system/' + WEB, link)

    tree('postrm', 'remove')
    assert os.path.islink(link)
    tree('postrm', 'purge')
    assert not os.path.islink(link)


@pytest.mark.parametrize('before', [0o700, 0o755, None])
def test_the_run_directory_of_an_earlier_version_is_opened_for_the_group(tree, before):
    # The group of these tests has no number, so note what is asked for.
    tree.program('bin/install', 'echo "install $*" >> "$TREE/notes"')
    if before is None:
        tree.lose('run/fastbypass_monitor')
    else:
        os.chmod(tree.at('run/fastbypass_monitor'), before)

    tree('postinst', 'configure', '1.2.00')

    assert 'install -d -m 2750 -g fastbypass %s\n' % tree.at('run/fastbypass_monitor') in read(tree.at('notes'))


def test_the_state_directory_is_made_for_root_alone_kept_and_purged(tree):
    state = tree.at('var/fastbypass_monitor/backend/state')
    tree('postinst', 'configure', '')
    assert os.stat(state).st_mode & 0o7777 == 0o700
    helpers.write(state + '/orders', 'a word')

    for call in (('prerm', 'upgrade', '9'), ('postrm', 'upgrade', '9'), ('postinst', 'configure', '1.2.00'),
                 ('prerm', 'remove'), ('postrm', 'remove')):
        tree(*call)
        assert read(state + '/orders') == 'a word', call
    tree('postrm', 'purge')

    assert not os.path.exists(state)
