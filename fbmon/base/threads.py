"""Starts the threads. If a thread dies of an unexpected error, the process ends: it never runs on half alive."""
import logging
import os
import threading
import time

# Bytes. By default each stack takes 8 MiB of address space, and our threads need much less.
STACK = 256 * 1024

# start() raises one of these if the system has no thread left. 2.7 has an error of its own for it.
NO_THREAD = (RuntimeError, threading.ThreadError)

# How often we look whether a new thread has begun, and the seconds between two looks. We count instead of looking at a
# clock, so a process that is stopped meanwhile loses nothing.
LOOKS = 5000
LOOK = 0.0001

# The attribute of a Thread that says that it has begun, a threading.Event: its names in 3 and in 2.7.
BEGUN = ('_started', '_Thread__started')

# Seconds, see Briefly.
BRIEFLY = 0.1


class Briefly(object):
    """`with Briefly(lock):` waits for a lock for BRIEFLY at most, and then goes on without it.

    It is for the end of the process: another thread may hold the lock while it starts a child, and the child's program
    may be on a disk that hangs.
    """

    def __init__(self, lock):
        self._lock = lock

    def __enter__(self):
        for _ in range(int(BRIEFLY / LOOK)):
            self._taken = self._lock.acquire(False)
            if self._taken:
                break
            time.sleep(LOOK)

    def __exit__(self, *_error):
        if self._taken:
            self._lock.release()


def start(name, target, crashed):
    """Run target() in a daemon thread, and return the thread. name: in the log.

    If target() raises an error, it is logged with its traceback, and then crashed() is called. start() itself raises
    one of NO_THREAD, also if the new thread ends before it has begun, because memory has run out.
    (threading.Thread.start() would wait for such a thread for ever.)
    """
    given_up = []

    def guarded():
        try:
            if not given_up:
                target()
        except BaseException:
            _die(name, crashed)

    threading.stack_size(STACK)
    thread = threading.Thread(target=guarded, name=name)
    thread.daemon = True
    begun = next(getattr(thread, word) for word in BEGUN if hasattr(thread, word))
    begun.wait = lambda: _wait(begun)
    thread.start()
    if not begun.is_set():
        given_up.append(True)
        raise RuntimeError("can't start new thread: it ended before it had begun")
    return thread


def _wait(begun):
    for _ in range(LOOKS):
        if begun.is_set():
            return
        time.sleep(LOOK)


def _die(name, crashed):
    """Log a thread's death and call crashed(), even if logging fails. If crashed() fails, end the process here.

    Both may fail when memory has run out.
    """
    try:
        logging.critical('the thread "%s" died of an unexpected error', name, exc_info=True)
    finally:
        try:
            crashed()
        except BaseException:
            os._exit(1)
