"""threads.py: somebody is told when a thread dies of an unexpected error, and when one cannot be started."""
import logging
import threading

import pytest

from fbmon.base import threads
from helpers import LIMIT, finish, python, wait_for


def started(target):
    """Start a thread, and wait for its end. Returns whether crashed() was called."""
    crashes = []
    thread = threads.start('worker', target, lambda: crashes.append(threading.current_thread().name))
    thread.join(LIMIT)
    assert not thread.is_alive()
    return crashes


def test_a_thread_does_its_work_under_its_name_and_does_not_keep_the_process_alive():
    seen = []

    def work():
        current = threading.current_thread()
        seen.append((current.name, current.daemon))

    assert started(work) == []
    assert seen == [('worker', True)]


@pytest.mark.parametrize('error', [ValueError('broken'), SystemExit(3), KeyboardInterrupt()])
def test_a_thread_that_dies_is_logged_with_its_traceback_and_told_of(error, caplog):
    def work():
        raise error

    assert started(work) == ['worker']
    record = caplog.records[-1]
    assert (record.levelno, record.getMessage()) == \
        (logging.CRITICAL, 'the thread "worker" died of an unexpected error')
    assert record.exc_info[1] is error
    assert 'in work' in caplog.text


def test_stacks_are_small():
    started(lambda: None)

    assert threading.stack_size() == 256 * 1024


OUT_OF_MEMORY = '''
import resource, sys
from fbmon.base import threads
# No room for that stack, and plenty for all else: with just a little left anything may fail first.
threads.STACK = 8 << 30
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
try:
    threads.start('worker', lambda: None, lambda: None)
except threads.NO_THREAD:
    print('refused')
'''


def test_where_the_system_has_no_thread_left_starting_one_raises_no_thread():
    code, output, errors = finish(python(OUT_OF_MEMORY))

    assert (code, output) == (0, 'refused\n'), errors


STILLBORN = '''
import threading
from fbmon.base import threads
threads.LOOKS = 10
name = [name for name in ('_bootstrap', '_Thread__bootstrap') if hasattr(threading.Thread, name)][0]
setattr(threading.Thread, name, lambda self: None)
try:
    threads.start('worker', lambda: None, lambda: None)
except threads.NO_THREAD as error:
    print(error)
'''


def test_a_thread_that_ends_before_it_has_begun_is_told_of_and_not_waited_for_for_ever():
    code, output, errors = finish(python(STILLBORN))

    assert (code, output) == (0, "can't start new thread: it ended before it had begun\n"), errors


def test_a_thread_that_begins_after_it_was_given_up_does_nothing(monkeypatch):
    name = [name for name in ('_bootstrap', '_Thread__bootstrap') if hasattr(threading.Thread, name)][0]
    late, done = [], []
    monkeypatch.setattr(threading.Thread, name, lambda thread: late.append(thread))
    monkeypatch.setattr(threads, 'LOOKS', 10)
    with pytest.raises(threads.NO_THREAD):
        threads.start('worker', lambda: done.append(1), lambda: done.append(2))
    monkeypatch.undo()

    wait_for(lambda: late)
    late[0].run()
    assert done == []


def test_a_thread_whose_death_cannot_be_logged_is_told_of_all_the_same(monkeypatch):
    def no_memory(*_arguments, **_options):
        raise MemoryError

    monkeypatch.setattr(logging, 'critical', no_memory)
    monkeypatch.setattr(threading, 'excepthook', lambda _error: None, raising=False)

    def work():
        raise ValueError('broken')

    assert started(work) == ['worker']


SPEECHLESS = '''
import time
from fbmon.base import threads
def fail():
    raise MemoryError
threads.start('worker', fail, fail)
time.sleep(600)
'''


def test_a_thread_that_can_tell_nobody_of_its_death_ends_the_process():
    assert finish(python(SPEECHLESS))[0] == 1


def test_the_end_of_the_process_waits_for_a_lock_briefly_and_goes_on_without_it():
    lock, order = threading.Lock(), []
    with threads.Briefly(lock):
        assert not lock.acquire(False)
    assert lock.acquire(False)
    with threads.Briefly(lock):
        order.append('without')
    assert (order, lock.locked()) == (['without'], True)
