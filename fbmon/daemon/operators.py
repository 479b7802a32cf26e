"""Takes the operators' orders: maintenance of nodes, and an override of the global state. They last over a boot.

An order counts when the state file has it, and is answered when the daemon has acted on it.
"""
import collections
import json
import logging
import time

from fbmon.base import compat, documents, moments
from fbmon.daemon.answers import Later, Refused
from fbmon.memory.statefile import Late, StateError
from fbmon.rules import ordering, orders
from fbmon.rules.states import FREEZE

# Seconds after which the wall clock is looked at again while an order has an end, since somebody may set the clock; and
# after which a file is tried again that could not be written.
PAUSE = 60.0

# Seconds for which a command may wait for those before it. The client that gave it waits for 5 s.
PATIENCE = 1.5

KIND = 'operator'

UNKNOWN = '%s: no order is known'


class Operators(object):
    """The orders that count now. For the controller's thread.

    saver: the saving.Saver of the state file; note: history.note; look(): (Settings, local states of the launched
    listeners as the rules take them, global state). error: why the file may have other orders, or None.
    """

    def __init__(self, saver, note, look, clock=compat.monotonic, wall=time.time):
        self.orders = orders.NONE
        # What an operator has made of the global state: BYPASS, NORMAL, FREEZE, or None.
        self.override = None
        # Whether cards and ports are left as they are.
        self.frozen = False
        self.error = None
        self._saver = saver
        self._note = note
        self._look = look
        self._clock = clock
        self.wall = wall
        self._tasks = collections.deque()
        self._task = None
        # Whether a command is being written; whether there are other orders since the last step; whether the file is
        # not read yet.
        self._busy = self._changed = self._late = False
        # The Orders that the file has, None if that is not sure; and those that are being written.
        self._kept, self._writing = orders.NONE, None
        self._at = None
        self._begin()

    def marked(self, names, states):
        """The local states as the rules take them, see orders.marked."""
        return orders.marked(self.orders.maintenance, names, states)

    def reason(self):
        """Why the global state is what an override makes it, or None without one."""
        found = self.orders.override
        return found and 'override %s %s' % (found.state, orders.words(found.order, moments.short))

    def deadline(self):
        """The monotonic second at which step() has something to do, or None."""
        return self._at

    def step(self):
        """Do what is due. Returns whether the orders have changed since the last step."""
        if self._at is not None and self._clock() >= self._at:
            self._end_those_over()
            if self._unsaved() and not self._busy:
                self._save(self.orders)
            self._plan()
        changed, self._changed = self._changed, False
        return changed

    def take(self, by, question):
        """Take a command, see answers.Answers. One is carried out after the other."""
        task = Task(question, by, self._clock())
        self._tasks.append(task)
        self._next()
        return lambda: task.outcome(self._look()[2])

    def saved(self, event):
        """Take a Saved. What is written now counts."""
        self._busy, task, self._task = False, self._task, None
        if event.unsure or event.error is None:
            self._kept = None if event.unsure else self._writing
        self.error = event.error if self._unsaved() or event.error is None else self.error
        if task and event.error:
            task.refuse(event.error)
        elif task:
            self._carry_out(task)
        self._plan()
        self._next()

    def reloaded(self, old, new):
        """Another file counts. old, new: the Settings."""
        if self._task:
            # Its node may have another name now.
            self._task.node = None
        after = ordering.followed(self.orders, old, new)
        if after != self.orders:
            self._replace(after, 'the file gives the node another name')
            self._plan()

    def _begin(self):
        try:
            self._parse(self._saver.read())
        except Late as error:
            # Nobody watches the nodes before we go on.
            self._late, self.error = True, '%s: no order counts before it is read' % error
        except StateError as error:
            self.error = UNKNOWN % error

    def loaded(self, event):
        """Take a Loaded, the file that has come late."""
        self._late, self.error = False, UNKNOWN % event.error if event.error else None
        if not event.error:
            self._parse(event.text)

    def _parse(self, text):
        """Take what the file has. Orders that were over meanwhile end with the next step."""
        try:
            found = orders.NONE if text is None else orders.parse(documents.read(text))
        except ValueError as error:
            why = error if isinstance(error, orders.Noise) else 'no JSON'
            self.error = '%s: makes no sense (%s): no order is taken from it; give what shall count again' % (
                self._saver.path, why)
            return
        self._count(found)
        self._kept, self._changed = found, found != orders.NONE
        for name, _, new, order in ordering.changes(orders.NONE, found):
            logging.info('%s %s: %s %s', KIND, name, new, orders.words(order, moments.short))
        self._at = self._clock() if self._changed else None

    def _next(self):
        """Begin with the next command if none is being carried out."""
        while self._tasks and not self._busy:
            task = self._tasks.popleft()
            if self._clock() - task.asked > PATIENCE:
                task.refuse('the commands before it took too long')
                continue
            if self._late:
                task.refuse(self.error)
                continue
            try:
                after = self._after(task)
            except orders.Noise as error:
                task.refuse(str(error))
                continue
            if after == self.orders and not self.error:
                task.done = True
            else:
                self._task = task
                self._save(after)

    def _after(self, task):
        settings, states, state = self._look()
        if task.now is None:
            task.now = round(self.wall(), 3)
        after = ordering.after(self.orders, task.question, task.by, task.now, settings, states, state, task.node)
        task.node = task.node or ordering.meant(self.orders, task.question, settings)
        return after

    def _carry_out(self, task):
        """The file has the order, and now it counts; if it would be refused by now, the file is written again."""
        try:
            after = self._after(task)
            task.done = True
            self._replace(after, 'by %s' % task.by)
        except orders.Noise as error:
            task.refuse(str(error))

    def _unsaved(self):
        """Whether the file may have other orders than those that count."""
        return self._kept != self.orders

    def _save(self, found):
        self._busy, self._writing = True, found
        self._saver.save(json.dumps(orders.as_document(found), sort_keys=True) + '\n')

    def _end_those_over(self):
        left = orders.alive(self.orders, self.wall())
        if left != self.orders:
            self._replace(left, 'its time is over')

    def _replace(self, after, why):
        """Let other orders count. why: of those that end."""
        before, self._changed = self.orders, True
        self._count(after)
        for name, old, new, order in ordering.changes(before, after):
            self._note(KIND, name, old, new, orders.words(order, moments.short) if order else why)

    def _count(self, found):
        self.orders, self.override = found, found.override and found.override.state
        self.frozen = self.override == FREEZE

    def _plan(self):
        """Set the time of the next step."""
        end = orders.end(self.orders)
        left = [] if end is None else [max(0.0, min(PAUSE, end - self.wall()))]
        if self._unsaved() and not self._busy:
            left.append(PAUSE if self.error else 0.0)
        self._at = self._clock() + min(left) if left else None


class Task(object):
    """A command that was taken. done: whether it was carried out; now: the second of the wall clock at which it was
    first looked at, or None; node: the name of the node that it meant then, or None."""

    def __init__(self, question, by, asked):
        self.question = question
        self.by = by
        self.asked = asked
        self.now = self.node = None
        self.done = False
        self._why = None

    def refuse(self, why):
        """Answer that it is refused."""
        self._why = why

    def outcome(self, state):
        """What was done, see answers.Answers. state: the global state now."""
        if self._why:
            raise Refused(self._why)
        if not self.done:
            raise Later()
        return '%s; the state is %s' % (ordering.said(self.question, moments.short), state)
