import json
import os
from itertools import takewhile

import pytest

import helpers
from kernel import files
from kernel.daemon import Daemon, listener, problems

FIRST, SECOND = files.CARDS


def write(daemon, text):
    """Write the configuration file of a daemon that does not run."""
    helpers.write(daemon.config, text)


# --- run ---

def test_a_second_daemon_ends_with_75_and_names_the_first_ones_pid(switch, small):
    watch = switch.watch()

    code, output, errors = small.command('run')

    assert (code, output, str(small.child.pid) in errors, len(errors.splitlines())) == (75, '', True, 1)
    watch.quiet(0)
    assert small.status()['pid'] == small.child.pid


def test_another_run_directory_is_another_daemon(small, switch, tmp_path):
    (tmp_path / 'other').mkdir()
    other = Daemon(switch, tmp_path / 'other')
    try:
        assert other.start('# nothing\n')['pid'] == other.child.pid
    finally:
        other.close()


def missing(path):
    pass


def directory(path):
    os.mkdir(path)


def pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize('make', [missing, directory, pipe])
def test_a_file_that_cannot_be_read_ends_the_start_with_78_and_one_clear_line(switch, daemon, make):
    make(daemon.config)

    code, output, errors = daemon.command('run')

    assert (code, output, daemon.config in errors, len(errors.splitlines())) == (78, '', True, 1)


def test_run_is_the_default_command(switch, daemon):
    daemon.launch(files.SMALL, command=())

    assert daemon.wait(lambda status: True)['pid'] == daemon.child.pid


# --- check ---

def test_check_ends_with_0_and_prints_the_effective_configuration(switch, daemon):
    write(daemon, files.SMALL)

    code, output, errors = daemon.command('check')

    assert (code, errors) == (0, '')
    for text in ('192.168.1.202', '3100', 'eth0', '192.168.1.212', 'sw2', '300'):
        assert text in output


def test_check_ends_with_1_and_names_file_and_line_of_every_mistake(switch, daemon):
    write(daemon, files.SMALL + 'LISTEN_HB_PROT[0]=1\nLOG_LEVEL=LOUD\n')
    lines = len(files.SMALL.splitlines())

    code, output, errors = daemon.command('check')

    assert code == 1
    for number, key in ((lines + 1, 'LISTEN_HB_PROT[0]'), (lines + 2, 'LOG_LEVEL')):
        assert [line for line in output.splitlines()
                if line.startswith('%s:%d: error: ' % (daemon.config, number)) and key in line]


def test_check_warns_of_what_is_not_there(switch, daemon):
    write(daemon, files.SMALL.replace('sw2', 'sw9'))

    code, output, _ = daemon.command('check')

    assert code == 0
    assert [line for line in output.splitlines() if 'warning: ' in line and 'sw9' in line]


def test_check_changes_nothing_and_does_not_disturb_the_daemon(switch, small):
    watch = switch.watch()

    assert small.command('check')[0] == 0

    watch.quiet(0.1)


def differing(output):
    """The lines in which check says how a file differs from what runs."""
    lines = output.splitlines()
    return list(takewhile(bool, lines[next(number for number, line in enumerate(lines) if ' differs from ' in line):]))


