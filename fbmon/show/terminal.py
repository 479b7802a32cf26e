"""What a terminal is like: its size, and the colours of states."""
import fcntl
import struct
import termios

from fbmon.rules.states import ACTIVE, BYPASS, FAILED, NORMAL, UNCONFIGURED, UNKNOWN
from fbmon.show import layout

HEIGHT = 24

# Columns that a terminal is taken to have at least.
NARROW = 40

RED, GREEN, YELLOW, PLAIN = '\033[31m', '\033[32m', '\033[33m', '\033[0m'
COLOURS = {NORMAL: GREEN, ACTIVE: GREEN, BYPASS: RED, FAILED: RED, UNCONFIGURED: YELLOW, UNKNOWN: YELLOW}


def terminal(stream, environ):
    """(whether to use colours, lines of the screen or None, columns) of a stream: the first two only where it is a
    terminal."""
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
    """paint(text, word): the text in the colour of a state, or as it is."""
    return lambda text, word: COLOURS[word] + text + PLAIN if colour and word in COLOURS else text
