import io
import os
import re
import subprocess

import pytest

import helpers
from fbmon import __version__
from fbmon.cli import main, options as command_line
from fbmon.memory import rundir
from fbmon.web import serve

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPTS = ['debian/preinst', 'debian/postinst', 'debian/prerm', 'debian/postrm', 'debian/libexec/launch',
           'debian/libexec/reload', 'fbypass_ctl']

# The directives of our unit that systemd 215 of Debian 8 knows (its load-fragment-gperf.gperf.m4) ...
KNOWN_TO_215 = set('''
    After CapabilityBoundingSet Description DevicePolicy Documentation Environment ExecReload ExecStart ExecStartPre
    KillMode LimitCORE LimitNOFILE NoNewPrivileges NotifyAccess OOMScoreAdjust
    ProtectHome ProtectSystem Restart RestartSec RestrictAddressFamilies StartLimitInterval SyslogIdentifier
    SystemCallArchitectures SystemCallErrorNumber SystemCallFilter TimeoutStartSec
    TimeoutStopSec Type UMask WantedBy WatchdogSec'''.split())
# ... and those that it ignores. These must only protect or limit.
MAY_BE_IGNORED = set('''
    KeyringMode LockPersonality ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs
    ProtectKernelModules ProtectProc ReadWritePaths RestrictNamespaces RestrictRealtime RestrictSUIDSGID
    TasksMax'''.split())
# The verbs that init-system-helpers 1.22 of Debian 8 knows (its changelog: 1.3, 1.8, 1.18).
HELPER_VERBS = {'deb-systemd-helper': {'enable', 'was-enabled', 'update-state', 'purge'},
                'deb-systemd-invoke': {'start', 'stop', 'restart'}}


def read(name):
    with io.open(os.path.join(TOP, name), encoding='utf-8') as stream:
        return stream.read()


def directives(unit='fastbypass_monitor.service'):
    """[(name, value)] of all lines of a unit."""
    return re.findall(r'(?m)^([A-Z]\w+)=(.*)$', read(unit))


def test_there_is_one_version_in_the_tree():
    changelog = re.match(r'fastbypass-monitor \((.*)\)', read('debian/changelog')).group(1)
    pages = [re.search(r'"fastbypass_monitor (.*?)"', read('docs/man/' + page)).group(1)
             for page in ('fbypass_ctl.8', 'fastbypass_monitor.8', 'fastbypass_web.8')]
    changes = re.search(r'(?m)^## (.*)$', read('CHANGELOG.md')).group(1)

    assert [changelog, changes] + pages == [__version__] * 5


def test_the_unit_has_only_directives_that_systemd_215_knows_or_can_do_without():
    assert {name for name, _ in directives()} == KNOWN_TO_215 | MAY_BE_IGNORED


def test_the_unit_lets_the_daemon_do_its_work():
    names = {name for name, _ in directives()}
    values = dict(directives())

    # The daemon writes promote_secondaries below /proc/sys. A stop must not remove its record of the network. ctypes of
    # Python 2.7 needs memory that can be written and executed. The addresses belong to the system's own network.
    assert not names & {'ProtectKernelTunables', 'ProcSubset', 'RuntimeDirectory', 'MemoryDenyWriteExecute',
                        'PrivateNetwork', 'PrivateUsers', 'User', 'DynamicUser'}
    # These need a /tmp, or directories and users that may be missing. `check` may read a file in a home directory.
    assert not names & {'PrivateTmp', 'PrivateDevices', 'WorkingDirectory', 'RootDirectory', 'StateDirectory',
                        'LogsDirectory', 'ConfigurationDirectory', 'EnvironmentFile', 'Group'}
    assert values['ProtectHome'] == 'read-only'
    # With a list of allowed calls, a version that does not know its groups would allow no call at all.
    assert values['SystemCallFilter'].startswith('~')
    assert set(values['CapabilityBoundingSet'].split()) == {'CAP_NET_ADMIN', 'CAP_NET_BIND_SERVICE',
                                                            'CAP_DAC_READ_SEARCH', 'CAP_NET_RAW'}
    assert int(values['LimitNOFILE']) > 3 * 1000 + 64 and int(values['TasksMax']) > 1000 + 64


