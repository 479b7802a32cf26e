"""main.py: each command says what it did by its exit code and in plain words, never by a traceback."""
import gc
import json
import os
import re
import socket
import subprocess
import sys

import pytest

from fbmon import __version__
from fbmon.cli import main, output, stopped
from fbmon.cli import options as main_options
from fbmon.daemon import daemon as main_daemon
from fbmon.show import statussocket
from fbmon.show.statussocket import NoAnswer, NotRunning
from helpers import FBMON, LIMIT, finish, python, read, wait_for, write, written
from test_console import FULL, TEXT

GOOD = '''LISTEN_HEARTBEAT_IFS=lo
BYPASS_CARD_IFS=lo
LISTEN_HB_HOST[0]=127.0.0.1
LISTEN_HB_PORT[0]=3000
BYPASS_CARD_HOST[0]=192.0.2.1/24
'''

PLACES = main.Places(*[None] * len(main.Places._fields))

# What `ip` says on a machine that has only loopback.
LOOPBACK = r'''
case "$*" in
"-o -0 addr") echo '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\    link/loopback 00:00:00:00';;
"-o addr") echo '1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever';;
"-force -batch -")
    n=0
    while read -r line; do
        n=$((n+1)); echo "$line" >> $DIR/lines
        case "$line" in fbmon*) echo "Command failed -:$n" >&2;; esac
    done;;
*) exec sleep 600;;
esac
'''


@pytest.fixture
def fbmon(tmp_path):
    """fbmon(arguments...): runs the program with its own directories. Returns (exit code, stdout, stderr)."""
    def run(*arguments, **options):
        return finish(begin(*arguments, **options))

    def begin(*arguments, **options):
        environ = dict(os.environ, **options.pop('environ', {}))
        options.setdefault('stdout', subprocess.PIPE)
        places = ['--config', str(tmp_path / '.env'), '--log-dir', str(tmp_path / 'logs'),
                  '--run-dir', str(tmp_path / 'run'), '--state-dir', str(tmp_path / 'state')]
        options.setdefault('stderr', subprocess.PIPE)
        return subprocess.Popen([sys.executable, FBMON] + places + list(arguments), env=environ, **options)
    run.begin = begin
    return run


def serve(tmp_path, document):
    """Serve this document at the status socket."""
    if not os.path.isdir(str(tmp_path / 'run')):
        (tmp_path / 'run').mkdir()
    sock = statussocket.listen(str(tmp_path / 'run' / 'status.sock'))
    made = document if callable(document) else lambda: document
    statussocket.Server(sock, lambda reply: reply(json.dumps(made()))).start(None)


# --- options ---

def test_version_is_told_on_stdout(fbmon):
    assert fbmon('--version') == (0, 'fastbypass_monitor %s\n' % __version__, '')


@pytest.mark.parametrize('environ', [{'PYTHONSAFEPATH': '1'}, {'PYTHONPATH': '/nowhere'}])
def test_its_modules_are_found_whatever_pythons_settings_say(fbmon, environ):
    assert fbmon('--version', environ=environ, cwd='/') == (0, 'fastbypass_monitor %s\n' % __version__, '')


@pytest.mark.parametrize('command', [[]] + [[entry[0]] for entry in main.COMMANDS])
def test_help_is_there_for_every_command(command, capsys):
    with pytest.raises(SystemExit) as raised:
        main.main(command + ['--help'])

    assert raised.value.code == 0
    # fbypass_ctl passes the words of some commands on.
    passed = command in (['beat'], ['reload'], ['maintenance'], ['override'], ['drill'], ['report'])
    assert capsys.readouterr().out.startswith('usage: ' + (command[0] if passed else 'fbmon.py'))


