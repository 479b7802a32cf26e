"""What the operator sees, and that an ON_CHANGE program can do no harm to the daemon."""
import json
import os
import re
import signal
import time

import pytest

import clock
import helpers
from fbmon.tell import hooks
from kernel import files

GONE = ['- %s eth0' % address for address in files.CARDS]
BACK = ['+ %s eth0' % address for address in files.CARDS]

# Both nodes must fail. The second one fails when the program is just about to be told the first one's change.
TIMEOUT = 200
HOOKED = files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=%d' % TIMEOUT).replace('FAILED=1', 'FAILED=2')

ROUNDS = 9

HOOKS = [
    ('no hook', None, None),
    ('a hook that works', 'exit 0', None),
    ('sleeps', 'sleep 60', None),
    ('crashes', 'kill -SEGV $$', 'ended by signal 11'),
    ('floods stdout and stderr', 'while :; do echo flood; echo flood >&2; done', None),
    ('missing', None, 'No such file or directory'),
    ('writable by others', 'echo >$DIR/ran', 'owned by root and writable by nobody else')]


@pytest.fixture
def hook(tmp_path):
    """hook(script): makes a program and returns the line of the file that names it. At the end it is killed."""
    def install(script):
        if script is not None:
            helpers.write_program(str(tmp_path / 'hook'), 'DIR=%s\necho $$ >>$DIR/pids\n%s' % (tmp_path, script))
        return 'ON_CHANGE=%s\n' % (tmp_path / 'hook')
    yield install
    for pid in helpers.read(tmp_path / 'pids').split():
        try:
            os.killpg(int(pid), signal.SIGKILL)
        except EnvironmentError:
            pass


def reactions(switch, dpis, rounds=ROUNDS):
    """[Seconds from the moment when the last timeout is due until the cards' addresses are gone], sorted."""
    watch, found = switch.watch(), []
    for _ in range(rounds):
        second = dpis.beat(3000) + hooks.GRACE
        helpers.wait_for(lambda: clock.monotonic() >= second)
        due = dpis.beat(3100) + TIMEOUT / 1000.0
        watch.wait_for(*BACK)
        found.append(watch.wait_for(*GONE).at - due)
        watch.take()
    return sorted(found)


