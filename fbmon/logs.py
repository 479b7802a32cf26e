"""The log: a file of limited size with UTC offset, and stderr, set up in one place."""
import logging
import logging.handlers
import os
import sys
import time

from fbmon import compat

NAME = 'fastbypass_monitor.log'
SIZE = 5 * 1024 * 1024
FILES = 5


class Formatter(logging.Formatter):
    """`2026-11-23T20:39:20.123+00:00 INFO text`: local time with its offset from UTC."""

    def formatTime(self, record, datefmt=None):
        """ISO 8601 with milliseconds and the offset that is valid at that moment."""
        local, utc = time.localtime(record.created), time.gmtime(record.created)
        minutes = (local.tm_hour - utc.tm_hour) * 60 + local.tm_min - utc.tm_min
        # Another day there is the next one or the one before; 2.7 has no tm_gmtoff, and calendar is a large module.
        minutes += 1440 * ((local[:3] > utc[:3]) - (local[:3] < utc[:3]))
        return '%s.%03d%s%02d:%02d' % (time.strftime('%Y-%m-%dT%H:%M:%S', local), record.msecs,
                                       '-' if minutes < 0 else '+', abs(minutes) // 60, abs(minutes) % 60)


class File(logging.handlers.RotatingFileHandler):
    """The log file. A full or read-only disk stops nothing: what cannot be written there is on stderr."""

    def _open(self):
        # 3 would encode by the locale, which a service does not have, and fail where that has no such character.
        options = {} if str is bytes else {'encoding': 'utf-8', 'errors': 'backslashreplace'}
        stream = open(self.baseFilename, self.mode, **options)
        compat.close_on_exec(stream.fileno())
        return stream


def set_up(directory, level):
    """Log to the directory's file (made if need be) and to stderr; returns why there is no file, or None."""
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.setLevel(level)
    root.handlers[:] = [logging.StreamHandler(sys.stderr)]
    # The journal has its own times.
    in_journal = 'JOURNAL_STREAM' in os.environ
    root.handlers[0].setFormatter(logging.Formatter('%(levelname)s %(message)s') if in_journal else _formatter())
    try:
        if not os.path.isdir(directory):
            os.makedirs(directory, 0o755)
        handler = File(os.path.join(directory, NAME), maxBytes=SIZE, backupCount=FILES - 1)
    except EnvironmentError as error:
        return 'no log file in %s: %s' % (directory, error.strerror)
    handler.setFormatter(_formatter())
    root.addHandler(handler)
    return None


def _formatter():
    return Formatter('%(asctime)s %(levelname)s %(message)s')
