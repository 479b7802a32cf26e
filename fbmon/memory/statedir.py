"""The state directory: what must be remembered across boots. Only root may look into it.

It may be on a disk that hangs. So the daemon's own threads never touch it (see daemon/).
"""
import os

# The file with the operators' orders.
ORDERS = 'orders'

# Where the accepted configuration files are kept.
FILES = 'files'

# A file that is on trial is beside the configuration file: .env.unconfirmed.
TRIED = '.unconfirmed'


class StateDirectory(object):
    """The paths of its files. Nothing is made before it is needed."""

    def __init__(self, path):
        self.path = path

    def file(self, name):
        """The path of a file in the directory."""
        return os.path.join(self.path, name)