def test_a_missing_path_never_stops_the_start():
    paths = [word for name, value in directives() if name == 'ReadWritePaths' for word in value.split()]
    before = [value for name, value in directives() if name == 'ExecStartPre']

    assert paths and all(path.startswith('-/') for path in paths)
    assert before and all(re.match(r'-\+(/bin/mkdir -p|/usr/bin/install -d) -m \d{4} ', value) for value in before)


def test_what_the_unit_may_write_it_makes_for_those_who_may_use_it():
    """A systemd before 231 ignores these lines. Then the package and tmpfiles.d have made the run directory."""
    made = [re.match(r'.* -m (\d{4})(?: -g (\w+))? (\S+)$', value).groups()
            for name, value in directives() if name == 'ExecStartPre']
    tmpfiles = [line for line in read('debian/fastbypass_monitor.tmpfiles').splitlines() if not line.startswith('#')]
    backend = '/var/fastbypass_monitor/backend/'

    assert made == [('2750', rundir.READERS, '/run/fastbypass_monitor'), ('0700', None, '/run/fastbypass_monitor'),
                    ('0755', None, backend + 'logs'), ('0700', None, backend + 'state')]
    assert tmpfiles == ['d /run/fastbypass_monitor 2750 root %s -' % rundir.READERS]
    assert set(path for _, _, path in made) | {'/tmp'} == {
        word[1:] for name, value in directives() if name == 'ReadWritePaths' for word in value.split()}
    # A start must not fail where there is no such group.
    assert 'SupplementaryGroups' not in dict(directives())
    for name, word in (('debian/postinst', 'group'), ('fbypass_ctl', 'readers')):
        assert '\n%s=%s\n' % (word, rundir.READERS) in read(name)


def test_the_unit_of_an_instance_is_the_same_but_for_its_name_and_its_files():
    """The package makes it of the other one, so they cannot drift apart."""
    one = read('fastbypass_monitor.service').splitlines()
    made = subprocess.check_output(['sed', '-f', 'debian/instance.sed', 'fastbypass_monitor.service'], cwd=TOP)
    each = made.decode('utf-8').splitlines()[2:]
    run, private = '/run/fastbypass_monitor', '/usr/share/fastbypass_monitor'
    both = '%s %s/@%%i' % (run, run)

    assert [pair for pair in zip(one, each) if pair[0] != pair[1]] == [
        ('Description=FastBypass monitor', 'Description=FastBypass monitor %i'),
        ('SyslogIdentifier=fastbypass_monitor', 'SyslogIdentifier=fastbypass_monitor@%i'),
        ('ExecStartPre=-+/usr/bin/install -d -m 2750 -g fastbypass ' + run,
         'ExecStartPre=-+/usr/bin/install -d -m 2750 -g fastbypass ' + both),
        ('ExecStartPre=-+/bin/mkdir -p -m 0700 ' + run, 'ExecStartPre=-+/bin/mkdir -p -m 0700 ' + both),
        ('ExecStartPre=-+/bin/mkdir -p -m 0755 /var/fastbypass_monitor/backend/logs',
         'ExecStartPre=-+/bin/mkdir -p -m 0755 /var/fastbypass_monitor/%i/logs'),
        ('ExecStartPre=-+/bin/mkdir -p -m 0700 /var/fastbypass_monitor/backend/state',
         'ExecStartPre=-+/bin/mkdir -p -m 0700 /var/fastbypass_monitor/%i/state'),
        ('ExecStart=%s/launch run' % private, 'ExecStart=%s/launch -i %%i run' % private),
        ('ExecReload=%s/reload $MAINPID' % private, 'ExecReload=%s/reload $MAINPID %%i' % private),
        ('ReadWritePaths=-/var/fastbypass_monitor/backend/logs -/var/fastbypass_monitor/backend/state',
         'ReadWritePaths=-/var/fastbypass_monitor/%i/logs -/var/fastbypass_monitor/%i/state')]
    assert len(one) == len(each) and 'backend' not in '\n'.join(each)
    # %I would make a slash of a dash.
    assert '%I' not in '\n'.join(each)


