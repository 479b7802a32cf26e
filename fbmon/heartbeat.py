"""The life of one listener as a table of what follows what. Pure: no socket, clock or thread.

unknown -> active with the first heartbeat; unknown or active -> failed after ATTEMPTS timeouts in a row;
failed -> active after RECOVERY heartbeats in a row, no timeout between.
"""
from collections import namedtuple

from fbmon.states import ACTIVE, FAILED, UNKNOWN

# state: the local state; missed: timeouts in a row; heard: heartbeats in a row while failed.
Pulse = namedtuple('Pulse', 'state missed heard')

LAUNCHED = Pulse(UNKNOWN, 0, 0)


def after_heartbeat(pulse, recovery):
    """The Pulse after one more heartbeat."""
    if pulse.state == FAILED and pulse.heard + 1 < recovery:
        return Pulse(FAILED, 0, pulse.heard + 1)
    return Pulse(ACTIVE, 0, 0)


def after_timeout(pulse, attempts):
    """The Pulse after one more timeout without a heartbeat."""
    missed = pulse.missed + 1
    return Pulse(FAILED if missed >= attempts else pulse.state, missed, 0)
