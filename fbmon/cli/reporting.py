"""report: what the journal says about a period, without the daemon."""
import gc
import json
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
    try:
        reading = journal.Reading(options.state_dir)
        if not reading.size:
            return fail('report: there is no journal yet: %s' % os.path.join(options.state_dir, journal.NAME))
        found = _figures(reading, since, until, now)
    except EnvironmentError as error:
        return fail('report: %s: %s' % (error.filename or options.state_dir, error.strerror))
    notes = [words % count for words, count in ((SKIPPED, reading.skipped), (LOST, reading.lost), (MOVED, found.moved))
             if count]
    if options.html:
        return _write(options.html, page.render(found, notes, os.uname()[1]))
    say(json.dumps(document.document(found, notes), sort_keys=True, indent=2) if options.json
        else text.render(found, notes).rstrip('\n'))
    return 0


def _figures(reading, since, until, now):
    # A year is a million values, and none of them is garbage.
    gc.disable()
    try:
        return figures.figures(_shown(reading), since, until, now)
    finally:
        gc.enable()


def _shown(reading):
    """The transitions. If it takes long, a person at a terminal sees how far it is."""
    person, began, shown = sys.stderr.isatty(), compat.monotonic(), False
    for count, one in enumerate(reading):
        if person and count % OFTEN == 0 and compat.monotonic() - began >= SOON:
            sys.stderr.write('\rreading the journal: %d %%' % (100 * reading.done // max(1, reading.size)))
            sys.stderr.flush()
            shown = True
        yield one
    if shown:
        sys.stderr.write('\r' + ' ' * 30 + '\r')
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
