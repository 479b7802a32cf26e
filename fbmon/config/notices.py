"""What is wrong with a configuration file, as values and as text that any terminal and log can show."""
import codecs
from collections import namedtuple

# Loaded now: a daemon outlives the files of its Python, which an upgrade of the system may remove.
for _codec in ('unicode_escape', 'ascii', 'utf-8'):
    codecs.lookup(_codec)

# line: a number, or None for what concerns the file as a whole; key, value: as in the file, in printable ASCII, None if
# there is none; text: the mistake and its remedy.
Mistake = namedtuple('Mistake', 'line key value text')
Notice = namedtuple('Notice', 'line key value text')

# So many of each kind are kept, the others are counted: a file of noise must not fill memory and log.
MOST = 100

# Characters of a value that are shown.
LONGEST = 60


class Report(object):
    """Collects the Mistakes and warnings (Notices) of a file while it is read."""

    def __init__(self):
        self._kept = {Mistake: [], Notice: []}
        self._more = {Mistake: 0, Notice: 0}

    def mistake(self, given, text):
        """Note a mistake in an Assignment; returns the error for the component that uses it, "KEY=value: text"."""
        self.note(given, text)
        return error(given, text)

    def note(self, given, text):
        """Note a mistake in an Assignment whose error no component needs."""
        self._add(Mistake, given, text)

    def warning(self, given, text):
        """Note what looks wrong with an Assignment, or with the file where given is None."""
        self._add(Notice, given, text)

    def full(self):
        """True if further mistakes are only counted."""
        return len(self._kept[Mistake]) >= MOST

    def mistakes(self):
        """The Mistakes in the order of their lines; a last one without line says how many were not kept."""
        return self._all(Mistake, 'mistakes')

    def warnings(self):
        """The warnings in the order of their lines, likewise."""
        return self._all(Notice, 'warnings')

    def _add(self, kind, given, text):
        if len(self._kept[kind]) < MOST:
            self._kept[kind].append(_of(kind, given, text))
        else:
            self._more[kind] += 1

    def _all(self, kind, what):
        found = sorted(self._kept[kind], key=lambda one: (one.line is None, one.line or 0))
        if self._more[kind]:
            found.append(kind(None, None, None, '... and %d more %s' % (self._more[kind], what)))
        return tuple(found)


def error(given, text):
    """What is wrong with an Assignment, as "KEY=value: text"."""
    return words(_of(Mistake, given, text))


def words(found):
    """A Mistake or Notice as "KEY=value: text"."""
    if found.key is None:
        return found.text if found.value is None else '%s: %s' % (found.value, found.text)
    return '%s=%s: %s' % (found.key, found.value, found.text)


def format_problem(path, found, kind):
    """A Mistake or Notice as "FILE:LINE: error: KEY=value: text"; kind: 'error' or 'warning'."""
    where = path if found.line is None else '%s:%d' % (path, found.line)
    return '%s: %s: %s' % (where, kind, words(found))


def shown(text):
    """A text from the file in printable ASCII, escaped and shortened where it must be."""
    # What is cut off anyway need not be escaped: it may be megabytes.
    escaped = text[:LONGEST + 1].encode('unicode_escape').decode('ascii')
    if len(escaped) > LONGEST:
        escaped = escaped[:LONGEST - 3] + '...'
    # Python 2 has two kinds of text; the plain one goes into every line of output.
    return str(escaped)


def _of(kind, given, text):
    """A Mistake or Notice of an Assignment (None: of the file as a whole)."""
    line, key, value = (given.line, given.key, given.value) if given else (None, None, None)
    # The text is plain ASCII, but may be of Python 2's other kind.
    return kind(line, None if key is None else shown(key), None if value is None else shown(value), str(text))
