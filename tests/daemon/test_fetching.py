"""fetching.py: a reload reads the file in another process, with the words of a start, and nobody waits for it."""
import os

import pytest

from fbmon.base import children, starting, threads
from fbmon.config import source
from fbmon.daemon import fetching
from fbmon.daemon.fetching import Fetcher
from helpers import LIMIT, alive, read, wait_for, write
from kernel import files


@pytest.fixture
def fetcher(tmp_path, monkeypatch):
    """A Fetcher of tmp/.env. reports: one for each call of report; crashes: likewise."""
    made = Fetcher(str(tmp_path / '.env'), lambda: made.reports.append(1), lambda: made.crashes.append(1))
    made.reports, made.crashes, made.path = [], [], str(tmp_path / '.env')
    # No test waits for a process so long that its time is up, unless it says so.
    monkeypatch.setattr(fetching, 'LIMIT', 3 * LIMIT)
    yield made
    made.close()
    assert made.crashes == []


def outcome(load, path):
    try:
        return load(path)
    except source.Unreadable as error:
        return str(error)


def pipe(path):
    os.mkfifo(path)


def loop(path):
    os.symlink(path, path)


def large(path):
    write(path, b'#' * (source.LARGEST + 1))


def largest(path):
    write(path, b'#' * source.LARGEST)


def noise(path):
    write(path, bytes(bytearray(range(256))) * 50)


def good(path):
    write(path, files.SMALL + 'LISTEN_HEARTBEAT_FAILD=1')


def utf16(path):
    write(path, files.SMALL.encode('utf-16'))


def missing(_path):
    pass


@pytest.mark.parametrize('make', [missing, os.mkdir, pipe, loop, large, largest, noise, good, utf16])
def test_it_finds_what_a_start_would_and_says_the_same_where_it_cannot(fetcher, make):
    make(fetcher.path)
    fetcher.ask()
    wait_for(lambda: fetcher.reports)

    assert outcome(fetcher.load, fetcher.path) == outcome(source.load, fetcher.path)


def test_a_link_into_a_directory_that_is_none_is_told_in_the_same_words(fetcher):
    write(fetcher.path + '.file', '')
    os.symlink(fetcher.path + '.file/x', fetcher.path)
    fetcher.ask()
    wait_for(lambda: fetcher.reports)

    assert outcome(fetcher.load, fetcher.path) == outcome(source.load, fetcher.path) \
        == fetcher.path + ': cannot be read: Not a directory'


WAITS = 'echo $$ >>"$1.pids"; while [ ! -e "$1.go" ]; do sleep 0.01; done; cat "$1"'


def test_what_is_asked_for_while_it_reads_is_read_once_more_and_nobody_waits(fetcher, monkeypatch):
    monkeypatch.setattr(fetching, 'SCRIPT', WAITS)
    write(fetcher.path, 'old')
    fetcher.ask()
    wait_for(lambda: read(fetcher.path + '.pids'))
    for _ in range(5):
        fetcher.ask()
    assert (fetcher.reports, fetcher.under_way()) == ([], True)
    write(fetcher.path, files.SMALL)
    write(fetcher.path + '.go', '')

    wait_for(lambda: len(fetcher.reports) == 2 and not fetcher._busy)
    assert len(read(fetcher.path + '.pids').split()) == 2
    assert fetcher.under_way()
    assert fetcher.load(fetcher.path).mistakes == ()
    assert not fetcher.under_way()
    fetcher.ask()
    wait_for(lambda: len(fetcher.reports) == 3)


def test_what_was_read_before_a_reload_was_asked_for_is_not_the_answer_to_it(fetcher, monkeypatch):
    monkeypatch.setattr(fetching, 'SCRIPT', WAITS)
    write(fetcher.path, files.SMALL)
    fetcher.ask()
    wait_for(lambda: read(fetcher.path + '.pids').endswith('\n'))
    first = fetcher._fetch
    monkeypatch.setattr(fetcher, '_fetch', lambda: wait_for(lambda: fetcher.go) and first())
    fetcher.go = False
    fetcher.ask()
    write(fetcher.path + '.go', '')
    wait_for(lambda: fetcher.reports)
    fetcher.load(fetcher.path)
    assert fetcher.under_way()

    fetcher.go = True
    wait_for(lambda: len(fetcher.reports) == 2)
    fetcher.load(fetcher.path)
    assert not fetcher.under_way()


def test_a_process_that_somebody_ends_is_told(fetcher, monkeypatch):
    monkeypatch.setattr(fetching, 'SCRIPT', 'kill -9 $$')
    fetcher.ask()
    wait_for(lambda: fetcher.reports)

    assert outcome(fetcher.load, fetcher.path) == fetcher.path + ': cannot be read: exit code -9'


HANGS = 'echo $$ >>"$1.pids"; exec sleep 600'


def test_a_disk_that_hangs_is_told_and_its_process_is_ended(fetcher, monkeypatch):
    monkeypatch.setattr(fetching, 'SCRIPT', HANGS)
    monkeypatch.setattr(fetching, 'LIMIT', 0.5)
    fetcher.ask()
    wait_for(lambda: fetcher.reports)

    assert outcome(fetcher.load, fetcher.path) == fetcher.path + ': cannot be read: no answer within 0.5 s'
    wait_for(lambda: not any(alive(int(pid)) for pid in read(fetcher.path + '.pids').split()))


def test_processes_that_hang_and_cannot_be_ended_do_not_pile_up(fetcher, monkeypatch):
    monkeypatch.setattr(fetcher._errand._reaper, 'waiting', lambda: children.HANGING)
    monkeypatch.setattr(starting, 'start_child', None)
    fetcher.ask()
    wait_for(lambda: fetcher.reports)

    assert outcome(fetcher.load, fetcher.path) == fetcher.path + ': cannot be read: 3 processes that read it hang'


def test_the_end_of_the_daemon_ends_it_and_no_other_is_started(fetcher, monkeypatch):
    monkeypatch.setattr(fetching, 'SCRIPT', HANGS)
    fetcher.ask()
    wait_for(lambda: read(fetcher.path + '.pids').endswith('\n'))
    fetcher.close()
    wait_for(lambda: not alive(int(read(fetcher.path + '.pids'))))
    wait_for(lambda: not fetcher._busy)

    fetcher.ask()
    wait_for(lambda: len(fetcher.reports) == 2)
    assert len(read(fetcher.path + '.pids').split()) == 1


def test_without_a_thread_or_a_process_the_reload_is_refused_and_the_next_one_works(fetcher, monkeypatch):
    def failing(error):
        def fail(*_arguments, **_options):
            raise error
        return fail
    write(fetcher.path, files.SMALL)
    with monkeypatch.context() as patched:
        patched.setattr(threads, 'start', failing(RuntimeError("can't start new thread")))
        fetcher.ask()
    assert outcome(fetcher.load, fetcher.path) == fetcher.path + ": cannot be read: can't start new thread"
    with monkeypatch.context() as patched:
        patched.setattr(starting, 'start_child', failing(EnvironmentError(24, 'x')))
        fetcher.ask()
        wait_for(lambda: len(fetcher.reports) == 2 and not fetcher._busy)
    assert outcome(fetcher.load, fetcher.path) == fetcher.path + ': cannot be read: Too many open files'

    fetcher.ask()
    wait_for(lambda: len(fetcher.reports) == 3)
    assert fetcher.load(fetcher.path).mistakes == ()
