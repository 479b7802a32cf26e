"""The commands of fbmon.py. Each imports what it needs when it runs, so that the daemon stays small."""
import gc
import os
import signal
import sys

from fbmon import __version__
from fbmon.base import inherited
from fbmon.base.tuples import namedtuple
from fbmon.cli import output
from fbmon.cli.output import fail, say

CONFIG = '/var/fastbypass_monitor/backend/.env'
LOG_DIR = '/var/fastbypass_monitor/backend/logs'
RUN_DIR = '/run/fastbypass_monitor'
STATE_DIR = '/var/fastbypass_monitor/backend/state'

# The options that `run` needs.
Places = namedtuple('Places', 'config log_dir run_dir state_dir')

PRINTING = ('check', 'status', 'report')    # they do nothing else

# These signals end nothing. The daemon takes them over when it is ready for them.
HARMLESS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)

# What may help if something is denied to a user.
HELP = 'this may need root: try sudo'
HELP_OF_STATUS = 'this may need root or the group %s: try sudo, or sudo usermod -aG %s NAME and log in again'


def main(argv=None):
    """Run one command. Returns the exit code."""
    inherited.set_right()
    argv = sys.argv[1:] if argv is None else argv
    if '--version' in argv:
        return version()
    try:
        places = plain_run(argv)
        if places:
            return run(places)
        from fbmon.cli import options as command_line
        options = command_line.parse(argv, COMMANDS, Places(CONFIG, LOG_DIR, RUN_DIR, STATE_DIR))
        if options.version:
            return version()
        code = options.function(options)
        if output.DENIED in output.seen and os.geteuid():
            from fbmon.memory.rundir import READERS
            fail(HELP_OF_STATUS % (READERS, READERS) if options.command == 'status' else HELP)
        # The other commands have done their work, even if nobody could read what they printed.
        return code or int(output.LOST in output.seen and options.command in PRINTING)
    except KeyboardInterrupt:
        return 130


def version():
    """Print the program's version. argparse of 2.7 would print it on stderr."""
    say('fastbypass_monitor ' + __version__)
    return int(output.LOST in output.seen)


def plain_run(argv):
    """The Places of a command line for `run` as in the unit; None for any other, which argparse reads.

    argparse would take up to 1.3 MB as long as the daemon lives.
    """
    words, places = list(argv), {'--config': CONFIG, '--log-dir': LOG_DIR, '--run-dir': RUN_DIR,
                                 '--state-dir': STATE_DIR}
    while len(words) > 1 and words[0] in places and words[1] and not words[1].startswith('-'):
        places[words[0]] = words[1]
        del words[:2]
    found = Places(*[places[name] for name in ('--config', '--log-dir', '--run-dir', '--state-dir')])
    return found if words in ([], ['run']) else None


def run(options):
    """The daemon, in the foreground."""
    # Otherwise socket of 2.7 would load OpenSSL, which takes 2.4 MB.
    sys.modules.setdefault('_ssl', None)
    # A signal that comes early must not end us. A lost SIGHUP does no harm: the daemon is just about to read its file.
    for number in HARMLESS:
        signal.signal(number, signal.SIG_IGN)
    # Nothing of what is loaded is garbage, and looking for some takes 2 ms.
    gc.disable()
    from fbmon.daemon import daemon
    gc.enable()
    daemon.leave(daemon.run(options.config, options.log_dir, options.run_dir, options.state_dir))


def check(options):
    """Mistakes and warnings of a configuration file, what it means, how it differs from what runs, and advice."""
    from fbmon.cli import against, checking
    which = against if options.against else checking
    return checking.guarded(lambda: which.check(options.file or options.config, options.run_dir))


def reload(options):
    """Has the running daemon read its configuration file again, and says what became of it."""
    from fbmon.cli import checking, confirming, reloading
    return checking.guarded(lambda: (confirming.try_out if options.confirm else reloading.command)(options))


def confirm(options):
    """Keeps a reload that would be taken back."""
    from fbmon.cli import checking, confirming
    return checking.guarded(lambda: confirming.confirm(options))