@pytest.mark.parametrize('arguments', [
    ['nonsense'], ['--frobnicate'], ['--config'], ['run', 'extra'], ['check', 'a', 'b'], [''], ['status', '--xml'],
    ['status', '--json', '--history'], ['beat'], ['beat', '127.0.0.1'], ['beat', '127.0.0.1', '0'],
    ['beat', '127.0.0.1', '65536'], ['beat', '127.0.0.1', 'http'], ['beat', '127.0.0.1', '-1'],
    ['beat', '127.0.0.1', '9' * 30], ['beat', '127.0.0.1', '3000', '--interval', '0'],
    ['beat', '127.0.0.1', '3000', '--count', '0'], ['beat', '127.0.0.1', '3000', '--count', 'x'],
    ['beat', '127.0.0.1', '%'], ['--run-dir', '/x', '--nonsense', 'status'], ['-v'], ['--nonsense', '-x'],
    ['--config', '', 'check'], ['--config', '', 'run'], ['--run-dir', ''], ['--log-dir=', 'status'], ['check', ''],
    ['beat', '', '3000'], ['report', '--since', 'x'], ['report', '--html', ''], ['report', '--json', '--html', 'x'],
    ['drill', '0'], ['drill', '3601'], ['drill', '-1'], ['drill', '1.5'], ['drill', ''],
])
def test_wrong_options_are_told_of_and_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        main.main(arguments)

    captured = capsys.readouterr()
    assert (raised.value.code, captured.out) == (2, '')
    assert 'error: ' in captured.err and 'usage: ' in captured.err


@pytest.mark.parametrize('arguments, told', [
    (['--nonsense'], 'unrecognized arguments: --nonsense'), (['check', ''], 'argument FILE: it is empty'),
    (['--run-dir', '', 'status'], 'argument --run-dir: it is empty'),
    (['check', '--config', 'x'],
     'unrecognized arguments: --config (--config, --log-dir, --run-dir and --state-dir stand before the command)')])
def test_what_is_wrong_with_an_option_is_said(arguments, told, capsys):
    with pytest.raises(SystemExit):
        main.main(arguments)

    assert capsys.readouterr().err.splitlines()[-1].endswith('error: ' + told)


@pytest.mark.parametrize('arguments', [['--version'], ['--vers'], ['--config', 'x', '--ver'], ['--ver', 'check']])
def test_the_version_may_be_asked_for_in_short(arguments, capsys):
    assert main.main(arguments) == 0
    assert capsys.readouterr().out == 'fastbypass_monitor %s\n' % __version__


def test_a_digit_that_is_none_is_no_port(capsys):
    with pytest.raises(SystemExit) as raised:
        main.main(['beat', '127.0.0.1', b'\xc2\xb2'.decode('utf-8')])

    assert raised.value.code == 2


@pytest.mark.parametrize('arguments, places', [
    ([], main.Places(main.CONFIG, main.LOG_DIR, main.RUN_DIR, main.STATE_DIR)),
    (['run'], main.Places(main.CONFIG, main.LOG_DIR, main.RUN_DIR, main.STATE_DIR)),
    (['--run-dir', 'x', '--config', 'y', '--state-dir', 'z', 'run'], main.Places('y', main.LOG_DIR, 'x', 'z')),
    (['--config', 'check'], main.Places('check', main.LOG_DIR, main.RUN_DIR, main.STATE_DIR)),
    (['check'], None), (['run', '-h'], None), (['--config=x'], None), (['--config'], None), (['--config', '-h'], None),
    (['--con', 'x', 'run'], None), (['run', 'run'], None), (['--config', '', 'run'], None)])
def test_what_the_unit_says_needs_no_argparse(arguments, places):
    assert main.plain_run(arguments) == places


def test_garbage_is_looked_for_again_once_the_daemon_is_loaded(monkeypatch):
    found = []
    monkeypatch.setattr(main, 'HARMLESS', ())
    monkeypatch.setitem(sys.modules, '_ssl', None)
    monkeypatch.setattr(main_daemon, 'run', lambda *_: found.append(gc.isenabled()))
    monkeypatch.setattr(main_daemon, 'leave', lambda code: found.append(code))

    main.run(main.Places('a', 'b', 'c', 'd'))

    assert found == [True, None]


