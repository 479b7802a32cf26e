"""Reads the configuration file: the edge between the file system and the pure reader.py."""
import os
import stat

from fbmon.base import compat
from fbmon.config import reader

# Bytes. A real file has a few kilobytes; a larger one is not a configuration.
LARGEST = 1 << 20


# Why a file cannot be read.
CANNOT = 'cannot be read: %s'
NOT_PLAIN = 'not a plain file; give the path of a file with KEY=value lines'
TOO_LARGE = 'too large for a configuration file; at most %d bytes are read' % LARGEST


class Unreadable(Exception):
    """The configuration file cannot be read. str() names it and says why."""


def load(path):
    """The Config of the file at a path. Raises Unreadable if it cannot be read or is no plain file of at most 1 MiB."""
    try:
        # If there is a pipe instead of the file, we must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            compat.close_on_exec(descriptor)
            return parsed(path, _data(path, descriptor))
        finally:
            os.close(descriptor)
    except EnvironmentError as error:
        raise Unreadable('%s: %s' % (path, CANNOT % error.strerror))


def parsed(path, data):
    """The Config of the bytes of a file, all or the first LARGEST + 1. Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable('%s: %s' % (path, TOO_LARGE))
    return reader.read(_decoded(path, data))._replace(data=data)


def report(path, notices, kind):
    """Mistakes or warnings as lines "FILE:LINE: kind: KEY=value: text"."""
    return [reader.format_problem(path, notice, kind) for notice in notices]


def _data(path, descriptor):
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable('%s: %s' % (path, NOT_PLAIN))
    if found.st_size > LARGEST:
        raise Unreadable('%s: %s' % (path, TOO_LARGE))
    parts = []
    while True:
        part = os.read(descriptor, 65536)
        if not part or len(parts) * 65536 > LARGEST:
            return b''.join(parts)
        parts.append(part)


def _decoded(path, data):
    """The text of the data. Raises Unreadable if an editor has saved it as UTF-16 or UTF-32.

    Such data has a byte order mark, or between a third and four fifths of its bytes are 0.
    """
    zeros = data.count(b'\0') * 3
    if data[:2] in (b'\xff\xfe', b'\xfe\xff') or len(data) <= zeros < len(data) * 2.4:
        raise Unreadable('%s: %s' % (path, CANNOT % 'it is UTF-16; save it as UTF-8'))
    return data.decode('utf-8', 'replace')
