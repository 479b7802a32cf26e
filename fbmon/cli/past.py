"""The history: what the files of the journal have, and what the daemon, or the run directory without it, still knows.

Nothing needs the daemon. What a disk has not taken yet, or never, the daemon or the run directory has.
"""
import collections
import os

from fbmon.cli.output import fail
from fbmon.memory import journal
from fbmon.memory.history import KEPT, Transition, as_dict
from fbmon.tell import lines

# Said to whoever asks for more than the daemon knows, and may not read the journal.
FOR_ROOT = 'only root can read the journal: these are those of the last %d changes that the daemon keeps'

# Said in place of what the journal has, if its disk hangs: whoever reads there may wait for ever.
HANGS = 'the journal was not read, since %s: these are those of the last %d changes that the daemon keeps'


def found(options, recent, problems=()):
    """The transitions that were asked for, as dicts. recent: the last ones, as dicts; problems: the daemon's.

    None if none is known, but the journal, which cannot be read, may have some.
    """
    last = options.last or (None if options.since is not None else KEPT)
    recent = [_transition(one) for one in recent]
    if options.since is not None:
        recent = [one for one in recent if one.at >= options.since]
    known, written = recent, []
    # If that is all that was asked for, no disk is touched: it may hang.
    if options.since is not None or len(recent) < last:
        written = None if _hangs(problems) else _written(options, last)
        known = merged(written or [], recent)
    if written is None and not known:
        return None
    return [as_dict(one) for one in (known if last is None else known[-last:])]


def merged(written, recent):
    """The transitions of both, in order. written: of the journal; recent: the last ones, some of which it may lack."""
    places = dict((one, place) for place, one in enumerate(written))
    place, lacking = len(written), collections.defaultdict(list)
    for one in reversed(recent):
        if one in places:
            place = places[one]
        else:
            lacking[place].insert(0, one)
    return [one for place in range(len(written) + 1) for one in lacking.get(place, []) + written[place:place + 1]]


def _hangs(problems):
    """Whether the daemon says that the disk of the journal hangs. If so, say that it is not read."""
    found = any(one.startswith('no journal in ') and one.endswith(lines.HANGS) for one in problems)
    if found:
        fail(HANGS % (lines.HANGS, KEPT))
    return found


def _written(options, last):
    """The last transitions of the journal, without the lines that only say that a daemon was there; None if it cannot
    be read."""
    try:
        reading = journal.Reading(options.state_dir, options.since)
        written = collections.deque((one for one in reading if one.kind != journal.DAEMON), maxlen=last)
    except EnvironmentError as error:
        _unreadable(options, error)
        return None
    for number, said in ((reading.skipped, 'damaged lines, left out here'), (reading.lost, 'lines that no disk took')):
        if number:
            fail('%s: %s: %d' % (os.path.join(options.state_dir, journal.NAME), said, number))
    return list(written)


def _unreadable(options, error):
    if os.geteuid() == 0:
        fail('%s: %s' % (error.filename or options.state_dir, error.strerror))
    elif options.since is not None or options.last is not None:
        fail(FOR_ROOT % KEPT)


def _transition(one):
    """A dict of the status as a Transition. Raises KeyError if it is of another version."""
    return Transition(*[one[word] for word in ('at', 'kind', 'name', 'from', 'to', 'why')] + [one['called'] or ''])
