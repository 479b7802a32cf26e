"""Prints lines for a command, in ASCII, even if their reader goes away."""
import errno
import os
import re
import sys


# What has happened: LOST where something could not be written on stdout, GONE where its reader has gone away, DENIED
# where the system did not allow something.
LOST, GONE, DENIED = 'lost', 'gone', 'denied'
seen = set()

# launch sets this variable for an instance. To reach its daemon, a person types -i and its name.
INSTANCE = 'FASTBYPASS_INSTANCE'

# The words for EACCES and EPERM of the system and of `ip`.
WORDS = ('Permission denied', 'Operation not permitted')


def say(text, end='\n'):
    """Print a line, or a text with another end."""
    _write(sys.stdout, text, end)


def denied(text):
    """Whether a text says that the system did not allow something."""
    return any(words in text for words in WORDS)


def fail(text):
    """Print a line on stderr. Returns 1, the exit code of a command that failed."""
    if denied('%s' % text):
        seen.add(DENIED)
    _write(sys.stderr, text, '\n')
    return 1


def _write(stream, text, end):
    """Write a line in ASCII, even if a path in it is not. A command goes on with its work if the disk is full, or if
    its reader has gone away as `head` does."""
    text = '%s' % text
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    name = os.environ.get(INSTANCE)
    if name:
        text = re.sub('fbypass_ctl (?=[a-z])', 'fbypass_ctl -i %s ' % name, text)
    try:
        stream.write(str(text.encode('ascii', 'backslashreplace').decode('ascii')) + end)
        stream.flush()
    except EnvironmentError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if stream is sys.stdout and error.errno == errno.EPIPE:
            seen.add(GONE)
        elif stream is sys.stdout:
            seen.add(LOST)
            fail('cannot be written: %s' % error.strerror)
