"""`make mutations`: does the simulated world find what is known to be wrong? Needs no root.

python tests/sim/mutations.py [NAME ...]. Each fault of mutations/*.txt, or those that are named, is put into a copy of
the repository, which then lives one simulated life after the other, from seed 0 on, until something is wrong with one
that is well without the fault; at last every history of a small switch is tried. The exit code is 1 when one was not
found within the number of seeds that its entry gives.
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

# Listeners and events of the small switch; said of what was found there.
SMALL = ((1, 4), (2, 3), (3, 4))
EVERY = 'every'

# Seeds for one that is known to be missed.
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
    """Print what comes of it; False where it was not found."""
    if mutant.outside:
        say('%-13s outside        %s: %s' % (mutant.name, mutant.sentence, mutant.outside))
        return True
    within = mutant.within or TRIED
    seed, wrong = search(mutant, within)
    where = 'not within %d' % within if seed is None else 'every history' if seed == EVERY else 'seed %d' % seed
    say('%-13s %-14s %s%s' % (mutant.name, where, mutant.sentence, wrong and ' [%s]' % wrong))
    return seed is not None or bool(mutant.missed)


def search(mutant, within):
    """(the first seed below `within` that finds it, EVERY or None; what was wrong), from a process of its own."""
    place = tempfile.mkdtemp(prefix='fastbypass_monitor.')
    try:
        for name in ('fbmon', 'tests'):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(place, name),
                            ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
        mutants.put_in(mutant, place)
        seed, wrong = ask(place, 0, within)
        while seed not in (None, EVERY) and deeds.play(deeds.choose(seed)):
            # Something is wrong with that one without the fault, too.
            seed, wrong = ask(place, seed + 1, within)
        return seed, wrong
    finally:
        shutil.rmtree(place)


def ask(place, first, within):
    """The answer of hunt() in that copy."""
    script = os.path.join(place, 'tests', 'sim', os.path.basename(__file__).replace('.pyc', '.py'))
    process = subprocess.Popen([sys.executable, script, HUNT, str(first), str(within)], cwd=place,
                               stdout=subprocess.PIPE)
    seed, _, wrong = process.communicate()[0].decode('utf-8').strip().partition(' ')
    if process.returncode:
        raise SystemExit('the search ended with %d' % process.returncode)
    return {'none': None, EVERY: EVERY}[seed] if not seed.isdigit() else int(seed), wrong


def hunt(first, within):
    """In the copy: print the first seed with which something is wrong, or EVERY, and what; or that there is none."""
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
    """A line, at once."""
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