def test_check_says_how_the_file_differs_from_what_runs_and_a_reload_takes_it(switch, small):
    write(small, files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=400') + 'BYPASS_CARD_HOST[2]=192.168.1.213 # new\n')

    code, output, _ = small.command('check')
    assert (code, differing(output)) == (0, [
        '%s differs from what runs; fbypass_ctl reload takes it:' % small.config,
        '  BYPASS_CARD_HOST[2]: the file has 192.168.1.213, what runs has nothing',
        '  LISTEN_HEARTBEAT_TIMEOUT: the file has 400, what runs has 300'])

    code, output, errors = small.command('reload')
    warnings = small.command('check')[1].splitlines()[-1].partition(', ')[2]
    said = '7 components kept, 1 added; %s' % warnings
    assert (code, output.partition(': see')[0].strip(), errors) == (0, said, '')
    assert 'differs from what runs' not in small.command('check')[1]


def test_check_of_another_file_says_how_it_differs_and_promises_no_reload(switch, small, tmp_path):
    other = helpers.write(tmp_path / 'other.env', files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=400'))

    code, output, _ = small.command('check', other)

    assert (code, differing(output)) == (0, [
        other + ' differs from what runs:', '  LISTEN_HEARTBEAT_TIMEOUT: the file has 400, what runs has 300'])


def test_check_against_says_what_a_reload_then_does_and_changes_nothing_itself(switch, small):
    watch = switch.watch()
    write(small, files.SMALL + 'LISTEN_HB_HOST[2]=192.168.1.202\nLISTEN_HB_PORT[2]=3200\nBYPASS_CARD_NAME[0]=north\n')

    code, output, errors = small.command('check', '--against')

    watch.quiet(0.1)
    assert (code, errors) == (0, '')
    assert [line for line in output.splitlines()[:-1] if 'warning: ' not in line and ': the file has ' not in line] == [
        'a reload would change this in what pid %d runs:' % small.child.pid,
        '  added: listener 2, 192.168.1.202 port 3200 on eth0',
        '  changed: card 0: the name',
        'nothing else is touched: 6 components stay as they are',
        'the state is held until listener 2 has reported, at most 0.3 s after it listens']
    assert small.command('reload')[1].startswith('7 components kept, 1 added')
    said = 'a reload would change nothing in what pid %d runs' % small.child.pid
    assert said in small.command('check', '--against')[1]


def when(status, index):
    """The second of the daemon's life since when a listener has its state."""
    return status['uptime_s'] - status['listeners'][index]['since_s']


def test_a_reload_holds_the_state_no_longer_than_check_against_says(switch, small):
    write(small, files.SMALL + 'LISTEN_HB_HOST[2]=192.168.1.202\nLISTEN_HB_PORT[2]=3200\n'
          'LISTEN_HEARTBEAT_ATTEMPTS[2]=7\n')
    assert small.command('check', '--against')[1].splitlines()[-2] == \
        'the state is held until listener 2 has reported, at most 2.1 s after it listens'

    small.reload()
    states = [small.wait(lambda status: status['listeners'][2]['state'] == state) for state in ('unknown', 'failed')]

    assert states[0]['held'] == [2]
    # Not as long as with one attempt more. A thread of a busy machine may be late.
    assert when(states[1], 2) - when(states[0], 2) < 2.1 + 0.3
    assert small.wait_state('bypass')['failed'] == 1


def test_a_listener_that_has_not_reported_holds_the_state_on_with_the_timers_of_the_new_file(switch, daemon, dpis):
    dpis.steady(3000)
    daemon.start(files.SMALL + 'LISTEN_HEARTBEAT_TIMEOUT[1]=60000\n')
    daemon.wait(lambda status: status['held'] == [1])
    write(daemon, files.SMALL + 'LISTEN_HEARTBEAT_TIMEOUT[1]=500\n')
    assert daemon.command('check', '--against')[1].splitlines()[-2] == \
        'the state is held until listener 1 has reported, at most 0.5 s after it listens'

    daemon.reload()

    daemon.wait_state('bypass')


def test_check_against_without_a_daemon_ends_with_3(switch, daemon):
    write(daemon, files.SMALL)

    assert daemon.command('check', '--against')[0] == 3


def test_show_config_is_what_runs_and_not_what_the_file_says(switch, small):
    table = small.command('check')[1].partition('LOG_LEVEL')[2].partition('\n\n1 failed')[0]
    write(small, '# nothing\n')

    code, output, errors = small.command('status', '--config')

    assert (code, errors, table in output) == (0, '', True)
    assert output.startswith('what pid %d runs, from %s:\n' % (small.child.pid, small.config))


# --- reload ---

def test_a_refused_reload_prints_the_mistakes_and_ends_with_1(switch, small):
    write(small, files.SMALL + 'LISTEN_HB_PROT[0]=1\n')

    code, output, errors = small.command('reload')

    assert (code, output) == (1, '')
    first, second = errors.splitlines()
    assert first.startswith('%s:%d: error: LISTEN_HB_PROT[0]=1: unknown key; did you mean LISTEN_HB_PORT[0]?'
                            % (small.config, len(files.SMALL.splitlines()) + 1))
    assert second == 'the file is refused, the running configuration goes on'


def test_a_reload_of_a_file_that_has_gone_says_so(switch, small):
    os.unlink(small.config)

    assert small.command('reload') == (1, '', '%s: cannot be read: No such file or directory\n'
                                       'the file is refused, the running configuration goes on\n' % small.config)


def test_a_reload_counts_what_goes(switch, small):
    write(small, '# nothing\n')

    assert small.command('reload')[1].startswith('0 components kept, 7 removed; ')


@pytest.mark.parametrize('words', [['reload'], ['status', '--config']])
def test_without_a_daemon_they_end_with_3_and_one_line(switch, daemon, words):
    code, output, errors = daemon.command(*words)

    assert (code, output, errors.count('\n')) == (3, '', 1)
    assert errors.startswith('fastbypass_monitor is not running (')


# --- status ---

def test_status_ends_with_3_when_no_daemon_runs(switch, daemon):
    write(daemon, files.SMALL)

    code, output, errors = daemon.command('status', '--json')

    assert (code, output, 'not running' in errors) == (3, '', True)


def test_status_ends_with_3_after_a_kill(switch, small):
    small.kill()

    assert small.command('status')[0] == 3


def test_status_as_json_is_what_the_page_promises(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')

    code, output, errors = small.command('status', '--json')
    shown = json.loads(output)

    assert (code, errors) == (0, '')
    assert sorted(shown) == sorted(['version', 'pid', 'uptime_s', 'state', 'state_since_s', 'held', 'failed',
                                    'threshold', 'file', 'configuration', 'reload', 'left_out', 'forced', 'listeners',
                                    'cards', 'ports', 'problems', 'history', 'nodes', 'observe', 'return', 'next',
                                    'override', 'trial'])
    assert (shown['pid'], shown['state'], shown['held'], shown['failed'], shown['threshold'], problems(shown)) == (
        small.child.pid, 'bypass', [], 1, 1, [])
    assert sorted(shown['listeners'][1]) == sorted([
        'index', 'host', 'port', 'interface', 'state', 'since_s', 'last_heartbeat_s', 'longest_gap_s', 'received',
        'ignored', 'missed', 'heard', 'recovery', 'last_sender', 'error', 'node'])
    assert shown['cards'] == [
        {'index': index, 'name': None, 'address': '192.168.1.21%d' % (index + 1), 'interface': 'eth0',
         'pings': None, 'pings_total': None, 'last_ping_s': None, 'ping_rate': None, 'wanted': 'absent',
         'actual': 'absent', 'error': None} for index in (0, 1)]
    assert shown['ports'] == [
        {'name': 'sw0', 'global': True, 'listeners': [], 'wanted': 'down', 'actual': 'down', 'error': None},
        {'name': 'sw1', 'global': False, 'listeners': [0], 'wanted': 'up', 'actual': 'up', 'error': None},
        {'name': 'sw2', 'global': False, 'listeners': [1], 'wanted': 'down', 'actual': 'down', 'error': None}]
    assert [(one['from'], one['to'], one['why']) for one in shown['history'] if one['kind'] == 'global'] == [
        ('unknown', 'normal', '0 failed < 1'), ('normal', 'bypass', '1 failed >= 1')]
    assert sorted(shown['history'][0]) == ['at', 'called', 'from', 'kind', 'name', 'to', 'why']


def test_status_is_a_table_that_fits_80_columns(switch, small):
    code, output, errors = small.command('status')

    assert (code, errors, max(len(line) for line in output.splitlines()) <= 80) == (0, '', True)
    for text in ('normal', '192.168.1.202', '3100', '192.168.1.212', 'sw2'):
        assert text in output


# --- force_on, force_off ---

def test_force_on_removes_every_entry_of_the_cards_addresses_and_nothing_else(switch, daemon):
    switch.batch('addr add 192.168.1.211/32 dev eth0', 'addr add 192.168.1.211/24 dev eth0',
                 'addr add 192.168.1.202/32 dev eth0', 'addr add 192.168.1.211/24 dev sw3')
    write(daemon, files.SMALL)

    code, output, errors = daemon.command('force_on')

    assert (code, errors, switch.addresses('eth0'), switch.addresses('sw3'), switch.ports()) == (
        0, '', files.BYPASS, ['192.168.1.211/24'], files.PORTS_NORMAL)
    assert '192.168.1.211' in output and '192.168.1.212' in output


def test_force_on_keeps_secondary_addresses(switch, daemon):
    switch.batch('addr add 192.168.5.1/24 dev sw3', 'addr add 192.168.5.9/24 dev sw3')
    write(daemon, files.SMALL + 'BYPASS_CARD_HOST[2]=192.168.5.1\nBYPASS_CARD_IFS[2]=sw3\n')

    assert daemon.command('force_on')[0] == 0

    assert switch.addresses('sw3') == ['192.168.5.9/24']


def test_force_off_puts_the_addresses_there_and_brings_up_the_ports_that_the_daemon_had_put_down(switch, daemon, dpis):
    switch.ip('link', 'set', 'sw1', 'down')
    switch.ip('link', 'set', 'sw3', 'down')
    daemon.start(files.SMALL)
    daemon.wait_state('bypass')
    assert switch.ports() == 'down down down down'
    daemon.stop()

    code, _, errors = daemon.command('force_off')

    assert (code, errors, switch.addresses('eth0'), switch.ports()) == (0, '', files.NORMAL, 'up down up down')


@pytest.mark.parametrize('state, command, expected', [
    ('normal', 'force_on', files.BYPASS), ('bypass', 'force_off', files.NORMAL)])
def test_a_force_stays_until_the_daemon_has_decided_again(switch, small, dpis, state, command, expected):
    dpis.silence(*(3100,) if state == 'bypass' else ())
    small.wait_state(state)
    small.stop()

    assert small.command(command)[0] == 0
    assert switch.addresses('eth0') == expected

    small.start()
    small.wait_state(state)
    assert (switch.addresses('eth0'), switch.ports()) == {
        'normal': (files.NORMAL, files.PORTS_NORMAL), 'bypass': (files.BYPASS, files.PORTS_BYPASS)}[state]


@pytest.mark.parametrize('command', ['force_on', 'force_off'])
def test_a_force_is_refused_with_75_while_a_daemon_runs(switch, small, command):
    watch = switch.watch()

    code, _, errors = small.command(command)

    assert (code, str(small.child.pid) in errors) == (75, True)
    watch.quiet(0.1)


@pytest.mark.parametrize('command, before', [('force_on', [files.OWN, FIRST, SECOND]), ('force_off', [files.OWN])])
def test_a_force_that_fails_ends_with_1_and_says_where_and_why(switch, fake_ip, daemon, command, before):
    switch.batch(*['addr add %s dev eth0' % address for address in before[1:]])
    write(daemon, files.SMALL)
    fake_ip.fail('batch', 'RTNETLINK answers: No buffer space available')

    code, _, errors = daemon.command(command)

    assert (code, switch.addresses('eth0')) == (1, before)
    for address in ('192.168.1.211', '192.168.1.212'):
        assert [line for line in errors.splitlines() if address in line and 'No buffer space available' in line]


def test_a_force_does_what_can_be_done_and_names_what_cannot(switch, daemon):
    write(daemon, files.SMALL + 'BYPASS_CARD_HOST[2]=192.168.1.213\nBYPASS_CARD_IFS[2]=sw9\n')

    code, _, errors = daemon.command('force_off')

    assert (code, switch.cards()) == (1, files.CARDS)
    assert '192.168.1.213' in errors and 'sw9' in errors and '192.168.1.212' not in errors
    # If the interface is gone, the address is gone, too.
    assert daemon.command('force_on')[0] == 0


@pytest.mark.parametrize('command', ['force_on', 'force_off', 'check'])
def test_without_a_file_a_command_fails_with_one_line(switch, daemon, command):
    code, _, errors = daemon.command(command)

    assert (code, daemon.config in errors, len(errors.splitlines())) == (1, True, 1)


# --- beat and version ---

def test_beat_sends_as_many_heartbeats_as_it_is_told(switch, daemon):
    daemon.start(files.PATIENT)
    daemon.wait(lambda status: status['held'] == [0, 1])

    code, output, errors = daemon.command('beat', '192.168.1.202', '3100', '--count', '3', '--interval', '1', '--force')

    shown = daemon.wait(lambda status: status['held'] == [0])
    assert (code, errors, '3' in output, [row['received'] for row in shown['listeners']]) == (0, '', True, [0, 3])


@pytest.mark.parametrize('host', ['192.168.1.202', '192.168.458', '::ffff:192.168.1.202', '0xc0a801ca'])
def test_beat_refuses_a_listener_of_the_daemon_that_runs_here_however_it_is_written(switch, small, dpis, host):
    dpis.silence(3100)
    before = listener(small.wait_state('bypass'), 1)['received']

    code, output, errors = small.command('beat', host, '3100', '--count', '3', '--interval', '1')

    assert (code, output) == (1, '')
    assert errors.startswith('%s port 3100: not sent: listener 1 of the daemon that runs here' % host)
    assert errors.count('\n') == 1 and '--force' in errors
    assert listener(small.wait_state('bypass'), 1)['received'] == before


def test_beat_sends_to_whoever_else_there_is(switch, small, dpis):
    for place in (('192.168.1.200', '3100'), ('192.168.1.202', '3001'), ('192.168.1.1', '3100')):
        assert small.command('beat', *place + ('--count', '1'))[::2] == (0, '')


def test_a_failed_listener_names_who_sent_last(switch, small, dpis):
    dpis.silence(3100)
    shown = listener(small.wait_state('bypass'), 1)

    assert shown['last_sender'].startswith('192.168.1.')
    assert '    last heartbeat from %s\n' % shown['last_sender'] in small.command('status')[1]


def test_the_version_is_the_one_of_the_status(switch, small):
    code, output, errors = small.command('--version')

    assert (code, output.split()[-1], errors) == (0, small.status()['version'], '')


def test_the_last_incident_is_told_while_the_daemon_runs_and_after_it(small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    dpis.steady(3100)
    small.wait_state('normal')

    code, text, errors = small.command('status', '--incident')
    # On a machine that is too busy the other node may fail, too.
    assert (code, errors) == (0, '') and ' failed: no heartbeat for 300 ms\n' in text and '  bypass at ' in text
    assert small.stop()[0] == 0
    code, text, errors = small.command('status', '--incident')
    assert code == 3 and '  bypass at ' in text and 'no daemon answers' in text and 'is not running' in errors
