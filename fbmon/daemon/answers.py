"""Answers questions from the socket. A command is carried out like any other event; all answers come after that."""
import json

from fbmon.base.tuples import namedtuple
from fbmon.base.words import printable

# reply(text) gets the status as a line of JSON.
StatusWanted = namedtuple('StatusWanted', 'reply')

# A command. question: a dict with the name of the command in "command", and who gives it in "by"; reply(text) gets the
# answer.
Commanded = namedtuple('Commanded', 'question reply')


class Refused(Exception):
    """A command is not carried out. str() says why."""


class Answers(object):
    """Collects what is answered at the end of this round. For the controller's thread.

    commands: {name: take}; take(by) notes that this person gives the command, and returns outcome(). That is called
    when the round is over: it returns what was done, as text, or raises Refused. The answer to a command is {"done":
    text} or {"refused": why}.
    """

    def __init__(self, commands):
        self._commands = commands
        self._status, self._answers = [], []

    def wanted(self, event):
        """Note that somebody asks for the status."""
        self._status.append(event.reply)

    def take(self, event):
        """Take a command, so that this round carries it out."""
        # Only a text can be the name of a command.
        name = '%s' % (event.question.get('command'),)
        take = self._commands.get(name)
        self._answers.append((event.reply, take(_by(event.question)) if take else _unknown(name)))

    def give(self, document):
        """Answer all questions. document(): the text of the status."""
        answers, self._answers = self._answers, []
        for reply, outcome in answers:
            try:
                answer = {'done': outcome()}
            except Refused as error:
                answer = {'refused': '%s' % error}
            reply(json.dumps(answer) + '\n')
        asked, self._status = self._status, []
        text = document() if asked else ''
        for reply in asked:
            reply(text)


def _by(question):
    """Who gives a command, as text for log and history."""
    return printable('%s' % (question.get('by'),)) or 'somebody'


def _unknown(name):
    def outcome():
        raise Refused('%s is no command of this daemon' % printable(name))
    return outcome
