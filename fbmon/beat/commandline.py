"""The words of a sender's command line: those of `fbmon.py beat`, and those of fastbypass_beat(8)."""
import argparse

from fbmon.beat import settings


def number(least, most):
    """A type for argparse: a whole number from least to most."""
    def typed(text):
        try:
            return settings.number(text, least, most)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error))
    return typed


def given(text):
    """An argparse type: any text but the empty one, which a script makes of a variable that is not set."""
    if not text:
        raise argparse.ArgumentTypeError('it is empty')
    return text


def add_words(command):
    """Add all but the targets to a parser."""
    command.add_argument('--interval', metavar='MS', type=number(1, 3600000), default=1000,
                         help='milliseconds between two heartbeats (%(default)s)')
    command.add_argument('--while', metavar='COMMAND', type=given, default=None, dest='check',
                         help='send only while this command of the shell ends with 0, and in time')
    command.add_argument('--every', metavar='S', type=number(1, 3600), default=None,
                         help='seconds from one run of COMMAND to the next, and its time to end (as --interval, '
                              'at least 1)')
    command.add_argument('--source', metavar='ADDRESS', type=given, default=None,
                         help='source address of the heartbeats')
    command.add_argument('--interface', metavar='NAME', type=given, default=None,
                         help='interface through which they go')
    command.add_argument('--count', metavar='N', type=number(1, 1000000000), default=None,
                         help='stop after N heartbeats (default: go on)')


def make(options, words):
    """The Settings of parsed options and the words HOST PORT HOST PORT ... Raises settings.Mistake."""
    return settings.make(words, options.interval, options.check, options.every, options.source, options.interface,
                         options.count)


OPTIONS = {'command': '--while: ', 'targets': ''}


def in_words(mistake):
    """A Mistake as a person reads it who has typed the options."""
    return OPTIONS.get(mistake.key, '--%s: ' % mistake.key) + mistake.why
