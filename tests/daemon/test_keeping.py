"""keeping.py: the script that keeps accepted files, with the real tools, and that nobody waits for it."""
import os
import subprocess
import threading

import pytest

from fbmon.base import children, errands, starting, threads
from fbmon.daemon import keeping
from fbmon.daemon.keeping import Keeping
from fbmon.memory import kept
from helpers import alive, fill, read, wait_for, write


@pytest.fixture
def keeper(tmp_path, monkeypatch):
    """A Keeping in tmp/state/files. Its clock goes on by a second with each file."""
    monkeypatch.setattr(keeping, 'PAUSE', 0.05)
    moments, crashes = iter(range(1000, 2000)), []
    made = Keeping(str(tmp_path / 'state' / 'files'), lambda: crashes.append(1), lambda: next(moments))
    made.directory = str(tmp_path / 'state' / 'files')
    yield made
    made.close()
    assert crashes == []


def keep(keeper, *files):
    for data, by in files:
        keeper.keep(data, by)
        wait_for(lambda: not keeper._busy)


def fail(keeper, data, by):
    """Have a file kept, and wait until it is said that it is not. Returns that."""
    keeper.keep(data, by)
    return wait_for(lambda: keeper.error)


def there(keeper):
    return [(one.number, one.at, one.by, read(one.path)) for one in kept.newest_first(keeper.directory)]


def test_each_file_is_kept_with_who_and_when_and_the_same_again_is_not(keeper):
    data = bytes(bytearray(range(1, 256))) * 900
    keep(keeper, (b'a=1\n', 'start'), (b'a=1\n', 'SIGHUP'), (b'', 'alice'), (b'a=1\n', 'bob/../x y'), (data, 'carol'))

    assert keeper.error is None
    assert [one[:3] for one in there(keeper)] == [(4, 1004, 'carol'), (3, 1003, 'bob_.._x_y'), (2, 1002, 'alice'),
                                                  (1, 1000, 'start')]
    assert [one[3] for one in there(keeper)][1:] == ['a=1\n', '', 'a=1\n']
    with open(kept.newest_first(keeper.directory)[0].path, 'rb') as stream:
        assert stream.read() == data


