"""Knows the size of a terminal and the colours of states."""
import fcntl
import struct
import termios

from fbmon.rules.states import ACTIVE, BYPASS, FAILED, NORMAL, UNCONFIGURED, UNKNOWN
from fbmon.show import layout

HEIGHT = 24

# The least columns that we use, even on a narrower terminal.
NARROW = 40

RED, GREEN, YELLOW, PLAIN = '\033[31m', '\033[32m', '\033[33m', '\033[0m'
COLOURS = {NORMAL: GREEN, ACTIVE: GREEN, BYPASS: RED, FAILED: RED, UNCONFIGURED: YELLOW, UNKNOWN: YELLOW}


def terminal(stream, environ):
    """(whether to use colours, lines of the screen, columns) of a stream.

    If it is no terminal, there are no colours, and the lines are None.
    """
    if not stream.isatty():
        return False, None, layout.WIDTH
    try:
        height, width = struct.unpack('hhhh', fcntl.ioctl(stream.fileno(), termios.TIOCGWINSZ, b'\0' * 8))[:2]
    except EnvironmentError:
        height = width = 0
    # A serial line does not know its size.
    return (not environ.get('NO_COLOR') and environ.get('TERM') not in (None, '', 'dumb'), height or HEIGHT,
            max(width, NARROW) if width else layout.WIDTH)


def painter(colour):
    """A function paint(text, word): the text in the colour of the state `word`. colour: False leaves it as it is."""
    return lambda text, word: COLOURS[word] + text + PLAIN if colour and word in COLOURS else text
