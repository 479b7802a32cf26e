"""The commands of fbmon.py. What a command needs is imported when it runs: the daemon stays small."""
import argparse
import errno
import os
import signal
import sys

from fbmon import __version__

CONFIG = '/var/fastbypass_monitor/backend/.env'
LOG_DIR = '/var/fastbypass_monitor/backend/logs'
RUN_DIR = '/run/fastbypass_monitor'

# Exit code of status when no daemon runs: that of LSB for a program that is not running.
NOT_RUNNING = 3


def main(argv=None):
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if '--version' in argv:
        # argparse of 2.7 would print it on stderr.
        _say('fastbypass_monitor ' + __version__)
        return 0
    options = _parser().parse_args(_with_command(argv))
    try:
        return options.function(options)
    except KeyboardInterrupt:
        return 130


def run(options):
    """The daemon, in the foreground."""
    # A reload that comes early must not end us; the daemon looks at its file afterwards anyway.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from fbmon import daemon
    daemon.leave(daemon.run(options.config, options.log_dir, options.run_dir))


def check(options):
    """Mistakes and warnings, then the effective configuration."""
    from fbmon import checks, force, iproute, source, table
    try:
        loaded = source.load(options.config)
    except source.Unreadable as error:
        return _fail(error)
    warnings = list(loaded.warnings)
    try:
        warnings += checks.warnings(loaded.settings, force.read_picture(), loaded.given)
    except iproute.IpError as error:
        _say('%s: warning: not compared with the kernel: %s' % (options.config, error))
    for line in source.report(options.config, loaded.mistakes, 'error') \
            + source.report(options.config, warnings, 'warning'):
        _say(line)
    _say(table.effective(loaded.settings).rstrip('\n'))
    return 1 if loaded.mistakes else 0


def status(options):
    """What the running daemon sees and does; without one, what the kernel has."""
    import json
    from fbmon import console, prometheus, rundir, statussocket
    try:
        found = statussocket.ask(os.path.join(options.run_dir, rundir.SOCKET))
    except statussocket.NotRunning as error:
        return _not_running(options, error)
    try:
        if options.json:
            text = json.dumps(found, sort_keys=True, indent=2)
        elif options.prometheus:
            text = prometheus.render(found)
        else:
            text = console.history(found['history']) if options.history \
                else console.render(found, *console.terminal(sys.stdout, os.environ))
    except (KeyError, TypeError):
        return _fail('the running daemon is version %s, this program %s: restart the service'
                     % (found.get('version'), __version__))
    _say(text.rstrip('\n'))
    return 0


def _not_running(options, error):
    """Nobody to ask: say so, and what the kernel and the history file of the last run have."""
    from fbmon import console, force, history, iproute, prometheus, records, rundir, source
    if options.prometheus:
        _say(prometheus.render(None).rstrip('\n'))
    if options.history:
        kept = records.Records(os.path.join(options.run_dir, rundir.HISTORY)).read()
        found = [history.parse(line) for line in kept]
        _say(console.history([history.as_dict(one) for one in found if one]).rstrip('\n'))
    _fail('fastbypass_monitor is not running (%s)' % error)
    if not (options.json or options.prometheus or options.history):
        try:
            settings = source.load(options.config).settings
            _say(console.kernel(settings, force.read_picture()).rstrip('\n'))
        except (source.Unreadable, iproute.IpError) as trouble:
            _fail(trouble)
    return NOT_RUNNING


def force_on(options):
    """Removes the cards' addresses now."""
    from fbmon import force
    return _force(options, force.wanted_on)


def force_off(options):
    """Adds the cards' addresses for good and brings up the ports that the daemon had put down."""
    from fbmon import force
    return _force(options, force.wanted_off)


