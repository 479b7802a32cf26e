"""Measures what a daemon's process takes, and judges whether it takes more and more. The judgement is pure."""
import os
from collections import namedtuple

import helpers

# at: a monotonic second; life: the number of the daemon's life; memory: KiB resident; children: zombies count, too.
Sample = namedtuple('Sample', 'at life memory descriptors threads children children_memory children_descriptors')

# An interpreter takes its memory more and more slowly. So only the second half of a life is judged, and nothing before
# WARM seconds of it. ALLOWED: the KiB by which memory may rise then, by a straight line through the samples; WHOLE: the
# KiB by which it may rise in a whole life.
WARM = 60.0
ALLOWED = {'memory': 1536, 'children_memory': 1024}
WHOLE = 8192

# The most children: `ip -batch`, `ip monitor` and one that reads routes; the predecessor of each, which has ended but
# was not collected yet; and the writer of the log.
CHILDREN = 7

# These must never be more than in the first sample of a life.
COUNTED = ('descriptors', 'threads', 'children_descriptors')

# The least number of samples for a line.
ENOUGH = 4


def take(at, life, pid, lasting):
    """A Sample of the process now. lasting: the pids of children that do not end meanwhile."""
    return Sample(at, life, _number(pid, 'VmRSS'), _descriptors(pid), _number(pid, 'Threads'),
                  len(listed_children(pid)), sum(_number(child, 'VmRSS') for child in lasting),
                  sum(_descriptors(child) for child in lasting))


def listed_children(pid):
    """The pids of the children, zombies too."""
    return [int(word) for thread in os.listdir('/proc/%d/task' % pid)
            for word in helpers.read('/proc/%d/task/%s/children' % (pid, thread)).split()]


def marked(pids):
    """{pid: when it was started}, of those that are there. A pid alone may soon be another process's."""
    return dict((pid, _started(pid)) for pid in pids if helpers.alive(pid))


def still_there(processes):
    """Those of {pid: when it was started} that have not ended."""
    return dict((pid, at) for pid, at in processes.items() if helpers.alive(pid) and _started(pid) == at)


def _started(pid):
    """The time of its start in clock ticks since the boot, proc(5)."""
    return helpers.read('/proc/%d/stat' % pid).rpartition(')')[2].split()[19:20]


def _descriptors(pid):
    """The number of its descriptors; 0 if it has ended just now, as a child does that the daemon replaces."""
    try:
        return len(os.listdir('/proc/%d/fd' % pid))
    except EnvironmentError:
        return 0


def _number(pid, name):
    fields = dict(line.split(':', 1) for line in helpers.read('/proc/%d/status' % pid).splitlines())
    return int(fields.get(name, '0').split()[0])


def judge(samples):
    """[What has grown in one life], in words; [] if nothing has."""
    first, last = samples[0], samples[-1]
    found = ['%s %d, then %d' % (name.replace('_', ' '), getattr(first, name), getattr(last, name))
             for name in COUNTED if getattr(last, name) > getattr(first, name)]
    found += ['children %d' % last.children] if last.children > CHILDREN else []
    if last.memory - first.memory > WHOLE:
        found.append('memory %d KiB, then %d KiB' % (first.memory, last.memory))
    warm = [sample for sample in samples[len(samples) // 2:] if sample.at - first.at >= WARM]
    if len(warm) >= ENOUGH:
        for name, allowed in sorted(ALLOWED.items()):
            risen = rise([(sample.at, getattr(sample, name)) for sample in warm])
            if risen > allowed:
                found.append('%s rises by %d KiB in %d s' % (name.replace('_', ' '), risen, warm[-1].at - warm[0].at))
    return found


def rise(points):
    """How far a straight line through the points (x, y), by least squares, rises from the first to the last one."""
    middle_x = sum(x for x, _ in points) / float(len(points))
    middle_y = sum(y for _, y in points) / float(len(points))
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
    return slope * (points[-1][0] - points[0][0])


def in_words(sample):
    """A Sample as one line of text."""
    return '%.1f MB, %d descriptors, %d threads, %d children with %.1f MB, %d descriptors' % (
        sample.memory / 1024.0, sample.descriptors, sample.threads, sample.children, sample.children_memory / 1024.0,
        sample.children_descriptors)
