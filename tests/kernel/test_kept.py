"""Going back: accepted files are kept, and a reload on trial is taken back, with the real daemon and its commands."""
import os
import re

import pytest

import helpers
from kernel import files
from kernel.daemon import problems

OLD, NEW = files.PATIENT, files.PATIENT.replace('192.168.1.212', '192.168.1.213')


@pytest.fixture
def old(daemon):
    """The daemon, running with OLD, which is kept."""
    daemon.start(OLD)
    kept(daemon, 1)
    return daemon


def kept(daemon, count):
    """Wait until so many files are kept. Returns their paths, the oldest first."""
    top = daemon.state_dir + '/files'
    helpers.wait_for(lambda: os.path.isdir(top) and len([one for one in os.listdir(top) if one[0] == '0']) == count)
    return [os.path.join(top, name) for name in sorted(os.listdir(top)) if name[0] == '0']


def runs(daemon):
    """Which of the two files it runs."""
    return [text for text in (OLD, NEW) if all(line in daemon.status()['configuration'] for line in text.splitlines()
                                               if line.startswith('BYPASS_CARD_HOST'))]


def try_new(daemon, time='1m'):
    helpers.write(daemon.config, NEW)
    return daemon.command('reload', '--confirm', time)


def test_every_way_to_take_a_file_keeps_it_with_the_name_of_the_person(old, monkeypatch):
    monkeypatch.setenv('SUDO_USER', 'alice')
    old.reload(NEW)
    kept(old, 2)
    old.reload('LISTEN_HB_PROT[0]=1\n')
    helpers.write(old.config, OLD + '# a comment\n')
    assert old.command('reload')[0] == 0
    found = kept(old, 3)

    assert [helpers.read(path) for path in found] == [OLD, NEW, OLD + '# a comment\n']
    assert [path.rpartition('.')[2] for path in found] == ['start', 'SIGHUP', 'alice']
    old.stop()
    old.start('LISTEN_HB_PROT[0]=1\n')
    old.reload(OLD)
    assert len(kept(old, 4)) == 4


def test_a_rollback_shows_the_difference_and_runs_the_file_before(old):
    old.reload(NEW)
    kept(old, 2)
    helpers.write(old.config, NEW + 'MINE\n')

    code, output, errors = old.command('rollback')

    assert (code, errors) == (0, '')
    assert '-BYPASS_CARD_HOST[1]=192.168.1.213\n+BYPASS_CARD_HOST[1]=192.168.1.212\n' in output
    assert 'was never accepted; it is now %s.before-rollback\n' % old.config in output
    assert "kept, 1 added, 1 removed" in output
    assert helpers.read(old.config) == OLD and runs(old) == [OLD]
    assert helpers.read(old.config + '.before-rollback') == NEW + 'MINE\n'
    kept(old, 3)
    code, output, _ = old.command('rollback', '--list')
    assert code == 0
    assert [re.sub('[0-9]{4}-.{5} .{8}', 'WHEN', line).split(None, 3)[1:] for line in output.splitlines()[2:]] == [
        ['WHEN', 'SIGHUP', 'BYPASS_CARD_HOST[1]'], ['WHEN', 'start', '15 keys']]
    assert re.search(r'(?m)^0 .*  BYPASS_CARD_HOST\[1\], runs now$', output)
    # The one before the one that runs: forth again.
    assert old.command('rollback')[0] == 0 and runs(old) == [NEW]


def test_a_rollback_without_a_daemon_is_what_the_next_start_has(old):
    old.reload(NEW)
    kept(old, 2)
    old.stop()

    code, output, errors = old.command('rollback', '1')
    assert (code, helpers.read(old.config)) == (3, OLD)
    assert 'is not running' in errors
    assert old.start() and runs(old) == [OLD]


def gone(daemon):
    os.unlink(kept(daemon, 1)[0])


def mistaken(daemon):
    helpers.write(kept(daemon, 1)[0], 'LISTEN_HB_PROT[0]=1\n')


def noise(daemon):
    helpers.write(kept(daemon, 1)[0], b'\xff\xfe' + bytes(bytearray(range(256))) * 99)


@pytest.mark.parametrize('fault, said', [(gone, 'no accepted file is kept in '), (mistaken, 'has mistakes by now'),
                                         (noise, 'cannot be read: it is UTF-16')])
