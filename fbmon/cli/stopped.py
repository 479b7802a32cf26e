"""status while no daemon answers: what a person has forced, what the last run has left, and what the kernel has."""
import json
import os
import sys
import time

from fbmon.base import documents
from fbmon.cli import faces, output, past
from fbmon.cli.output import fail, say
from fbmon.config import source
from fbmon.memory import history, records, rundir, statedir
from fbmon.memory.statefile import StateError, StateFile
from fbmon.network import iproute, reading
from fbmon.rules import orders
from fbmon.show import console, layout, ordered, prometheus, status, statussocket, terminal


# The exit code if no daemon answers: that of LSB for a program that is not running.
NOT_RUNNING = 3

FOR_ROOT = 'while no daemon runs, only root can see the history, the orders and whether the state is forced'


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
    # A daemon that hangs may have decided something since, and may have taken other orders.
    due = None if silent or options.history or options.incident else _due(options.state_dir)
    document = status.stopped(None if silent else history.forced(found), due)
    denied = kept.error and output.WORDS[0] in kept.error and os.geteuid()
    colour, _, width = terminal.terminal(sys.stdout, os.environ)
    if options.prometheus:
        say(prometheus.render(document).rstrip('\n'))
    elif (options.history or options.incident) and not denied:
        rows = past.found(options, [history.as_dict(one) for one in found])
        if rows or rows is not None and not kept.error:
            say(faces.told(options, rows, {}).rstrip('\n'))
        denied = rows is None and os.geteuid()
    elif options.json:
        _json(document)
    elif document['forced']:
        say(console.forced(document['forced'], colour, width))
    if denied and not silent:
        fail(FOR_ROOT)
    elif kept.error and not denied:
        fail(kept.error)
    nobody(error)
    if not (options.json or options.prometheus or options.history or options.incident):
        _ordered(due, width)
        _kernel(options.config, width)
    return NOT_RUNNING


def kept_orders(kept):
    """The Orders of a StateFile that are not over yet. Of noise nothing is guessed. Raises StateError."""
    text = kept.read()
    try:
        return orders.NONE if text is None else orders.alive(orders.parse(documents.read(text)), time.time())
    except ValueError:
        fail('%s: makes no sense: no order is taken from it' % kept.path)
        return orders.NONE


def _due(state_dir):
    """The Orders that the next start takes; None if they cannot be read."""
    try:
        return kept_orders(StateFile(statedir.StateDirectory(state_dir).file(statedir.ORDERS)))
    except StateError as error:
        # Without the right to look, the state of the kernel is all that can be shown.
        if output.WORDS[0] not in str(error):
            fail(error)
        return None


def _json(document):
    """Print a document that says something."""
    if document['forced'] or document.get('override') or document.get('nodes'):
        say(json.dumps(document, sort_keys=True, indent=2))


def _ordered(found, width):
    """Print what the next start takes for ordered. found: Orders or None."""
    for text in ordered.texts(found) if found else []:
        say('\n'.join(layout.wrapped(text + ' (from the next start on)', '', width)))


def _kernel(path, width):
    try:
        text = console.kernel(source.load(path).settings, reading.kernel(), width).rstrip('\n')
        say(text or '%s names no card and no port' % path)
    except (source.Unreadable, iproute.IpError) as trouble:
        fail(trouble)
