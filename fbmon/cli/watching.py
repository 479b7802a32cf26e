"""status --watch: the same text again and again, until Ctrl-C."""
import signal
import sys
import time

from fbmon.cli.output import GONE, LOST, say, seen

# To the first place, and clear all that is behind it.
CLEAR = '\033[H\033[J'


class Interrupt(object):
    """Within it the first Ctrl-C raises KeyboardInterrupt only while `waits` is true. Else it is only noted: where
    Python calls something by itself, as at a fork, it would print the exception and go on.

    came: whether there was one.
    """

    def __init__(self):
        self.came = self.waits = False
        self._before = None

    def __enter__(self):
        # In the background of a script Ctrl-C is ignored, and stays so.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._comes)
        return self

    def __exit__(self, *_):
        if self._before:
            signal.signal(signal.SIGINT, self._before)

    def _comes(self, *_):
        again, self.came = self.came, True
        if self.waits or again:
            raise KeyboardInterrupt()


def watch(seconds, show, sleep=time.sleep):
    """Call show() every so many seconds, until Ctrl-C or until nobody can read it any more. Returns its last exit code.

    On a terminal each text replaces the one before; otherwise a blank line stands between them.
    """
    code, screen = 0, sys.stdout.isatty()
    if screen:
        say(CLEAR, end='')
    try:
        with Interrupt() as interrupt:
            while not seen.intersection([LOST, GONE]):
                interrupt.waits = False
                code = show()
                interrupt.waits = True
                if interrupt.came:
                    break
                sleep(seconds)
                say(CLEAR if screen else '', end='' if screen else '\n')
    except KeyboardInterrupt:
        pass
    return code