def rollback(options):
    """Puts an accepted file in the configuration file's place, and has it loaded."""
    from fbmon.cli import checking, rollback as back
    return checking.guarded(lambda: back.command(options))


def status(options):
    """What the running daemon sees and does; without one, what the kernel has."""
    from fbmon.cli import faces
    from fbmon.memory import rundir
    from fbmon.show import statussocket
    if not options.history and (options.last or options.since is not None):
        return fail('--since and --last belong to --history') and 2
    if options.watch:
        from fbmon.cli import watching
        seconds, options.watch = options.watch, None
        return watching.watch(seconds, lambda: status(options))
    if options.effective:
        from fbmon.cli import checking
        return checking.guarded(lambda: checking.show_running(options.run_dir))
    try:
        found = statussocket.ask(os.path.join(options.run_dir, rundir.SOCKET))
    except statussocket.NotRunning as error:
        from fbmon.cli import stopped
        return stopped.show(options, error)
    try:
        text = faces.text(options, found)
    except (KeyError, TypeError):
        from fbmon.cli import checking
        return fail(checking.OTHER_VERSION % (found.get('version'), __version__))
    say(text.rstrip('\n'))
    return 0


def force_on(options):
    """Removes the cards' addresses now."""
    from fbmon.cli import forcing
    return forcing.on(options)


def force_off(options):
    """Adds the cards' addresses for good and brings up the ports that the daemon had shut."""
    from fbmon.cli import forcing
    return forcing.off(options)


def report(options):
    """What the journal says about a period: bypasses and their causes, nodes, cards, and what was done by hand."""
    from fbmon.cli import reporting
    return reporting.report(options)


def return_(options):
    """Ends a bypass that the rules no longer ask for, whatever its return waits for."""
    from fbmon.cli import commanding, force
    return commanding.give(options.run_dir, 'return', force.who())


def maintenance(options):
    """Takes a node out before work on it: it is neither waited for nor failed. Without words: what is out."""
    from fbmon.cli import ordering
    return ordering.maintenance(options)


def override(options):
    """Decides instead of the rules: bypass, normal, or freeze (all stays as it is). Without words: what holds."""
    from fbmon.cli import ordering
    return ordering.override(options)


def drill(options):
    """Makes a bypass for some seconds and shows what happens: exit code 0 if all came back. Ctrl-C ends it early."""
    from fbmon.cli import drilling
    return drilling.drill(options)


def beat(options):
    """Sends heartbeats. With a check, a source, an interface or several targets it goes on after any error."""
    from fbmon.cli import beats
    return beats.beat(options)


def serve(options):
    """Serves the status by HTTP: a page, /metrics for Prometheus and /status.json. Nothing can be changed by it."""
    from fbmon.web import serve as web
    return web.command(options.listen, options.run_dir, say, fail)


def snmp(options):
    """Answers SNMP for Net-SNMP's snmpd, as a program for its directive pass_persist."""
    from fbmon.snmp import passing
    return passing.command(options.root, options.run_dir, fail)


COMMANDS = (('run', run, 'the daemon, in the foreground (default)'),
            ('check', check, 'mistakes and warnings of the configuration, then its effective values'),
            ('reload', reload, 'have the running daemon read its file again, and say what became of it'),
            ('confirm', confirm, 'keep a reload that would be taken back'),
            ('rollback', rollback, 'go back to a configuration file that was accepted before'),
            ('status', status, 'what the running daemon sees and does'),
            ('report', report, 'bypasses and their causes, nodes and orders in a period'),
            ('force_on', force_on, "remove the cards' addresses now: bypass"),
            ('force_off', force_off, "add the cards' addresses for good and bring the ports up again: normal"),
            ('return', return_, 'end a bypass now that waits for its return'),
            ('maintenance', maintenance, 'take a node out before work on it, and back after it'),
            ('override', override, 'decide instead of the rules: bypass, normal or freeze'),
            ('drill', drill, 'make a bypass for some seconds, and see whether all comes back'),
            ('serve', serve, 'the status by HTTP: a page, metrics for Prometheus and JSON'),
            ('snmp', snmp, "answer SNMP for Net-SNMP's snmpd (pass_persist)"),
            ('beat', beat, 'send heartbeats, for trying a switch out'))