def test_it_is_restarted_for_ever_and_never_waits_for_the_network_to_be_online():
    values = dict(directives())

    assert (values['Restart'], values['RestartSec'], values['StartLimitInterval']) == ('always', '1s', '0')
    assert (values['Type'], values['TimeoutStopSec'], values['KillMode']) == ('notify', '5s', 'mixed')
    assert values['After'].split() == ['network.target', 'networking.service']
    assert not re.search(r'(?m)^(Requires|Wants|BindsTo)=', read('fastbypass_monitor.service'))


def test_the_pages_unit_runs_an_old_systemd_as_its_own_user_and_may_do_nothing():
    found = directives('fastbypass_web.service')
    values = dict(found)

    # What a version before 232 ignores must only protect or limit. It would run a DynamicUser as root.
    assert {name for name, _ in found} - KNOWN_TO_215 - {'User', 'Group', 'Nice'} == MAY_BE_IGNORED - {
        'ReadWritePaths'} | {'InaccessiblePaths', 'MemoryDenyWriteExecute', 'MemoryMax', 'ProcSubset',
                             'ProtectKernelTunables', 'RemoveIPC'}
    assert (values['User'], values['Group']) == ('fastbypass-web', rundir.READERS)
    assert '\nweb_user=%s\n' % values['User'] in read('debian/postinst')
    assert (values['CapabilityBoundingSet'], values['NoNewPrivileges']) == ('', 'true')
    assert [value for name, value in found if name == 'ProtectSystem'] == ['full', 'strict']
    assert values['RestrictAddressFamilies'] == 'AF_UNIX AF_INET AF_INET6'
    assert values['SystemCallFilter'].startswith('~') and '@privileged' in values['SystemCallFilter']
    assert (values['Restart'], values['StartLimitInterval']) == ('always', '0')


def test_the_pages_unit_serves_where_the_command_does():
    found = directives('fastbypass_web.service')

    assert ('Environment', 'LISTEN=' + serve.USUAL) in found
    assert dict(found)['ExecStart'] == '/usr/share/fastbypass_monitor/launch serve --listen ${LISTEN}'
    assert '127.0.0.1:9742' == serve.USUAL and serve.USUAL in read('docs/monitoring.md')


@pytest.mark.parametrize('verbs', sorted(HELPER_VERBS))
def test_the_maintainer_scripts_use_only_what_old_helpers_know(verbs):
    text = '\n'.join(read(name) for name in SCRIPTS[:4]).replace('command -v deb-systemd-helper', '')

    used = set(re.findall(verbs.replace('deb-systemd-invoke', '(?:deb-systemd-)?invoke')
                          + r' (?:--quiet )?([a-z-]+)', text))

    assert used == HELPER_VERBS[verbs]
    assert 'dpkg-maintscript-helper' not in text and 'systemd-tmpfiles' not in text


@pytest.mark.parametrize('name', SCRIPTS)
def test_the_scripts_are_sound(name):
    subprocess.check_call(['sh', '-n', os.path.join(TOP, name)])
    if any(os.access(os.path.join(path, 'shellcheck'), os.X_OK) for path in os.environ['PATH'].split(':')):
        subprocess.check_call(['shellcheck', os.path.join(TOP, name)])


def test_both_man_pages_name_every_command():
    table = re.search(r'COMMANDS = \((.*)\)\n', read('fbmon/cli/main.py'), re.S).group(1)
    commands = re.findall(r"\('(\w+)'", table)
    aliases = completions('')

    daemon, ctl = read('docs/man/fastbypass_monitor.8'), read('docs/man/fbypass_ctl.8')

    assert [name for name in commands if not re.search(r'(?m)^\.BI? "?%s\b' % name, daemon)
            and not re.search(r'(?m)^\.BR %s\b' % name, daemon)] == []
    assert [name for name in aliases if not re.search(r'(?m)^\.B[RI]? .*\b%s\b' % name, ctl)] == []


