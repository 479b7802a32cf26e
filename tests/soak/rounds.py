"""Measures whether the daemon's controller makes rounds without a cause, while nothing happens."""
import os
import time

import helpers

# The seconds of each look, and the number of looks. Leases are renewed and routes read now and then, so we look several
# times.
LOOK, LOOKS = 1.0, 6


def without_a_cause(pid):
    """How often the controller was awake in the quietest of some seconds; 0 if that cannot be measured."""
    least = None
    for _ in range(LOOKS):
        thread = _controller(pid)
        if thread is None:
            return 0
        before = _switches(pid, thread)
        time.sleep(LOOK)
        awake = _switches(pid, thread) - before
        least = awake if least is None else min(least, awake)
        if not least:
            break
    return least


def _controller(pid):
    """The thread that has started `ip -batch`."""
    for thread in os.listdir('/proc/%d/task' % pid):
        for child in helpers.read('/proc/%d/task/%s/children' % (pid, thread)).split():
            if b'-batch' in helpers.read('/proc/%s/cmdline' % child).encode('utf-8').split(b'\0'):
                return thread
    return None


def _switches(pid, thread):
    """How often a thread has given the processor back, plus the hundredths of a second that it has run."""
    fields = dict(line.split(':', 1) for line in helpers.read('/proc/%d/task/%s/status' % (pid, thread)).splitlines())
    used = helpers.read('/proc/%d/task/%s/stat' % (pid, thread)).rpartition(')')[2].split()
    return int(fields['voluntary_ctxt_switches']) + int(fields['nonvoluntary_ctxt_switches']) \
        + sum(int(word) for word in used[11:13])
