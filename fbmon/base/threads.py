"""Starts the threads. One that dies of an unexpected error ends the process: it never runs on half alive."""
import logging
import threading

# A thread's stack is 8 MiB of address space by default; ours call nothing deep.
STACK = 256 * 1024

# Raised by start() where the system has no thread left: 2.7 has its own error for it.
NO_THREAD = (RuntimeError, threading.ThreadError)


def start(name, target, crashed):
    """Run target() in a daemon thread; crashed() is called after an error was logged with its traceback.

    Raises one of NO_THREAD.
    """
    def guarded():
        try:
            target()
        except BaseException:
            logging.critical('the thread "%s" died of an unexpected error', name, exc_info=True)
            crashed()

    threading.stack_size(STACK)
    thread = threading.Thread(target=guarded, name=name)
    thread.daemon = True
    thread.start()
    return thread
