"""The candidate with 1,000 listeners: first all nodes live, and none may count as failed; then all fail at once."""
import time

import results
from candidates import PORT
from observe import Capture
from ours import Ours

# Seconds for which all nodes live and nothing may happen.
QUIET = 10.0


class Thousand(Ours):
    """The daemon with 1,000 listeners. To fail, every node sends a last heartbeat, one right after the other."""

    def open(self):
        self.heartbeats = self.failures = self.longest_gap = 0
        Ours.open(self)

    def live(self):
        """Let all nodes live for QUIET seconds, and count the heartbeats and the timeouts."""
        # Nobody reads the capture meanwhile, and it could not hold so many heartbeats.
        self.capture.close()
        self.wake()
        before = self.daemon.status()
        time.sleep(QUIET)
        after = self.daemon.status()
        self.heartbeats = _sum(after, 'received') - _sum(before, 'received')
        self.failures = _sum(after, 'missed') - _sum(before, 'missed')
        self.longest_gap = max(row['longest_gap_s'] or 0.0 for row in after['listeners'])
        self.unasked += self.reports.forget()
        self.capture = Capture(self.switch)
        self.rest()

    def fail(self, source):
        # Drop the heartbeats up to here; only the following ones count.
        self.capture.take()
        self.nodes.order('last')
        reported = self.reports.wait_for(self.gone(), 20.0)
        last = {}
        for at, port in self.capture.take():
            last[port] = max(at, last.get(port, 0.0))
        if len(last) < self.setup.nodes:
            raise ValueError('a last heartbeat of only %d nodes was seen' % len(last))
        return self.took(reported, max(last.values()) + self.setup.timeout / 1000.0)

    def come_back(self):
        self.capture.take()
        self.nodes.order('all')
        reported = self.reports.wait_for(self.back(), 20.0)
        # The threshold is all of them, so the first one that is back ends the bypass.
        first = min(at for at, port in self.capture.take() if port >= PORT)
        time.sleep(0.5)
        return self.took(reported, first)

    def rows(self):
        """The Rows of what live() counted."""
        counted = (('heartbeats while all nodes live', self.heartbeats / QUIET, 'a second'),
                   ('timeouts while all nodes live', self.failures, 'in %d s' % QUIET),
                   ('longest gap while all nodes live', 1000 * self.longest_gap, 'ms'))
        return [results.Row('thousand', what, self.label, unit, [[value]], '') for what, value, unit in counted]


def _sum(status, name):
    return sum(row[name] for row in status['listeners'])
