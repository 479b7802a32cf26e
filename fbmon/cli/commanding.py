"""Commands that the running daemon carries out itself: asked over its socket, answered when it has acted."""
import os

from fbmon.cli import stopped
from fbmon.cli.output import fail, say
from fbmon.memory import rundir
from fbmon.show import statussocket


def give(run_dir, command, by, **fields):
    """Give a command to the daemon of a run directory; returns the exit code: 0, 1 where it is refused, 3 where no
    daemon answers. by: the name of the person who gives it."""
    question = dict(fields, command=command, by=by)
    try:
        answer = statussocket.ask(os.path.join(run_dir, rundir.SOCKET), question=question)
    except statussocket.NotRunning as error:
        return stopped.nobody(error)
    if 'refused' in answer:
        return fail('%s: refused: %s' % (command, answer['refused']))
    if 'done' not in answer:
        return fail('the running daemon does not know this command: restart the service after an upgrade')
    say(answer['done'])
    return 0