def test_the_daemon_loads_no_module_that_is_large_and_not_needed():
    script = 'import os, sys; from fbmon.cli import main; os._exit = lambda code: None;' \
             'main.main(["--config", "/none", "run"]);' \
             'print([name for name in sys.argv[1:] if sys.modules.get(name)])'

    code, output, errors = finish(python(script, '_ssl', 'argparse', 'calendar', 'datetime', 'email'))

    assert (code, output, 'cannot be read' in errors) == (0, '[]\n', True)


# --- check ---

def test_check_of_a_good_file_shows_what_counts(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)

    code, output, errors = fbmon('check')

    assert (code, errors) == (0, '')
    assert 'error:' not in output and '192.0.2.1' in output and '127.0.0.1' in output


def test_check_of_a_file_with_mistakes_names_them_all_and_ends_with_1(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD + 'LOG_LEVEL=LOUD\nLISTEN_HEARTBEAT_FAILED=0\n')

    code, output, errors = fbmon('check')

    assert (code, errors) == (1, '')
    found = [line for line in output.splitlines() if ': error: ' in line]
    assert [line.split(': ')[0] for line in found] == ['%s:%d' % (tmp_path / '.env', number) for number in (6, 7)]


@pytest.mark.parametrize('mode, said', [(None, 'No such file or directory'), (0o600, 'it is not executable: chmod +x'),
                                        (0o755, None)])
def test_check_warns_of_an_on_change_that_cannot_be_run(fbmon, fake_ip, tmp_path, mode, said):
    fake_ip(LOOPBACK)
    program = tmp_path / 'tell'
    if mode is not None:
        write(program, '#!/bin/sh\n')
        os.chmod(str(program), mode)
    write(tmp_path / '.env', GOOD + 'ON_CHANGE=%s\n' % program)

    code, output, errors = fbmon('check')

    assert (code, errors) == (0, '')
    found = [line for line in output.splitlines() if 'cannot be run' in line]
    assert [(line.startswith('%s:6: warning: ' % (tmp_path / '.env')), said in line) for line in found] \
        == [(True, True)] * bool(said)


def test_check_ends_with_how_much_is_wrong(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD + 'BYPASS_CARD_IFS=lo\nLOG_LEVEL=LOUD\n')

    code, output, errors = fbmon('check')

    kinds = [output.count(': %s: ' % kind) for kind in ('error', 'warning')]
    assert kinds == [1, 1] and output.endswith('\n1 mistake, 1 warning\n')


