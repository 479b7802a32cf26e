"""daemon.py: its signals, its exit codes and the end of a thread, seen from outside."""
import os
import signal
import subprocess
import sys

import pytest

from fbmon.base import compat
from fbmon.show import statussocket
from helpers import FBMON, LIMIT, alive, finish, free_port, python, read, wait_for, write, written

# The `ip` of all these tests: the machine has loopback with a card's address on it. $DIR/batch says what the batch
# does.
KERNEL = r'''
echo $$ >> $DIR/pids
case "$*" in
"-o -0 addr") echo '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\    link/loopback 00:00:00:00';;
"-o addr")
    echo '1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever'
    echo '1: lo    inet 192.0.2.1/32 scope host lo\       valid_lft forever preferred_lft forever';;
"-force -batch -")
    if [ -e $DIR/batch ]; then . $DIR/batch; fi
    n=0
    while read -r line; do
        n=$((n+1)); echo "$line" >> $DIR/lines
        case "$line" in fbmon*) echo "Command failed -:$n" >&2;; esac
    done;;
*) exec sleep 600;;
esac
'''

# One listener that fails at once, and one card.
BYPASS = '''LISTEN_HEARTBEAT_IFS=lo
BYPASS_CARD_IFS=lo
LISTEN_HEARTBEAT_TIMEOUT=10
LISTEN_HB_HOST[0]=127.0.0.1
LISTEN_HB_PORT[0]=%d
BYPASS_CARD_HOST[0]=192.0.2.1
'''


@pytest.fixture
def daemon(tmp_path, fake_ip, monkeypatch):
    """daemon(text of .env, driver=script): starts a daemon. It has .status(), .log() and .stop()."""
    monkeypatch.delenv('NOTIFY_SOCKET', raising=False)
    fake_ip(KERNEL)
    running = []

    class Daemon(object):
        def __init__(self, text='# nothing\n', driver=None, **options):
            self.path = write(tmp_path / '.env', text)
            places = ['--config', self.path, '--log-dir', str(tmp_path / 'logs'), '--run-dir', str(tmp_path / 'run'),
                      '--state-dir', str(tmp_path / 'state')]
            if driver:
                self.child = python(driver + START, *places)
            else:
                options.setdefault('stderr', subprocess.PIPE)
                self.child = subprocess.Popen([sys.executable, FBMON] + places + ['run'], stdout=subprocess.PIPE,
                                              close_fds=True, **options)
            running.append(self.child)

        def status(self):
            return statussocket.ask(str(tmp_path / 'run' / 'status.sock'), LIMIT)

        def wait_until_running(self):
            def answered():
                assert self.child.poll() is None, finish(self.child)
                try:
                    found = self.status()
                except statussocket.NotRunning:
                    return None
                return found if found['pid'] == self.child.pid else None
            return wait_for(answered)

        def log(self):
            return written(tmp_path / 'logs' / 'fastbypass_monitor.log')

        def end(self, number=signal.SIGTERM):
            """Send a signal, and wait for the end. Returns (exit code, seconds, stderr)."""
            began = compat.monotonic()
            self.child.send_signal(number)
            code, _, errors = finish(self.child)
            return code, compat.monotonic() - began, errors

    yield Daemon
    for child in running:
        if child.poll() is None:
            child.kill()
            child.communicate()
    for pid in read(tmp_path / 'pids').split():
        if alive(int(pid)) and 'sleep' in read('/proc/%s/cmdline' % pid):
            os.kill(int(pid), signal.SIGKILL)


# The end of each driver. It starts the program after the driver has changed it.
START = '''
import sys
import fbmon.cli.main
sys.exit(fbmon.cli.main.main(sys.argv[1:] + ['run']))
'''


# --- start ---

def test_a_start_with_mistakes_in_the_file_says_in_the_log_what_they_are(daemon):
    running = daemon('LISTEN_HEARTBEAT_IFS=lo\nLISTEN_HB_HOST[0]=127.0.0.1\nLISTEN_HB_PORT[0]=x\nLISTEN_HB_PROT[0]=1\n')
    running.wait_until_running()

    errors = [line.partition(' ERROR ')[2] for line in running.log().splitlines() if ' ERROR ' in line]
    assert errors == ['%s:3: error: LISTEN_HB_PORT[0]=x: not a UDP port; give a number from 1 to 65535' % running.path,
                      '%s:4: error: LISTEN_HB_PROT[0]=1: unknown key; did you mean LISTEN_HB_PORT[0]?' % running.path]


# --- stop ---

@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_it_with_0_within_2_seconds_and_leaves_the_network_alone(daemon, tmp_path, number):
    running = daemon(BYPASS.replace('TIMEOUT=10', 'TIMEOUT=3600000') % free_port())
    running.wait_until_running()

    code, seconds, errors = running.end(number)

    assert (code, 'Traceback' in errors) == (0, False)
    assert seconds < 2
    assert running.log().splitlines()[-1].endswith('fastbypass_monitor stops; addresses and ports stay as they are')
    assert read(tmp_path / 'lines') == ''


