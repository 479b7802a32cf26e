"""How a command prints: in ASCII, and whatever becomes of the one who reads."""
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
    """A line in ASCII, whatever a path may hold. A reader that has gone away, as `head` does, or a full disk must
    not keep a command from its work."""
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
