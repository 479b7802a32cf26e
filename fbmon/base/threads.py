"""Starts the threads. One that dies of an unexpected error ends the process: it never runs on half alive."""
import logging
import os
import threading
import time

# A thread's stack is 8 MiB of address space by default; ours call nothing deep.
STACK = 256 * 1024

# Raised by start() where the system has no thread left: 2.7 has its own error for it.
NO_THREAD = (RuntimeError, threading.ThreadError)

# Looks, and seconds between two of them, for a new thread to have begun. Counted, not timed: a process that is stopped
# meanwhile has lost nothing.
LOOKS = 5000
LOOK = 0.0001

# The threading.Event that says so, as 3 and 2.7 name it.
BEGUN = ('_started', '_Thread__started')


def start(name, target, crashed):
    """Run target() in a daemon thread; crashed() is called after an error was logged with its traceback.

    Raises one of NO_THREAD, also for a thread that ended before it had begun, for want of memory:
    threading.Thread.start() would wait for it for ever.
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
    """Tell of a thread's death, whatever fails meanwhile: where memory has run out, telling may."""
    try:
        logging.critical('the thread "%s" died of an unexpected error', name, exc_info=True)
    finally:
        try:
            crashed()
        except BaseException:
            os._exit(1)
