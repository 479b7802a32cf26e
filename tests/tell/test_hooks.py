"""hooks.py: the ON_CHANGE program is told each change in order, no matter what it does, and nobody waits for it."""
import json
import logging
import os
import signal
import socket
import threading
import time

import pytest

import helpers
from fbmon.base import compat
from fbmon.network import iproute
from fbmon.memory.history import Transition
from fbmon.tell import hooks, runner
from fbmon.tell.hooks import HookError, Hooks

CHANGE = Transition(1795552760.5, 'listener', '0', 'active', 'failed', 'no heartbeat for 3000 ms')
BYPASS = Transition(1795552761.25, 'global', 'state', 'normal', 'bypass', '1 failed >= 1')


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(hooks, 'GRACE', 0.0)


@pytest.fixture
def directory(tmp_path):
    helpers.require(os.geteuid() == 0, 'needs root: a hook must be owned by root')
    return tmp_path


@pytest.fixture
def hook(directory):
    """hook(script): makes a program and returns its path. said() reads what it writes to $DIR/out."""
    def install(script, name='hook'):
        path = str(directory / name)
        helpers.write_program(path, 'DIR=%s\n%s' % (directory, script))
        return path
    return install


@pytest.fixture
def said(directory):
    return lambda: helpers.read(directory / 'out')


@pytest.fixture(autouse=True, scope='module')
def process():
    """One process for all programs that run() runs."""
    PROCESS.start()
    yield
    PROCESS.end()


PROCESS = hooks.Runner()


def run(program, change=CHANGE, limit=hooks.LIMIT):
    PROCESS.start()
    PROCESS.run(program, change, limit)


def test_signals_to_the_daemon_are_not_taken_for_the_end_of_the_process_that_runs_it(hook, said):
    stop, before = threading.Event(), signal.signal(signal.SIGUSR1, lambda number, frame: None)
    signalled = threading.Thread(target=lambda: [os.kill(os.getpid(), signal.SIGUSR1) for _ in
                                                 iter(lambda: stop.wait(0.005), True)])
    signalled.start()
    try:
        run(hook('sleep 0.3; echo told >> $DIR/out'))
    finally:
        stop.set()
        signalled.join()
        signal.signal(signal.SIGUSR1, before)

    assert said() == 'told\n'


def failure(program, limit=hooks.LIMIT):
    with pytest.raises(HookError) as caught:
        run(program, limit=limit)
    return str(caught.value)


# --- one run ---

def test_it_is_given_kind_name_old_and_new_state_and_nothing_else(hook, said):
    program = hook('for word; do echo "<$word>"; done >>$DIR/out')
    run(program)
    run(program, BYPASS)

    assert said() == '<listener>\n<0>\n<active>\n<failed>\n' + '<global>\n<state>\n<normal>\n<bypass>\n'


def test_its_environment_is_what_is_documented_whatever_the_daemons_is(hook, said, monkeypatch):
    monkeypatch.setenv('NOTIFY_SOCKET', '/run/systemd/notify')
    PROCESS.end()
    run(hook('env | sort >$DIR/out; pwd >>$DIR/out'))

    lines = [line for line in said().splitlines() if not line.startswith(('_=', 'PWD=', 'OLDPWD=', 'SHLVL='))]
    assert lines == ['FASTBYPASS_AT=1795552760.500', 'FASTBYPASS_WHY=no heartbeat for 3000 ms', 'LC_ALL=C',
                     'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', '/']


def test_one_of_several_clusters_says_which_it_is(hook, said, monkeypatch):
    monkeypatch.setenv('FASTBYPASS_INSTANCE', 'west')
    PROCESS.end()
    run(hook('echo "$FASTBYPASS_INSTANCE" >>$DIR/out'))
    PROCESS.end()

    assert said() == 'west\n'


@pytest.mark.parametrize('change, name', [
    (CHANGE._replace(called='dpi-1'), 'NODE=dpi-1 CARD='), (BYPASS, 'NODE= CARD='), (CHANGE, 'NODE= CARD='),
    (CHANGE._replace(kind='card', name='10.0.1.1', called='west'), 'NODE= CARD=west')])
def test_the_name_of_the_node_or_the_card_is_in_the_environment(hook, said, change, name):
    run(hook('echo "NODE=$FASTBYPASS_NODE CARD=$FASTBYPASS_CARD" >>$DIR/out'), change)

    assert said() == name + '\n'


