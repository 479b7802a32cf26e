"""Reads the journal: every transition, across restarts and boots, as JSON lines in files of the state directory.

A line has the words of history.as_dict. What was written first is read first, also if the clock was set back between.
Nobody needs the daemon to read it.
"""
import errno
import json
import os
import re
import stat

from fbmon.base import compat, documents
from fbmon.memory.history import LATEST, NOTHING, Transition, as_dict

# The file, and how many of them there are, each of at most so many bytes: journal, journal.1, .2 and .3, the oldest.
NAME, FILES, SIZE = 'journal', 4, 5 * 1024 * 1024

# The kind and the name of the lines that say when a daemon has watched, and what became of it. ALIVE: it was still
# there at that time; at least one such line an hour. A daemon that has ended without a stop has no STOPPED, and the
# next one may write a last ALIVE for it before it writes its own STARTED.
DAEMON, PROCESS = 'daemon', 'process'
STARTED, STOPPED, ALIVE = 'started', 'stopped', 'alive'

_WORDS = r'"([ !#-\[\]-~]*)"'
_LINE = re.compile(r'\{"at": ([0-9]{1,10}(?:\.[0-9]{1,6})?), "kind": %s, "name": %s, "from": %s, "to": %s, "why": %s, '
                   r'"called": (?:null|%s)\}\n\Z' % ((_WORDS,) * 6))

# What the writer says in the place of lines that the disk did not take (tell/logwriter, tell/lines).
_LOST = re.compile(br'\(([0-9]{1,9}) lines are missing here: ')


class Reading(object):
    """The transitions of a journal, the first ones first; it can be gone through once.

    directory: the state directory; since, until: seconds since 1970, the first one belongs to the period and the last
    one does not; None: no limit. Without a journal there is nothing to go through. Raises EnvironmentError if there is
    one and it cannot be read.

    skipped: lines so far that make no sense, because they are damaged or cut; lost: lines that were never written,
    because there was no room or the disk did not take them. size, done: bytes of all files, and of those gone through.
    """

    def __init__(self, directory, since=None, until=None):
        self.skipped = self.lost = self.size = self.done = 0
        self._since = 0 if since is None else since
        self._until = LATEST if until is None else until
        self._files = []
        try:
            self._open(os.path.join(directory, NAME))
        except EnvironmentError:
            self._close()
            raise

    def __iter__(self):
        try:
            while self._files:
                with os.fdopen(self._files.pop(), 'rb') as lines:
                    for line in lines:
                        self.done += len(line)
                        found = parse(line) or self._damaged(line)
                        if found and self._since <= found.at < self._until:
                            yield found
        finally:
            self._close()

    def _open(self, path):
        """Open all files now, the newest first: one that gets its next name meanwhile is neither missed nor read twice.
        """
        known, strange = set(), None
        for name in [path] + ['%s.%d' % (path, number) for number in range(1, FILES)]:
            try:
                # A pipe in its place would be waited for.
                descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            except EnvironmentError as error:
                if error.errno != errno.ENOENT:
                    raise
                continue
            self._files.append(descriptor)
            compat.close_on_exec(descriptor)
            found = os.fstat(descriptor)
            if (found.st_dev, found.st_ino) in known or not stat.S_ISREG(found.st_mode):
                os.close(self._files.pop())
                strange = strange or name
            else:
                known.add((found.st_dev, found.st_ino))
                self.size += found.st_size
        if strange and not self._files:
            raise EnvironmentError(errno.EINVAL, 'not a plain file', strange)

    def _close(self):
        while self._files:
            os.close(self._files.pop())

    def _damaged(self, line):
        """Count a line that makes no sense. A crash of the system may leave NULs before a line that does: return that.
        """
        missing = _LOST.search(line)
        if missing:
            self.lost += int(missing.group(1))
            # A part of a line may stand before it: what a full disk took when it had a little room between.
            self.skipped += missing.start() > 0
            return None
        self.skipped += 1
        return parse(line.rpartition(b'\0')[2])


def text(transition):
    """A Transition as a line of the journal, without its line end."""
    found = as_dict(transition)
    return '{%s}' % ', '.join('"%s": %s' % (word, json.dumps(found[word])) for word in (
        'at', 'kind', 'name', 'from', 'to', 'why', 'called'))


def of_daemon(at, new, why):
    """The Transition that says that a daemon was there: STARTED, STOPPED or ALIVE."""
    return Transition(at, DAEMON, PROCESS, NOTHING, new, why)


def parse(line):
    """The Transition in one line, which is bytes with their line end; None if it makes no sense."""
    try:
        words = str(line.decode('ascii'))
        found = _LINE.match(words)
        fields = found.groups('') if found else _fields(words)
        found = Transition(float(fields[0]), *fields[1:])
        return found if 0 <= found.at < LATEST else None
    except (ValueError, TypeError, LookupError, OverflowError):
        return None


def _fields(words):
    """The fields of a line that is not just as text() writes it: with another order, or with escaped characters."""
    if not words.endswith('\n'):
        raise ValueError('cut off')
    found = documents.read(words)
    fields = [found[word] for word in ('at', 'kind', 'name', 'from', 'to', 'why')] + [found.get('called') or '']
    if not all(isinstance(field, (str, type(u''))) for field in fields[1:]) or isinstance(fields[0], bool):
        raise ValueError('no text')
    return fields[:1] + [str(field) for field in fields[1:]]
