"""check: shows what is wrong with a configuration file, what it means, and how it differs from what runs."""
import os
import sys

from fbmon import __version__
from fbmon.base import compat
from fbmon.cli import neighbours, stopped
from fbmon.cli.output import fail, say
from fbmon.config import consequences, given, notices, reader, schema, source, table
from fbmon.memory import ledger, rundir
from fbmon.network import checks, iproute, reading
from fbmon.show import layout, statussocket, terminal
from fbmon.tell import runner

TAKES = {True: 'fbypass_ctl reload takes it', False: 'a reload refuses it, as it has mistakes'}

OTHER_VERSION = 'the running daemon is version %s, this program %s: restart the service'


class OtherVersion(Exception):
    """The version of the running daemon does not know what it is asked for. str(): its version."""


def guarded(act):
    """What act() returns, or 1 if the running daemon is of another version, which is said."""
    try:
        return act()
    except OtherVersion as error:
        return fail(OTHER_VERSION % (error, __version__))


def field(status, name):
    """A field of a status. Raises OtherVersion if there is none."""
    if name not in status:
        raise OtherVersion(status.get('version'))
    return status[name]


def check(path, run_dir):
    """Print the mistakes and warnings of a file, what it means, how it differs from what the daemon runs, and what
    follows of it.

    run_dir: that of the daemon. Returns the exit code.
    """
    try:
        loaded = source.load(path)
    except source.Unreadable as error:
        return fail(error)
    lines, end = report(path, loaded, run_dir)
    width = columns()
    lines += table.effective(loaded.settings, width).splitlines() + _beside_what_runs(path, loaded, run_dir)
    say_all(lines + ([] if loaded.mistakes else consequences.lines(loaded.settings, width)) + [end])
    return 1 if loaded.mistakes else 0


def columns():
    """The columns of the terminal; table.WIDTH if stdout is none."""
    return terminal.terminal(sys.stdout, os.environ)[2]


def say_all(lines):
    """Print lines. On a terminal the rest of a longer one stands below it, indented. Paths are not divided."""
    width = columns() if sys.stdout.isatty() else None
    for line in lines:
        for part in layout.continued(line, width) if width else [line]:
            say(part)


def report(path, loaded, run_dir):
    """([the lines of a file's mistakes and warnings], the line that counts them). run_dir: as for warnings()."""
    found = warnings(path, loaded, run_dir)
    return (source.report(path, loaded.mistakes, 'error') + source.report(path, found, 'warning'),
            '%s, %s' % (counted(len(loaded.mistakes), 'mistake'), counted(len(found), 'warning')))


def warnings(path, loaded, run_dir):
    """[All warnings of a file]: its own, and those that follow from the kernel, the daemon's ledger, ON_CHANGE and the
    files of other clusters.

    run_dir: that of a daemon, which may be running.
    """
    found = list(loaded.warnings)
    try:
        notes = ledger.Seen(os.path.join(run_dir, rundir.LEDGER))
        found += checks.warnings(loaded.settings, reading.kernel(), loaded.given, None if notes.error else notes)
    except iproute.IpError as error:
        found.insert(0, notices.Notice(None, None, None, 'not compared with the kernel: %s' % error))
    return found + list(_not_run(loaded)) + neighbours.warnings(path, loaded, run_dir)


def counted(number, what):
    """'0 warnings', '1 warning', '2 warnings'."""
    return '%d %s%s' % (number, what, '' if number == 1 else 's')


def running(run_dir):
    """(the status of the running daemon, the Config that it runs). Raises NotRunning and OtherVersion."""
    status = statussocket.ask(os.path.join(run_dir, rundir.SOCKET))
    return status, reader.read(u'\n'.join(field(status, 'configuration')))


def same_file(path, status):
    """Whether this is the file of the daemon whose status this is."""
    return os.path.realpath(path) == os.path.realpath(compat.native(status['file']))


def show_running(run_dir):
    """Print what the configuration of the running daemon means. Returns the exit code. Raises OtherVersion."""
    try:
        status, runs = running(run_dir)
    except statussocket.NotRunning as error:
        return stopped.nobody(error)
    say('what pid %d runs, from %s:\n' % (status['pid'], status['file']))
    say(table.effective(runs.settings, columns()).rstrip('\n'))
    return 0


def _beside_what_runs(path, loaded, run_dir):
    """[The lines that say how a file differs from what runs]; [] if no daemon answers."""
    try:
        status, runs = running(run_dir)
    except (statussocket.NotRunning, OtherVersion):
        return []
    found = given.differences(loaded.given, runs.given) if loaded.settings != runs.settings else []
    if not found:
        return []
    takes = '; ' + TAKES[not loaded.mistakes] if same_file(path, status) else ''
    return ['', '%s differs from what runs%s:' % (path, takes)] + ['  ' + line for line in found]


def _not_run(loaded):
    """The warning of an ON_CHANGE that cannot be run, in the words of the daemon, or nothing."""
    report, program = notices.Report(), loaded.settings.on_change
    why = runner.obstacle(program) if program else ''
    if why:
        report.warning(schema.origin(loaded.given, 'ON_CHANGE'), '%s cannot be run: %s' % (program, why))
    return report.warnings()
