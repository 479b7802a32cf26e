"""A disk of the log that hangs: fsfreeze(8) on a file system of its own."""
import os
import signal
import subprocess

import pytest

import clock
import helpers
from kernel import files

TWO = files.SMALL.replace('FAILED=1', 'FAILED=2')


@pytest.fixture
def disk(tmp_path):
    """Disk: the path of an ext4 of its own; freeze() and thaw()."""
    path, image = str(tmp_path / 'disk'), str(tmp_path / 'image')
    os.mkdir(path)
    with open(image, 'wb') as target:
        target.truncate(8 * 1024 * 1024)
    made = _quiet('mkfs.ext4', '-q', '-F', image) and _quiet('mount', '-o', 'loop', image, path)
    helpers.require(made, 'needs mkfs.ext4 and the right to mount it')
    try:
        yield Disk(path)
    finally:
        _quiet('fsfreeze', '-u', path)
        subprocess.check_call(['umount', '-l', path])


def _quiet(*words):
    with open(os.devnull, 'wb') as null:
        try:
            return subprocess.call(words, stdout=null, stderr=null) == 0
        except EnvironmentError:
            return False


class Disk(object):
    """A mounted file system that can be made to hang."""

    def __init__(self, path):
        self.path = path

    def freeze(self):
        """Whoever writes to it from now on waits."""
        subprocess.check_call(['fsfreeze', '-f', self.path])

    def thaw(self):
        """All goes on."""
        subprocess.check_call(['fsfreeze', '-u', self.path])


@pytest.fixture
def frozen(daemon, dpis, disk):
    """The daemon in normal, with two listeners and threshold 2, and its log's disk frozen."""
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

    code, seconds = frozen.stop()
    assert (code, seconds < 2.0) == (0, True)
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
    # It has the lock.
    frozen.start(TWO)

    disk.thaw()
    helpers.wait_for(lambda: not helpers.alive(pid))


def test_a_command_that_logs_to_a_disk_that_hangs_comes_back(frozen, disk):
    frozen.stop()

    assert frozen.command('force_on')[0] == 0
    disk.thaw()
    helpers.wait_for(lambda: 'force_on' in helpers.read(disk.path + '/fastbypass_monitor.log'))