@pytest.mark.parametrize('name, script, trouble', HOOKS, ids=[name.replace(' ', '-') for name, _, _ in HOOKS])
def test_whatever_a_hook_does_the_reaction_is_the_same_and_the_stop_too(
        switch, daemon, dpis, hook, tmp_path, figure, name, script, trouble):
    line = '' if name == 'no hook' else hook(script)
    if name == 'writable by others':
        os.chmod(str(tmp_path / 'hook'), 0o777)
    daemon.start(HOOKED + line)
    daemon.wait(lambda status: all(row['state'] == 'unknown' for row in status['listeners']))
    found = reactions(switch, dpis)
    status = daemon.status()
    code, seconds = daemon.stop()

    # This only notices a hook that takes seconds. A person should compare the figures.
    assert found[len(found) // 2] < 0.5
    assert (code, seconds < 2.0, daemon.log().count('WARNING ON_CHANGE')) == (0, True, int(bool(trouble)))
    told = [problem for problem in status['problems'] if 'ON_CHANGE' in problem]
    assert [trouble in problem for problem in told] == ([True] if trouble else [])
    assert not os.path.exists(str(tmp_path / 'ran'))
    figure('removed after the last timeout was due, hook: %-25s median %5.2f ms, most %5.2f ms; stop %3.0f ms'
           % (name, found[len(found) // 2] * 1000, found[-1] * 1000, seconds * 1000))


def test_a_hook_is_told_of_each_change_as_the_history_has_it(daemon, dpis, hook, tmp_path):
    dpis.steady(3000, 3100)
    line = hook('printf "%s|%s|%s|%s|%s|%s\\n" "$#" "$1" "$2" "$3" "$4" "$FASTBYPASS_AT $FASTBYPASS_WHY" >>$DIR/out')
    daemon.start(files.SMALL + line)
    daemon.wait_state('normal')
    dpis.silence(3100)
    shown = daemon.wait_state('bypass')

    expected = ['4|%s|%s|%s|%s|%.3f %s' % (one['kind'], one['name'], one['from'], one['to'], one['at'], one['why'])
                for one in shown['history'] if one['kind'] != 'address']
    helpers.wait_for(lambda: expected[-1] in helpers.read(tmp_path / 'out').splitlines())
    said = helpers.read(tmp_path / 'out').splitlines()
    # Four lines are only in the log: both listeners are launched and then active.
    assert [line for line in said if line in expected] == expected and len(said) == len(expected) + 4
    assert '4|global|state|normal|bypass|' in helpers.read(tmp_path / 'out')


def test_a_hook_holds_nothing_that_a_new_start_needs_and_ends_with_a_daemon_that_is_killed(
        switch, daemon, dpis, hook, tmp_path):
    dpis.steady(3000, 3100)
    # The process that runs the program has a socket to the daemon, and nothing else of it.
    daemon.start(files.SMALL + hook('ls -l /proc/$$/fd >$DIR/fds\n'
                                    'ls -l /proc/$PPID/fd | grep -v " [01] -> " >>$DIR/fds\n'
                                    'echo end >>$DIR/fds; exec sleep 60'))
    daemon.wait_state('normal')
    helpers.wait_for(lambda: helpers.read(tmp_path / 'fds').endswith('end\n'))
    opened = [line.split(' -> ')[1] for line in helpers.read(tmp_path / 'fds').splitlines() if ' -> ' in line]
    assert [path for path in opened if path.startswith(('socket:', daemon.run_dir, daemon.directory + '/logs'))] == []

    daemon.kill()
    daemon.start(files.SMALL)
    helpers.wait_for(lambda: not helpers.alive(int(helpers.read(tmp_path / 'pids').split()[0])), 2.0)

    assert [row['state'] for row in daemon.wait_state('normal')['listeners']] == ['active', 'active']


def test_the_history_is_one_across_a_restart_a_kill_and_while_no_daemon_runs(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    dpis.silence(3100)
    first = daemon.wait_state('bypass')['history']
    daemon.kill()
    code, output, errors = daemon.command('status', '--history')
    assert (code, len(output.splitlines()), 'is not running' in errors) == (3, len(first), True)
    assert first[0]['kind'] != 'listener'

    second = daemon.start()['history']
    assert second[:len(first)] == first
    assert (second[len(first)]['from'], second[len(first)]['to']) == ('bypass', 'unknown')
    daemon.wait_state('bypass')
    dpis.steady(3100)
    daemon.wait_state('normal')
    daemon.stop()
    daemon.start()
    third = daemon.wait_state('normal')['history']
    moments = [(one['kind'], one['from'], one['to']) for one in third if one['kind'] == 'global']
    assert [moment[2] for moment in moments] == ['normal', 'bypass', 'unknown', 'bypass', 'normal', 'unknown', 'normal']
    assert [moment[1] for moment in moments][1:] == [moment[2] for moment in moments][:-1]
    assert third[:len(first)] == first

    code, output, _ = daemon.command('status', '--history')
    lines = output.splitlines()
    bypass = next(one for one in third if one['to'] == 'bypass')
    when = time.strftime('%Y-%m-%dT%H:%M:%S', time.localtime(bypass['at']))
    assert (code, len(lines)) == (0, len(third))
    said = '  global state: normal -> bypass: 1 failed >= 1'
    assert any(line.startswith(when) and line.endswith(said) for line in lines)


def test_what_somebody_else_did_and_that_it_was_put_back_is_in_the_history(switch, small):
    watch = switch.watch()
    switch.ip('addr', 'del', files.CARDS[0], 'dev', 'eth0')
    watch.wait_for('+ 192.168.1.211/32 eth0')
    shown = small.wait(lambda status: status['history'][-1]['why'] == 'put back')

    assert [(one['kind'], one['name'], one['from'], one['to'], one['why']) for one in shown['history'][-2:]] == [
        ('card', '192.168.1.211', 'present', 'absent', 'by somebody else'),
        ('card', '192.168.1.211', 'absent', 'present', 'put back')]


def test_without_a_daemon_the_status_says_so_and_shows_what_the_kernel_has(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    switch.ip('addr', 'add', files.CARDS[1], 'dev', 'eth0')
    small.wait(lambda status: status['history'][-1]['why'] == 'put back')
    small.stop()
    switch.ip('addr', 'add', files.CARDS[1], 'dev', 'eth0')

    code, output, errors = small.command('status')
    assert (code, output) == (3, 'CARD             ACTUAL   INTERFACE\n'
                                 '0 192.168.1.211  absent   eth0\n'
                                 '1 192.168.1.212  present  eth0\n'
                                 '\n'
                                 'PORTS\n'
                                 '2 down: sw0, sw2\n'
                                 '1 up: sw1\n')
    assert errors.startswith('fastbypass_monitor is not running (')
    assert small.command('status', '--prometheus')[:2] == (
        3, '# HELP fastbypass_up Whether the daemon answers.\n# TYPE fastbypass_up gauge\nfastbypass_up 0\n')
    assert small.command('status', '--json')[:2] == (3, '')


def test_a_gap_that_came_close_to_the_limit_is_warned_of_before_it_bites(daemon, dpis):
    daemon.start(files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=100').replace('ATTEMPTS=1', 'ATTEMPTS=5'))
    for port, gap in ((3000, 0.3), (3100, 0.43)):
        dpis.beat(port)
        due = clock.monotonic() + gap
        helpers.wait_for(lambda: clock.monotonic() >= due)
        dpis.steady(port)
    shown = daemon.wait(lambda status: all(row['received'] >= 3 for row in status['listeners']))

    near = [problem for problem in shown['problems'] if 'gap' in problem]
    gap = shown['listeners'][1]['longest_gap_s']
    assert [row['state'] for row in shown['listeners']] == ['active', 'active'] and 0.4 <= gap < 0.5
    assert [re.sub('[0-9]+ ms, is', '... ms, is', problem) for problem in near] == [
        'listener 1: the longest gap between two heartbeats in the last one to two hours, ... ms, is close to the '
        'limit of 500 ms: '
        'look at the sender or raise LISTEN_HEARTBEAT_TIMEOUT[1]']


def test_each_face_of_the_status_is_of_the_same_daemon(small):
    code, output, _ = small.command('status', '--json')
    found = json.loads(output)
    text = small.command('status', '--prometheus')[1]
    table = small.command('status')[1]

    assert (code, found['state'], found['pid'] > 0) == (0, 'normal', True)
    assert 'fastbypass_state{state="normal"} 1\n' in text
    assert 'fastbypass_problems %d\n' % len(found['problems']) in text
    assert table.startswith('normal for ') and '\033' not in table


def test_a_hook_does_not_outlive_the_daemon(daemon, dpis, hook, tmp_path):
    daemon.start(files.SMALL + hook('while :; do echo flood; done'))
    pid = int(helpers.wait_for(lambda: helpers.read(tmp_path / 'pids')).split()[0])
    assert helpers.alive(pid)
    daemon.stop()

    helpers.wait_for(lambda: not helpers.alive(pid), 2.0)
