"""reload --confirm and confirm: a reload that is taken back by itself.

While it is on trial, the file has what ran before, and what is tried is beside it as .env.unconfirmed. So whatever
happens, to the daemon or to the person, the next start has the file from before. confirm puts the other in its place.
"""
import os

from fbmon.base import compat, words
from fbmon.cli import checking, commanding, force, placing, reloading, stopped
from fbmon.cli.output import fail, say
from fbmon.config import source
from fbmon.memory import kept, rundir
from fbmon.memory.statedir import FILES, TRIED
from fbmon.show import statussocket

# The endings of files that would be lost otherwise: what was written in the file while another one was on trial, and
# what was on trial some time ago.
MEANWHILE, EARLIER = '.before-confirm', '.unconfirmed-old'

SAME = '%s is what runs already: there is nothing to try'
RUNS = 'a reload by %s is on trial already: fbypass_ctl confirm keeps it, fbypass_ctl reload ends it'
ON = 'on trial: it is taken back in %s unless fbypass_ctl confirm; until then %s is as before, and what is tried is %s'
STAYS = '%s was changed meanwhile; it stays as it is, and does not run'
NOT_THERE = 'confirmed, but %s cannot be written: %s: the next start has the file from before; put %s there yourself'
ASIDE = '%s is as before; what was to be tried is %s'
UNSURE = 'not known whether it is confirmed; %s is as before: if show --history says confirmed, put %s there yourself'
NOTHING = 'no reload waits for a confirm'


def try_out(options):
    """Have the daemon load its file on trial. Returns the exit code. Raises OtherVersion."""
    run_dir = options.run_dir
    return _told(lambda status, path: _try(run_dir, status['trial'], path, options.confirm, force.who()), run_dir)


def confirm(options):
    """Keep what is on trial. Returns the exit code. Raises OtherVersion."""
    run_dir, files = options.run_dir, os.path.join(options.state_dir, FILES)
    return _told(lambda status, path: _confirm(run_dir, status['trial'], path, files, force.who()), run_dir)


def _told(act, run_dir):
    """act(status, path of the file); what goes wrong is said. Returns the exit code."""
    path = 'the file'
    try:
        status = statussocket.ask(os.path.join(run_dir, rundir.SOCKET))
        checking.field(status, 'trial')
        path = compat.native(status['file'])
        with placing.Lock(path):
            return act(status, path)
    except statussocket.NotRunning as error:
        return stopped.nobody(error)
    except EnvironmentError as error:
        return fail('%s: %s' % (error.filename or path, error.strerror))
    except (commanding.Refused, source.Unreadable, placing.Busy) as error:
        return fail(error)


def _try(run_dir, on, path, seconds, by):
    if on:
        return fail(RUNS % on['by'])
    loaded = source.load(path)
    if loaded.mistakes:
        for line in source.report(path, loaded.mistakes, 'error'):
            fail(line)
        return fail(reloading.REFUSED)
    before, tried = _what_runs(run_dir, by), path + TRIED
    if before == loaded.data:
        return fail(SAME % path)
    _protect(path, tried, before, loaded.data)
    code, known = reloading.asked(run_dir, lambda _status: commanding.ask(run_dir, 'try', by, seconds=seconds))
    if code == 0:
        say(ON % (words.span(seconds), path, tried))
    elif known:
        _put_back(path, tried, loaded.data)
    else:
        fail(ASIDE % (path, tried))
    return code


def _put_back(path, tried, data):
    """Nothing is on trial. The person finds the file as it was."""
    try:
        placing.put(path, data)
        os.unlink(tried)
    except EnvironmentError:
        fail(ASIDE % (path, tried))
        raise


def _protect(path, tried, before, data):
    """Put the file from before in its place, and what is tried beside it."""
    placing.undisturbed()
    old = placing.read(tried)
    if old not in (None, data):
        say('%s of an earlier trial is now %s' % (tried, placing.beside(path, EARLIER, old)))
    placing.put(tried, data, like=path)
    try:
        placing.put(path, before)
    except EnvironmentError:
        os.unlink(tried)
        raise


def _confirm(run_dir, on, path, files, by):
    tried = path + TRIED
    if not on:
        return fail(NOTHING + ('; what was tried last is %s' % tried if os.path.lexists(tried) else ''))
    data = _what_runs(run_dir, by)
    placing.undisturbed()
    present = placing.read(path)
    new = placing.Replacement(path, data)
    try:
        commanding.ask(run_dir, 'confirm', by)
    except (commanding.Refused, statussocket.NotRunning) as error:
        new.abandon()
        if isinstance(error, statussocket.NoAnswer):
            fail(UNSURE % (path, tried))
        raise
    try:
        _keep(path, present, files)
        new.commit()
    except EnvironmentError as error:
        new.abandon()
        return fail(NOT_THERE % (path, error.strerror, tried))
    say('confirmed: %s is what runs' % path)
    _remove(tried, data)
    return 0


def _remove(tried, data):
    found = placing.content(tried)
    if found == data:
        os.unlink(tried)
    elif found is not None:
        say(STAYS % tried)


def _keep(path, present, files):
    """Keep what somebody has written in the file meanwhile."""
    if present is not None and present not in [placing.content(one.path) for one in kept.newest_first(files)]:
        say('%s was changed meanwhile; that is now %s' % (path, placing.beside(path, MEANWHILE, present)))


def _what_runs(run_dir, by):
    """The bytes of the file that the daemon runs. Raises commanding.Refused and NotRunning."""
    return commanding.ask(run_dir, 'file', by).encode('latin-1')
