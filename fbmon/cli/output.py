"""Prints lines for a command, in ASCII, even if their reader goes away."""
import errno
import os
import sys


# What has happened. LOST: something could not be written on stdout (but not because the reader has gone away); DENIED:
# the system did not allow something.
LOST, DENIED = 'lost', 'denied'
seen = set()

# The words for EACCES and EPERM of the system and of `ip`.
WORDS = ('Permission denied', 'Operation not permitted')


def say(text):
    """Print a line."""
    _write(sys.stdout, text)


def fail(text):
    """Print a line on stderr. Returns 1, the exit code of a command that failed."""
    if any(words in '%s' % text for words in WORDS):
        seen.add(DENIED)
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
            seen.add(LOST)
            fail('cannot be written: %s' % error.strerror)