def _force(options, items_of):
    from fbmon import daemon, force, iproute, ledger, rundir, source
    try:
        settings = source.load(options.config).settings
        directory = rundir.RunDirectory(options.run_dir)
        notes = ledger.Ledger(directory.file(rundir.LEDGER))
        done, wrong = force.apply(items_of(settings, notes), settings, notes, iproute.Batch())
    except rundir.AlreadyRunning as error:
        _fail('%s; stop it first' % error)
        return daemon.ALREADY_RUNNING
    except (source.Unreadable, iproute.IpError) as error:
        return _fail(error)
    for line in done:
        _say(line)
    for line in wrong + force.faulty(settings) + [error for error in (directory.error, notes.error) if error]:
        _fail(line)
    return 1 if wrong or force.faulty(settings) else 0


def beat(options):
    """Sends heartbeats."""
    from fbmon import beats
    return beats.send(options.host, options.port, options.interval, options.count)


def _say(text):
    _write(sys.stdout, text)


def _fail(text):
    _write(sys.stderr, text)
    return 1


def _write(stream, text):
    """A line in ASCII, whatever a path may hold. A reader that has gone away, as `head` does, or a full disk must
    not keep a command from its work."""
    text = '%s' % text
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    try:
        stream.write(str(text.encode('ascii', 'backslashreplace').decode('ascii')) + '\n')
        stream.flush()
    except EnvironmentError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if error.errno != errno.EPIPE and stream is sys.stdout:
            _fail('cannot be written: %s' % error.strerror)


def _number(least, most):
    """An argparse type: a whole number from least to most."""
    def number(text):
        if not text.isdigit() or len(text) > 10 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError('%r: give a whole number from %d to %d' % (text, least, most))
        return int(text)
    return number


COMMANDS = (('run', run, 'the daemon, in the foreground (default)'),
            ('check', check, 'mistakes and warnings of the configuration, then its effective values'),
            ('status', status, 'what the running daemon sees and does'),
            ('force_on', force_on, "remove the cards' addresses now: bypass"),
            ('force_off', force_off, "add the cards' addresses for good and bring the ports up again: normal"),
            ('beat', beat, 'send heartbeats, for trying a switch out'))


def _global_options(parser):
    parser.add_argument('--config', metavar='FILE', default=CONFIG, help='configuration file (%(default)s)')
    parser.add_argument('--log-dir', metavar='DIR', default=LOG_DIR, help='directory of the log (%(default)s)')
    parser.add_argument('--run-dir', metavar='DIR', default=RUN_DIR, help='run directory (%(default)s)')
    parser.add_argument('--version', action='store_true', help="print the program's version and exit")


def _parser():
    parser = argparse.ArgumentParser(
        prog='fbmon.py', description='Switches bypass cards and ports by the heartbeats of DPI nodes.')
    _global_options(parser)
    commands = parser.add_subparsers(metavar='COMMAND', dest='command')
    for name, function, text in COMMANDS:
        command = commands.add_parser(name, help=text, description=function.__doc__)
        command.set_defaults(function=function)
        if name == 'status':
            face = command.add_mutually_exclusive_group()
            face.add_argument('--json', action='store_true', help='the whole status as JSON')
            face.add_argument('--prometheus', action='store_true', help="as Prometheus' text exposition format")
            face.add_argument('--history', action='store_true', help='the last transitions')
        if name == 'beat':
            command.add_argument('host', metavar='HOST', help='IPv4 or IPv6 address of the listener')
            command.add_argument('port', metavar='PORT', type=_number(1, 65535), help='its UDP port')
            command.add_argument('--interval', metavar='MS', type=_number(1, 3600000), default=1000,
                                 help='milliseconds between two heartbeats (%(default)s)')
            command.add_argument('--count', metavar='N', type=_number(1, 1000000000), default=None,
                                 help='stop after N heartbeats (default: go on)')
    return parser


def _with_command(argv):
    """argv, with `run` where no command is given: argparse of 2.7 knows no optional command."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument('--config')
    options.add_argument('--log-dir')
    options.add_argument('--run-dir')
    return argv if options.parse_known_args(argv)[1] else argv + ['run']
