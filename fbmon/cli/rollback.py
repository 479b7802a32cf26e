"""rollback: goes back to a configuration file that was accepted before."""
import difflib
import os
import re
import time

from fbmon.cli import checking, force, placing, reloading
from fbmon.cli.output import fail, say
from fbmon.config import given, source
from fbmon.memory import kept
from fbmon.memory.statedir import FILES
from fbmon.show import statussocket

ENDING = '.before-rollback'

_CONTROL = re.compile(u'[\x00-\x08\x0b-\x1f\x7f-\x9f]')

ROW = '%-2s  %-19s  %-*s  %s'

NONE = 'no accepted file is kept in %s: the daemon keeps each one that it starts with or loads'
NO_SUCH = 'there is no accepted file %d: %s are kept, from 0, the newest; see fbypass_ctl rollback --list'
HAS_MISTAKES = 'file %d has mistakes by now, nothing is done: %s'


def command(options):
    """Do what the command line says. Returns the exit code. Raises OtherVersion."""
    files = os.path.join(options.state_dir, FILES)
    if options.list:
        return listed(files, options.run_dir)
    return rollback(options.config, options.number, files, options.run_dir, force.who())


def rollback(path, number, files, run_dir, by):
    """Put an accepted file in the configuration file's place, and have it loaded. Returns the exit code.

    path: of the configuration file; number: which one, 0 for the newest, None for the one before that which runs;
    files: the directory of the accepted ones; by: who wants it.
    """
    try:
        found = kept.newest_first(files)
        if not found:
            return fail(NONE % files)
        number = _before(found, run_dir) if number is None else number
        if number >= len(found):
            return fail(NO_SUCH % (number, checking.counted(len(found), 'file')))
        loaded = source.load(found[number].path)
        if loaded.mistakes:
            for line in source.report(found[number].path, loaded.mistakes, 'error'):
                fail(line)
            return fail(HAS_MISTAKES % (number, 'the program has changed since'))
        with placing.Lock(path):
            placing.undisturbed()
            _replace(path, loaded.data, found, number)
    except EnvironmentError as error:
        return fail('%s: %s' % (error.filename or path, error.strerror))
    except (source.Unreadable, placing.Busy) as error:
        return fail(error)
    return reloading.reload(run_dir, by)


def listed(files, run_dir):
    """Print the accepted files, the newest first. Returns the exit code."""
    try:
        found = kept.newest_first(files)
    except EnvironmentError as error:
        return fail('%s: %s' % (files, error.strerror))
    if not found:
        return fail(NONE % files)
    configs = [_config(one) for one in found]
    runs = _runs(run_dir)
    width = max(len(one.by) for one in found)
    say(ROW % ('N', 'ACCEPTED', width, 'BY', 'CHANGED'))
    for number, one in enumerate(found):
        older = configs[number + 1] if number + 1 < len(found) else None
        say(ROW % (number, time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(one.at)), width, one.by,
                   _change(configs[number], older) + (', runs now' if number == _first(configs, runs) else '')))
    return 0


def _before(found, run_dir):
    """The number of the file before the one that runs."""
    configs, runs = [_config(one) for one in found], _runs(run_dir)
    place = _first(configs, runs)
    # What runs may have mistakes, or be on trial, or be the file of a full disk: then the newest one was before it.
    return 0 if runs is not None and place is None else (place or 0) + 1


def _first(configs, runs):
    """The number of the newest of these files that means what runs, or None."""
    return next((number for number, one in enumerate(configs) if one and runs is not None
                 and given.lines(one.given) == runs), None)


def _runs(run_dir):
    """[The lines of the configuration that runs], or None if no daemon says so."""
    try:
        return given.lines(checking.running(run_dir)[1].given)
    except (statussocket.NotRunning, checking.OtherVersion):
        return None


def _config(one):
    """The Config of a kept file, or None if it cannot be read."""
    try:
        return source.load(one.path)
    except source.Unreadable:
        return None


def _change(new, old):
    if new is None:
        return 'cannot be read'
    if old is None:
        return checking.counted(len(new.given), 'key')
    return given.changed(new.given, old.given) or 'comments only'


def _replace(path, data, found, number):
    """Show what changes, and put the file in its place. One that was never accepted is kept beside."""
    present = placing.read(path)
    for line in difference(present or b'', data, path, '%s (file %d, by %s)' % (path, number, found[number].by)):
        say(line)
    if present == data:
        return say('%s is this file already' % path)
    if present is not None and present not in [placing.content(one.path) for one in found]:
        say('%s was never accepted; it is now %s' % (path, placing.beside(path, ENDING, present)))
    placing.put(path, data)


def difference(old, new, old_name, new_name):
    """[The lines of a unified diff] of the bytes of two files, without what could do harm to a terminal."""
    old, new = [_CONTROL.sub(u'?', data.decode('utf-8', 'replace')).splitlines() for data in (old, new)]
    return list(difflib.unified_diff(old, new, old_name, new_name, lineterm=''))