def test_a_rollback_to_what_is_no_good_is_refused_and_changes_nothing(old, fault, said):
    fault(old)
    helpers.write(old.config, NEW)

    code, _, errors = old.command('rollback', '0')

    assert (code, helpers.read(old.config), runs(old)) == (1, NEW, [OLD])
    assert said in errors and 'Traceback' not in errors


def test_a_reload_on_trial_is_shown_and_confirmed_and_meanwhile_the_file_is_as_before(old):
    code, output, errors = try_new(old)

    assert (code, errors) == (0, '')
    assert 'on trial: it is taken back in 1 min unless fbypass_ctl confirm' in output
    assert (runs(old), helpers.read(old.config), helpers.read(old.config + '.unconfirmed')) == ([NEW], OLD, NEW)
    assert 'the reload is taken back in ' in old.command('status')[1].splitlines()[0]
    assert old.command('reload', '--confirm', '1m')[0] == 1
    helpers.write(old.config, 'edited meanwhile')

    code, output, errors = old.command('confirm')

    assert (code, errors) == (0, '')
    assert (runs(old), helpers.read(old.config), old.status()['trial']) == ([NEW], NEW, None)
    assert helpers.read(old.config + '.before-confirm') == 'edited meanwhile'
    assert not os.path.exists(old.config + '.unconfirmed')
    assert [helpers.read(path) for path in kept(old, 2)] == [OLD, NEW]
    assert old.command('confirm')[::2] == (1, 'no reload waits for a confirm\n')


def test_whatever_ends_the_daemon_the_next_start_has_the_file_from_before_and_says_so(old):
    assert try_new(old)[0] == 0
    old.kill()
    old.start()

    assert (runs(old), old.status()['trial']) == ([OLD], None)
    assert 'was confirmed' in old.command('status', '--history')[1]
    assert old.command('confirm')[::2] == (1, 'no reload waits for a confirm; what was tried last is %s.unconfirmed\n'
                                           % old.config)


def test_a_plain_reload_ends_a_trial_and_nothing_of_it_is_lost(old):
    assert try_new(old)[0] == 0
    assert 'configuration loaded again' in old.reload()

    assert (runs(old), old.status()['trial'], helpers.read(old.config + '.unconfirmed')) == ([OLD], None, NEW)
    helpers.write(old.config, NEW + '# again\n')
    code, output, _ = old.command('reload', '--confirm', '1h')
    assert code == 0 and '.unconfirmed of an earlier trial is now %s.unconfirmed-old\n' % old.config in output


def test_what_has_mistakes_is_not_tried_and_the_file_stays_as_it_was_written(old):
    helpers.write(old.config, 'LISTEN_HB_PROT[0]=1\n')
    code, _, errors = old.command('reload', '--confirm', '5m')

    assert (code, runs(old)) == (1, [OLD])
    assert errors.startswith(old.config + ':1: error: ') and 'the file is refused' in errors
    assert helpers.read(old.config) == 'LISTEN_HB_PROT[0]=1\n'
    assert not os.path.exists(old.config + '.unconfirmed')
    assert old.command('reload', '--confirm', '5s')[0] == 2


def test_the_file_that_runs_already_needs_no_trial(old):
    code, _, errors = old.command('reload', '--confirm', '5m')

    assert (code, errors) == (1, '%s is what runs already: there is nothing to try\n' % old.config)


def test_a_directory_that_cannot_be_written_is_a_problem_and_the_reload_is_taken(daemon):
    helpers.write(daemon.state_dir, 'no directory')
    daemon.start(OLD)
    text = '%s/files: Not a directory: the accepted file is not kept' % daemon.state_dir
    daemon.wait(lambda status: [line for line in status['problems'] if line.startswith(text)])

    daemon.reload(NEW)
    assert runs(daemon) == [NEW]
    # It needs no kept file to go back.
    helpers.write(daemon.config, OLD)
    assert daemon.command('reload', '--confirm', '1m')[0] == 0 and runs(daemon) == [OLD]
    assert daemon.command('rollback')[0] == 1
    os.unlink(daemon.state_dir)
    daemon.wait(lambda status: not [line for line in problems(status) if line.startswith(text)])
    assert [helpers.read(path) for path in kept(daemon, 2)] == [OLD, NEW]
