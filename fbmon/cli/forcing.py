"""The commands force_on and force_off: what force does, under the run directory's lock, noted and told."""
from fbmon.cli import force, remembering
from fbmon.cli.output import fail, say
from fbmon.config import source
from fbmon.daemon import daemon
from fbmon.memory import ledger, records, rundir
from fbmon.network import batch, iproute, routekeeper
from fbmon.rules.states import BYPASS, NORMAL


def on(options):
    """Removes the cards' addresses now. Returns the exit code."""
    return _told(options, force.wanted_on, BYPASS, 'force_on')


def off(options):
    """Adds the cards' addresses for good and brings up the ports that the daemon had shut. Returns the exit code."""
    return _told(options, force.wanted_off, NORMAL, 'force_off')


def _told(options, items_of, state, command):
    try:
        settings = source.load(options.config).settings
        done, wrong, errors = _done(options, settings, items_of, state, '%s by %s' % (command, force.who()))
    except rundir.AlreadyRunning as error:
        fail('%s; stop it first' % error)
        return daemon.ALREADY_RUNNING
    except (source.Unreadable, iproute.IpError) as error:
        return fail(error)
    for line in done:
        say(line)
    if not settings.cards:
        fail('%s names no bypass card: no address is changed' % options.config)
    for line in wrong + force.faulty(settings) + errors:
        fail(line)
    return 1 if wrong or force.faulty(settings) else 0


def _done(options, settings, items_of, state, why):
    """Do it. Returns (what is as wanted, what failed, what could not be noted), as lists of lines."""
    directory = rundir.RunDirectory(options.run_dir)
    notes = ledger.Ledger(directory.file(rundir.LEDGER))
    kept = remembering.history(options, directory)
    commands = batch.Batch()
    routes = routekeeper.RouteKeeper(commands, records.Records(directory.file(rundir.ROUTES)))
    done, wrong = force.apply(items_of, settings, notes, commands, routes=routes,
                              changed=lambda item, old, new: kept.item_changed(item, old, new, why))
    if done and settings.cards:
        kept.force(state, why)
    # What a person has brought back is no bypass that the next start would have to return from.
    course = records.Records(directory.file(rundir.RETURN))
    if state == NORMAL and course.read():
        course.rewrite([])
    kept.write()
    forgotten = course.error and course.error + ': the next start takes it for a bypass to return from'
    errors = [text for text in (directory.error, notes.error, kept.error, forgotten) if text]
    return done, wrong, routes.lost() + errors
