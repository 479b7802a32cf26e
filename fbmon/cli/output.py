"""Prints lines for a command, in ASCII, even if their reader goes away."""
import errno
import os
import sys


def say(text):
    """Print a line."""
    _write(sys.stdout, text)


def fail(text):
    """Print a line on stderr; returns the exit code of a command that failed."""
    _write(sys.stderr, text)
    return 1


def _write(stream, text):
    """Write a line in ASCII, even if a path in it is not. A command goes on with its work if the disk is full, or if
    its reader has gone away as `head` does."""
    text = '%s' % text
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    try:
        stream.write(str(text.encode('ascii', 'backslashreplace').decode('ascii')) + '\n')
        stream.flush()
    except EnvironmentError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if error.errno != errno.EPIPE and stream is sys.stdout:
            fail('cannot be written: %s' % error.strerror)
