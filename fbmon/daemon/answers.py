"""What is asked for over the socket: a command is acted on like any other event, and all is answered after that."""
import json

from fbmon.base.tuples import namedtuple

# reply(text) is called with the status as a line of JSON.
StatusWanted = namedtuple('StatusWanted', 'reply')

# A command. question: a dict, its name is "command", "by" says who gives it; reply(text) is called with the answer.
Commanded = namedtuple('Commanded', 'question reply')


class Refused(Exception):
    """A command that is not carried out; str() says why."""


class Answers(object):
    """What is to be answered at the end of this round. For the controller's thread.

    commands: {name: take}; take(question) returns what is done, and raises Refused. The answer to a command is {"done":
    text} or {"refused": why}.
    """

    def __init__(self, commands):
        self._commands = commands
        self._status, self._answers = [], []

    def wanted(self, event):
        """Somebody asks for the status."""
        self._status.append(event.reply)

    def take(self, event):
        """Have a command done with this round."""
        name = event.question.get('command')
        try:
            if name not in self._commands:
                raise Refused('%s is no command of this daemon' % json.dumps(name))
            answer = {'done': self._commands[name](event.question)}
        except Refused as error:
            answer = {'refused': '%s' % error}
        self._answers.append((event.reply, answer))

    def give(self, document):
        """Answer all of them. document(): the text of the status."""
        answers, self._answers = self._answers, []
        for reply, answer in answers:
            reply(json.dumps(answer) + '\n')
        asked, self._status = self._status, []
        text = document() if asked else ''
        for reply in asked:
            reply(text)
