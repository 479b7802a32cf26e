"""Finds out whether the whole system is going down, and not this service alone."""
import os
import select

from fbmon.base import compat, starting

# This directory is there if systemd has started the system, see sd_booted(3).
BOOTED = '/run/systemd/system'

# Why nobody watches any more, as the journal has it.
PLAIN, WHY = 'stopped', 'stopped, as the system goes down'

# Seconds in which systemctl must answer. The whole stop has more.
LIMIT = 0.5


def going_down(limit=LIMIT):
    """Whether systemd is stopping the system. False if it cannot be asked, or does not answer in time."""
    if not os.path.isdir(BOOTED):
        return False
    try:
        child = starting.start_child(['systemctl', 'is-system-running'], stdout=starting.PIPE)
    except EnvironmentError:
        return False
    try:
        return _line(child.stdout.fileno(), compat.monotonic() + limit) == b'stopping'
    finally:
        # The child must not outlive us. It is collected when this process ends.
        if child.poll() is None:
            child.kill()


def _line(descriptor, deadline):
    """The first line, as bytes; b'' if it does not come before the deadline."""
    said, poller = b'', select.poll()
    poller.register(descriptor, select.POLLIN)
    while b'\n' not in said:
        left = deadline - compat.monotonic()
        if left <= 0 or not compat.poll(poller, left * 1000):
            return b''
        part = os.read(descriptor, 4096)
        if not part:
            return said.strip()
        said += part
    return said.partition(b'\n')[0].strip()
