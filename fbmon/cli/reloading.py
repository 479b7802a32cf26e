"""reload: asks the running daemon to read its file again, and says what came of it."""
import os
import signal
import time

from fbmon.base import compat
from fbmon.cli import checking, commanding, force, stopped
from fbmon.cli.output import fail, say
from fbmon.config import source
from fbmon.daemon import reloads
from fbmon.memory import rundir
from fbmon.show import statussocket

# Seconds in which the daemon must have reloaded. It may be waiting for an `ip` or for a disk that hangs.
LIMIT = 10.0

# Seconds between two questions. The first answers come at once.
PAUSE = 0.02

REFUSED = 'the file is refused, the running configuration goes on'
UNKNOWN = 'not known within %g s whether the file is taken: see fbypass_ctl show'
ENDED = 'the daemon has ended meanwhile: see fbypass_ctl show'


def command(options):
    """Do what the command line says. Returns the exit code. Raises OtherVersion."""
    return reload(options.run_dir, force.who())


def reload(run_dir, by):
    """Let the daemon of a run directory read its file again. by: who wants it. Returns the exit code.

    Raises OtherVersion.
    """
    return asked(run_dir, lambda status: _tell(status, run_dir, by))[0]


def asked(run_dir, tell):
    """(exit code, whether it is known what came of it) of a reload. tell(status) asks for it. Raises OtherVersion."""
    path, known = os.path.join(run_dir, rundir.SOCKET), True
    try:
        before = statussocket.ask(path)
        count = checking.field(before, 'reload')['count']
        # Even if the daemon does not answer, it may have taken it.
        known = False
        tell(before)
        after = _after(path, before['pid'], count)
    except statussocket.NotRunning as error:
        return stopped.nobody(error), known
    except commanding.Refused as error:
        return fail(error), True
    if after is None:
        return fail(UNKNOWN % LIMIT), False
    if after['pid'] != before['pid']:
        return fail(ENDED), False
    return _told(after, run_dir), True


def _tell(status, run_dir, by):
    """Ask for a reload. A daemon before 1.3.00 knows only the signal, which does not say who wants it."""
    if 'trial' in status:
        return commanding.ask(run_dir, 'reload', by)
    try:
        os.kill(status['pid'], signal.SIGHUP)
    except EnvironmentError as error:
        raise commanding.Refused('the daemon with pid %d cannot be told: %s' % (status['pid'], error.strerror))


def _after(path, pid, count):
    """The first status after the reload, or that of another daemon; None after LIMIT. Raises NotRunning.

    Somebody may have asked for a reload just before. Then the daemon reads the file twice, and the second time is ours.
    """
    deadline = compat.monotonic() + LIMIT
    while compat.monotonic() < deadline:
        found = statussocket.ask(path)
        done = found['reload']
        if found['pid'] != pid or done['count'] != count and not done.get('under_way'):
            return found
        time.sleep(PAUSE)
    return None


def _told(status, run_dir):
    done = status['reload']
    for line in done['refused']:
        fail(line)
    if done['refused']:
        return fail(REFUSED)
    say('%s; %s' % (reloads.words(done['kept'], done['added'], done['removed']),
                    _warnings(compat.native(status['file']), run_dir)))
    return 0


def _warnings(path, run_dir):
    """The text that says how many warnings `check` finds in the file."""
    try:
        loaded = source.load(path)
    except source.Unreadable:
        return checking.counted(0, 'warning')
    count = len(checking.warnings(path, loaded, run_dir))
    return checking.counted(count, 'warning') + (': see fbypass_ctl check' if count else '')
