"""report: what the journal says about a period, without the daemon."""
import gc
import os
import sys
import time

from fbmon.base import compat
from fbmon.cli import placing
from fbmon.cli.output import fail, say
from fbmon.memory import journal
from fbmon.report import document, figures, page, text

# The period if nobody says when it begins, in seconds.
USUAL = 30 * 86400

# Seconds that may pass without a word, and lines between two looks at the clock.
SOON, OFTEN = 1.0, 2000

# What is shown meanwhile; the second one is the longer part.
READING, COUNTING = 'reading the journal: %d %%', 'counting: %d %%         '

# The FILE of --html that is stdout.
STDOUT = '-'

SKIPPED = 'lines of the journal that are damaged or cut, and left out: %d'
LOST = 'lines that are missing in the journal, since the disk did not take them: %d'
MOVED = 'lines whose time does not fit between those around them, since the clock was set: %d; their order counts'


def report(options):
    """Print the report, or write its page. Returns the exit code: 0, 1 if it cannot be made, 2 for a wrong period."""
    now = time.time()
    until = now if options.until is None else min(options.until, now)
    since = until - USUAL if options.since is None else options.since
    if since >= until:
        return fail('report: --since must be before --until and before now') and 2
    waiting = Waiting()
    try:
        reading = journal.Reading(options.state_dir)
        if not reading.size:
            return fail('report: there is no journal yet: %s' % os.path.join(options.state_dir, journal.NAME))
        found = _figures(reading, since, until, now, waiting)
    except EnvironmentError as error:
        waiting.end()
        return fail('report: %s: %s' % (error.filename or options.state_dir, error.strerror))
    notes = [words % count for words, count in ((SKIPPED, reading.skipped), (LOST, reading.lost), (MOVED, found.moved))
             if count]
    words = _words(options, found, notes)
    waiting.end()
    if options.html:
        return _write(options.html, words)
    say(words)
    return 0


def _words(options, found, notes):
    """The report in the form that is wanted."""
    if options.html:
        return page.render(found, notes, os.uname()[1])
    return document.lines(document.document(found, notes)) if options.json else text.render(found, notes).rstrip('\n')


def _figures(reading, since, until, now, waiting):
    # A year is a million values, and none of them is garbage.
    gc.disable()
    try:
        return figures.figures(
            waiting.through(reading, READING, lambda _count: (reading.done, reading.size)), since, until, now,
            lambda found: waiting.through(found, COUNTING, lambda count: (count, len(found))))
    finally:
        gc.enable()


class Waiting(object):
    """Shows a person at a terminal how far it is, if it takes long."""

    def __init__(self):
        self._person = sys.stderr.isatty()
        self._began, self._shown = compat.monotonic(), False

    def through(self, items, words, share):
        """Yield the items. words: for how far it is in percent; share(number of items so far): (part, whole)."""
        for count, one in enumerate(items):
            if self._person and count % OFTEN == 0 and compat.monotonic() - self._began >= SOON:
                part, whole = share(count)
                self._show(words % (100 * part // max(1, whole)))
                self._shown = True
            yield one

    def end(self):
        """Leave nothing of it on the line."""
        if self._shown:
            self._show(' ' * 30 + '\r')

    @staticmethod
    def _show(words):
        sys.stderr.write('\r' + words)
        sys.stderr.flush()


def _write(path, content):
    """Put the page in a file. Returns the exit code."""
    if path == STDOUT:
        say(content, '')
        return 0
    try:
        placing.put(path, content.encode('ascii'), own=True)
    except EnvironmentError as error:
        return fail('report: %s cannot be written: %s' % (path, error.strerror))
    return 0
