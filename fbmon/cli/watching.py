"""status --watch: the same text again and again, until Ctrl-C."""
import sys
import time

from fbmon.cli.output import LOST, say, seen

# Seconds between two looks.
USUAL = 2

# Home, and clear what is below: the screen does not flicker as it would when it is cleared first.
HOME, BELOW = '\033[H', '\033[J'


def watch(seconds, show, sleep=time.sleep):
    """Call show() each so many seconds until Ctrl-C, or until its output cannot be written; returns its exit code.

    On a terminal each text replaces the one before; otherwise a blank line stands between them.
    """
    code, screen = 0, sys.stdout.isatty()
    if screen:
        sys.stdout.write(HOME + BELOW)
    try:
        while LOST not in seen:
            code = show()
            sys.stdout.flush()
            sleep(seconds)
            if screen:
                sys.stdout.write(HOME + BELOW)
            else:
                say('')
    except KeyboardInterrupt:
        return code
    return code
