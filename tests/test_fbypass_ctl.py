import os
import re
import subprocess

import pytest

import helpers

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SERVICE = ['start', 'stop', 'restart', 'enable', 'disable']
ALL = SERVICE + ['reload', 'confirm', 'rollback', 'status', 'force_on', 'force_off', 'return', 'maintenance',
                 'override', 'drill', 'tail', 'tailf', 'show', 'report', 'check', 'beat']
# What members of the group fastbypass may do.
LOOKING = ['show', 'check']

# It notes its call in $NOTES. Its exit code is in a file with the name of the program, or else 0.
STUB = '''#!/bin/sh
echo "%(name)s $*" >> "$NOTES"
[ -e "%(directory)s/%(name)s.$1.says" ] && cat "%(directory)s/%(name)s.$1.says"
[ -e "%(directory)s/%(name)s.$1.code" ] && exit "$(cat "%(directory)s/%(name)s.$1.code")"
exit 0
'''


def which(name):
    return next(path for path in (os.path.join(place, name) for place in os.environ['PATH'].split(':'))
                if os.access(path, os.X_OK))


class World(object):
    """fbypass_ctl, with stand-ins for systemctl, the daemon's commands and root."""

    def __init__(self, directory):
        self.directory = directory
        self.log = directory.join('home/backend/logs/fastbypass_monitor.log')
        self.log.dirpath().ensure(dir=True)
        self.path = os.environ['PATH']
        self.root()
        directory.join('booted').mkdir()
        for name in ('systemctl', 'launch'):
            self._program(name, STUB % {'name': name, 'directory': directory})
        with open(os.path.join(TOP, 'fbypass_ctl')) as stream:
            text = stream.read()
        text = text.replace('/usr/share/fastbypass_monitor/launch', str(directory.join('launch')))
        text = text.replace('/var/fastbypass_monitor\n', '%s\n' % directory.join('home'))
        text = text.replace('/run/fastbypass_monitor\n', '%s\n' % directory.join('run'))
        text = text.replace('/run/systemd/system', str(directory.join('booted')))
        self._program('fbypass_ctl', text)

    def without(self, what):
        """Make the machine one without systemctl, or one on which systemd does not run."""
        if what == 'booted':
            return self.directory.join('booted').remove()
        self.directory.join('systemctl').remove()
        self.path = str(self.directory.mkdir('bin'))
        for name in ('cat', 'grep', 'tr'):
            os.symlink(which(name), os.path.join(self.path, name))

    def root(self, uid=0, groups='alice audio'):
        """Set the uid of the user who calls, whose name is alice."""
        self._program('id', '#!/bin/sh\ncase $1 in -u) echo %d;; -un) echo alice;; -Gn) echo "%s";; esac\n'
                      % (uid, groups))

    def instance(self, name, log='one\n'):
        """Give an instance a configuration file and a log."""
        self.directory.join('home', name, '.env').ensure()
        self.directory.join('home', name, 'logs', 'fastbypass_monitor.log').write(log, ensure=True)

    def set(self, program, command, code, says=''):
        """Set how a stand-in answers a command."""
        self.directory.join('%s.%s.code' % (program, command)).write('%d\n' % code)
        self.directory.join('%s.%s.says' % (program, command)).write(says)

    def __call__(self, *words):
        """Run `fbypass_ctl WORDS`. Returns (exit code, stdout, stderr, programs called)."""
        notes = self.directory.join('notes')
        notes.write('')
        environ = dict(os.environ, NOTES=str(notes), PATH='%s:%s' % (self.directory, self.path))
        process = subprocess.Popen([str(self.directory.join('fbypass_ctl'))] + list(words), env=environ,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        out, err = process.communicate()
        return process.returncode, out, err, notes.read().splitlines()

    def _program(self, name, text):
        path = self.directory.join(name)
        path.write(text)
        path.chmod(0o755)


@pytest.fixture
def ctl(tmpdir):
    return World(tmpdir)


@pytest.mark.parametrize('word', SERVICE)
def test_the_services_commands_are_systemctls_with_its_exit_code(ctl, word):
    ctl.set('systemctl', word, 5)

    code, out, err, called = ctl(word)
    assert (code, out, err, called[-1]) == (5, '', '', 'systemctl %s fastbypass_monitor' % word)


@pytest.mark.parametrize('word', ['start', 'restart'])
def test_a_start_checks_the_file_first_and_is_silent_about_warnings(ctl, word):
    ctl.set('launch', 'check', 0, '.env:3: warning: w\nLISTENER HOST\n')

    assert ctl(word) == (0, '', '', ['launch check', 'systemctl %s fastbypass_monitor' % word])


@pytest.mark.parametrize('word', ['start', 'restart'])
@pytest.mark.parametrize('report, told', [
    ('.env:3: warning: w\n.env:4: error: e\nLISTENER HOST\n', '.env:4: error: e\n'),
    ('.env: Permission denied\n', '.env: Permission denied\n'),
])
def test_with_mistakes_a_start_prints_them_and_does_nothing(ctl, word, report, told):
    ctl.set('launch', 'check', 1, report)

    assert ctl(word) == (1, '', told + 'fbypass_ctl: the file is refused, nothing is done '
                         '(systemctl %s fastbypass_monitor leaves out what is faulty)\n' % word, ['launch check'])


@pytest.mark.parametrize('separators', ['1', ':', '_'])
def test_a_users_ifs_changes_nothing(ctl, separators):
    """Some shells take IFS from the environment."""
    ctl.directory.join('fbypass_ctl').move(ctl.directory.join('the.script'))
    helpers.write_program(str(ctl.directory.join('fbypass_ctl')),
                          "IFS='%s'; . %s" % (separators, ctl.directory.join('the.script')))

    assert ctl('show', '--json') == (0, '', '', ['launch status --json'])
    assert ctl('show', 'a', 'b')[2] == ('fbypass_ctl: show takes --json, --prometheus, --history [--since WHEN] '
                                        '[--last N], --incident, --config, --watch [S] or nothing, not "a b"\n')


def test_status_is_systemctls_with_its_exit_code(ctl):
    ctl.set('systemctl', '--no-pager', 3, 'inactive (dead)\n')

    assert ctl('status') == (3, 'inactive (dead)\n', '',
                             ['systemctl --no-pager --full status fastbypass_monitor'])


@pytest.mark.parametrize('word', [word for word in ALL if word not in LOOKING])
@pytest.mark.parametrize('groups', ['alice', 'alice fastbypass'])
def test_whoever_is_not_root_is_refused_before_anything_is_done(ctl, word, groups):
    ctl.root(1000, groups)

    expected = 'fbypass_ctl: %s needs root: try sudo fbypass_ctl %s\n' % (word, word)
    assert ctl(word) == (4, '', expected, [])


@pytest.mark.parametrize('word', LOOKING)
@pytest.mark.parametrize('groups', ['', 'alice', 'fastbypass2 my-fastbypass fast bypass'])
def test_whoever_may_not_look_is_told_how_to_be_let_in(ctl, word, groups):
    ctl.root(1000, groups)

    assert ctl(word) == (4, '', 'fbypass_ctl: %s needs root or the group fastbypass: try sudo fbypass_ctl %s, or '
                         'sudo usermod -aG fastbypass alice and log in again\n' % (word, word), [])


@pytest.mark.parametrize('words, call', [
    (['show'], 'status '), (['show', '--json'], 'status --json'), (['show', '--prometheus'], 'status --prometheus'),
    (['show', '--history'], 'status --history'), (['show', '--config'], 'status --config'),
    (['show', '--incident'], 'status --incident'),
    (['show', '--history', '--since', '2026-11-01 03:00'], 'status --history --since 2026-11-01 03:00'),
    (['show', '--history', '--last', '5'], 'status --history --last 5'),
    (['show', '--history', '--last', '5', '--since', '30d'], 'status --history --last 5 --since 30d'),
    (['show', '--history', '--since', '30d', '--last', '5'], 'status --history --since 30d --last 5'),
    (['show', '--watch', '5'], 'status --watch 5'), (['check'], 'check'), (['check', 'a file'], 'check a file'),
    (['check', '--against'], 'check --against')])
@pytest.mark.parametrize('groups', ['alice fastbypass', 'fastbypass', 'fastbypass users'])
def test_a_member_of_the_group_may_look(ctl, words, call, groups):
    ctl.root(1000, groups)

    code, _, err, called = ctl(*words)

    assert (code, err, [line.strip() for line in called]) == (0, '', ['launch ' + call.strip()])


def test_anybody_may_ask_for_help_and_the_version(ctl):
    ctl.root(1000)
    ctl.set('launch', '--version', 0, 'fastbypass_monitor 9\n')

    assert ctl('version') == (0, 'fastbypass_monitor 9\n', '', ['launch --version'])
    code, out, err, called = ctl('help')
    assert (code, err, called) == (0, '', []) and out.startswith('Usage: fbypass_ctl [-i NAME] COMMAND\n')


def test_without_a_command_it_shows_how_it_is_used(ctl):
    code, out, err, called = ctl()

    assert (code, out, called) == (2, '', []) and err.startswith('Usage: fbypass_ctl [-i NAME] COMMAND\n')


@pytest.mark.parametrize('word, told', [
    ('forceon', 'force_on'), ('FORCE-OFF', 'force_off'), ('force', 'force_on or force_off'), ('Status', 'status'),
    ('shwo', 'show'), ('cheeck', 'check'), ('reloda', 'reload'), ('sart', 'start'), ('restrt', 'restart'),
    ('stpo', 'stop'), ('tai', 'tail or tailf'), ('e', 'enable'), ('st\\rt', 'start'), ('sh"ow', 'show')])
def test_an_unknown_command_is_answered_with_the_nearest_ones(ctl, word, told):
    assert ctl(word) == (2, '', 'fbypass_ctl: there is no command "%s": did you mean %s? see fbypass_ctl help\n'
                         % (word, told), [])


@pytest.mark.parametrize('word', ['x', '', '*', '[s]how', 'a' * 100000, '-x', '--', '$(id)', '%s%n', '\\033[31m'])
def test_what_is_like_no_command_is_named_alone(ctl, word):
    assert ctl(word) == (2, '', 'fbypass_ctl: there is no command "%s": see fbypass_ctl help\n' % word, [])


def test_the_nearest_one_is_sought_among_all_commands():
    with open(os.path.join(TOP, 'fbypass_ctl')) as stream:
        known = re.search(r'(?m)^commands="(.*)"$', stream.read()).group(1)

    assert sorted(known.split()) == sorted(ALL + ['help', 'version'])


@pytest.mark.parametrize('word', SERVICE + ['status', 'confirm', 'return', 'force_on', 'force_off', 'tailf'])
def test_a_needless_argument_is_refused_before_anything_is_done(ctl, word):
    assert ctl(word, 'now') == (2, '', 'fbypass_ctl: %s takes no argument, not "now"\n' % word, [])


@pytest.mark.parametrize('code', [0, 1, 3])
def test_a_reload_is_the_daemons_own_and_systemctl_adds_no_word(ctl, code):
    ctl.set('launch', 'reload', code, '12 components kept; 0 warnings\n')

    assert ctl('reload') == (code, '12 components kept; 0 warnings\n', '', ['launch reload'])


@pytest.mark.parametrize('word', ['force_on', 'force_off'])
def test_a_force_stops_the_service_first(ctl, word):
    code, out, err, called = ctl(word)

    assert (code, err, called) == (0, '', ['systemctl stop fastbypass_monitor', 'launch ' + word])
    assert 'the daemon is stopped' in out


def test_a_force_that_failed_says_so_with_the_daemons_exit_code(ctl):
    ctl.set('launch', 'force_on', 75)

    assert ctl('force_on') == (75, '', '', ['systemctl stop fastbypass_monitor', 'launch force_on'])


def test_a_force_is_tried_although_the_service_did_not_stop(ctl):
    ctl.set('systemctl', 'stop', 1)

    code, _, err, called = ctl('force_on')

    assert (code, err) == (0, 'fbypass_ctl: the service could not be stopped\n')
    assert called[-1] == 'launch force_on'


WITHOUT = {'systemctl': 'there is no systemctl here', 'booted': 'systemd does not run here'}


@pytest.mark.parametrize('word', SERVICE + ['status'])
@pytest.mark.parametrize('what', sorted(WITHOUT))
def test_without_systemd_a_command_of_the_service_says_so_and_what_runs_without_it(ctl, what, word):
    ctl.without(what)
    if what == 'booted' and word in ('enable', 'disable'):
        assert ctl(word) == (0, '', '', ['systemctl %s fastbypass_monitor' % word])
    else:
        assert ctl(word) == (1, '', 'fbypass_ctl: %s needs systemd, and %s (a container, a chroot?): the daemon runs '
                             'without it by "%s run"\n' % (word, WITHOUT[what], ctl.directory.join('launch')), [])


@pytest.mark.parametrize('word', ['force_on', 'force_off'])
@pytest.mark.parametrize('what', sorted(WITHOUT))
def test_a_force_without_systemd_stops_no_service_and_is_done(ctl, what, word):
    ctl.without(what)
    ctl.set('launch', word, 0, 'address x\n')

    assert ctl(word) == (0, 'address x\n', 'fbypass_ctl: %s: no service is stopped\n' % WITHOUT[what],
                         ['launch ' + word])


@pytest.mark.parametrize('seconds', ['', '0', '3601', '12345', '-1', '2s', 'x', '1.5'])
def test_show_watch_takes_seconds_and_says_so_under_its_own_name(ctl, seconds):
    assert ctl('show', '--watch', '5')[3] == ['launch status --watch 5']
    assert ctl('show', '--watch', seconds) == (
        2, '', 'fbypass_ctl: show --watch takes a number of seconds from 1 to 3600, not "%s"\n' % seconds, [])


@pytest.mark.parametrize('words', [['reload'], ['show'], ['check'], ['version']])
@pytest.mark.parametrize('what', sorted(WITHOUT))
def test_what_does_not_need_systemd_works_without_it(ctl, what, words):
    ctl.without(what)

    code, _, err, called = ctl(*words)
    assert (code, err, len(called)) == (0, '', 1)


def test_tail_shows_a_hundred_lines_or_as_many_as_wanted(ctl):
    lines = ['%d\n' % number for number in range(300)]
    ctl.log.write(''.join(lines))

    assert ctl('tail') == (0, ''.join(lines[-100:]), '', [])
    assert ctl('tail', '007') == (0, ''.join(lines[-7:]), '', [])


@pytest.mark.parametrize('words, text', [
    (['ten'], 'tail takes a number of lines, like 100, not "ten"'),
    (['-1'], 'tail takes a number of lines, like 100, not "-1"'),
    (['+1'], 'tail takes a number of lines, like 100, not "+1"'),
    (['1 2'], 'tail takes a number of lines, like 100, not "1 2"'),
    ([''], 'tail takes a number of lines, like 100, not ""'),
    (['0'], 'tail takes a number of lines from 1, not "0"'),
    (['000'], 'tail takes a number of lines from 1, not "000"'),
    (['1', '2'], 'tail takes one number of lines, not "1 2"'),
])
def test_tail_explains_what_it_does_not_take(ctl, words, text):
    ctl.log.write('one\n')

    assert ctl('tail', *words) == (2, '', 'fbypass_ctl: %s\n' % text, [])


@pytest.mark.parametrize('word', ['tail', 'tailf'])
def test_a_log_that_is_not_there_is_named(ctl, word):
    assert ctl(word) == (1, '', 'fbypass_ctl: there is no log yet: %s\n' % ctl.log, [])


@pytest.mark.parametrize('words', [['json'], ['--jsno'], [''], ['--json', '--history'], ['--since', '30d'],
                                   ['--history', '--since'], ['--history', '--last', '5', '--json'],
                                   ['--history', '--since', '30d', '--last']])
def test_show_explains_what_it_does_not_take(ctl, words):
    assert ctl('show', *words) == (
        2, '', 'fbypass_ctl: show takes --json, --prometheus, --history [--since WHEN] [--last N], --incident, '
        '--config, --watch [S] or nothing, not "%s"\n' % ' '.join(words), [])


@pytest.mark.parametrize('words, call', [
    (['show'], 'launch status '),
    (['show', '--json'], 'launch status --json'),
    (['show', '--config'], 'launch status --config'),
    (['reload', '--confirm', '5m'], 'launch reload --confirm 5m'),
    (['confirm'], 'launch confirm'),
    (['rollback'], 'launch rollback'),
    (['rollback', '17'], 'launch rollback 17'),
    (['rollback', '--list'], 'launch rollback --list'),
    (['check'], 'launch check'),
    (['check', 'a file'], 'launch check a file'),
    (['check', '--against'], 'launch check --against'),
    (['check', '--against', 'a file'], 'launch check --against a file'),
    (['beat', '::1', '3000', '--count', '2'], 'launch beat ::1 3000 --count 2'),
])
def test_the_daemons_own_commands_are_passed_on(ctl, words, call):
    ctl.set('launch', call.split()[1], 3)

    code, _, _, called = ctl(*words)

    assert (code, [line.strip() for line in called]) == (3, [call.strip()])


@pytest.mark.parametrize('word', ALL + ['version', 'help'])
@pytest.mark.parametrize('option', ['--help', '-h'])
def test_anybody_may_ask_for_the_help_of_one_command(ctl, word, option):
    ctl.root(1000)

    code, out, err, called = ctl(word, option)
    first = out.splitlines()[0].split()
    assert (code, err, first[:3]) == (0, '', ['Usage:', 'fbypass_ctl', word])
    # The help is about this command alone.
    assert (out.count('Usage'), 'Looking' in out, called) == (1, False, [])


def test_the_help_of_a_command_says_what_it_takes_and_does(ctl):
    code, out, err, called = ctl('tail', '--help')

    assert out == 'Usage: fbypass_ctl tail [N]\n  the last N lines of the log (100)\n'


@pytest.mark.parametrize('words', [
    ['nix', '--help'], ['', '--help'], ['the', '--help'], ['*', '-h'], ['show', '--help', 'x']])
def test_what_is_no_command_has_no_help(ctl, words):
    code, out, err, called = ctl(*words)

    assert (code, out, err.startswith('fbypass_ctl: ')) == (2, '', True)


@pytest.mark.parametrize('words', [['reload', 'now'], ['reload', '--confirm'], ['reload', '--confirm', '5m', 'x'],
                                   ['rollback', 'x'], ['rollback', '-1'], ['rollback', '1', '2'], ['rollback', '']])
def test_what_a_reload_and_a_rollback_do_not_take_is_refused_before_anything_is_done(ctl, words):
    code, out, err, called = ctl(*words)

    assert (code, out, err.startswith('fbypass_ctl: %s takes ' % words[0]), called) == (2, '', True, [])


@pytest.mark.parametrize('words', [['a', 'b'], ['--json'], ['-x'], ['--', 'a'], ['--against', 'a', 'b'],
                                   ['a', '--against'], ['--against', '--against']])
def test_check_takes_one_file(ctl, words):
    code, out, err, called = ctl('check', *words)

    assert (code, out, err.startswith('fbypass_ctl: check takes'), called) == (2, '', True, [])


@pytest.mark.parametrize('words', [['start'], ['restart'], ['force_on'], ['force_off'], ['reload'], ['show'], ['check'],
                                   ['beat', '127.0.0.1', '3000'], ['version']])
def test_without_the_program_a_command_says_so_and_touches_nothing(ctl, words):
    ctl.directory.join('launch').remove()

    assert ctl(*words) == (1, '', 'fbypass_ctl: %s is missing: install the package again\n'
                           % ctl.directory.join('launch'), [])


# --- one of several clusters: -i NAME ---

UNIT = 'fastbypass_monitor@west.service'


@pytest.mark.parametrize('words, calls', [
    (['start'], ['launch -i west check', 'systemctl start ' + UNIT]),
    (['restart'], ['launch -i west check', 'systemctl restart ' + UNIT]),
    (['stop'], ['systemctl stop ' + UNIT]),
    (['enable'], ['systemctl enable ' + UNIT]),
    (['disable'], ['systemctl disable ' + UNIT]),
    (['status'], ['systemctl --no-pager --full status ' + UNIT]),
    (['force_on'], ['systemctl stop ' + UNIT, 'launch -i west force_on']),
    (['force_off'], ['systemctl stop ' + UNIT, 'launch -i west force_off']),
    (['reload', '--confirm', '5m'], ['launch -i west reload --confirm 5m']),
    (['confirm'], ['launch -i west confirm']),
    (['rollback', '3'], ['launch -i west rollback 3']),
    (['return'], ['launch -i west return']),
    (['maintenance', 'a', 'on'], ['launch -i west maintenance a on']),
    (['override', 'off'], ['launch -i west override off']),
    (['drill', '5'], ['launch -i west drill 5']),
    (['report', '--json'], ['launch -i west report --json']),
    (['show', '--json'], ['launch -i west status --json']),
    (['check', '--against'], ['launch -i west check --against']),
    (['beat', '::1', '3000'], ['launch -i west beat ::1 3000']),
    (['version'], ['launch -i west --version'])])
def test_each_command_is_about_the_instance_alone(ctl, words, calls):
    ctl.instance('west')

    code, _, err, called = ctl('-i', 'west', *words)

    assert (code, err, called) == (0, '', calls)


def test_every_command_was_tried_with_an_instance():
    tried = test_each_command_is_about_the_instance_alone.pytestmark[0].args[1]

    assert sorted(words[0] for words, _ in tried) == sorted(set(ALL + ['version']) - set(['tail', 'tailf']))


def test_the_log_is_that_of_the_instance(ctl):
    ctl.log.write('of nobody\n')
    ctl.instance('west', 'of west\n')

    assert ctl('-i', 'west', 'tail') == (0, 'of west\n', '', [])
    assert ctl('tail') == (0, 'of nobody\n', '', [])


def test_a_name_with_a_dot_is_never_taken_for_another_unit(ctl):
    ctl.instance('a.service')

    assert ctl('-i', 'a.service', 'stop')[3] == ['systemctl stop fastbypass_monitor@a.service.service']


@pytest.mark.parametrize('words, told', [
    (['start'], 'start needs root: try sudo fbypass_ctl -i west start'),
    (['show'], 'show needs root or the group fastbypass: try sudo fbypass_ctl -i west show, or sudo usermod -aG '
               'fastbypass alice and log in again')])
def test_what_a_person_shall_type_names_the_instance(ctl, words, told):
    ctl.instance('west')
    ctl.root(1000)

    assert ctl('-i', 'west', *words) == (4, '', 'fbypass_ctl: %s\n' % told, [])


def test_after_a_force_the_start_that_it_tells_of_is_that_of_the_instance(ctl):
    ctl.instance('west')

    assert 'until "fbypass_ctl -i west start" or' in ctl('-i', 'west', 'force_on')[1]


def test_the_mistakes_of_an_instances_file_keep_it_from_starting(ctl):
    ctl.instance('west')
    ctl.set('launch', '-i', 1, '.env:4: error: e\n')

    assert ctl('-i', 'west', 'start') == (1, '', '.env:4: error: e\nfbypass_ctl: the file is refused, nothing is done '
                                          '(systemctl start %s leaves out what is faulty)\n' % UNIT,
                                          ['launch -i west check'])


@pytest.mark.parametrize('there, name, told', [
    ([], 'west', 'there is no instance here'),
    (['east', 'west'], 'wset', 'did you mean west? the instances here: east, west'),
    (['east', 'west'], 'we', 'did you mean west? the instances here: east, west'),
    (['east', 'a b', '-x', '.y'], 'north', 'the instances here: east')])
@pytest.mark.parametrize('word', ['show', 'force_on', 'nix', 'help'])
def test_an_unknown_instance_is_answered_with_those_that_are_there_and_how_to_make_it(ctl, there, name, told, word):
    for one in there:
        ctl.instance(one)
    home = ctl.directory.join('home')

    assert ctl('-i', name, word) == (
        2, '', 'fbypass_ctl: there is no instance "%s": %s; to make it, write %s/%s/.env (%s/backend/sample.env '
        'explains every key), then fbypass_ctl -i %s check, enable and start\n'
        % (name, told, home, name, home, name), [])


def test_an_instance_that_has_lost_its_file_but_has_run_can_be_stopped(ctl):
    ctl.directory.join('run', '@west').ensure(dir=True)

    assert ctl('-i', 'west', 'stop') == (0, '', '', ['systemctl stop ' + UNIT])


# {a name: whether an instance can have it}.
NAMES = {'west': True, 'a': True, 'A_b.c-9': True, 'x' * 32: True, 'start': True,
         'x' * 33: False, '': False, '-west': False, '.west': False, 'a b': False, 'a/b': False, '..': False,
         'a@b': False, 'w\\x2d': False, '*': False, 'a\nb': False}


@pytest.mark.parametrize('name', sorted(NAMES))
def test_fbypass_ctl_and_the_launcher_have_the_same_rule_for_names(ctl, name):
    if '/' not in name and len(name.strip('.')):
        ctl.instance(name)
    code, _, err, called = ctl('-i', name, 'check')

    assert (code, called) == ((0, ['launch -i %s check' % name]) if NAMES[name] else (2, []))
    assert NAMES[name] or err.startswith('fbypass_ctl: -i takes a name of 1 to 32 letters, digits')
    # The real one, with a Python that says only that it was called.
    ctl.directory.join('real').write(helpers.read(os.path.join(TOP, 'debian/libexec/launch')))
    ctl.directory.join('python3').write('#!/bin/sh\n')
    ctl.directory.join('python3').chmod(0o755)
    child = subprocess.Popen(['sh', str(ctl.directory.join('real')), '-i', name, 'check'], stderr=subprocess.PIPE,
                             stdout=subprocess.PIPE, env=dict(os.environ, PATH='%s:%s' % (ctl.directory, ctl.path)))
    code, _, told = helpers.finish(child)
    assert (code, told) == ((0, '') if NAMES[name] else (
        78, 'fastbypass_monitor: no name for an instance: "%s"\n' % name))


def test_the_files_of_the_service_without_a_name_are_no_instance(ctl):
    ctl.instance('backend')
    ctl.instance('west')

    assert ctl('-i', 'backend', 'show') == (
        2, '', 'fbypass_ctl: %s/backend is that of fbypass_ctl without -i; the instances here: west\n'
        % ctl.directory.join('home'), [])


def test_i_alone_lists_the_instances(ctl):
    ctl.instance('west')
    ctl.instance('east')

    assert ctl('-i') == (2, '', 'fbypass_ctl: -i takes the name of an instance, and a command after it; the instances '
                         'here: east, west\n', [])
    code, out, err, called = ctl('-i', 'west')
    assert (code, out, called) == (2, '', []) and err.startswith('Usage: fbypass_ctl [-i NAME] COMMAND\n')