def test_the_man_page_has_the_exit_code_of_every_command_and_what_stands_before_it():
    page = read('docs/man/fastbypass_monitor.8').replace('\\-', '-')
    codes, synopsis = [page.partition('.SH ' + title)[2].partition('.SH ')[0] for title in ('EXIT STATUS', 'SYNOPSIS')]

    assert [name for name, _, _ in main.COMMANDS if not re.search(r'(?m)^\.BR? .*\b%s\b' % name, codes)] == []
    assert re.findall(r'(?m)^\.RB \[ (--\S+)$', synopsis) == list(command_line.GLOBAL)


def test_the_man_page_names_every_key_of_the_sample_file():
    keys = set(re.findall(r'(?m)^#? ?([A-Z][A-Z_]+)(?:\[\d+\])?=', read('sample.env')))
    page = read('docs/man/fastbypass_monitor.8')

    assert keys and [key for key in sorted(keys) if key not in page] == []


def test_the_man_page_describes_every_option():
    options = set(re.findall(r"'(--[a-z-]+)'", read('fbmon/cli/options.py')))
    page = read('docs/man/fastbypass_monitor.8').partition('.SH OPTIONS')[2].partition('.SH ')[0].replace('\\-', '-')

    assert len(options) > 6 and [one for one in sorted(options) if not re.search(r'(?m)^\.BI? %s\b' % one, page)] == []


def test_the_package_has_the_documents_that_the_man_page_names():
    page = read('docs/man/fastbypass_monitor.8').partition('/usr/share/doc')[2].partition('.SH ')[0]

    assert set(re.findall(r'(?m)^\.I (\S+)', page)) == set(
        os.path.basename(name) for name in read('debian/docs').split())


def completions(*words, **options):
    """The words that bash offers for the last word of `fbypass_ctl WORDS`. ifs: the shell's IFS."""
    script = (options.get('ifs', '') + '. "$0"; COMP_WORDS=(fbypass_ctl "$@"); COMP_CWORD=$#; _fbypass_ctl; '
              '[ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"')
    argv = ['bash', '-c', script, os.path.join(TOP, 'debian/fbypass_ctl.completion')] + list(words)
    return subprocess.check_output(argv, universal_newlines=True).split()


def test_bash_completes_every_command_of_fbypass_ctl():
    branches = re.findall(r'(?m)^    ([a-z][a-z_ |-]*)\)$', read('fbypass_ctl').split('case $command in')[1])
    taken = {word for branch in branches for word in branch.split(' | ') if not word.startswith('-')}

    assert set(completions('')) == taken


@pytest.mark.parametrize('words, offered', [
    (['sta'], ['start', 'status']),
    (['force_'], ['force_on', 'force_off']),
    (['show', '--p'], ['--prometheus']),
    (['reload', ''], ['--confirm']),
    (['rollback', '--'], ['--list']),
    (['check', TOP + '/sample.e'], [TOP + '/sample.env']),
    (['check', '--'], ['--against']),
    (['check', '--against', TOP + '/sample.e'], [TOP + '/sample.env']),
    (['beat', '10.0.0.1', ''], []),
    (['beat', '10.0.0.1', '3000', '--'], [
        '--interval', '--count', '--force', '--while', '--every', '--source', '--interface']),
    (['stop', ''], []),
    (['maintenance', 'dpi-1', ''], ['on', 'off']),
    (['maintenance', 'dpi-1', 'on', '--'], ['--for', '--reason']),
    (['override', ''], ['bypass', 'normal', 'freeze', 'off', '--json']),
    (['override', 'freeze', '--f'], ['--for']),
    (['drill', '--'], ['--reason']),
    (['report', ''], ['--since', '--until', '--json', '--html']),
    (['report', '--since', ''], ['30d', '7d', '24h']),
    (['report', '--html', TOP + '/sample.e'], [TOP + '/sample.env']),
])
def test_bash_completes_what_can_follow(words, offered):
    assert completions(*words) == offered


