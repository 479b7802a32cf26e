"""`make bench`: measures the daemon and its peers side by side, in one run on this machine's kernel.

Everything happens in network namespaces that the run makes and removes. No figure makes the run fail: the exit code
is 0 if all has been measured.
"""
import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests'), os.path.join(ROOT, 'tools'), ROOT]
# Debian has `ip` and keepalived there. A root who came by `su` does not have these on PATH.
os.environ['PATH'] = os.environ.get('PATH', os.defpath) + ':/usr/sbin:/sbin'

import interpreters  # noqa: E402
import machine  # noqa: E402

PARTS = 'reaction limits mass crowd loads evidence thousand idle floods start'


def main(argv=None):
    """Returns the exit code: 0, 1 if a part failed, 2 if the user is not root, 130 after Ctrl-C."""
    options = _options(argv)
    if os.geteuid() != 0:
        sys.stderr.write('network namespaces are made by root only: sudo make bench\n')
        return 2
    signal.signal(signal.SIGTERM, _interrupted)
    machine.provide()
    # This import looks for `ip`, so `ip` must be there already.
    import parts
    directory = tempfile.mkdtemp(prefix='fbmon-bench-')
    began = time.time()
    rows, failed = [], []
    try:
        bench = parts.Bench(_daemons(options.fbmon), _interpreters(options.pythons), options, directory)
        about = machine.describe(bench.interpreters)
        for name in options.parts.split():
            sys.stderr.write('%s\n' % name)
            try:
                rows += getattr(bench, name)()
            except (AssertionError, EnvironmentError, ValueError):
                # The other parts are still worth measuring.
                traceback.print_exc()
                failed.append(name)
    except KeyboardInterrupt:
        sys.stderr.write('interrupted\n')
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    about.update((name, machine.revision(os.path.dirname(program))) for name, program in bench.daemons)
    about['run'] = '%s, %d s, parts: %s; rounds %d, blocks %d, seed %d' % (
        time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(began)), time.time() - began, options.parts, options.rounds,
        options.blocks, options.seed)
    about['failed'] = ', '.join(failed) or 'nothing'
    report(options.out, about, rows)
    return 1 if failed else 0


def report(out, about, rows):
    """Write the results and show the tables."""
    import publish
    print(publish.write(out, about, rows))


def _daemons(programs):
    """[(name, path of fbmon.py)] of this checkout and the others."""
    others = [os.path.abspath(path) for path in programs.split()]
    return [('daemon', os.path.join(ROOT, 'fbmon.py'))] + [(os.path.dirname(path), path) for path in others]


def _interpreters(names):
    """[(version, path)] of the interpreters that are found. Those that are missing are named on stderr."""
    found, missing = interpreters.found_and_missing(names.split())
    for name in missing:
        sys.stderr.write('left out: %s is not found\n' % name)
    return [(interpreters.version(one), one.path) for one in found]


def _options(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--parts', default=PARTS, metavar='"PART …"', help='only these (%(default)s)')
    parser.add_argument('--rounds', type=int, default=60, help='of each candidate (%(default)d)')
    parser.add_argument('--blocks', type=int, default=6, help='turns that they are done in (%(default)d)')
    parser.add_argument('--seconds', type=int, default=60, help='of being idle (%(default)d)')
    parser.add_argument('--seed', type=int, default=1, help='for everything that happens by chance (%(default)d)')
    parser.add_argument('--pythons', default='python2.7 python3', metavar='"NAME …"')
    parser.add_argument('--fbmon', default='', metavar='"PATH …"', help='fbmon.py of other checkouts, measured beside')
    parser.add_argument('--only', default='', metavar='WORD|WORD', help='only candidates with one of these in the name')
    parser.add_argument('--out', default='dist/bench', help='where the results go (%(default)s)')
    options = parser.parse_args(argv)
    unknown = [name for name in options.parts.split() if name not in PARTS.split()]
    if unknown:
        parser.error('there is no part %s, only %s' % (unknown[0], PARTS))
    return options


def _interrupted(_number, _frame):
    raise KeyboardInterrupt


if __name__ == '__main__':
    sys.exit(main())
