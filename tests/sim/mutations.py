"""`make mutations`: does the simulated world find faults that we put in? It needs no root.

python tests/sim/mutations.py [NAME ...]. Each fault in mutations/*.txt, or each one that is named, is put into a copy
of the repository. The copy then plays one simulated history after the other, from seed 0 on, or for the faults in
keys.txt from deeds.KEYS on and in orders.txt from deeds.ORDERS on, until a history goes wrong that goes well without
the fault. At last all histories of a small switch are tried. The exit code is 1 if a fault was not found within the
number of seeds in its entry.
"""
import logging
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tests'), ROOT]

from sim import deeds, exhaustive, mutants  # noqa: E402

HUNT = '--hunt'

# (listeners, events) of the small switch. EVERY stands for a seed if a fault was found there.
SMALL = ((1, 4), (2, 3), (3, 4))
EVERY = 'every'

# The number of seeds for a fault that is known to be missed.
TRIED = 100


def main(arguments):
    """Returns the exit code."""
    if arguments[:1] == [HUNT]:
        return hunt(*[int(word) for word in arguments[1:]])
    logging.disable(logging.CRITICAL)
    chosen = [mutant for mutant in mutants.every() if not arguments or mutant.name in arguments]
    missed = [mutant.name for mutant in chosen if not told(mutant)]
    if missed:
        say('not found: ' + ', '.join(missed))
    return 1 if missed else 0


def told(mutant):
    """Search a fault, and print the result. Returns False if it should have been found and was not."""
    if mutant.outside:
        say('%-13s outside        %s: %s' % (mutant.name, mutant.sentence, mutant.outside))
        return True
    within = mutant.within or TRIED
    seed, wrong = search(mutant, within)
    where = 'not within %d' % within if seed is None else 'every history' if seed == EVERY else 'seed %d' % seed
    say('%-13s %-14s %s%s' % (mutant.name, where, mutant.sentence, wrong and ' [%s]' % wrong))
    return seed is not None or bool(mutant.missed)


def search(mutant, within):
    """(the first seed below `within` that finds a fault, or EVERY, or None; what was wrong), from another process."""
    place = tempfile.mkdtemp(prefix='fastbypass_monitor.')
    try:
        for name in ('fbmon', 'tests'):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(place, name),
                            ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
        mutants.put_in(mutant, place)
        first = {'keys': deeds.KEYS, 'orders': deeds.ORDERS}.get(mutant.file, 0)
        seed, wrong = ask(place, first, first + within)
        while seed not in (None, EVERY) and deeds.play(deeds.choose(seed)):
            # The history with this seed goes wrong without the fault, too.
            seed, wrong = ask(place, seed + 1, first + within)
        return seed if seed in (None, EVERY) else seed - first, wrong
    finally:
        shutil.rmtree(place)


def ask(place, first, within):
    """The answer of hunt() in the copy at `place`."""
    script = os.path.join(place, 'tests', 'sim', os.path.basename(__file__).replace('.pyc', '.py'))
    process = subprocess.Popen([sys.executable, script, HUNT, str(first), str(within)], cwd=place,
                               stdout=subprocess.PIPE)
    seed, _, wrong = process.communicate()[0].decode('utf-8').strip().partition(' ')
    if process.returncode:
        raise SystemExit('the search ended with %d' % process.returncode)
    return {'none': None, EVERY: EVERY}[seed] if not seed.isdigit() else int(seed), wrong


def hunt(first, within):
    """Runs in the copy: print the first seed that goes wrong, or EVERY, and what is wrong; or `none`."""
    logging.disable(logging.CRITICAL)
    for seed in range(first, within):
        wrong = deeds.play(deeds.choose(seed))
        if wrong:
            lines = wrong.strip().split('\n')
            say('%d %s' % (seed, lines[0] if len(lines) == 1 else lines[0][:60] + ' ' + lines[-1]))
            return 0
    for listeners, depth in SMALL:
        found = exhaustive.Search(listeners, depth)
        found.run()
        if found.wrong:
            say('%s %s' % (EVERY, found.wrong.replace('\n', ' ')))
            return 0
    say('none')
    return 0


def say(text):
    """Print a line at once."""
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