def test_a_stop_while_it_starts_ends_it_with_0(daemon):
    running = daemon(driver='''
import os, signal
from fbmon.config import source
load = source.load
def tampered(path):
    os.kill(os.getpid(), signal.SIGTERM)
    return load(path)
source.load = tampered
''')

    assert finish(running.child)[0] == 0


def test_a_stop_while_ip_hangs_ends_it_with_0_within_2_seconds(daemon, tmp_path):
    write(tmp_path / 'batch', 'read -r line; touch $DIR/hangs; exec sleep 600\n')
    running = daemon(BYPASS % free_port())
    wait_for(lambda: os.path.exists(str(tmp_path / 'hangs')))

    code, seconds, errors = running.end()

    assert (code, 'Traceback' in errors + running.log()) == (0, False)
    assert seconds < 2
    wait_for(lambda: not any(alive(int(pid)) for pid in read(tmp_path / 'pids').split()))


def test_after_a_stop_no_child_is_left(daemon, tmp_path):
    running = daemon(BYPASS % free_port())
    wait_for(lambda: 'addr del 192.0.2.1/32 dev lo' in read(tmp_path / 'lines'))

    running.end()

    wait_for(lambda: not any(alive(int(pid)) for pid in read(tmp_path / 'pids').split()))


def test_a_stop_that_another_thread_receives_is_one(daemon):
    running = daemon(driver='''
import ctypes, signal, threading, time
from fbmon.daemon import daemon
def strike():
    me = ctypes.c_ulong(threading.current_thread().ident)
    time.sleep(0.5)
    ctypes.CDLL(None).pthread_kill(me, int(signal.SIGTERM))
    time.sleep(600)
run = daemon.Daemon.run
def tampered(self):
    thread = threading.Thread(target=strike)
    thread.daemon = True
    thread.start()
    return run(self)
daemon.Daemon.run = tampered
''')

    assert finish(running.child)[0] == 0


def test_a_stderr_that_nobody_reads_any_more_does_not_change_the_exit_code(daemon):
    reader, writer = os.pipe()
    running = daemon(stderr=writer)
    os.close(writer)
    running.wait_until_running()
    os.close(reader)

    assert running.end()[0] == 0


# --- hangup ---

def test_sighup_is_harmless_while_it_starts(daemon):
    running = daemon(driver='''
import os, signal
from fbmon.config import source
from fbmon.daemon import daemon
from fbmon.memory import rundir
run = daemon.run
def tampered_run(*places):
    os.kill(os.getpid(), signal.SIGHUP)
    return run(*places)
daemon.run = tampered_run
load, make = source.load, rundir.RunDirectory.__init__
def tampered_load(path):
    os.kill(os.getpid(), signal.SIGHUP)
    return load(path)
def tampered_make(self, path):
    os.kill(os.getpid(), signal.SIGHUP)
    return make(self, path)
source.load, rundir.RunDirectory.__init__ = tampered_load, tampered_make
''')

    assert running.wait_until_running()['state'] == 'unknown'
    assert running.end()[0] == 0


def test_sighup_loads_the_file_again(daemon, tmp_path):
    running = daemon('LOG_LEVEL=INFO\n')
    running.wait_until_running()
    write(tmp_path / '.env', BYPASS % free_port())

    running.child.send_signal(signal.SIGHUP)

    wait_for(lambda: [row['state'] for row in running.status()['listeners']] == ['failed'])
    assert 'configuration loaded again from' in running.log()


def test_many_sighups_at_once_are_harmless(daemon):
    running = daemon()
    running.wait_until_running()
    for _ in range(200):
        running.child.send_signal(signal.SIGHUP)

    assert running.status()['state'] == 'unknown'
    assert running.end()[0] == 0


# --- exit codes ---

def test_a_second_one_ends_with_75_and_names_the_pid_of_the_first(daemon, tmp_path):
    first = daemon()
    first.wait_until_running()

    code, output, errors = finish(daemon().child)

    assert (code, output) == (75, '')
    assert errors == 'the daemon is already running in %s with pid %d\n' % (tmp_path / 'run', first.child.pid)
    assert first.status()['pid'] == first.child.pid


def test_a_file_that_cannot_be_read_ends_it_with_78_and_one_line(daemon, tmp_path):
    running = daemon.__new__(daemon)
    code, output, errors = finish(subprocess.Popen(
        [sys.executable, FBMON, '--config', str(tmp_path / 'none'), '--run-dir', str(tmp_path / 'run')],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE))

    assert (code, output) == (78, '')
    assert errors == '%s: cannot be read: No such file or directory\n' % (tmp_path / 'none')
    assert running.log() == ''


def test_a_killed_one_is_replaced_without_further_ado(daemon):
    first = daemon()
    first.wait_until_running()
    first.child.kill()
    first.child.communicate()

    second = daemon()

    assert second.wait_until_running()['pid'] == second.child.pid


