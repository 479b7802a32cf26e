"""The journal: if stderr is the journal, each line on it begins with its priority, as sd-daemon(3) says."""
import logging
import os
import sys

# (least level of logging, priority of syslog(3) from this level on).
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG = 7


def reads(descriptor):
    """Whether a descriptor is the journal.

    JOURNAL_STREAM has the journal's device and inode (systemd.exec(5), since 231). Our children inherit this variable.
    """
    try:
        found = os.fstat(descriptor)
    except EnvironmentError:
        return False
    return os.environ.get('JOURNAL_STREAM') == '%d:%d' % (found.st_dev, found.st_ino)


def marked(level, text):
    """The text with the priority of this level in front of each line, since the journal takes each line by itself."""
    priority = next((number for least, number in PRIORITIES if level >= least), DEBUG)
    lines = text.split('\n')
    return '\n'.join('<%d>%s' % (priority, line) if line else line for line in lines)


def complain(text):
    """Write an error to stderr, for the journal or a terminal, while there is no log yet."""
    if sys.stderr:
        in_journal = reads(sys.stderr.fileno())
        sys.stderr.write('%s\n' % (marked(logging.ERROR, text) if in_journal else text))