def test_what_is_cut_off_as_the_daemon_ends_is_not_kept(keeper):
    keep(keeper, (b'a=1\n', 'start'))
    child = subprocess.Popen(['/bin/sh', '-c', keeping.SCRIPT, 'fastbypass_kept', keeper.directory, '1001', 'alice',
                              '20', '8'], stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    assert child.communicate(b'a=1\nb=')[1] == b'cut off\n' and child.returncode == 1
    assert there(keeper) == [(1, 1000, 'start', 'a=1\n')] and len(os.listdir(keeper.directory)) == 1


def test_only_root_may_look_at_them(keeper):
    keep(keeper, (b'x', 'start'))

    path = kept.newest_first(keeper.directory)[0].path
    assert [oct(os.stat(one).st_mode & 0o7777)[-3:] for one in (
        os.path.dirname(keeper.directory), keeper.directory, path)] == ['700', '700', '600']


def test_the_last_20_are_kept_and_nothing_that_is_not_ours_is_removed(keeper):
    os.makedirs(keeper.directory + '/00000003.5.dir')
    os.symlink('/etc/passwd', keeper.directory + '/00000002.5.link')
    for name in ('notes', '00000001', '.new', '.new.123'):
        write(keeper.directory + '/' + name, 'noise')
    keep(keeper, *[(b'%d' % number if str is not bytes else str(number), 'start') for number in range(22)])

    assert keeper.error is None
    assert [one[3] for one in there(keeper)] == ['%d' % number for number in range(21, 1, -1)]
    assert sorted(set(os.listdir(keeper.directory)) - set(os.path.basename(one.path)
                                                          for one in kept.newest_first(keeper.directory))) == [
        '00000001', '00000002.5.link', '00000003.5.dir', 'notes']


# Says when it is about to give the file its name, and waits to be told to go on.
SLOW = keeping.SCRIPT.replace(
    'attempt mv', ': >"$dir.$name"; while [ ! -e "$dir.$name.go" ]; do sleep 0.01; done\nattempt mv')


def slow(directory, by):
    """Begin to keep a file. Returns the thread, and a list that gets the outcome."""
    found = []
    words = errands.shell(SLOW, 'fastbypass_kept', directory, '1000', by, '20', '%d' % len(by))
    thread = threading.Thread(target=lambda: found.append(errands.Errand('').run(words, 60.0, by.encode('ascii'))))
    thread.start()
    wait_for(lambda: os.path.exists('%s.1000.%s' % (directory, by)))
    return thread, found


def test_a_process_of_a_killed_daemon_that_goes_on_late_leaves_the_file_of_the_next_one_alone(keeper):
    started, outcomes = {}, []
    for by in ('older', 'newer'):
        started[by] = slow(keeper.directory, by)
    for by in ('older', 'newer'):
        write('%s.1000.%s.go' % (keeper.directory, by), '')
        started[by][0].join()
        outcomes.append((started[by][1][0].code, there(keeper)))

    assert outcomes == [(1, []), (0, [(1, 1000, 'newer', 'newer')])]


def test_a_directory_that_is_gone_is_made_again(keeper):
    keep(keeper, (b'1', 'start'))
    os.rename(keeper.directory, keeper.directory + '.away')
    keep(keeper, (b'1', 'start'))

    assert (keeper.error, [one[3] for one in there(keeper)]) == (None, ['1'])


def test_what_cannot_be_kept_is_told_until_it_can_which_is_tried_again_and_again(keeper):
    write(keeper.directory.replace('/files', ''), 'no directory')
    assert fail(keeper, b'1', 'start') == \
        keeper.directory + ': Not a directory: the accepted file is not kept for fbypass_ctl rollback'
    keeper.keep(b'2', 'alice')

    os.unlink(keeper.directory.replace('/files', ''))
    wait_for(lambda: not keeper._busy)
    assert (keeper.error, [one[3] for one in there(keeper)]) == (None, ['2', '1'])


def test_a_full_disk_is_told_and_leaves_nothing_half(keeper, small_disk):
    keeper._directory = keeper.directory = small_disk + '/files'
    keep(keeper, (b'1' * 5000, 'start'))
    fill(small_disk + '/filler')
    assert 'No space left on device' in fail(keeper, b'2' * 50000, 'alice')
    assert [one[3] for one in there(keeper)] == ['1' * 5000]

    os.unlink(small_disk + '/filler')
    wait_for(lambda: not keeper._busy)
    assert (keeper.error, len(there(keeper))) == (None, 2)


def hangs(keeper, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, 'SCRIPT', 'echo $$ >>%s; exec sleep 600' % (tmp_path / 'pids'))
    monkeypatch.setattr(keeping, 'LIMIT', 0.3)
    return lambda: [int(pid) for pid in read(tmp_path / 'pids').split()]


def test_nobody_waits_for_a_disk_that_hangs_and_its_processes_end(keeper, tmp_path, monkeypatch):
    pids = hangs(keeper, tmp_path, monkeypatch)
    for number in range(30):
        keeper.keep(b'x' * 200000, 'start')
    assert len(keeper._waiting) <= kept.MOST

    wait_for(lambda: keeper.error)
    assert 'no answer within 0.3 s' in keeper.error
    keeper.close()
    wait_for(lambda: not keeper._busy and not any(alive(pid) for pid in pids()))


def test_processes_that_hang_and_cannot_be_ended_do_not_pile_up(keeper, monkeypatch):
    monkeypatch.setattr(keeper._errand._reaper, 'waiting', lambda: children.HANGING)
    monkeypatch.setattr(starting, 'start_child', None)
    assert '3 processes of this kind hang' in fail(keeper, b'1', 'start')


def test_the_end_of_the_daemon_ends_it_and_no_other_is_started(keeper, tmp_path, monkeypatch):
    pids = hangs(keeper, tmp_path, monkeypatch)
    monkeypatch.setattr(keeping, 'LIMIT', 60.0)
    keeper.keep(b'1', 'start')
    wait_for(lambda: read(tmp_path / 'pids').endswith('\n'))
    keeper.close()
    wait_for(lambda: not keeper._busy and not alive(pids()[0]))

    keep(keeper, (b'1', 'start'))
    assert len(pids()) == 1


def failing(error):
    def fail(*_arguments, **_options):
        raise error
    return fail


def test_without_a_thread_it_is_told_and_tried_again_when_there_is_one(keeper, monkeypatch):
    keeper._clock = lambda: 100.0
    with monkeypatch.context() as patched:
        patched.setattr(threads, 'start', failing(RuntimeError("can't start new thread")))
        keeper.keep(b'1', 'start')
        keeper.keep(b'2', 'start')
        assert ("can't start new thread" in keeper.error, keeper.deadline()) == (True, 100.05)
    keeper.step()
    assert keeper.deadline() == 100.05

    keeper._clock = lambda: 100.1
    keeper.step()
    wait_for(lambda: not keeper._busy)
    assert (keeper.error, keeper.deadline(), [one[3] for one in there(keeper)]) == (None, None, ['2', '1'])


def test_without_a_process_it_is_told_and_tried_again_by_itself(keeper, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(starting, 'start_child', failing(EnvironmentError(24, 'x')))
        assert 'Too many open files' in fail(keeper, b'1', 'start')

    wait_for(lambda: not keeper._busy)
    assert (keeper.error, [one[3] for one in there(keeper)]) == (None, ['1'])
