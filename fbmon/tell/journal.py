"""The journal: lines on stderr begin with their priority where stderr is the journal, as sd-daemon(3) says."""
import logging
import os
import sys

# From which level on which priority of syslog(3) counts.
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG = 7


def reads(descriptor):
    """Whether a descriptor is the journal: JOURNAL_STREAM, which our children inherit, has its device and inode
    (systemd.exec(5), since 231)."""
    try:
        found = os.fstat(descriptor)
    except EnvironmentError:
        return False
    return os.environ.get('JOURNAL_STREAM') == '%d:%d' % (found.st_dev, found.st_ino)


def marked(level, text):
    """Text, with the priority of a level of logging in front of each of its lines: the journal takes each alone."""
    priority = next((number for least, number in PRIORITIES if level >= least), DEBUG)
    lines = text.split('\n')
    return '\n'.join('<%d>%s' % (priority, line) if line else line for line in lines)


def complain(text):
    """Write an error to stderr, whatever reads it, before there is a log."""
    if sys.stderr:
        in_journal = reads(sys.stderr.fileno())
        sys.stderr.write('%s\n' % (marked(logging.ERROR, text) if in_journal else text))
