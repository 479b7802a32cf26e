"""status while no daemon answers: what a person has forced, what the last run has left, and what the kernel has."""
import json
import os
import sys

from fbmon.cli import output
from fbmon.cli.output import fail, say
from fbmon.config import source
from fbmon.memory import history, records, rundir
from fbmon.network import iproute, reading
from fbmon.show import console, prometheus, status, statussocket, terminal


# The exit code if no daemon answers: that of LSB for a program that is not running.
NOT_RUNNING = 3

FOR_ROOT = 'while no daemon runs, only root can see the history and whether the state is forced'


def nobody(error):
    """Say that no daemon answers, and why. error: a NotRunning. Returns the exit code."""
    what = 'gives no status' if isinstance(error, statussocket.NoAnswer) else 'is not running'
    fail('fastbypass_monitor %s (%s)' % (what, error))
    return NOT_RUNNING


def show(options, error):
    """Print what is known. Returns the exit code. error: the NotRunning that came instead of a status."""
    silent = isinstance(error, statussocket.NoAnswer)
    kept = records.Records(os.path.join(options.run_dir, rundir.HISTORY))
    found = [one for one in map(history.parse, kept.read()) if one]
    # A daemon that hangs may have decided something since.
    document = status.stopped(None if silent else history.forced(found))
    colour, _, width = terminal.terminal(sys.stdout, os.environ)
    if options.prometheus:
        say(prometheus.render(document).rstrip('\n'))
    elif options.history and not kept.error:
        say(console.history([history.as_dict(one) for one in found]).rstrip('\n'))
    elif document['forced'] and options.json:
        say(json.dumps(document, sort_keys=True, indent=2))
    elif document['forced']:
        say(console.forced(document['forced'], colour, width))
    denied = kept.error and output.WORDS[0] in kept.error and os.geteuid()
    if denied and not silent:
        fail(FOR_ROOT)
    elif kept.error and not denied:
        fail(kept.error)
    nobody(error)
    if not (options.json or options.prometheus or options.history):
        _kernel(options.config, width)
    return NOT_RUNNING


def _kernel(path, width):
    try:
        text = console.kernel(source.load(path).settings, reading.kernel(), width).rstrip('\n')
        say(text or '%s names no card and no port' % path)
    except (source.Unreadable, iproute.IpError) as trouble:
        fail(trouble)
