"""Makes figures from samples: percentiles, and how far a figure can be trusted. Pure."""
import random
from collections import namedtuple

# n: the number of samples; the rest is in their unit. 95 of 100 medians of such samples would lie between low and high.
Figures = namedtuple('Figures', 'n median low high p95 p99 least most')

RESAMPLES = 1000


def percentile(values, share):
    """The value below which `share` (0 to 1) of the values lie. It may lie between two of them."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values):
    """The middle value, or the mean of the two middle ones."""
    return percentile(values, 0.5)


def summary(blocks, seed=1):
    """The Figures of samples that were taken in blocks, [[value, ...], ...]; None if there are no samples."""
    blocks = [block for block in blocks if block]
    values = [value for block in blocks for value in block]
    if not values:
        return None
    low, high = interval(blocks, seed)
    return Figures(len(values), median(values), low, high, percentile(values, 0.95), percentile(values, 0.99),
                   min(values), max(values))


def interval(blocks, seed=1, share=0.95):
    """(low, high) of the median, by a bootstrap that first draws blocks and then draws values within each of them.

    Samples of one block have more in common than samples of several blocks, because the machine is busy for a while
    and then is not.
    """
    source = random.Random(seed)
    medians = []
    for _ in range(RESAMPLES):
        drawn = []
        for _ in blocks:
            block = source.choice(blocks)
            drawn += [source.choice(block) for _ in block]
        medians.append(median(drawn))
    return percentile(medians, (1 - share) / 2), percentile(medians, (1 + share) / 2)


def agree(one, other):
    """Whether the medians of two Figures may be the same: their intervals overlap."""
    return one.low <= other.high and other.low <= one.high
