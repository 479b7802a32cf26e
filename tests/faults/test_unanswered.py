"""The daemon is killed between an order and its answer. What the command says is true, and nothing counts by half."""
import json
import os
import select
import signal

import pytest

import helpers
from kernel import files

MAY = 'it may do this all the same: see fbypass_ctl show\n'
LATE = 'it may count from the next start on all the same: see fbypass_ctl show\n'


@pytest.fixture
def slow(daemon, dpis, disk):
    """The daemon in normal. The disk of its state directory takes nothing."""
    os.symlink(disk.path, daemon.state_dir)
    dpis.steady(3000, 3100, interval=50)
    daemon.start(files.PATIENT)
    daemon.wait_state('normal')
    kept = os.path.join(disk.path, 'files')
    helpers.wait_for(lambda: os.path.isdir(kept) and [name for name in os.listdir(kept) if name[0] == '0'])
    disk.freeze()
    return daemon


def begin(daemon, *words):
    """(the command, the pid of the process that writes its order): the daemon is stopped once that has all it needs."""
    command, writers = daemon.begin(*words), []

    def given():
        writers[:] = [pid for pid, line in daemon.all_children().items() if 'writer.py' in line and _has_all(pid)]
        return writers
    helpers.wait_for(given)
    daemon.signal(signal.SIGSTOP)
    return command, writers[0]


def _has_all(pid):
    """Whether the daemon has written all to a child's stdin, and has closed it."""
    descriptor = os.open('/proc/%d/fd/0' % pid, os.O_RDONLY | os.O_NONBLOCK)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return [event for _, event in poller.poll(0) if event & select.POLLHUP]
    finally:
        os.close(descriptor)


def waits(pid):
    """Whether a process waits for a disk."""
    return helpers.read('/proc/%d/stat' % pid).rpartition(')')[2].split()[:1] == ['D']


def orders(daemon):
    """What the file has, None if there is none."""
    text = helpers.read(os.path.join(daemon.state_dir, 'orders'))
    return json.loads(text) if text else None


def test_an_order_that_is_not_on_the_disk_when_the_daemon_is_killed_is_not_there_when_the_disk_goes_on(slow, disk):
    command, writer = begin(slow, 'override', 'bypass')
    helpers.wait_for(lambda: waits(writer))
    slow.kill()
    code, output, errors = helpers.finish(command)
    assert (code, output) == (3, '') and errors.endswith(MAY)

    # It reads the file before the disk goes on.
    slow.start()
    assert slow.wait_state('normal')['override'] is None
    disk.thaw()
    helpers.wait_for(lambda: not helpers.alive(writer))
    assert (orders(slow), slow.status()['override']) == (None, None)
    slow.stop()
    slow.start()
    assert slow.wait_state('normal')['override'] is None


def test_an_order_that_is_on_the_disk_when_the_daemon_is_killed_counts_from_the_next_start_on(slow, disk):
    command, writer = begin(slow, 'maintenance', '1', 'on', '--reason', 'a new kernel')
    disk.thaw()
    helpers.wait_for(lambda: not helpers.alive(writer))
    assert list(orders(slow)['maintenance']) == ['1']
    slow.kill()
    code, output, errors = helpers.finish(command)
    assert (code, output) == (3, '') and errors.endswith(MAY)

    slow.start()
    status = slow.wait_state('normal')
    assert [row['maintenance'] and row['maintenance']['reason'] for row in status['nodes']] == [None, 'a new kernel']


def test_without_a_daemon_an_order_that_a_disk_may_take_too_late_is_not_said_to_be_refused(slow, disk):
    slow.kill()
    code, output, errors = slow.command('override', 'bypass')

    assert (code, output) == (1, '')
    assert errors == 'override: %s/orders: cannot be written: no answer within 3 s\n%s' % (slow.state_dir, LATE)
    disk.thaw()
    slow.start()
    assert slow.command('override', 'off')[0] == 0