def test_nothing_of_it_goes_through_a_shell(hook, said):
    strange = CHANGE._replace(name='$(touch /tmp/x); `id` "\'', why='a "b" $HOME; \\')
    run(hook('printf "%s|" "$2" "$FASTBYPASS_WHY" >$DIR/out'), strange)

    assert said() == '%s|%s|' % (strange.name, strange.why)


def test_a_reason_with_letters_of_another_language_is_told_in_ascii(hook, said):
    run(hook('echo "$FASTBYPASS_WHY" >$DIR/out'), CHANGE._replace(why=b'gr\xc3\xbcn'.decode('utf-8')))

    assert said() == 'gr?n\n'


def test_what_it_prints_goes_nowhere_and_it_reads_nothing(hook, said):
    run(hook('cat >$DIR/out; head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; echo done >>$DIR/out'))

    assert said() == 'done\n'


def test_it_leads_a_session_of_its_own(hook, said):
    run(hook('cut -d " " -f 1,5,6 /proc/$$/stat >$DIR/out'))

    pid, group, session = said().split()
    assert pid == group == session


def test_when_its_time_is_up_its_whole_process_group_is_killed(hook, said):
    began = compat.monotonic()
    assert failure(hook('sh -c "echo \\$\\$ >$DIR/out; exec sleep 60" & sleep 60'), 0.3) == (
        'killed, since it had not ended after 0.3 s')

    assert compat.monotonic() - began < 5
    helpers.wait_for(lambda: not helpers.alive(int(said())))


def test_a_program_that_will_not_end_by_a_polite_signal_is_killed_too(hook):
    assert 'killed' in failure(hook("trap '' TERM HUP INT; while :; do sleep 60; done"), 0.2)


def test_what_it_leaves_in_the_background_belongs_to_it(hook, said):
    run(hook('(sleep 0.2; echo end >$DIR/out) & exit 0'))
    assert said() == 'end\n'

    assert 'killed' in failure(hook('sleep 60 & echo $! >$DIR/out; exit 0'), 0.2)
    helpers.wait_for(lambda: not helpers.alive(int(said())))


@pytest.mark.parametrize('script, words', [
    ('exit 3', 'it ended with exit code 3'), ('kill -SEGV $$', 'it was ended by signal 11')])
def test_a_program_that_does_not_end_well_is_told(hook, script, words):
    assert failure(hook(script)) == words


def test_a_program_that_only_root_could_have_written_is_run_and_no_other(hook, directory):
    program = hook('exit 0')
    run(program)

    for mode in (0o775, 0o757, 0o722):
        os.chmod(program, mode)
        assert failure(program) == 'it must be owned by root and writable by nobody else: chown root, chmod go-w'
    os.chmod(program, 0o755)
    os.chown(program, 65534, 0)
    assert 'owned by root' in failure(program)
    os.chown(program, 0, 0)
    os.chmod(program, 0o644)
    assert failure(program) == 'it is not executable: chmod +x'
    assert failure(str(directory)) == 'it is no plain file'
    assert failure(str(directory / 'missing')) == 'No such file or directory'


def test_a_program_that_the_system_cannot_start_is_told(directory):
    path = helpers.write(directory / 'text', 'no program\n')
    os.chmod(path, 0o755)

    assert failure(path) == 'it cannot be started: Exec format error'


# --- the process that runs it ---

def test_the_daemon_forks_once_and_not_for_each_change(hook, said):
    program = hook('echo $PPID >>$DIR/out')
    run(program)
    run(program, BYPASS)

    first, second = said().split()
    assert first == second and int(first) != os.getpid()


def test_a_program_gives_way_to_the_daemon(hook, said):
    run(hook('nice >$DIR/out'))

    # 19 is the highest there is.
    assert int(said()) == min(19, os.nice(0) + 10)


@pytest.mark.parametrize('before, after', [('-900', '0'), ('0', '0'), ('300', '3')])
def test_the_daemon_is_kept_when_memory_is_short_and_not_the_program(tmp_path, before, after):
    path = helpers.write(tmp_path / 'oom_score_adj', before)
    runner.unprotect(path)
    runner.unprotect(str(tmp_path / 'missing'))

    assert helpers.read(path)[0] == after


