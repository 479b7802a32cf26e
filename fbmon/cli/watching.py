"""status --watch: the same text again and again, until Ctrl-C."""
import sys
import time

from fbmon.cli.output import GONE, LOST, say, seen

# To the first place, and clear all that is behind it.
CLEAR = '\033[H\033[J'


def watch(seconds, show, sleep=time.sleep):
    """Call show() every so many seconds, until Ctrl-C or until nobody can read it any more. Returns its last exit code.

    On a terminal each text replaces the one before; otherwise a blank line stands between them.
    """
    code, screen = 0, sys.stdout.isatty()
    if screen:
        say(CLEAR, end='')
    try:
        while not seen.intersection([LOST, GONE]):
            code = show()
            sleep(seconds)
            say(CLEAR if screen else '', end='' if screen else '\n')
    except KeyboardInterrupt:
        pass
    return code
