"""The disk of the log and the run directory: full, read-only, gone, or with something strange instead of a file."""
import os
import shutil
import subprocess

import pytest

import helpers
from fbmon.memory import journal
from kernel import files
from kernel.daemon import problems

PRECIOUS = 'precious\n'


def reacts(switch, daemon, dpis):
    """Let a node fail and come back, and check all that follows."""
    dpis.silence(3100)
    daemon.wait_state('bypass')
    assert (switch.addresses('eth0'), switch.ports()) == (files.BYPASS, files.PORTS_BYPASS)
    dpis.steady(3100)
    daemon.wait_state('normal')
    assert (switch.addresses('eth0'), switch.ports()) == (files.NORMAL, files.PORTS_NORMAL)


def acts_unseen(switch, dpis):
    """As reacts(), for a daemon that nobody can ask."""
    watch = switch.watch()
    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down')
    dpis.steady(3100)
    watch.wait_for('+ 192.168.1.211/32 eth0', '+ 192.168.1.212/32 eth0', 'sw0 up', 'sw2 up')


def remount(path, option):
    """Mount it again with this option: ro or rw."""
    subprocess.check_call(['mount', '-o', 'remount,' + option, path])


# --- the log ---

def test_a_log_disk_that_is_full_stops_nothing_and_the_log_goes_on_once_it_has_room(switch, daemon, dpis, small_disk):
    os.symlink(small_disk, daemon.directory + '/logs')
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    helpers.fill(os.path.join(small_disk, 'filler'))

    for _ in range(8):
        reacts(switch, daemon, dpis)
    os.unlink(os.path.join(small_disk, 'filler'))
    reacts(switch, daemon, dpis)

    assert daemon.log().splitlines()[-1].endswith('absent -> present: global state normal')
    assert daemon.log().count('global state: bypass -> normal') < 9


def test_a_log_directory_that_is_removed_while_it_runs_stops_nothing(switch, small, dpis):
    shutil.rmtree(small.directory + '/logs')

    reacts(switch, small, dpis)


def test_a_read_only_log_disk_is_told_of_and_stops_nothing(switch, daemon, dpis, small_disk):
    os.symlink(small_disk, daemon.directory + '/logs')
    remount(small_disk, 'ro')
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL)
    shown = daemon.wait_state('normal')

    assert [text for text in problems(shown) if 'no log file in' in text and 'Read-only file system' in text]
    reacts(switch, daemon, dpis)


# --- the journal ---

def in_journal(directory):
    """[the new state of each change of the global one] in the journal of a state directory, and the Reading."""
    reading = journal.Reading(directory)
    return [one.new for one in reading if one.kind == 'global'], reading


def test_a_journal_whose_disk_is_full_stops_nothing_and_what_is_missing_is_counted_once_it_has_room(
        switch, daemon, dpis, small_disk):
    daemon.state_dir = small_disk
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    helpers.wait_for(lambda: in_journal(small_disk)[0] == ['normal'])
    helpers.fill(os.path.join(small_disk, 'filler'))

    for _ in range(8):
        reacts(switch, daemon, dpis)
    # A pipe between two answers may still have some lines.
    shown = daemon.wait(lambda status: 'no journal in' in ' '.join(status['problems']))
    assert 'no journal in %s: No space left on device' % small_disk in shown['problems']
    os.unlink(os.path.join(small_disk, 'filler'))
    reacts(switch, daemon, dpis)
    daemon.wait(lambda status: 'no journal in' not in ' '.join(status['problems']))

    assert daemon.stop()[0] == 0
    helpers.wait_for(lambda: in_journal(small_disk)[0][-1] == 'unknown')
    changes, reading = in_journal(small_disk)
    assert reading.lost > 0 and changes[-3:] == ['bypass', 'normal', 'unknown']


def test_a_journal_on_a_read_only_disk_is_told_of_and_the_history_goes_on_in_the_run_directory(
        switch, daemon, dpis, small_disk):
    daemon.state_dir = small_disk
    remount(small_disk, 'ro')
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL)
    daemon.wait_state('normal')

    daemon.wait(lambda status: 'no journal in %s: Read-only file system' % small_disk in status['problems'])
    reacts(switch, daemon, dpis)
    assert daemon.stop()[0] == 0
    remount(small_disk, 'rw')
    daemon.start()
    shown = daemon.wait_state('normal')
    assert [one['to'] for one in shown['history'] if one['kind'] == 'global'][:3] == ['normal', 'bypass', 'normal']


