"""A disk that hangs: fsfreeze(8) on a file system of the log, and one that answers no look at a program."""
import os
import re
import signal

import pytest

import clock
import fbmon
import helpers
from fbmon.memory import journal
from fbmon.network import iproute
from kernel import files, silence
from kernel.hanging import HangingDisk
from kernel.namespace import IP

WORDS = '3 processes of ip hang and cannot be ended'
TWO = files.SMALL.replace('FAILED=1', 'FAILED=2')


def decides(switch, dpis):
    """It decides as ever: a node dies, and the cards' addresses go."""
    watch = switch.watch()
    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0')


def stops(daemon):
    """It stops well and in time."""
    code, seconds = daemon.stop()
    assert (code, seconds < 2.0) == (0, True)


@pytest.fixture
def frozen(daemon, dpis, disk):
    """The daemon in normal, with two listeners and threshold 2. The disk of its log is frozen."""
    os.symlink(disk.path, daemon.directory + '/logs')
    dpis.steady(3000, 3100)
    daemon.start(TWO)
    daemon.wait_state('normal')
    disk.freeze()
    return daemon


def test_a_log_disk_that_hangs_holds_up_neither_a_decision_nor_a_stop_nor_the_next_start(switch, frozen, dpis, disk):
    watch = switch.watch()
    dpis.silence(3000)
    frozen.wait_listener(0, 'failed')
    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0')
    frozen.wait(lambda status: 'its disk takes nothing' in ' '.join(status['problems']))
    first = frozen.log_writer()

    stops(frozen)
    began = clock.monotonic()
    frozen.start(TWO)
    assert clock.monotonic() - began < helpers.LIMIT
    frozen.wait_state('bypass')
    second = frozen.log_writer()

    disk.thaw()
    frozen.wait_log('fastbypass_monitor stops')
    helpers.wait_for(lambda: not helpers.alive(first))
    frozen.wait(lambda status: 'its disk takes nothing' not in ' '.join(status['problems']))
    assert frozen.stop()[0] == 0
    helpers.wait_for(lambda: not helpers.alive(second))
    assert 'global state: normal -> bypass' in frozen.log()


def test_a_daemon_that_is_killed_while_its_log_disk_hangs_is_gone_at_once(frozen, dpis, disk):
    dpis.silence(3000)
    frozen.wait_listener(0, 'failed')
    pid = frozen.log_writer()

    frozen.signal(signal.SIGKILL)
    assert frozen.ended() == -signal.SIGKILL
    # The next daemon gets the lock.
    frozen.start(TWO)

    disk.thaw()
    helpers.wait_for(lambda: not helpers.alive(pid))


def test_a_command_that_logs_to_a_disk_that_hangs_comes_back(frozen, disk):
    frozen.stop()

    assert frozen.command('force_on')[0] == 0
    disk.thaw()
    helpers.wait_for(lambda: 'force_on' in helpers.read(disk.path + '/fastbypass_monitor.log'))


def test_a_journal_whose_disk_hangs_holds_up_neither_a_decision_nor_a_stop_nor_the_next_start(
        switch, daemon, dpis, disk):
    os.symlink(disk.path, daemon.state_dir)
    dpis.steady(3000, 3100)
    daemon.start(TWO)
    daemon.wait_state('normal')
    path = disk.path + '/journal'
    helpers.wait_for(lambda: '"to": "normal"' in helpers.read(path))
    disk.freeze()
    dpis.silence(3000)
    daemon.wait_listener(0, 'failed')
    decides(switch, dpis)
    daemon.wait(lambda status: 'no journal in %s: its disk takes nothing' % daemon.state_dir in status['problems'])
    # Nobody who asks a daemon waits for its disk.
    for face in '--history', '--incident':
        assert 'the journal was not read, since its disk takes nothing' in daemon.command('status', face)[2]
    first = daemon.journal_writer()

    stops(daemon)
    daemon.start(TWO)
    daemon.wait_state('bypass')
    second = daemon.journal_writer()
    # What it was told before is shown.
    assert 'global state: normal -> bypass' in daemon.command('status', '--history')[1]

    disk.thaw()
    helpers.wait_for(lambda: not helpers.alive(first))
    helpers.wait_for(lambda: '"to": "bypass"' in helpers.read(path) and '"to": "stopped"' in helpers.read(path))
    daemon.wait(lambda status: 'its disk takes nothing' not in ' '.join(status['problems']))
    assert daemon.stop()[0] == 0
    helpers.wait_for(lambda: not helpers.alive(second))
    reading = journal.Reading(disk.path)
    assert [one.new for one in reading if one.kind == journal.DAEMON].count(journal.STOPPED) == 2
    assert (reading.skipped, reading.lost) == (0, 0)


