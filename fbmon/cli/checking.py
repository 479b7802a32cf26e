"""check: what is wrong with a configuration file, and what it means."""
import os

from fbmon.cli.output import fail, say
from fbmon.config import notices, schema, source, table
from fbmon.memory import ledger, rundir
from fbmon.network import checks, iproute, reading
from fbmon.tell import hooks


def check(path, run_dir):
    """Print the mistakes and warnings of a file, and what it means; returns the exit code. run_dir: that of a daemon,
    which may be running."""
    try:
        loaded = source.load(path)
    except source.Unreadable as error:
        return fail(error)
    warnings = list(loaded.warnings)
    try:
        notes = ledger.Seen(os.path.join(run_dir, rundir.LEDGER))
        warnings += checks.warnings(loaded.settings, reading.kernel(), loaded.given, None if notes.error else notes)
    except iproute.IpError as error:
        say('%s: warning: not compared with the kernel: %s' % (path, error))
    warnings += _not_run(loaded)
    for line in source.report(path, loaded.mistakes, 'error') + source.report(path, warnings, 'warning'):
        say(line)
    say(table.effective(loaded.settings).rstrip('\n'))
    return 1 if loaded.mistakes else 0


def _not_run(loaded):
    """The warning of an ON_CHANGE that cannot be run, in the words of the daemon that would not run it."""
    report, program = notices.Report(), loaded.settings.on_change
    try:
        if program:
            hooks.check(program)
    except hooks.HookError as error:
        report.warning(schema.origin(loaded.given, 'ON_CHANGE'), '%s cannot be run: %s' % (program, error))
    return report.warnings()
