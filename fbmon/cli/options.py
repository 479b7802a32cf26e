"""Reads the command line of fbmon.py with argparse, in a module of its own that the daemon does not import."""
import argparse
import sys
import time
from difflib import get_close_matches

from fbmon.base import moments
from fbmon.beat import commandline, settings
from fbmon.beat.commandline import given as _given, number as _number
from fbmon.cli.output import fail, say
from fbmon.rules import ordering, orders

# They stand before the command.
GLOBAL = ('--config', '--log-dir', '--run-dir', '--state-dir')

# {the name of a command in fbypass_ctl or systemctl: [its names here]}.
OTHER_NAMES = {'show': ['status'], 'start': ['run']}

# fbypass_ctl passes its words on to these commands, so the usage must be right for both programs.
PASSED_ON = 'reload', 'maintenance', 'override', 'drill', 'report', 'beat'

# The number of characters of a word that are shown.
LONGEST = 60


class Parser(argparse.ArgumentParser):
    """Prints as all commands do, and says more about what is wrong."""

    def error(self, message):
        """Print what is wrong, and exit with 2."""
        if 'unrecognized' in message and set(message.split()).intersection(GLOBAL):
            message += ' (%s and %s stand before the command)' % (', '.join(GLOBAL[:-1]), GLOBAL[-1])
        if self.prog == 'beat' and ('arguments are required' in message or 'too few arguments' in message):
            message = settings.NO_PAIRS
        argparse.ArgumentParser.error(self, message)

    def _print_message(self, message, file=None):
        # With 2.7 the original prints a traceback if the reader has gone.
        (say if file is sys.stdout else fail)(message.rstrip('\n'))

    def _check_value(self, action, value):
        if action.dest != 'command' or value in action.choices:
            return argparse.ArgumentParser._check_value(self, action, value)
        near = OTHER_NAMES.get(value) or get_close_matches(value, action.choices, 2)
        self.error('there is no command %r: %ssee %s --help' % (
            value[:LONGEST], 'did you mean %s? ' % ' or '.join(near) if near else '', self.prog))


def parse(argv, commands, places):
    """The options of a command line. commands: [(name, function, help), ...]; places: the defaults.

    If the command line is wrong, it exits with 2 and a line on stderr.
    """
    return _parser(commands, places).parse_args(_with_command(argv))


def _duration(text):
    """An argparse type: a duration like 90s, 30m, 2h or 1d, in seconds."""
    try:
        return orders.duration(text)
    except orders.Noise as error:
        raise argparse.ArgumentTypeError(str(error))


def when(text):
    """An argparse type: a moment like 30d or 12h ago, 2026-11-01 or 2026-11-01T03:00, in seconds since 1970."""
    seconds = moments.parse(text)
    try:
        return time.time() - orders.duration(text) if seconds is None else seconds
    except orders.Noise:
        raise argparse.ArgumentTypeError('%r: give 12h or 30d for so long ago, or 2026-11-01 or 2026-11-01T03:00'
                                         % text[:LONGEST])


def _said(text):
    """An argparse type: what a person says, as text. With 2.7 it comes as bytes, which may be no UTF-8."""
    return text.decode('utf-8', 'replace') if isinstance(text, bytes) else text


def _trial(text):
    """An argparse type: how long a reload may be on trial, in seconds."""
    seconds = _duration(text)
    if not 10 <= seconds <= 86400:
        raise argparse.ArgumentTypeError('%r: give a time from 10s to 1d' % text)
    return seconds


def _global_options(parser, places):
    for option, metavar, default, what in (('--config', 'FILE', places.config, 'configuration file'),
                                           ('--log-dir', 'DIR', places.log_dir, 'directory of the log'),
                                           ('--run-dir', 'DIR', places.run_dir, 'run directory'),
                                           ('--state-dir', 'DIR', places.state_dir, 'state directory')):
        parser.add_argument(option, metavar=metavar, type=_given, default=default, help=what + ' (%(default)s)')
    parser.add_argument('--version', action='store_true', help="print the program's version and exit")


