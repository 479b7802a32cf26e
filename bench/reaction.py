"""How long it takes from the instant a heartbeat is overdue until the address is gone, and back: A B A B."""
import gc
import sys
import time

import observe


class Samples(object):
    """What one candidate gave: blocks of Rounds, and what went wrong."""

    def __init__(self, label):
        self.label = label
        self.blocks = []
        self.unasked = []
        self.error = None

    def values(self, name):
        """Blocks of seconds; rounds without an end are left out, and counted by lost()."""
        return [[getattr(one, name) for one in block if getattr(one, name) is not None] for block in self.blocks]

    def lost(self):
        """How many rounds had no end."""
        return sum(one.gone is None or one.back is None for block in self.blocks for one in block)


def run(candidates, rounds, blocks, source, before=None):
    """[Samples], one for each candidate: `blocks` turns of each, `rounds` in all; before(): done once all is opened."""
    opened = []
    found = []
    gc.disable()
    try:
        for candidate in candidates:
            samples = Samples(candidate.label)
            found.append(samples)
            opened.append((candidate, samples))
            attempt(samples, candidate.open)
            if before and samples.error is None:
                attempt(samples, before)
        for turn in range(blocks):
            count = rounds * (turn + 1) // blocks - rounds * turn // blocks
            for candidate, samples in opened:
                if samples.error is None:
                    attempt(samples, lambda: _block(candidate, samples, count, source))
            gc.collect()
            _progress(turn + 1, blocks)
    finally:
        gc.enable()
        for candidate, samples in opened:
            candidate.close()
            samples.unasked = candidate.unasked
    return found


def attempt(samples, deed):
    """Do it; a candidate that fails is out, and says why."""
    try:
        deed()
    except (observe.TooLate, AssertionError, EnvironmentError, ValueError) as error:
        samples.error = ' '.join(('%s: %s' % (type(error).__name__, error)).split())
        sys.stderr.write('%s: %s\n' % (samples.label, samples.error))


def _block(candidate, samples, count, source):
    block = []
    samples.blocks.append(block)
    candidate.wake()
    for _ in range(count):
        block.append(candidate.round(source))
    candidate.rest()
    time.sleep(0.1)


def _progress(done, of):
    sys.stderr.write('  %d of %d blocks\n' % (done, of))
