"""The log file. Nobody in the daemon waits for its disk (lines.py)."""
import logging

from fbmon.tell import lines


class File(logging.Handler):
    """Hands each line of the log to the process that writes it.

    beside: other Lines that are mended with this file, and end with it.
    """

    def __init__(self, directory, name, size, files):
        logging.Handler.__init__(self)
        self.lines = lines.Lines(directory, name, size, files, 'log file')
        self.beside = []

    @property
    def error(self):
        """Why lines do not reach the file, or None."""
        return self.lines.error

    def emit(self, record):
        """Hand over a line. It never blocks."""
        try:
            self.lines.put(self.format(record) + '\n')
        except Exception:
            self.lines.miss()

    def mend(self):
        """Log a new problem, and start each writer for the first time, or again if it has ended. It may take a moment.
        """
        for one in [self.lines] + self.beside:
            one.mend()

    def close(self):
        """Wait shortly until the disks have taken the lines."""
        lines.finish([self.lines] + self.beside)
        logging.Handler.close(self)
