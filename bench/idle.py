"""Measures what candidates cost while nothing happens. All run side by side, each on a switch of its own."""
import os
import sys
import time
from collections import namedtuple

import helpers
import results
from candidates import HERE, HOST, PORT, Candidate, Nodes, USUAL
from keepalived import TracksBfd
from ours import Ours
from reaction import Samples, attempt

# 8 nodes that each send one heartbeat a second on average; the timeout is the default one.
HEARTBEATS = USUAL._replace(interval=1143, timeout=3000)
# The same listeners with a timeout of an hour. Nobody sends to them.
SILENCE = USUAL._replace(timeout=3600000)

SECONDS, WINDOWS = 60, 6

TICKS = os.sysconf('SC_CLK_TCK')

# cpu: nanoseconds; switches: context switches, voluntary and forced ones.
Cost = namedtuple('Cost', 'cpu switches')


class Beating(Ours):
    """The daemon while all nodes live."""

    def rest(self):
        """Stay awake."""


class Silent(Ours):
    """The daemon while nobody sends. Its global state is unknown."""

    def begin(self):
        """Start no nodes."""


class IdleBfd(TracksBfd):
    """keepalived with one BFD packet a second, as our heartbeats, and one advertisement a second, its default."""

    advertisement = 1

    def __init__(self, label, directory):
        TracksBfd.__init__(self, label, directory)
        self.setup = self.setup._replace(interval=1000, timeout=3000)

    def rest(self):
        """Stay awake."""


class Receiver(Candidate):
    """One thread for each listener that only receives: what the heartbeats alone cost any daemon at least."""

    def __init__(self, label, interpreter):
        Candidate.__init__(self, label, HEARTBEATS)
        self._interpreter = interpreter

    def open(self):
        Candidate.open(self)
        self.switch.ip('addr', 'add', HOST + '/32', 'dev', 'eth0')
        argv = [self._interpreter, '-B', '-E', '-s', os.path.join(HERE, 'receiver.py'), HOST, str(PORT),
                str(self.setup.nodes)]
        self._child = self.start(argv, self.switch)
        Nodes(self, self.setup).order('all')

    def pids(self):
        return [self._child.pid]


def run(candidates, seconds=SECONDS, part='idle'):
    """The Rows of CPU, context switches and memory of all candidates that could be opened."""
    opened, rows = [], []
    try:
        for candidate in candidates:
            samples = Samples(candidate.label)
            opened.append((candidate, samples))
            attempt(samples, candidate.open)
        running = [candidate for candidate, samples in opened if samples.error is None]
        # Let them finish what a start still leaves to do.
        time.sleep(3.0)
        costs = dict((candidate, [cost(candidate.pids())]) for candidate in running)
        for window in range(WINDOWS):
            time.sleep(seconds / float(WINDOWS))
            for candidate in running:
                costs[candidate].append(cost(candidate.pids()))
            sys.stderr.write('  %d of %d s\n' % ((window + 1) * seconds // WINDOWS, seconds))
        for candidate in running:
            rows += _rows(part, candidate, costs[candidate], 60.0 / seconds * WINDOWS)
    finally:
        for candidate, _ in opened:
            candidate.close()
    return sorted(rows, key=lambda row: ('CPU', 'context', 'resident', 'own').index(row.what.split()[0]))


def _rows(part, candidate, costs, scale):
    """The Rows of one candidate; each window's cost is scaled to a minute."""
    pairs = list(zip(costs, costs[1:]))
    cpu = [[(after.cpu - before.cpu) * 1e-6 * scale] for before, after in pairs]
    switches = [[(after.switches - before.switches) * scale] for before, after in pairs]
    resident, own = memory(candidate.pids())
    return [results.Row(part, 'CPU', candidate.label, 'ms a minute', cpu, ''),
            results.Row(part, 'context switches', candidate.label, 'a minute', switches, ''),
            results.Row(part, 'resident memory', candidate.label, 'MB', [[sum(resident)]],
                        ' + '.join('%.1f' % one for one in resident)),
            results.Row(part, 'own share of memory (PSS)', candidate.label, 'MB', [[sum(own)]],
                        ' + '.join('%.1f' % one for one in own))]


def cost(pids):
    """The Cost of processes up to now, with all their threads and the children that they have waited for."""
    cpu = switches = 0
    for pid in pids:
        # The CPU ticks of the children that it has waited for.
        fields = helpers.read('/proc/%d/stat' % pid).rpartition(')')[2].split()
        cpu += (int(fields[13]) + int(fields[14])) * (1000000000 // TICKS)
        for thread in os.listdir('/proc/%d/task' % pid):
            path = '/proc/%d/task/%s/' % (pid, thread)
            cpu += int(helpers.read(path + 'schedstat').split()[0])
            switches += sum(int(line.split()[1]) for line in helpers.read(path + 'status').splitlines()
                            if 'voluntary_ctxt_switches' in line)
    return Cost(cpu, switches)


def memory(pids):
    """[[MB resident, ...], [MB of proportional share (PSS), ...]], with one number for each process."""
    found = []
    for pid in pids:
        rows = dict(line.split(None, 1) for line in helpers.read('/proc/%d/smaps_rollup' % pid).splitlines()[1:])
        found.append((int(rows['Rss:'].split()[0]) / 1024.0, int(rows['Pss:'].split()[0]) / 1024.0))
    return [[pair[which] for pair in found] for which in (0, 1)]