def test_a_process_that_somebody_has_ended_is_told_and_the_next_change_has_another(hook, said):
    program = hook('test -n "$(cat $DIR/out 2>/dev/null)" || echo $PPID >$DIR/out; exec sleep $(cat $DIR/long)')
    helpers.write(os.path.dirname(program) + '/long', '60')
    made = Hooks()
    made.program = program
    killer = threading.Thread(target=lambda: os.kill(int(helpers.wait_for(said)), signal.SIGKILL))
    killer.start()
    made.take(0, CHANGE)
    killer.join()
    assert made.error == 'ON_CHANGE: %s: the process that runs it has ended or hangs; the next change starts another ' \
        'one' % program

    helpers.write(os.path.dirname(program) + '/long', '0')
    made.take(0, CHANGE)
    assert made.error is None


def test_a_process_that_was_ended_between_two_changes_is_replaced_unseen(hook, said):
    made = Hooks()
    made.program = hook('echo $PPID >>$DIR/out')
    made.take(0, CHANGE)
    os.kill(int(said()), signal.SIGKILL)
    helpers.wait_for(lambda: not helpers.alive(int(said())))
    made.take(0, CHANGE)

    assert (made.error, len(set(said().split()))) == (None, 2)


def test_a_process_that_hangs_is_ended(hook, said, monkeypatch):
    monkeypatch.setattr(hooks, 'PATIENCE', 0.1)
    program = hook('echo $PPID >$DIR/out; kill -STOP $PPID')
    assert failure(program, 0.1).startswith('the process that runs it has ended or hangs')

    helpers.wait_for(lambda: not helpers.alive(int(said())))
    run(hook('exit 0'))


def test_without_a_program_there_is_no_process(hook, said):
    made = Hooks()
    made.program = hook('echo $PPID >$DIR/out')
    made.take(0, CHANGE)
    assert helpers.alive(int(said()))
    made.program = None
    made.take(0, None)

    helpers.wait_for(lambda: not helpers.alive(int(said())))


def test_the_daemon_itself_never_looks_at_a_program_whose_disk_may_hang(hook, directory, monkeypatch):
    looked, programs = [], [hook('exit 0'), str(directory / 'missing')]

    def noted(real):
        return lambda path, *rest, **more: (looked.append(path), real(path, *rest, **more))[1]
    for name in ('stat', 'lstat', 'access', 'open'):
        monkeypatch.setattr(os, name, noted(getattr(os, name)))
    made = Hooks()
    for program in programs:
        made.program = program
        made.take(0, None)
        made.take(0, CHANGE)
    monkeypatch.undo()
    made.close()

    assert 'No such file' in made.error
    assert set(looked).intersection(programs) == set()


class Undead(object):
    """A process in the kernel, which waits for its disk: killed, and there."""

    gone = None

    def poll(self):
        return self.gone

    def kill(self):
        pass

    stdin = stdout = stderr = None


def test_processes_that_hang_and_cannot_be_ended_do_not_pile_up(directory, monkeypatch):
    started, ends = [], []

    def spawned():
        ours, its = socket.socketpair()
        ours.setblocking(False)
        ends.append(its)
        started.append(Undead())
        return started[-1], ours
    monkeypatch.setattr(hooks, 'PATIENCE', 0.01)
    monkeypatch.setattr(hooks, '_spawned', spawned)
    made = Hooks(limit=0.01)
    made.program = str(directory / 'hook')
    for _ in range(3 * iproute.HANGING):
        made.take(0, CHANGE)
    assert len(started) == iproute.HANGING
    words = '3 processes that ran it hang and cannot be ended: none is started before one has gone'
    assert made.error == 'ON_CHANGE: %s: %s' % (made.program, words)

    started[0].gone = -9
    made.take(0, CHANGE)
    assert len(started) == iproute.HANGING + 1


# --- the queue and the thread ---

@pytest.fixture
def started():
    """Starts the thread of a Hooks and fails if it dies."""
    died, all_of = [], []

    def start(made):
        made.start(lambda: died.append(True))
        all_of.append(made)
        return made
    yield start
    for made in all_of:
        made.close()
    assert died == []


def test_changes_are_told_one_at_a_time_and_in_order(hook, said, started):
    made = started(Hooks())
    made.program = hook('echo $2 begin >>$DIR/out; sleep 0.0$((3 - $2 % 3)); echo $2 end >>$DIR/out')
    for number in range(6):
        made.tell(CHANGE._replace(name=str(number)))

    helpers.wait_for(lambda: said().count('end') == 6)
    assert said().splitlines() == ['%d %s' % (number, word) for number in range(6) for word in ('begin', 'end')]
    assert made.error is None