def test_check_takes_another_file(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    other = write(tmp_path / 'other', GOOD)

    code, output, errors = fbmon('check', other)
    assert (code, errors) == (0, '') and '192.0.2.1' in output
    assert fbmon('check', str(tmp_path)) == (
        1, '', '%s: not a plain file; give the path of a file with KEY=value lines\n' % tmp_path)
    assert fbmon('check', other + 'x') == (1, '', other + 'x: cannot be read: No such file or directory\n')


def test_check_ends_with_what_follows_of_a_file_without_mistakes(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)

    code, output, errors = fbmon('check')

    assert (code, errors, output.partition('\n\n1 failed')[2].splitlines()) == (0, '', [
        ' listener of 1 makes bypass, none is survived',
        'ONE LISTENER FAILS  SILENT FOR  STATE   PORTS THAT GO DOWN',
        '0                   3 s         bypass  none',
        'advice: LISTEN_HEARTBEAT_ATTEMPTS=1: one timeout is a failure; give 2 or 3',
        'advice: BYPASS_RETURN_DELAY=0: a bypass ends at once; 30000 to 60000 is usual',
        'advice: BYPASS_CARD_LEASE=0: a dead daemon leaves cards in normal; give 15000',
        "advice: LISTEN_HB_SOURCE: anybody can send; give the nodes' addresses",
        output.splitlines()[-1]])
    write(tmp_path / '.env', GOOD + 'LOG_LEVEL=LOUD\n')
    assert 'advice' not in fbmon('check')[1]


def test_check_of_a_file_that_is_not_there_ends_with_1(fbmon, tmp_path):
    assert fbmon('check') == (1, '', '%s: cannot be read: No such file or directory\n' % (tmp_path / '.env'))


def test_check_without_ip_still_checks_the_file(fbmon, tmp_path):
    write(tmp_path / '.env', GOOD)

    code, output, errors = fbmon('check', environ={'PATH': str(tmp_path)})

    assert (code, errors) == (0, '')
    assert output.startswith('%s: warning: not compared with the kernel: ip cannot be started' % (tmp_path / '.env'))
    assert output.endswith('\n0 mistakes, 1 warning\n')


@pytest.mark.parametrize('variables', [
    {'LC_ALL': 'C'}, {'LC_ALL': 'C.UTF-8'}, {'PYTHONIOENCODING': 'utf-8'}, {'PYTHONIOENCODING': 'ascii'}])
def test_odd_bytes_in_names_and_values_give_no_traceback(fbmon, fake_ip, tmp_path, variables):
    fake_ip(LOOPBACK)
    odd = os.path.join(str(tmp_path).encode('ascii'), b'K\xc3\xb6ln \xff.env')
    with open(odd, 'wb') as target:
        target.write(GOOD.encode('ascii') + b'K\xc3\xb6ln=\xff\nLOG_LEVEL=K\xc3\xb6ln\n')
    environ = dict(variables, PYTHONUTF8='0', PYTHONCOERCECLOCALE='0')

    code, output, errors = fbmon('--config', odd, 'check', environ=environ)

    assert (code, errors) == (1, '')
    assert output.count(': error: ') == 2


@pytest.mark.parametrize('words', [
    ['check'], ['--help'], ['check', '--help'], ['--version'], ['beat', '127.0.0.1', '3000', '--count', '1']])
def test_a_reader_that_has_gone_gives_no_traceback(fbmon, fake_ip, tmp_path, words):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        code, _, errors = finish(fbmon.begin(*words, stdout=writer))
    finally:
        os.close(writer)

    assert (code, errors) == (0, '')


@pytest.mark.parametrize('words, code', [
    (['check'], 1), (['status'], 3), (['--version'], 1), (['--help'], 0),
    # What was to be done is done.
    (['beat', '127.0.0.1', '3000', '--count', '1'], 0), (['force_on'], 0)])
def test_a_full_disk_behind_stdout_is_told_of_by_the_exit_code_too(fbmon, fake_ip, tmp_path, words, code):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)
    with open('/dev/full', 'wb') as full:
        found, _, errors = finish(fbmon.begin(*words, stdout=full))

    assert (found, 'cannot be written: No space left on device' in errors.splitlines()) == (code, True)
    assert 'Traceback' not in errors


@pytest.mark.parametrize('words', [['nonsense'], ['beat', '127.0.0.1', 'x'], ['check', '']])
def test_a_full_disk_behind_stderr_changes_no_exit_code(fbmon, words):
    with open('/dev/full', 'wb') as full:
        assert finish(fbmon.begin(*words, stderr=full))[0] == 2


@pytest.mark.parametrize('user, last', [(0, 'Permission denied'), (1000, 'this may need root: try sudo')])
def test_whoever_is_not_root_and_is_denied_something_is_told_what_may_help(monkeypatch, capsys, user, last):
    def denied(_options):
        return output.fail('/x: cannot be read: Permission denied')
    monkeypatch.setattr(main, 'COMMANDS', (('check', denied, ''),))
    monkeypatch.setattr(os, 'geteuid', lambda: user)
    monkeypatch.setattr(output, 'seen', set())

    assert main.main(['check']) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(last)


