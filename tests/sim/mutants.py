"""The faults that the simulated world must find. The files in mutations/ list them.

An entry begins with `== NAME: sentence`. `within: N (seed M)` says after how many seeds the fault must be found, and
with which one it was found when that was written; in keys.txt these are histories of the second kind, and seed 0 is
deeds.KEYS; in orders.txt they are of the third kind, from deeds.ORDERS on. `outside:` says why the world cannot show
it, and `missed:` what the world still lacks to show it. `-- PATH` begins a change of that file, with lines as in a
patch: unchanged ones after a blank, old ones after a `-`, new ones after a `+`. The old lines must be in the file
exactly once.
"""
import collections
import io
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = ('found', 'own', 'keys', 'orders')

# changes: [Change]; within: a number of seeds, or None if `outside` or `missed` says why the fault is not found; file:
# the one that lists it.
Mutant = collections.namedtuple('Mutant', 'name sentence within outside missed changes file')
Change = collections.namedtuple('Change', 'path old new')


class Stale(Exception):
    """The old lines of a change are not in the file, or are there more than once."""


def every():
    """[All Mutants], in the order of the files."""
    return [mutant._replace(file=name) for name in FILES for mutant in parse(read(os.path.join(
        ROOT, 'tests', 'sim', 'mutations', name + '.txt')))]


def read(path):
    """The text of a file."""
    with io.open(path, encoding='utf-8') as source:
        return source.read()


def parse(text):
    """The Mutants of one file."""
    return [_mutant(entry) for entry in re.split(r'^== ', text, flags=re.MULTILINE)[1:]]


def _mutant(entry):
    head, _, rest = entry.partition('\n')
    name, _, sentence = head.partition(': ')
    parts = re.split(r'^-- (.*)\n', rest, flags=re.MULTILINE)
    said, _, words = parts[0].partition(': ')
    words = ' '.join(words.split())
    within = int(words.split()[0]) if said == 'within' else None
    return Mutant(name, sentence, within, words if said == 'outside' else '', words if said == 'missed' else '',
                  [_change(path, lines) for path, lines in zip(parts[1::2], parts[2::2])], None)


def _change(path, lines):
    lines = lines.strip('\n').split('\n')
    return Change(path, *(''.join(line[1:] + '\n' for line in lines if line[:1] in (' ', sign)) for sign in '-+'))


def replaced(text, change):
    """The text with the change made. Raises Stale."""
    count = ('\n' + text).count('\n' + change.old)
    if count != 1:
        raise Stale('%s: what is to be replaced is there %d times:\n%s' % (change.path, count, change.old))
    return ('\n' + text).replace('\n' + change.old, '\n' + change.new)[1:]


def put_in(mutant, directory):
    """Make the changes of a Mutant in the copy of the repository in a directory. Raises Stale."""
    for change in mutant.changes:
        path = os.path.join(directory, change.path)
        text = replaced(read(path), change)
        with io.open(path, 'w', encoding='utf-8') as target:
            target.write(text)