def test_nobody_waits_for_it_and_what_is_too_much_is_left_out_and_said_once(hook, caplog):
    made = Hooks()
    made.program = hook('sleep 60')
    began = compat.monotonic()
    with caplog.at_level(logging.WARNING):
        for _ in range(3 * hooks.WAITING):
            made.tell(CHANGE)

    assert compat.monotonic() - began < 5
    words = 'ON_CHANGE: %s is too slow: 1000 changes wait for it, further ones are left out' % made.program
    assert (made.error, [record.getMessage() for record in caplog.records]) == (words, [words])


def test_what_was_left_out_is_no_trouble_any_more_when_nothing_waits(hook, started, monkeypatch):
    monkeypatch.setattr(hooks, 'WAITING', 3)
    made = Hooks()
    made.program = hook('exit 0')
    for _ in range(5):
        made.tell(CHANGE)
    assert 'too slow' in made.error

    started(made)
    helpers.wait_for(lambda: made.error is None)


def test_a_failure_is_logged_once_until_it_changes_or_a_run_ends_well(hook, caplog, directory):
    made = Hooks()
    made.program = hook('exit $(cat $DIR/code)')
    seen = []
    with caplog.at_level(logging.WARNING):
        for code in '1 1 2 2 0 2 2'.split():
            helpers.write(directory / 'code', code)
            made.take(0, CHANGE)
            seen.append(made.error and made.error[-1])

    assert seen == ['1', '1', '2', '2', None, '2', '2']
    assert [record.getMessage() for record in caplog.records] == [
        'ON_CHANGE: %s: it ended with exit code %s' % (made.program, code) for code in '122']


def test_a_program_that_cannot_be_run_is_told_before_there_is_a_change(directory, started, caplog):
    made = started(Hooks())
    made.program = str(directory / 'missing')

    helpers.wait_for(lambda: made.error)
    assert made.error == 'ON_CHANGE: %s: No such file or directory' % made.program


def test_a_good_program_is_not_run_before_there_is_a_change(hook, said):
    made = Hooks()
    made.program = hook('echo run >$DIR/out')
    made.take(*made._changes.get_nowait())

    assert (said(), made.error, made._changes.empty()) == ('', None, True)


def test_a_new_file_with_another_program_or_none_ends_the_trouble(hook, said, directory):
    made = Hooks()
    made.program = str(directory / 'missing')
    made.take(0, CHANGE)
    assert made.error
    made.program = None
    assert made.error is None

    made.program = str(directory / 'missing')
    made.tell(CHANGE)
    made.program = hook('echo $1 >>$DIR/out')
    while not made._changes.empty():
        made.take(*made._changes.get_nowait())
    assert (made.error, said()) == (None, 'listener\n')


def test_the_same_program_in_a_new_file_does_not_forget_the_trouble(directory):
    made = Hooks()
    made.program = str(directory / 'missing')
    made.take(0, CHANGE)
    made.program = str(directory / 'missing')

    assert made.error


def test_what_is_running_at_the_end_of_the_daemon_is_killed_with_its_group_and_is_no_trouble(
        hook, said, started, caplog):
    made = started(Hooks())
    made.program = hook('sleep 60 & echo $! >$DIR/out; sleep 60')
    made.tell(CHANGE)
    helpers.wait_for(said)
    with caplog.at_level(logging.WARNING):
        made.close()

        helpers.wait_for(lambda: not helpers.alive(int(said())), hooks.LIMIT / 2)
        helpers.wait_for(lambda: made._changes.empty())
    assert (made.error, caplog.records) == (None, [])


def test_without_a_program_nothing_is_kept():
    made = Hooks()
    made.tell(CHANGE)
    made.take(0, CHANGE)

    assert (made._changes.empty(), made.error) == (True, None)


@pytest.mark.parametrize('kind, told', [('global', True), ('listener', True), ('card', True), ('port', True),
                                        ('address', False)])
def test_it_is_told_of_states_of_components_and_of_the_global_one(hook, said, kind, told):
    made = Hooks()
    made.program = hook('echo $1 >$DIR/out')
    made.tell(CHANGE._replace(kind=kind))
    while not made._changes.empty():
        made.take(*made._changes.get_nowait())

    assert said() == (kind + '\n' if told else '')


