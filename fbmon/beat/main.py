"""The command fastbypass_beat(8) of a node that has no sender of its own."""
import argparse
import io
import os
import sys

from fbmon import __version__
from fbmon.base import inherited
from fbmon.beat import commandline, envkeys, settings
from fbmon.beat.sender import Sender
from fbmon.beat.voice import WARNING, Voice
from fbmon.tell import sdnotify

# The exit codes for a file that cannot be read now and for one with mistakes. The unit starts it again after the first.
LATER, WRONG = 75, 78

STARTS = 'heartbeats to %s every %d ms'
CHECKED = ', while %r ends with 0 within %d s; it is run every %d s'


def main(argv=None):
    """Send until the end. Returns the exit code."""
    inherited.set_right()
    parser = _parser()
    options = parser.parse_args(argv)
    if options.version:
        sys.stdout.write('fastbypass_beat %s\n' % __version__)
        return 0
    if options.file and options.words or not (options.file or options.words):
        parser.error('give either targets or --file FILE')
    voice = Voice(journal='JOURNAL_STREAM' in os.environ or 'NOTIFY_SOCKET' in os.environ)
    if options.file:
        found, code = _of_file(options.file, options.count, voice)
        return code if found is None else send(found, voice)
    try:
        return send(commandline.make(options, options.words), voice)
    except settings.Mistake as error:
        return parser.error(commandline.in_words(error))


def send(found, voice):
    """Send with these Settings, until a signal or the last one. Returns the exit code: 1 if none left of --count."""
    text = STARTS % (', '.join('%s port %d' % (one.host + ('%' + one.zone if one.zone else ''), one.port)
                               for one in found.targets), round(found.interval * 1000))
    voice.say(text + (CHECKED % (str(found.command), found.every, found.every) if found.command else ''))
    sent = Sender(found, voice, sdnotify.Notifier()).run()
    voice.say('%d heartbeat%s sent' % (sent, 's'[sent == 1:]))
    return 0 if sent or found.count is None else 1


def _of_file(path, count, voice):
    """(Settings, None) of a file, or (None, exit code) after its mistakes were told."""
    shown = path.decode('utf-8', 'replace') if isinstance(path, bytes) else path
    try:
        with io.open(path, encoding='utf-8', newline='\n') as source:
            found, wrong = envkeys.read(source.read())
    except UnicodeDecodeError:
        found, wrong = None, [envkeys.Wrong(0, 'the file', 'it is no text in UTF-8')]
    except EnvironmentError as error:
        voice.say('%s: cannot be read: %s' % (shown, error.strerror), WARNING)
        return None, LATER
    for one in wrong:
        place = '%s:%d' % (shown, one.line) if one.line else shown
        voice.say('%s: error: %s: %s' % (place, one.key, one.text), WARNING)
    return (None, WRONG) if wrong else (found._replace(count=count), None)


def _parser():
    parser = argparse.ArgumentParser(
        prog='fastbypass_beat', usage='fastbypass_beat [OPTION ...] HOST PORT [HOST PORT ...]\n'
        '       fastbypass_beat --file FILE',
        description='Sends heartbeats to fastbypass_monitor for as long as this node works.')
    parser.add_argument('words', metavar='HOST PORT', nargs='*',
                        help='IPv4 or IPv6 address of a listener, and its UDP port')
    parser.add_argument('--file', metavar='FILE', type=commandline.given, default=None,
                        help='read targets and options from FILE')
    commandline.add_words(parser)
    parser.add_argument('--version', action='store_true', help="print the program's version and exit")
    return parser