@pytest.fixture
def home(tmp_path):
    """The words of bash that have the files of these tests completed: a nameless daemon's and two instances'."""
    files = {'backend': 'LISTEN_HB_HOST[0]=10.0.0.1\n# LISTEN_HB_NODE[3]=no\n'
                        'LISTEN_HB_NODE[0]="dpi-1" # x\n export LISTEN_HB_NODE[1] = dpi-2\n',
             'east': '', 'west': 'LISTEN_HB_NODE[0]=west-1\n', 'a b': ''}
    for name, text in files.items():
        (tmp_path / name).mkdir()
        helpers.write(str(tmp_path / name / '.env'), text)
    return 'FBYPASS_HOME=%s; ' % tmp_path


def test_bash_completes_the_nodes_of_the_file(home):
    assert completions('maintenance', '', ifs=home) == ['0', 'dpi-1', 'dpi-2', '--json']
    assert completions('maintenance', 'd', ifs=home) == ['dpi-1', 'dpi-2']
    assert completions('maintenance', '', ifs='FBYPASS_HOME=/nothing; ') == ['--json']


def test_bash_completes_the_instances_and_what_follows_them(home):
    assert completions('-', ifs=home) == ['-i']
    assert completions('-i', '', ifs=home) == ['east', 'west']
    assert completions('-i', 'w', ifs=home + 'IFS=:; ') == ['west']
    assert completions('-i', '', ifs='FBYPASS_HOME=/nothing; ') == []
    assert completions('-i', 'west', 'sta', ifs=home) == ['start', 'status']
    assert completions('-i', 'west', 'maintenance', '', ifs=home) == ['west-1', '--json']
    assert completions('-i', 'west', 'maintenance', 'west-1', 'o', ifs=home) == ['on', 'off']
    assert completions('-i', 'west', 'report', '--since', '', ifs=home) == ['30d', '7d', '24h']
    assert completions('-i', 'west', 'beat', '10.0.0.1', '', ifs=home) == []
    assert completions('-i', 'west', 'show', '--history', '', ifs=home) == ['--since', '--last']


@pytest.mark.parametrize('ifs', ['IFS=:; ', 'IFS=; ', 'IFS=t; '])
def test_bash_completes_under_any_ifs(ifs):
    assert completions('sta', ifs=ifs) == completions('sta')
    assert completions('show', '', ifs=ifs) == [
        '--json', '--prometheus', '--history', '--incident', '--config', '--watch']
    assert completions('show', '--history', '', ifs=ifs) == ['--since', '--last']


