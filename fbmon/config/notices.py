"""Mistakes and warnings of a configuration file, as values and as text that any terminal and log can show."""
from fbmon.base.tuples import namedtuple

# line: a number, or None if the whole file is meant; key, value: as in the file, in printable ASCII, None if there is
# none; text: the mistake and its remedy. A Notice is a warning.
Mistake = namedtuple('Mistake', 'line key value text')
Notice = namedtuple('Notice', 'line key value text')

# So many of each kind are kept; the others are counted. A file of random bytes must not fill memory and log.
MOST = 100

# The number of characters of a value that are shown at most.
LONGEST = 60


class Report(object):
    """Collects the Mistakes and warnings (Notices) of a file while it is read."""

    def __init__(self):
        self._kept = {Mistake: [], Notice: []}
        self._more = {Mistake: 0, Notice: 0}

    def mistake(self, given, text):
        """Note a mistake in an Assignment. Returns the error for the component that uses it, "KEY=value: text"."""
        self.note(given, text)
        return error(given, text)

    def note(self, given, text):
        """Note a mistake in an Assignment that is no component's error."""
        self._add(Mistake, given, text)

    def warning(self, given, text):
        """Note a warning about an Assignment, or about the whole file if `given` is None."""
        self._add(Notice, given, text)

    def full(self):
        """Whether further mistakes are only counted."""
        return len(self._kept[Mistake]) >= MOST

    def mistakes(self):
        """The Mistakes in the order of their lines. If some were not kept, a last one without a line says how many."""
        return self._all(Mistake, 'mistakes')

    def warnings(self):
        """The warnings in the same way."""
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
    """A mistake in an Assignment, as "KEY=value: text"."""
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
    """A text from the file in printable ASCII. It is escaped and shortened if necessary."""
    # Cut it before it is escaped: it may be megabytes long.
    escaped = text[:LONGEST + 1].encode('unicode_escape').decode('ascii')
    if len(escaped) > LONGEST:
        escaped = escaped[:LONGEST - 3] + '...'
    # Python 2 has two kinds of text. Its plain one fits into every line of output.
    return str(escaped)


def _of(kind, given, text):
    """A Mistake or Notice about an Assignment, or about the whole file if `given` is None."""
    line, key, value = (given.line, given.key, given.value) if given else (None, None, None)
    # The text is plain ASCII, but may be of the other kind of Python 2.
    return kind(line, None if key is None else shown(key), None if value is None else shown(value), str(text))