# --- threads ---

DYING = {
    'controller': 'from fbmon.daemon import controller\n'
                  'def broken(*_):\n    raise ValueError("broken on purpose")\n'
                  'controller.Controller.turn = broken\n',
    'monitor': 'from fbmon.network import monitor\n'
               'def broken(*_):\n    raise ValueError("broken on purpose")\n'
               'monitor.Monitor.watch = broken\n',
    'listener': 'from fbmon.listeners import listener\n'
                'def broken(*_):\n    raise ValueError("broken on purpose")\n'
                'listener.Listener.timed_out = broken\n',
    'status': 'from fbmon.show import statussocket\n'
              'def broken(*_):\n    raise ValueError("broken on purpose")\n'
              'statussocket.Server._run = broken\n',
}


@pytest.mark.parametrize('name', sorted(DYING))
def test_a_thread_that_dies_ends_the_process_with_1_and_a_traceback_in_the_log(daemon, name):
    running = daemon(BYPASS % free_port(), driver=DYING[name])

    code, _, errors = finish(running.child)

    assert code == 1
    for text in (running.log(), errors):
        assert 'CRITICAL the thread "%s' % name in text
        assert 'ValueError: broken on purpose' in text and 'Traceback' in text


# --- without this and that ---

def test_without_a_usable_log_or_run_directory_it_runs_and_says_so(tmp_path, fake_ip):
    fake_ip(KERNEL)
    write(tmp_path / 'file', '')
    path = write(tmp_path / '.env', '# nothing\n')
    child = subprocess.Popen([sys.executable, FBMON, '--config', path, '--log-dir', str(tmp_path / 'file' / 'logs'),
                              '--run-dir', str(tmp_path / 'file' / 'run'), '--state-dir', str(tmp_path / 'state')],
                             stderr=subprocess.PIPE, close_fds=True)
    try:
        text = ''
        while not all(words in text for words in ('no log file', 'no lock', 'no status can be asked for')):
            line = child.stderr.readline().decode('ascii')
            assert line, text
            text += line
            # The daemon tells of the disk only after something else has happened.
            child.send_signal(signal.SIGHUP)
    finally:
        child.terminate()
        code = finish(child)[0]

    assert code == 0
    assert 'no log file in %s: Not a directory' % (tmp_path / 'file' / 'logs') in text
    assert '%s: Not a directory: no lock against a second daemon' % (tmp_path / 'file' / 'run') in text
    assert 'no status can be asked for' in text


def test_a_run_directory_whose_name_is_too_long_for_a_socket_is_told_of(tmp_path, fake_ip):
    fake_ip(KERNEL)
    path = write(tmp_path / '.env', '# nothing\n')
    child = subprocess.Popen([sys.executable, FBMON, '--config', path, '--log-dir', str(tmp_path / 'logs'),
                              '--run-dir', str(tmp_path / ('x' * 150)), '--state-dir', str(tmp_path / 'state')],
                             stderr=subprocess.PIPE, close_fds=True)
    try:
        wait_for(lambda: 'no status can be asked for' in read(tmp_path / 'logs' / 'fastbypass_monitor.log'))
    finally:
        child.terminate()
        finish(child)

    assert 'AF_UNIX path too long: no status can be asked for' in written(tmp_path / 'logs' / 'fastbypass_monitor.log')


def test_every_thread_sleeps_no_longer_than_it_wants_to(daemon):
    if not os.path.exists('/proc/self/timerslack_ns'):
        pytest.skip('a kernel before 4.6')
    running = daemon()
    running.wait_until_running()

    threads = os.listdir('/proc/%d/task' % running.child.pid)
    assert [read('/proc/%s/timerslack_ns' % thread) for thread in threads] == ['1\n'] * len(threads)


# Signals come while another thread counts bytecodes. After that nothing runs.
SIGNALS = '''
import os, signal, subprocess, sys, threading
from fbmon.base import compat
from fbmon.daemon import daemon

wakes = daemon.Wakes()
compat.switch_threads_seldom()
reader, writer = os.pipe()


def bursts():
    while os.read(reader, 1):
        for _ in range(3000):
            pass


thread = threading.Thread(target=bursts)
thread.daemon = True
thread.start()
sender = subprocess.Popen(['sh', '-c', 'while read line; do kill -HUP %d; done' % os.getpid()], stdin=subprocess.PIPE,
                          bufsize=0)
for number in range(int(sys.argv[1])):
    sender.stdin.write(b'\\n')
    os.write(writer, b'.')
    came, deadline = False, compat.monotonic() + 10
    while not came and compat.monotonic() < deadline:
        came = daemon.HANGUP in wakes.wait(1)
    if not came:
        print('signal %d is lost' % number)
        break
sys.stdout.flush()
sender.kill()
os._exit(0)
'''


def test_no_signal_is_lost_while_other_threads_run():
    assert finish(python(SIGNALS, 5000)) == (0, '', '')
