"""Random numbers that are the same with every Python. Only random() of the module `random` has never changed."""
import random


class Dice(object):
    """A random source with a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def randrange(self, end):
        """A whole number from 0 to `end`, without `end`."""
        return int(self.random() * end)

    def choice(self, population):
        """One member of a population."""
        return population[self.randrange(len(population))]

    def sample(self, population, count):
        """So many different members of a population."""
        left = list(population)
        return [left.pop(self.randrange(len(left))) for _ in range(count)]