def test_log_and_journal_on_disks_that_hang_hold_up_no_stop(daemon, dpis, disk):
    os.symlink(disk.path, daemon.directory + '/logs')
    os.symlink(disk.path, daemon.state_dir)
    dpis.steady(3000, 3100)
    daemon.start(TWO)
    daemon.wait_state('normal')
    disk.freeze()
    dpis.silence(3000)
    daemon.wait_listener(0, 'failed')

    stops(daemon)


# --- programs on a disk that hangs ---

@pytest.fixture
def hanging(tmp_path):
    """A HangingDisk."""
    made = HangingDisk(str(tmp_path))
    try:
        if not made.there:
            # Some kernels lack FUSE. tests/tell/test_hooks.py tests the rest without it.
            pytest.skip('needs FUSE')
        yield made
    finally:
        made.close()


def test_a_hook_on_a_disk_that_hangs_holds_up_neither_a_decision_nor_a_stop_nor_the_next_start(
        switch, daemon, dpis, hanging):
    text = files.SMALL + 'ON_CHANGE=%s/hook\n' % hanging.path
    dpis.steady(3000, 3100)
    daemon.start(text)
    hanging.wait_for('hook')
    daemon.wait_state('normal')
    decides(switch, dpis)

    stops(daemon)
    # The next daemon gets the lock.
    daemon.start(text)
    daemon.wait_state('bypass')


def test_a_reload_of_a_file_on_a_disk_that_hangs_holds_up_neither_a_decision_nor_a_stop_nor_the_next_start(
        switch, daemon, dpis, hanging):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    real = daemon.config + '.real'
    os.rename(daemon.config, real)
    os.symlink(os.path.join(hanging.path, 'env'), daemon.config)
    daemon.signal(signal.SIGHUP)
    hanging.wait_for('env')
    decides(switch, dpis)

    stops(daemon)
    os.rename(real, daemon.config)
    # It has the lock.
    daemon.start()
    daemon.wait_state('bypass')


@pytest.fixture
def hang_ip(daemon, hanging, tmp_path):
    """hang_ip(): from now on the `ip` that the daemon starts is on a disk that hangs. hang_ip(False): no more."""
    place = tmp_path / 'bin'
    place.mkdir()
    path = str(place / 'ip')
    daemon.path = str(place) + os.pathsep + os.environ['PATH']

    def change(hangs=True):
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(hanging.path + '/ip' if hangs else IP, path)
    change(False)
    return change


def test_a_start_whose_ip_is_on_a_disk_that_hangs_has_its_log_its_status_and_its_listeners(
        switch, daemon, dpis, hanging, hang_ip):
    hang_ip()
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    hanging.wait_for('ip')
    daemon.wait_log('fastbypass_monitor %s starts' % fbmon.__version__)
    why = 'the network cannot be watched: ip -o -0 addr: no answer within 5 s'
    daemon.wait(lambda status: why in status['problems'])
    # What hangs has neither the lock nor anything else of it.
    stops(daemon)
    hang_ip(False)
    daemon.start()
    daemon.wait_state('normal')


def test_a_change_whose_ip_is_on_a_disk_that_hangs_holds_up_nothing_else_and_starts_no_processes_without_end(
        switch, daemon, dpis, hanging, hang_ip):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    batch = daemon.child_of('batch')
    hang_ip()
    os.kill(batch, signal.SIGKILL)
    helpers.wait_for(lambda: batch not in daemon.children())
    dpis.silence(3100)
    daemon.wait_listener(1, 'failed')
    daemon.wait(lambda status: WORDS in (status['cards'][0]['error'] or ''))
    # Those that were killed a moment ago did not count yet when the last one was started, and others read routes.
    assert len(daemon.children()) <= 2 * (iproute.HANGING + 1)

    hang_ip(False)
    hanging.close()
    daemon.wait_state('bypass')


