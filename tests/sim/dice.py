"""Chance that is the same under every Python: of all that `random` offers only random() has never changed."""
import random


class Dice(object):
    """Thrown by a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def randrange(self, end):
        """A number below end."""
        return int(self.random() * end)

    def choice(self, population):
        """One of them."""
        return population[self.randrange(len(population))]

    def sample(self, population, count):
        """So many of them."""
        left = list(population)
        return [left.pop(self.randrange(len(left))) for _ in range(count)]
