"""The wall clock steps while the daemon runs. All waiting is by the monotonic clock."""
import calendar
import glob
import os
import time

import clock
import helpers
from kernel import files

HOUR, YEAR = 3600, 365 * 86400

STEPS = [5 * HOUR, -5 * HOUR, 20 * YEAR, -20 * YEAR, 0]

# Seconds.
TIMEOUT = 0.6

# The lease is renewed during these steps, too.
CONFIG = files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=%d' % (1000 * TIMEOUT)) + 'BYPASS_CARD_LEASE=2000\n'


def library():
    """The path of libfaketime, or None."""
    return next(iter(glob.glob('/usr/lib/*/faketime/libfaketime.so.1')), None)


# With libfaketime 0.9.10 each sleep until a monotonic moment fails, and Python sleeps in this way since 3.11.
SLEEP = 'import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds)\n'


class WallClock(object):
    """A wall clock that steps, for the processes that run under `wrapper`. directory: for its files."""

    def __init__(self, directory):
        self._path = os.path.join(directory, 'time')
        helpers.write(os.path.join(directory, 'sitecustomize.py'), SLEEP)
        self.step(0)
        # Only the daemon's wall clock counts here. A clock that runs faster would need the monotonic one, too.
        self.wrapper = ['env', 'LD_PRELOAD=' + library(), 'FAKETIME_TIMESTAMP_FILE=' + self._path,
                        'FAKETIME_NO_CACHE=1', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'TZ=UTC0', 'PYTHONPATH=' + directory]

    def step(self, seconds):
        """From now on the clock is so many seconds away from the true time."""
        helpers.write(self._path + '.new', '%+d\n' % seconds)
        os.rename(self._path + '.new', self._path)


def steps_by(daemon):
    """The seconds by which the daemon's wall clock is away from ours, as its log shows."""
    return calendar.timegm(time.strptime(daemon.reload()[:19], '%Y-%m-%dT%H:%M:%S')) - time.time()


def test_a_wall_clock_that_steps_by_hours_and_years_changes_nothing(switch, daemon, dpis, tmp_path):
    helpers.require(library(), 'needs libfaketime: apt-get install libfaketime')
    wall = WallClock(str(tmp_path))
    dpis.steady(3000, 3100)
    daemon.start(CONFIG, wall.wrapper)
    before = daemon.wait_state('normal')
    watch = switch.watch()
    for seconds in STEPS:
        wall.step(seconds)
        assert abs(steps_by(daemon) - seconds) < 60, 'the daemon does not see the step'
        # This is longer than a timeout, and longer than the time between two renewals.
        until = clock.monotonic() + TIMEOUT + 0.2
        while clock.monotonic() < until:
            watch.more(0.1)
    wall.step(3 * HOUR)

    shown = daemon.wait_state('normal')
    assert (shown['history'], [row['missed'] for row in shown['listeners']]) == (before['history'], [0, 0])
    assert shown['uptime_s'] < 60 and all(row['longest_gap_s'] < 60 for row in shown['listeners'])
    assert set(watch.take()) == set(['+ %s eth0' % address for address in files.CARDS])
    due = dpis.silence(3100) + TIMEOUT
    wall.step(-3 * HOUR)
    seen = watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0').at
    # It comes neither before the time is up nor hours later.
    assert due - 0.05 < seen < due + 5
    # The daemon has removed them, and not the end of their lease.
    daemon.wait_state('bypass')