@pytest.mark.parametrize('line', [
    'fastbypass_monitor gives no status (/x/status.sock: Permission denied)', '/x: Operation not permitted'])
def test_whoever_may_not_read_the_status_is_told_of_the_group(monkeypatch, capsys, line):
    monkeypatch.setattr(main, 'COMMANDS', (('status', lambda _options: output.fail(line) and 3, ''),))
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(output, 'seen', set())

    assert main.main(['status']) == 3
    assert capsys.readouterr().err.splitlines() == [line, (
        'this may need root or the group fastbypass: try sudo, or sudo usermod -aG fastbypass NAME and log in again')]


# --- status ---

@pytest.mark.parametrize('error, told', [
    (NotRunning('/x: Connection refused'), [stopped.FOR_ROOT,
                                            'fastbypass_monitor is not running (/x: Connection refused)']),
    # It may well be running.
    (NoAnswer('/x: Permission denied'), ['fastbypass_monitor gives no status (/x: Permission denied)'])])
def test_what_only_root_can_see_is_said_to_be_that_and_not_an_error(monkeypatch, capsys, tmp_path, error, told):
    class Denied(object):
        error, read = '/x/history: Permission denied', list
    monkeypatch.setattr('fbmon.memory.records.Records', lambda path: Denied)
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(output, 'seen', set())
    options = main_options.parse(['--run-dir', str(tmp_path), '--state-dir', str(tmp_path), 'status', '--prometheus'],
                                 main.COMMANDS, PLACES)

    assert stopped.show(options, error) == 3
    captured = capsys.readouterr()
    assert captured.err.splitlines() == told
    assert '\nfastbypass_up 0' in captured.out and 'fastbypass_forced' not in captured.out


def test_status_without_a_daemon_ends_with_3(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)

    code, output, errors = fbmon('status')

    assert code == 3
    assert errors == 'fastbypass_monitor is not running (%s: No such file or directory)\n' % (
        tmp_path / 'run' / 'status.sock')
    assert '192.0.2.1' in output


