"""threads.py: a thread that dies of an unexpected error is told of, and one that cannot be started too."""
import logging
import threading

import pytest

from fbmon.base import threads
from helpers import LIMIT, finish, python


def started(target):
    """Start a thread, wait for its end; whether crashed() was called."""
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
import resource, sys, threading
from fbmon.base import threads
hold = threading.Event()
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
try:
    for _ in range(100000):
        threads.start('worker', hold.wait, lambda: None)
except threads.NO_THREAD:
    print('refused')
'''


def test_where_the_system_has_no_thread_left_starting_one_raises_no_thread():
    code, output, errors = finish(python(OUT_OF_MEMORY))

    assert (code, output) == (0, 'refused\n'), errors