def test_an_order_on_a_disk_that_hangs_is_refused_and_holds_up_neither_a_decision_nor_a_stop_nor_the_next_start(
        switch, daemon, dpis, hanging):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    daemon.lose_state()
    os.symlink(os.path.join(hanging.path, 'state'), daemon.state_dir)
    command = daemon.begin('override', 'freeze')
    hanging.wait_for('state')
    decides(switch, dpis)
    code, output, errors = helpers.finish(command)
    assert (code, output, errors.endswith('/orders: cannot be written: no answer within 3 s\n')) == (1, '', True)
    assert daemon.status()['override'] is None
    assert [line for line in daemon.status()['problems'] if 'orders: cannot be written' in line]

    stops(daemon)
    # It has the lock, and it does not know the orders.
    daemon.start()
    daemon.wait_state('bypass')
    assert [line for line in daemon.status()['problems'] if 'orders: cannot be read: no answer' in line]


def test_a_start_whose_state_directory_is_on_a_disk_that_hangs_waits_a_second_for_orders_and_works_without(
        switch, daemon, dpis, hanging):
    dpis.steady(3000, 3100)
    os.symlink(os.path.join(hanging.path, 'state'), daemon.state_dir)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    assert [line for line in daemon.status()['problems'] if 'no order counts before it is read' in line]
    code, _, errors = daemon.command('override', 'bypass')
    assert code == 1 and errors.startswith('override: refused: ') and 'no answer within 1 s' in errors

    assert daemon.stop()[0] == 0
    os.unlink(daemon.state_dir)
    daemon.start()
    daemon.wait_state('normal')


def test_a_stop_does_not_wait_for_an_ip_on_a_disk_that_hangs(switch, daemon, hanging, hang_ip):
    daemon.start(files.SMALL)
    monitor = daemon.child_of('monitor')
    hang_ip()
    os.kill(monitor, signal.SIGKILL)
    hanging.wait_for('ip')

    stops(daemon)


# What is in memory, the daemon's own run directory aside.
MEMORY = ('/proc/', '/sys/', '/dev/null')


def touched(daemon, text):
    """The paths outside of memory and of the run directory that the daemon's threads name, as strace has it."""
    threads = os.listdir('/proc/%d/task' % daemon.child.pid)
    lines = [line.split(None, 1) for line in text.splitlines()]
    names = set(name for words in lines if words[:1] and words[0] in threads
                for name in re.findall('"([^"]*)"', words[-1]))
    return sorted(name for name in names if name and not name.startswith(MEMORY + (daemon.run_dir,)))


def test_no_thread_of_the_daemon_touches_a_disk_whatever_comes(switch, daemon, dpis, tmp_path):
    if not silence.has_strace():
        pytest.skip('no strace here')
    helpers.write_program(str(tmp_path / 'hook'), 'echo "$4" >>%s' % (tmp_path / 'told'))
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL + 'BYPASS_CARD_LEASE=60000\nON_CHANGE=%s\n' % (tmp_path / 'hook'))
    daemon.wait_state('normal')
    tracer = silence.trace(daemon, 'trace=file')
    # An order of an operator is kept in the state directory.
    assert daemon.command('maintenance', '1', 'on')[0] == daemon.command('maintenance', '1', 'off')[0] == 0
    dpis.silence(3100)
    daemon.wait_state('bypass')
    daemon.reload(files.SMALL + 'ON_CHANGE=%s\n' % (tmp_path / 'hook'))
    switch.recreate('sw1')
    daemon.kill_children()
    dpis.steady(3100)
    daemon.wait_sound('normal')
    helpers.wait_for(lambda: 'normal' in helpers.read(tmp_path / 'told'))

    text = silence.end(daemon, tracer)
    # It has seen something.
    assert daemon.run_dir in text or '/proc/' in text
    assert touched(daemon, text) == []