def test_what_changed_before_a_boot_is_shown_after_it_with_and_without_a_daemon(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    assert small.stop()[0] == 0
    # That is what a boot leaves of it.
    shutil.rmtree(small.run_dir)

    code, output, errors = small.command('status', '--history', '--since', '1d')
    assert (code, ' global state: normal -> bypass' in output) == (3, True)
    assert errors.startswith('fastbypass_monitor is not running') and errors.count('\n') == 1
    code, output, errors = small.command('status', '--incident')
    assert (code, '  bypass at ' in output) == (3, True)
    small.start()
    small.wait_state('bypass')
    code, output, errors = small.command('status', '--history')
    assert (code, errors) == (0, '')
    assert ' global state: normal -> bypass' in output and ' global state: unknown -> bypass' in output
    assert small.command('status', '--history', '--last', '1')[1].count('\n') == 1


def test_after_a_kill_the_journal_says_when_the_daemon_was_seen_last(switch, small, dpis):
    dpis.silence(3100)
    small.wait_state('bypass')
    small.kill()
    small.start()
    small.wait_state('bypass')

    helpers.wait_for(lambda: in_journal(small.state_dir)[0][-1:] == ['bypass'])
    lines = list(journal.Reading(small.state_dir))
    seen, started, ended = [(place, one) for place, one in enumerate(lines) if one.kind == journal.DAEMON
                            or 'had ended without a stop; seen last at ' in one.why][1:4]
    assert [one.new for _, one in (seen, started, ended)] == [journal.ALIVE, journal.STARTED, 'unknown']
    assert lines[0].new == journal.STARTED and lines[0].at <= seen[1].at <= started[1].at
    assert [place for place, _ in (seen, started, ended)] == list(range(seen[0], seen[0] + 3))


# --- the run directory ---

def test_a_full_run_directory_is_told_of_and_stops_nothing_and_is_written_once_it_has_room(
        switch, daemon, dpis, small_disk):
    daemon.run_dir = small_disk
    helpers.fill(os.path.join(small_disk, 'filler'))
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    shown = ' '.join(daemon.wait_state('normal')['problems'])
    assert shown.count('No space left on device') == 3
    reacts(switch, daemon, dpis)

    os.unlink(os.path.join(small_disk, 'filler'))
    reacts(switch, daemon, dpis)
    assert 'not remembered' not in ' '.join(daemon.status()['problems'])
    # This address was added when the disk was full, and has not changed since.
    assert '+ address eth0 192.168.1.202 ' in helpers.read(os.path.join(small_disk, 'ledger'))
    daemon.kill()
    # The daemon remembers its changes again: a card that is no longer in the file is released.
    daemon.start(files.without(files.SMALL, 'BYPASS_CARD_HOST[0]'))
    daemon.wait_state('normal')
    helpers.wait_for(lambda: switch.cards() == files.CARDS[1:])


def test_a_read_only_run_directory_stops_nothing(switch, daemon, dpis, small_disk):
    daemon.run_dir = small_disk
    remount(small_disk, 'ro')
    dpis.steady(3000, 3100)

    daemon.launch(files.SMALL)
    daemon.wait_log('no status can be asked for')
    daemon.wait_log('global state: unknown -> normal')

    acts_unseen(switch, dpis)
    assert daemon.stop()[0] == 0


def a_directory(path, _precious):
    os.mkdir(path)


def a_link(path, precious):
    os.symlink(precious, path)


def a_link_to_nowhere(path, precious):
    os.symlink(precious + '.none', path)


def a_pipe(path, _precious):
    os.mkfifo(path)


def noise(path, _precious):
    with open(path, 'wb') as target:
        target.write(os.urandom(100000))


@pytest.mark.parametrize('what', [a_directory, a_link, a_link_to_nowhere, a_pipe, noise])
def test_something_strange_in_the_place_of_every_file_that_it_writes_harms_neither_it_nor_others(
        switch, daemon, dpis, what):
    precious = helpers.write(daemon.directory + '/precious', PRECIOUS)
    os.mkdir(daemon.run_dir)
    os.mkdir(daemon.directory + '/logs')
    os.mkdir(daemon.state_dir)
    what(daemon.state_dir + '/journal', precious)
    for name in ('ledger', 'ledger.new', 'history', 'history.new', 'life', 'life.new', 'daemon.lock'):
        what(os.path.join(daemon.run_dir, name), precious)
    if what is not a_directory:
        what(os.path.join(daemon.run_dir, 'status.sock'), precious)
    what(daemon.directory + '/logs/fastbypass_monitor.log', precious)
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL)
    daemon.wait_state('normal')

    reacts(switch, daemon, dpis)
    assert daemon.stop()[0] == 0
    assert (helpers.read(precious), os.path.exists(precious + '.none')) == (PRECIOUS, False)


def test_files_of_the_run_directory_that_are_removed_while_it_runs_are_missed_by_nobody(switch, small, dpis):
    for name in ('ledger', 'history', 'life', 'daemon.lock'):
        os.unlink(os.path.join(small.run_dir, name))

    reacts(switch, small, dpis)


# --- who may read and write them ---

def test_whatever_the_mask_is_nobody_else_can_write_what_it_writes_or_read_its_run_directory(small):
    small.stop()
    shutil.rmtree(small.directory + '/logs')
    shutil.rmtree(small.run_dir)
    small.start(wrapper=['sh', '-c', 'umask 0; exec "$@"', 'sh'])
    small.wait_state('normal')

    modes = dict((os.path.join(os.path.basename(top), name), os.stat(os.path.join(top, name)).st_mode & 0o777)
                 for top in (small.run_dir, small.directory + '/logs') for name in os.listdir(top) + ['.'])
    assert modes == {'run/.': 0o700, 'run/daemon.lock': 0o600, 'run/ledger': 0o600, 'run/history': 0o600,
                     'run/routes': 0o600, 'run/life': 0o600, 'run/status.sock': 0o600, 'logs/.': 0o755,
                     'logs/fastbypass_monitor.log': 0o644}
