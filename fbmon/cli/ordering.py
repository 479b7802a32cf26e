"""maintenance and override: asks the daemon, or does it in its place while none runs, and lists what is ordered."""
import json
import os
import time

from fbmon.base import compat, moments, words
from fbmon.cli import commanding, force, remembering, stopped
from fbmon.cli.output import fail, say
from fbmon.config import source
from fbmon.memory import rundir, statedir
from fbmon.memory.statefile import StateError, StateFile
from fbmon.rules import ordering, orders
from fbmon.show import ordered, statussocket

# Seconds for which a daemon may neither answer nor let go of its lock, because it starts or stops.
LIMIT = 10.0

# Seconds between two tries.
PAUSE = 0.1

# What to say of an order that a disk may take too late.
UNSURE = 'it may count from the next start on all the same: see fbypass_ctl show'

KIND = 'operator'


class Refused(Exception):
    """The order is not taken. str() says why."""


def maintenance(options):
    """Take a node out or back, or list the nodes in maintenance. Returns the exit code."""
    if options.node is None:
        return _list(options, 'no node is in maintenance', _maintained, lambda found: [
            dict(orders.as_dict(found.maintenance[node]), node=node, state=None)
            for node in sorted(found.maintenance, key=words.natural)])
    if options.word is None:
        return fail('maintenance %s: say on or off' % options.node) and 2
    return _order(options, ordering.MAINTAIN, options.word == 'off', node=options.node, on=options.word == 'on')


def override(options):
    """Override the rules, let them decide again, or show the override. Returns the exit code."""
    if options.state is None:
        return _list(options, 'no override', lambda status: [status['override']] if status['override'] else [],
                     lambda found: [orders.override_as_dict(found.override)] if found.override else [])
    return _order(options, ordering.OVERRIDE, options.state == ordering.OFF, state=options.state)


def _maintained(status):
    return [dict(row['maintenance'], node=row['name'], state=row['state'])
            for row in status['nodes'] if row['maintenance']]


def _order(options, command, ends, **fields):
    if ends and (options.length or options.reason):
        return fail('%s: --for and --reason belong to an order, not to its end' % command) and 2
    if not ends:
        until = round(time.time() + options.length, 3) if options.length else None
        fields.update(until=until, reason=options.reason or '')
    question = dict(fields, command=command, by=force.who())
    deadline = compat.monotonic() + LIMIT
    while True:
        try:
            return commanding.told(command, commanding.asked(options.run_dir, question))
        except statussocket.NoAnswer as error:
            return commanding.unanswered(error)
        except statussocket.NotRunning:
            pass
        try:
            say(_alone(options, question))
            return 0
        except rundir.AlreadyRunning as error:
            # A daemon starts or stops at this moment.
            if compat.monotonic() >= deadline:
                return fail('%s: refused: %s, and does not answer' % (command, error))
            time.sleep(PAUSE)
        except (Refused, StateError, source.Unreadable) as error:
            return _not_taken(command, error)


def _not_taken(command, error):
    """Say why an order is not taken, or that it may be. Returns the exit code."""
    if getattr(error, 'unsure', False):
        fail('%s: %s' % (command, error))
        return fail(UNSURE)
    return fail('%s: refused: %s' % (command, error))


def _alone(options, question):
    """Write the order into the state file while no daemon runs. Returns what was done. Raises AlreadyRunning."""
    directory = rundir.RunDirectory(options.run_dir)
    if directory.error:
        raise Refused(directory.error)
    settings = source.load(options.config).settings
    kept = StateFile(statedir.StateDirectory(options.state_dir).file(statedir.ORDERS))
    before, now = stopped.kept_orders(kept), round(time.time(), 3)
    try:
        after = ordering.after(before, question, question['by'], now, settings)
    except orders.Noise as error:
        raise Refused('%s' % error)
    if after != before:
        kept.save(json.dumps(orders.as_document(after), sort_keys=True) + '\n')
        _note(options, directory, ordering.changes(before, after), question['by'])
    return ordering.said(question, moments.short) + '; no daemon runs: it counts from its next start on'


def _note(options, directory, changes, by):
    """Tell history and log."""
    kept = remembering.history(options, directory)
    for name, old, new, order in changes:
        kept.note(KIND, name, old, new, orders.words(order, moments.short) if order else 'by ' + by)
    kept.write()
    if kept.error:
        fail(kept.error)


def _list(options, nothing, of_status, of_orders):
    """Print what is ordered, or `nothing`. of_status(dict), of_orders(Orders): [a dict for each order]."""
    if options.length or options.reason:
        return fail('%s: say what is ordered; --for and --reason belong to an order' % options.command) and 2
    try:
        found = of_status(statussocket.ask(os.path.join(options.run_dir, rundir.SOCKET)))
    except statussocket.NoAnswer as error:
        return stopped.nobody(error)
    except statussocket.NotRunning:
        try:
            kept = StateFile(statedir.StateDirectory(options.state_dir).file(statedir.ORDERS))
            found = of_orders(stopped.kept_orders(kept))
        except StateError as error:
            return fail(error)
    except (KeyError, TypeError):
        return fail('the running daemon is of another version: restart the service')
    if options.json:
        say(json.dumps(found, sort_keys=True, indent=2))
    elif not found:
        say(nothing)
    for row in [] if options.json else found:
        say('%s since %s %s' % (row.get('node') or row['state'], moments.short(row['since']), ordered.described(row)))
    return 0
