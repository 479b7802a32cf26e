"""`make soak`: a switch with sixty listeners lives a random life and is compared with the model.

python tests/soak/run.py SECONDS [SEED]. It needs root and iproute2. The exit code is 1 if kernel, status and truth
disagreed, or if something grew. However it ends, it leaves nothing behind.
"""
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tests'), ROOT]

from kernel.disk import release  # noqa: E402
from kernel.namespace import IP, ip  # noqa: E402
from soak.life import Soak  # noqa: E402

# If it runs for so many seconds longer than asked for, something hangs, and it is ended.
GRACE = 120
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


class Interrupted(Exception):
    """A signal came. The argument is its number."""


def main(arguments):
    """Returns the exit code: 0, 1, 2 for wrong arguments, or 128 + signal if a signal ended it."""
    if os.geteuid() != 0:
        say('make soak needs root: it makes network namespaces')
        return 1
    try:
        seconds = float(arguments[0])
        seed = int(arguments[1]) if arguments[1:] and arguments[1] else random.SystemRandom().randrange(1000000)
    except ValueError as error:
        say('SECONDS and SEED are numbers: %s' % error)
        return 2
    say('seed %d' % seed)
    for number in SIGNALS:
        signal.signal(number, interrupt)
    signal.alarm(int(seconds) + GRACE)
    directory = tempfile.mkdtemp(prefix='fbmon-soak-')
    soak = Soak(seconds, seed, directory, say)
    try:
        good = soak.run()
        say('\n'.join(soak.summary()))
        return 0 if good else 1
    except Interrupted as interrupted:
        say('ended by signal %d' % interrupted.args[0])
        return 128 + interrupted.args[0]
    finally:
        clean_up()
        release(os.path.join(directory, 'disk'))
        shutil.rmtree(directory, ignore_errors=True)


def clean_up():
    """Remove what was just being made when a signal came."""
    for path in glob.glob('/run/netns/fbmon-%d-*' % os.getpid()):
        name = os.path.basename(path)
        for pid in ip('netns', 'pids', name).split():
            os.kill(int(pid), signal.SIGKILL)
        subprocess.call([IP, 'netns', 'del', name])


def interrupt(number, _frame):
    """The signal handler. The first signal ends the soak where it is; later ones do not interrupt the cleaning up."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)


def say(text):
    """Print a line at once."""
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
