"""reload: asks the running daemon to read its file again, and says what came of it."""
import os
import signal
import time

from fbmon.base import compat
from fbmon.cli import checking, stopped
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


def reload(run_dir):
    """Let the daemon of a run directory read its file again. Returns the exit code. Raises OtherVersion."""
    path = os.path.join(run_dir, rundir.SOCKET)
    try:
        before = statussocket.ask(path)
        count = checking.field(before, 'reload')['count']
        os.kill(before['pid'], signal.SIGHUP)
        after = _after(path, before['pid'], count)
    except statussocket.NotRunning as error:
        return stopped.nobody(error)
    except EnvironmentError as error:
        return fail('the daemon with pid %d cannot be told: %s' % (before['pid'], error.strerror))
    if after is None:
        return fail(UNKNOWN % LIMIT)
    if after['pid'] != before['pid']:
        return fail(ENDED)
    return _told(after, run_dir)


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
    count = len(checking.warnings(loaded, run_dir))
    return checking.counted(count, 'warning') + (': see fbypass_ctl check' if count else '')
