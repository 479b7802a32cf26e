"""Answers questions from the socket. A command is carried out like any other event; all answers come after that."""
from fbmon.base import documents
from fbmon.base.tuples import namedtuple
from fbmon.base.words import person, printable

# reply(text) gets the status as a line of JSON.
StatusWanted = namedtuple('StatusWanted', 'reply')

# A command. question: a dict with the name of the command in "command", and who gives it in "by"; reply(text) gets the
# answer.
Commanded = namedtuple('Commanded', 'question reply')


class Refused(Exception):
    """A command is not carried out. str() says why."""


class Later(Exception):
    """A command is not carried out yet. It is answered in a later round."""


STOPS = 'the daemon stops, and it is not known whether this is taken: look again when it runs, or when it has stopped'


class Answers(object):
    """Collects what is answered at the end of this round. For the controller's thread.

    commands: {name: take}; take(by, question) notes that this person gives the command, and returns outcome(). That is
    called when the round is over: it returns what was done, as text, or raises Refused; or Later, and then it is called
    again after the next round. The answer to a command is {"done": text} or {"refused": why}.
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
        self._answers.append((event.reply, take(_by(event.question), event.question) if take else _unknown(name)))

    def give(self, document, last):
        """Answer all questions. document(): the text of the status; last: whether there is no later round."""
        answers, self._answers = self._answers, []
        for reply, outcome in answers:
            try:
                answer = {'done': outcome()}
            except Refused as error:
                answer = {'refused': '%s' % error}
            except Later:
                answer = {'refused': STOPS}
                if not last:
                    self._answers.append((reply, outcome))
                    continue
            reply(documents.line(answer))
        asked, self._status = self._status, []
        text = document() if asked else ''
        for reply in asked:
            reply(text)


def done(act):
    """The outcome() of what is done at once: what act() returns, or the Refused that it raises."""
    try:
        said = act() or ''
    except Refused as error:
        why = '%s' % error
        return lambda: _refuse(why)
    return lambda: said


def _refuse(why):
    raise Refused(why)


def _by(question):
    """Who gives a command, as text for log and history."""
    return person(question.get('by'))


def _unknown(name):
    return lambda: _refuse('%s is no command of this daemon' % printable(name))