@pytest.fixture
def launch(tmpdir):
    """Runs the launcher on a PATH that has only these interpreters, {name: version}."""
    private, path = tmpdir.mkdir('private'), tmpdir.mkdir('bin')
    private.join('launch').write(read('debian/libexec/launch'))
    stub = '#!/bin/sh\nif [ "$1$2" = -S-E ]; then exit %d; fi\necho "%s $*"\n'

    def run(interpreters, *words, **environ):
        for name, suits in interpreters.items():
            path.join(name).write(stub % (0 if suits else 1, name))
            path.join(name).chmod(0o755)
        process = subprocess.Popen(['/bin/sh', str(private.join('launch'))] + list(words),
                                   env=dict(environ, PATH=str(path)), universal_newlines=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate()
        return process.returncode, out, err
    return run


@pytest.mark.parametrize('interpreters, picked', [
    ({'python3': True, 'python2.7': True, 'python': True}, 'python3'),
    ({'python3': False, 'python2.7': True, 'python': True}, 'python2.7'),
    ({'python2.7': True}, 'python2.7'),
    ({'python3': False, 'python': True}, 'python'),
])
def test_the_launcher_takes_the_best_interpreter_that_is_there(launch, interpreters, picked):
    code, out, err = launch(interpreters, 'run')

    assert (code, err) == (0, '')
    assert re.match(r'%s -B -E -s -S \S+/fbmon\.py run\n$' % re.escape(picked), out)


def test_the_launcher_has_all_threads_share_one_arena_of_memory_unless_it_is_told_otherwise(launch, tmpdir):
    launch({'python3': True}, 'run')
    tmpdir.join('bin', 'python3').write('#!/bin/sh\n[ "$1$2" = -S-E ] || echo "$MALLOC_ARENA_MAX"\n')

    assert launch({}, 'run') == (0, '1\n', '')
    assert launch({}, 'run', MALLOC_ARENA_MAX='3') == (0, '3\n', '')


def test_without_a_suitable_interpreter_the_launcher_says_what_to_install(launch):
    code, out, err = launch({'python3': False, 'python': False}, 'run')

    assert (code, out) == (69, '')
    assert 'no suitable Python: install python3 (3.6 or later) or python2.7 (2.7.9 or later)' in err


def test_the_launcher_gives_an_instance_files_of_its_own(launch):
    code, out, err = launch({'python3': True}, '-i', 'west', 'status', '--json', FASTBYPASS_INSTANCE='other')

    assert (code, err) == (0, '')
    assert out.split()[6:] == (
        '--config /var/fastbypass_monitor/west/.env --log-dir /var/fastbypass_monitor/west/logs '
        '--state-dir /var/fastbypass_monitor/west/state --run-dir /run/fastbypass_monitor/@west status --json').split()
    # The daemon reads this command line without argparse.
    assert main.plain_run(out.split()[6:-2] + ['run']) == main.Places(
        '/var/fastbypass_monitor/west/.env', '/var/fastbypass_monitor/west/logs', '/run/fastbypass_monitor/@west',
        '/var/fastbypass_monitor/west/state')


def test_the_launcher_starts_no_second_daemon_with_the_files_of_the_one_without_a_name(launch):
    assert launch({'python3': True}, '-i', 'backend', 'run') == (
        78, '', 'fastbypass_monitor: no name for an instance: "backend"\n')


def test_the_launcher_alone_says_which_instance_it_is(launch, tmpdir):
    launch({'python3': True}, 'run')
    tmpdir.join('bin', 'python3').write('#!/bin/sh\n[ "$1$2" = -S-E ] || echo "${FASTBYPASS_INSTANCE-none}"\n')

    assert launch({}, '-i', 'west', 'run') == (0, 'west\n', '')
    assert launch({}, 'run', FASTBYPASS_INSTANCE='west') == (0, 'none\n', '')


def test_signals_that_come_too_early_do_not_end_an_instance_either(launch, tmpdir):
    launch({'python3': True}, 'run')
    tmpdir.join('bin', 'python3').write('#!/bin/sh\n[ "$1$2" != -S-E ] || exit 0\nkill -HUP $$\necho alive\n')

    assert launch({}, 'run') == launch({}, '-i', 'west', 'run') == (0, 'alive\n', '')
    assert launch({}, '-i', 'west', 'status')[0] == -1


@pytest.mark.parametrize('version, suits', [
    ((2, 7, 8), False), ((2, 7, 9), True), ((2, 7, 18), True), ((3, 0, 0), False), ((3, 4, 2), False),
    ((3, 5, 3), False), ((3, 6, 0), True), ((3, 13, 5), True),
])
def test_the_launcher_wants_what_the_package_depends_on(version, suits):
    condition = re.search(r'sys\.exit\(not \((.*)\)\)', read('debian/libexec/launch')).group(1)

    assert eval(condition, {'v': version}) is suits


@pytest.mark.parametrize('words, called', [([], 'check'), (['west'], '-i west check')])
def test_reload_checks_first_signals_always_and_fails_with_a_faulty_file(tmpdir, words, called):
    tmpdir.join('reload').write(read('debian/libexec/reload'))
    tmpdir.join('launch').write('#!/bin/sh\necho ".env:4: error: $*"; exit 1\n')
    tmpdir.join('launch').chmod(0o755)
    program = 'trap "echo reloaded; exit" HUP; echo up; for second in 1 2 3 4 5; do sleep 1; done'
    daemon = subprocess.Popen(['sh', '-c', program], stdout=subprocess.PIPE, universal_newlines=True)
    assert daemon.stdout.readline() == 'up\n'

    process = subprocess.Popen(['sh', str(tmpdir.join('reload')), str(daemon.pid)] + words, stderr=subprocess.PIPE,
                               universal_newlines=True)
    said = process.communicate()[1]

    assert (process.returncode, said) == (1, '.env:4: error: %s\n' % called)
    assert daemon.communicate()[0] == 'reloaded\n'
