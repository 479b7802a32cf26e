"""Gives commands to the running daemon over its socket. It carries them out itself, and answers after that."""
import os

from fbmon.cli import output, stopped
from fbmon.cli.output import fail, say
from fbmon.memory import rundir
from fbmon.show import statussocket


# What to say of a daemon that got a command and did not answer.
UNSURE = 'it may do this all the same: see fbypass_ctl show'

# On a busy machine the question may come so late that the daemon takes us for somebody who asks nothing.
TRIES = 3


class Refused(Exception):
    """The daemon does not carry a command out. str() says why."""


def ask(run_dir, command, by, **fields):
    """What the daemon has done, as text. Raises Refused and NotRunning."""
    return done(command, asked(run_dir, dict(fields, command=command, by=by)))


def give(run_dir, command, by, **fields):
    """Give a command to the daemon of a run directory. by: the name of the person who gives it.

    Returns the exit code: 0, 1 if it is refused, 3 if no daemon answers.
    """
    try:
        return told(command, asked(run_dir, dict(fields, command=command, by=by)))
    except statussocket.NotRunning as error:
        return unanswered(error)


def unanswered(error, unsure=UNSURE):
    """Say that the daemon does not answer to a command, and whether it may have it. Returns the exit code."""
    code = stopped.nobody(error)
    # Without the right to ask, it was not asked.
    if isinstance(error, statussocket.NoAnswer) and not output.denied('%s' % error):
        fail(unsure)
    return code


def asked(run_dir, question):
    """The daemon's answer to a command, a dict. Raises NotRunning."""
    for _ in range(TRIES):
        answer = statussocket.ask(os.path.join(run_dir, rundir.SOCKET), question=question)
        if 'state' not in answer:
            break
    return answer


def told(command, answer):
    """Say what an answer says. Returns the exit code."""
    try:
        say(done(command, answer))
    except Refused as error:
        return fail(error)
    return 0


def done(command, answer):
    """What was done, by an answer. Raises Refused."""
    if 'refused' in answer:
        raise Refused('%s: refused: %s' % (command, answer['refused']))
    if 'done' not in answer:
        raise Refused('the running daemon does not know this command: restart the service after an upgrade')
    return answer['done']