def test_a_file_that_names_nothing_is_told_of_without_a_daemon(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    path = write(tmp_path / '.env', '')

    assert fbmon('status')[:2] == (3, '%s names no card and no port\n' % path)


@pytest.mark.parametrize('face', ['--json', '--prometheus', '--history', '--incident'])
def test_no_face_of_the_status_gives_a_traceback_without_a_daemon(fbmon, face):
    code, output, errors = fbmon('status', face)

    assert code == 3
    assert errors.startswith('fastbypass_monitor is not running (') and errors.count('\n') == 1


def test_a_daemon_that_hangs_is_not_said_to_be_not_running(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)
    (tmp_path / 'run').mkdir()
    sock = statussocket.listen(str(tmp_path / 'run' / 'status.sock'))

    code, output, errors = fbmon('status')
    sock.close()

    assert (code, errors, '192.0.2.1' in output) == (
        3, 'fastbypass_monitor gives no status (%s: timed out)\n' % (tmp_path / 'run' / 'status.sock'), True)


def test_a_history_that_cannot_be_read_is_not_said_to_be_empty(fbmon, tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'history').mkdir()

    code, output, errors = fbmon('status', '--history')

    assert (code, output) == (3, '')
    assert errors.splitlines()[0] == '%s: Is a directory' % (tmp_path / 'run' / 'history')


def test_status_shows_what_the_daemon_says(fbmon, tmp_path):
    serve(tmp_path, FULL)

    assert fbmon('status') == (0, TEXT, '')
    code, output, errors = fbmon('status', '--json')
    assert (code, json.loads(output), errors) == (0, FULL, '')
    assert fbmon('status', '--history') == (0, 'no transitions yet\n', '')
    assert fbmon('status', '--incident')[1].startswith('no incident is known: ')
    code, output, errors = fbmon('status', '--prometheus')
    assert (code, errors) == (0, '') and 'fastbypass_' in output


def test_status_of_a_daemon_of_another_version_gives_no_traceback(fbmon, tmp_path):
    serve(tmp_path, {'version': '9.9.99', 'state': 'normal'})

    code, output, errors = fbmon('status')

    assert code != 0
    assert 'Traceback' not in errors and '9.9.99' in errors


@pytest.mark.parametrize('words', [['reload'], ['status', '--config'], ['check', '--against']])
def test_a_daemon_of_an_older_version_is_told_of(fbmon, tmp_path, words):
    serve(tmp_path, {'version': '1.0.00', 'pid': os.getpid()})
    write(tmp_path / '.env', GOOD)

    code, output, errors = fbmon(*words)

    assert (code, output, errors) == (
        1, '', 'the running daemon is version 1.0.00, this program %s: restart the service\n' % __version__)


@pytest.mark.parametrize('words', [['reload'], ['check'], ['check', '--against'], ['status', '--config']])
@pytest.mark.parametrize('name', [b'K\xc3\xb6ln.env', b'\xff.env'])
def test_whatever_the_locale_the_file_of_a_daemon_may_have_any_name(fbmon, fake_ip, tmp_path, name, words):
    fake_ip(LOOPBACK)
    path = os.path.join(str(tmp_path).encode('ascii'), name)
    for target in (path, str(tmp_path / '.env')):
        with open(target, 'wb') as stream:
            stream.write(GOOD.encode('ascii'))
    counts = iter(range(100))
    # Is sent the SIGHUP.
    child = subprocess.Popen(['sleep', '60'])
    serve(tmp_path, lambda: {
        'version': __version__, 'pid': child.pid, 'file': path.decode('utf-8', 'replace'), 'configuration': [],
        'listeners': [], 'nodes': [],
        'reload': {'count': next(counts), 'refused': [], 'kept': 2, 'added': 0, 'removed': 0}})

    code, _, errors = fbmon(*words, environ={'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'})
    child.kill()
    child.wait()

    assert (code, errors) == (0, '')


# --- force ---

def test_force_on_and_force_off_say_what_is_and_what_is_not(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)

    assert fbmon('force_on') == (0, 'address 192.0.2.1 on lo is absent\n', '')
    # This `ip` acknowledges everything and does nothing.
    assert fbmon('force_off') == (
        1, '', 'address 192.0.2.1 on lo is absent, not present: ip said nothing\n')
    assert read(tmp_path / 'lines').splitlines()[0] == 'addr add 192.0.2.1/24 dev lo'


def test_force_names_a_card_that_uses_a_faulty_value(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD.replace('192.0.2.1/24', '192.0.2.300'))

    code, output, errors = fbmon('force_on')

    assert (code, output) == (1, '')
    assert errors.startswith('card 0 is unconfigured: ')


def test_force_says_so_when_the_file_names_no_card(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    path = write(tmp_path / '.env', '')

    assert fbmon('force_on') == (0, '', '%s names no bypass card: no address is changed\n' % path)


@pytest.mark.parametrize('command', ['force_on', 'force_off', 'check'])
def test_a_file_that_cannot_be_read_is_told_of(fbmon, command, tmp_path):
    assert fbmon(command) == (1, '', '%s: cannot be read: No such file or directory\n' % (tmp_path / '.env'))


@pytest.mark.parametrize('command', ['force_on', 'force_off'])
def test_force_while_a_daemon_runs_ends_with_75_and_names_it(fbmon, command, tmp_path):
    from fbmon.memory.rundir import RunDirectory
    write(tmp_path / '.env', GOOD)
    held = RunDirectory(str(tmp_path / 'run'))

    assert fbmon(command) == (75, '', 'the daemon is already running in %s with pid %d; stop it first\n' % (
        held.path, os.getpid()))


@pytest.mark.parametrize('command', ['force_on', 'force_off'])
def test_force_without_ip_is_told_of(fbmon, command, tmp_path):
    write(tmp_path / '.env', GOOD)

    assert fbmon(command, environ={'PATH': str(tmp_path)}) == (
        1, '', 'ip cannot be started: No such file or directory\n')


def test_force_in_the_real_kernel(fbmon, namespace, tmp_path):
    write(tmp_path / '.env', GOOD)

    alice = {'SUDO_USER': 'alice'}
    assert fbmon('force_off', environ=alice) == (0, 'address 192.0.2.1 on lo is present\n', '')
    assert '192.0.2.1/24' in namespace('-o', 'addr')
    assert fbmon('force_on', environ=alice) == (0, 'address 192.0.2.1 on lo is absent\n', '')
    assert '192.0.2.1/24' not in namespace('-o', 'addr')

    # History and log still say tomorrow what has happened.
    lines = ['card 192.0.2.1: absent -> present: force_off by alice',
             'global state: unknown -> normal: force_off by alice',
             'card 192.0.2.1: present -> absent: force_on by alice',
             'global state: normal -> bypass: force_on by alice']
    assert [line[31:] for line in fbmon('status', '--history')[1].splitlines()] == lines
    assert [line.partition(' INFO ')[2] or line.partition(' WARNING ')[2]
            for line in written(tmp_path / 'logs' / 'fastbypass_monitor.log').splitlines()] == lines


def test_what_is_forced_is_told_by_every_face_with_since_when_and_by_whom(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)
    assert fbmon('force_on', environ={'SUDO_USER': 'al\x1bice'})[0] == 0

    code, output, errors = fbmon('status')
    assert code == 3 and errors.startswith('fastbypass_monitor is not running (')
    assert re.match(r'forced bypass since \d{4}-\d\d-\d\dT[0-9:.]{12}[+-]\d\d:\d\d by al\?ice\n', output), output
    code, output, _ = fbmon('status', '--json')
    document = json.loads(output)
    assert (code, document['state'], document['forced']['state'], document['forced']['by']) == (
        3, 'down', 'bypass', 'al?ice')
    code, output, _ = fbmon('status', '--prometheus')
    assert code == 3 and 'fastbypass_up 0\n' in output
    assert 'fastbypass_forced{by="al?ice",state="bypass"} 1\n' in output


def test_of_a_daemon_that_hangs_nothing_is_said_to_be_forced(fbmon, fake_ip, tmp_path):
    fake_ip(LOOPBACK)
    write(tmp_path / '.env', GOOD)
    assert fbmon('force_on')[0] == 0
    sock = statussocket.listen(str(tmp_path / 'run' / 'status.sock'))

    code, output, _ = fbmon('status', '--json')
    sock.close()

    assert (code, output) == (3, '')


# --- beat ---

def test_beat_sends_heartbeats(fbmon):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.1', 0))
    sock.settimeout(LIMIT)
    port = sock.getsockname()[1]

    found = fbmon('beat', '127.0.0.1', str(port), '--interval', '1', '--count', '3')

    assert found == (0, '3 heartbeats sent to 127.0.0.1 port %d\n' % port, '')
    assert [sock.recv(100) for _ in range(3)] == [b'HEARTBEAT'] * 3
    sock.close()


def test_beat_to_no_address_is_told_of(fbmon):
    code, output, errors = fbmon('beat', 'x' * 70, '3000')

    assert (code, output) == (1, '') and errors.count('\n') == 1


# --- interrupted ---

def test_ctrl_c_ends_a_command_without_a_traceback(fbmon, fake_ip, tmp_path):
    fake_ip('touch $DIR/asked; exec sleep 20')
    write(tmp_path / '.env', GOOD)
    child = fbmon.begin('check')
    wait_for(lambda: os.path.exists(str(tmp_path / 'asked')))
    child.send_signal(2)

    code, _, errors = finish(child)
    assert (code, errors) == (130, '')
