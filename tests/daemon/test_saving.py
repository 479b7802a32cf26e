"""saving.py: a start reads the state file in another process, and waits for it no longer than for a second."""
import os

import pytest

from fbmon.base import starting, threads
from fbmon.daemon import saving
from fbmon.daemon.saving import Loaded, Saver
from fbmon.memory import statefile
from fbmon.memory.statefile import Late, StateError, StateFile
from helpers import LIMIT, wait_for, write


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A process of a busy machine may take longer than a start waits."""
    monkeypatch.setattr(saving, 'FIRST', LIMIT)


def saver(path):
    """A Saver. events: what it reports."""
    events = []
    made = Saver(StateFile(str(path)), events.append, lambda: events.append('crash'))
    made.events = events
    return made


def failure(act):
    with pytest.raises(StateError) as error:
        act()
    return error.value


def test_the_text_of_the_file_or_none_without_one(tmp_path):
    kept = saver(tmp_path / 'state' / 'orders')
    assert kept.read() is None
    os.mkdir(str(tmp_path / 'state'))
    write(kept.path, 'one\n')

    assert (kept.read(), kept.events, kept.close()) == ('one\n', [], [])


def test_a_file_that_cannot_be_read_is_told_with_the_reason(tmp_path):
    write(str(tmp_path / 'file'), '')
    os.mkfifo(str(tmp_path / 'pipe'))

    assert str(failure(saver(tmp_path / 'file' / 'orders').read)).endswith(
        'file/orders: cannot be read: Not a directory')
    assert str(failure(saver(tmp_path / 'pipe').read)).endswith('pipe: cannot be read: not a plain file')


def test_a_process_that_cannot_be_started_is_told(tmp_path, monkeypatch):
    def none(*_arguments, **_options):
        raise EnvironmentError(11, 'x')
    monkeypatch.setattr(starting, 'start_child', none)

    assert 'Resource temporarily unavailable' in str(failure(saver(tmp_path / 'orders').read))


def test_a_slow_disk_is_waited_for_briefly_and_what_it_has_comes_later_as_a_whole(tmp_path, monkeypatch):
    go = str(tmp_path / 'go')
    monkeypatch.setattr(saving, 'FIRST', 0.1)
    monkeypatch.setattr(statefile, 'SCRIPT', 'echo one; while [ ! -e %s ]; do sleep 0.01; done; echo two' % go)
    kept = saver(tmp_path / 'orders')
    error = failure(kept.read)
    assert isinstance(error, Late) and str(error).endswith('orders: cannot be read: no answer within 0.1 s')
    assert kept.events == []
    write(go, '')

    wait_for(lambda: kept.events)
    assert kept.events == [Loaded('one\ntwo\n', None)]


def test_a_stop_kills_the_process_that_still_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, 'FIRST', 0.1)
    monkeypatch.setattr(statefile, 'SCRIPT', 'exec sleep 60')
    kept, later = saver(tmp_path / 'orders'), []
    with monkeypatch.context() as patched:
        patched.setattr(threads, 'start', lambda *thread: later.append(thread))
        failure(kept.read)
    monkeypatch.setattr(statefile, 'SCRIPT', 'echo >%s; exec sleep 60' % (tmp_path / 'begun'))
    threads.start(*later[0])
    wait_for(lambda: os.path.exists(str(tmp_path / 'begun')))
    kept.close()

    wait_for(lambda: kept.events)
    assert 'exit code -9' in kept.events[0].error
