"""Runs the rounds of candidates in turns (A B A B), so that a busy moment of the machine meets all of them."""
import gc
import sys
import time

import observe


class Samples(object):
    """What came out for one candidate: blocks of Rounds, and what went wrong."""

    def __init__(self, label):
        self.label = label
        self.blocks = []
        self.unasked = []
        self.error = None

    def values(self, name, what='all'):
        """Blocks of seconds, [[seconds, ...], ...]; name: 'gone' or 'back'; what: the name of a time of a Took.

        Rounds without an end are left out.
        """
        took = [[getattr(one, name) for one in block] for block in self.blocks]
        return [[getattr(one, what) for one in block if one and getattr(one, what) is not None] for block in took]

    def lost(self):
        """The number of rounds that had no end."""
        return sum(one.gone is None or one.back is None for block in self.blocks for one in block)


def run(candidates, rounds, blocks, source, before=None):
    """[Samples], one for each candidate, of `rounds` rounds in `blocks` turns.

    source: the random source; before: if given, it is called once after each candidate was opened.
    """
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
    """Call deed(). If it fails, the candidate's Samples say why, and the candidate takes no further part."""
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