def test_a_change_is_told_late_so_that_starting_a_process_is_not_in_the_way_of_what_follows(
        hook, said, monkeypatch):
    slept = []
    monkeypatch.setattr(hooks, 'GRACE', 7.0)
    monkeypatch.setattr(time, 'sleep', lambda seconds, sleep=time.sleep: (slept.append(seconds), sleep(0.001)))
    now = [100.0]
    made = Hooks(clock=lambda: now[0])
    made.program = hook('exit 0')
    made.tell(CHANGE)
    made.take(*made._changes.get_nowait())
    assert 7.0 not in slept

    now[0] = 101.0
    change = made._changes.get_nowait()
    made.take(*change)
    now[0] = 120.0
    made.take(*change)

    assert [seconds for seconds in slept if seconds in (0, 6.0, 7.0)] == [6.0, 0]


# --- the examples ---

@pytest.fixture
def example(directory):
    """example(name, old, new): the path of a copy of an example that root owns, with `old` replaced by `new`."""
    def install(name, *replaced):
        text = helpers.read(os.path.join(helpers.ROOT, 'docs', 'hooks', name))
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        path = helpers.write(directory / name, text)
        os.chmod(path, 0o755)
        return path
    return install


def needs(*names):
    for name in names:
        found = [path for path in runner.ENVIRONMENT['PATH'].split(':') if os.access(os.path.join(path, name), os.X_OK)]
        helpers.require(found, 'needs ' + name)


def test_the_example_for_syslog_sends_a_message_with_the_reason_and_its_weight(example):
    needs('logger')
    collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        collector.bind(('127.0.0.1', 0))
        collector.settimeout(helpers.LIMIT)
        program = example('syslog', ('192.0.2.10', '127.0.0.1'), ('port=514', 'port=%d' % collector.getsockname()[1]))
        for change in (BYPASS, CHANGE):
            run(program, change)
        messages = [collector.recv(2048).decode('ascii') for _ in range(2)]
    finally:
        collector.close()

    # daemon.crit is 26, daemon.err 27.
    assert [text.partition('>')[0] for text in messages] == ['<26', '<27']
    assert messages[0].endswith(' global state: normal -> bypass: 1 failed >= 1')
    assert messages[1].endswith(' listener 0: active -> failed: no heartbeat for 3000 ms')


def test_the_example_for_http_posts_json_whatever_the_reason_holds(example, started):
    needs('curl')
    server = socket.socket()
    try:
        server.bind(('127.0.0.1', 0))
        server.listen(1)
        server.settimeout(helpers.LIMIT)
        program = example('http', ('https://noc.example.net/', 'http://127.0.0.1:%d/' % server.getsockname()[1]))
        made = started(Hooks())
        made.program = program
        made.tell(CHANGE._replace(why='"quoted" \\ back\nslash'))
        connection = server.accept()[0]
        request = b''
        while not request.endswith(b'}'):
            request += connection.recv(65536)
        connection.sendall(b'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
        connection.close()
    finally:
        server.close()

    head, _, body = request.partition(b'\r\n\r\n')
    assert head.startswith(b'POST /fastbypass HTTP/1.1\r\n')
    assert json.loads(body.decode('utf-8')) == {
        'host': os.uname()[1], 'at': 1795552760.5, 'kind': 'listener', 'name': '0', 'from': 'active', 'to': 'failed',
        'why': '"quoted" \\ backslash'}


def test_the_example_for_http_says_nothing_of_listeners_that_join(example):
    run(example('http', ('https://noc.example.net/', 'http://127.0.0.1:1/')), CHANGE._replace(
        old='unconfigured', new='unknown'))


def test_an_http_server_that_is_not_there_is_a_failure_of_the_hook(example):
    needs('curl')
    words = failure(example('http', ('https://noc.example.net/', 'http://127.0.0.1:1/')))

    assert words == 'it ended with exit code 7'


def test_the_environment_is_described():
    text = helpers.read(os.path.join(helpers.ROOT, 'docs', 'hooks', 'README.md'))

    names = ['FASTBYPASS_AT', 'FASTBYPASS_WHY'] + list(runner.CALLED.values())
    for word in ['%s=%s' % pair for pair in runner.ENVIRONMENT.items()] + names:
        assert '`%s`' % word in text