def _parser(commands, places):
    parser = Parser(
        prog='fbmon.py', description='Switches bypass cards and ports by the heartbeats of DPI nodes.')
    _global_options(parser, places)
    subparsers = parser.add_subparsers(metavar='COMMAND', dest='command')
    for name, function, text in commands:
        command = subparsers.add_parser(name, help=text, description=function.__doc__)
        command.set_defaults(function=function)
        if name in PASSED_ON:
            command.prog = name
        if name == 'status':
            face = command.add_mutually_exclusive_group()
            face.add_argument('--json', action='store_true', help='the whole status as JSON')
            face.add_argument('--prometheus', action='store_true', help="as Prometheus' text exposition format")
            face.add_argument('--history', action='store_true', help='the last transitions')
            face.add_argument('--incident', action='store_true', help='the last incident in about ten lines')
            face.add_argument('--config', action='store_true', dest='effective', help='the configuration that runs')
            face.add_argument('--watch', metavar='S', nargs='?', type=_number(1, 3600), const=2, default=None,
                              help='the status again every S seconds (2) until Ctrl-C')
            command.add_argument('--since', metavar='WHEN', type=when, default=None,
                                 help='the history from then on, also before a boot: 12h, 30d, 2026-11-01 or '
                                      '2026-11-01T03:00')
            command.add_argument('--last', metavar='N', type=_number(1, 1000000), default=None,
                                 help='the last N transitions of the history')
        if name == 'reload':
            command.add_argument('--confirm', metavar='TIME', type=_trial, default=None,
                                 help='take it back after TIME (90s, 5m, 2h) unless `confirm` comes')
        if name == 'rollback':
            which = command.add_mutually_exclusive_group()
            which.add_argument('number', metavar='N', nargs='?', type=_number(0, 9999), default=None,
                               help='which accepted file, 0 is the newest (default: the one before what runs)')
            which.add_argument('--list', action='store_true', help='the accepted files')
        if name == 'check':
            command.add_argument('--against', action='store_true',
                                 help='what a reload of the file would change in what runs, instead of what it means')
            command.add_argument('file', metavar='FILE', nargs='?', type=_given,
                                 help='another file than the configuration file')
        if name in ('maintenance', 'override'):
            _of_an_order(command, name)
        if name == 'drill':
            command.add_argument('seconds', metavar='SECONDS', nargs='?', type=_number(1, ordering.LONGEST), default=30,
                                 help='how long the bypass lasts, from 1 to %d (%%(default)s)' % ordering.LONGEST)
            command.add_argument('--reason', metavar='TEXT', type=_said, default=None,
                                 help='why, for log, history and status')
        if name == 'report':
            _of_a_report(command)
        if name == 'serve':
            command.add_argument('--listen', metavar='ADDRESS:PORT', type=_given, default='127.0.0.1:9742',
                                 help='where to serve (%(default)s); [::1]:9742 for IPv6')
        if name == 'snmp':
            command.add_argument('root', metavar='ROOT', nargs='?', type=_given, default=None,
                                 help='where FASTBYPASS-MIB begins, if not in the place for local use')
        if name == 'beat':
            command.add_argument('host', metavar='HOST', type=_given, help='IPv4 or IPv6 address of the listener')
            command.add_argument('port', metavar='PORT', type=_number(1, 65535), help='its UDP port')
            command.add_argument('more', metavar='HOST PORT', nargs='*', help='more targets')
            commandline.add_words(command)
            command.add_argument('--force', action='store_true',
                                 help='send also to a listener of the daemon that runs here')
    return parser


def _of_a_report(command):
    """The words of report."""
    command.add_argument('--since', metavar='WHEN', type=when, default=None,
                         help='begin of the period: 30d or 12h ago, 2026-11-01 or 2026-11-01T03:00 (30d)')
    command.add_argument('--until', metavar='WHEN', type=when, default=None, help='its end (now)')
    face = command.add_mutually_exclusive_group()
    face.add_argument('--json', action='store_true', help='the figures as JSON')
    face.add_argument('--html', metavar='FILE', type=_given, default=None,
                      help='write a page with a picture into FILE; -: on stdout')


def _of_an_order(command, name):
    """The words of maintenance or override."""
    if name == 'maintenance':
        command.add_argument('node', metavar='NODE', nargs='?', type=lambda text: _said(_given(text)),
                             help='name of a node, or index of its listener')
        command.add_argument('word', metavar='on|off', nargs='?', choices=('on', 'off'), help='take it out, or back')
    else:
        command.add_argument('state', metavar='bypass|normal|freeze|off', nargs='?',
                             choices=orders.OVERRIDES + ('off',), help='what is decided instead of the rules')
    command.add_argument('--for', metavar='TIME', type=_duration, default=None, dest='length',
                         help='the order ends by itself after this time, like 90s, 30m, 2h or 1d')
    command.add_argument('--reason', metavar='TEXT', type=_said, default=None, help='why, for log, history and status')
    command.add_argument('--json', action='store_true', help='without words: what is ordered, as JSON')


def _with_command(argv):
    """argv, with `run` added if there is no command. argparse of 2.7 knows no optional command."""
    words = list(argv)
    while words:
        word = words.pop(0)
        name, equals, _ = word.partition('=')
        # argparse also takes the beginning of an option for the option.
        if len(name) < 3 or not any(option.startswith(name) for option in GLOBAL):
            # Of unknown options alone 2.7 would say that there are too few.
            return argv if any(not one.startswith('-') for one in [word] + words) else argv + ['run']
        if not equals and not words:
            return argv
        if not equals:
            del words[0]
    return argv + ['run']
