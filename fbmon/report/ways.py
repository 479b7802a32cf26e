"""Follows the nodes and the cards through the journal: a row of spans for each of them. Pure."""
import re

from fbmon.base.tuples import namedtuple
from fbmon.base.words import natural
from fbmon.memory import journal
from fbmon.memory.history import PINGS, REFUSED, RELOAD
from fbmon.report import causes
from fbmon.rules.ordering import OVERRIDE
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, MAINTENANCE, NORMAL, SILENT, UNCONFIGURED, UNKNOWN

# From begin to end, seconds since 1970: the state of a node or of a card's address.
Part = namedtuple('Part', 'begin end state')

_REMOVED = re.compile(r'[0-9] removed')


class Row(object):
    """The states of one thing, one after the other. parts: [Part], after end()."""

    def __init__(self):
        self.parts = []
        self.state, self._begin = None, None

    def become(self, at, state):
        """From now on it has this state, None if nobody knows it."""
        if state != self.state:
            self.end(at)
            self.state, self._begin = state, at

    def end(self, at):
        """Nothing is known of it from now on."""
        if self.state is not None and at > self._begin:
            self.parts.append(Part(self._begin, at, self.state))
        self.state = None


class Node(object):
    """One node: what its listeners have reported last, and whether it is in maintenance.

    removed: when a reload removed something, if nothing was heard of the node since; None else. told: its state, if it
    has several listeners, of which not all are told of at a start; None else.
    """

    def __init__(self):
        self.row = Row()
        self.ways = {}
        self.away = False
        self.removed = self.told = None

    def look(self, at):
        """Take what has changed."""
        self.row.become(at, MAINTENANCE if self.away else _best([self.told] if self.told else self.ways.values()))


class Nodes(object):
    """All nodes. A node is called by its name, or else by the index of its listener, as text.

    began: [when the journal begins], or []; takes: {kind of a transition: the method that takes it}.
    """

    def __init__(self, began):
        self.all = {}
        self._names = []    # of all, as a person would sort them
        self._of = {}    # {index of a listener: the name of its node}
        self._began = began
        # The listeners and nodes heard of since a daemon has started that has decided nothing yet, or None.
        self._heard = None
        self.takes = {'listener': self._report, 'node': self._tell, 'operator': self._order,
                      journal.DAEMON: self._begin, 'global': self._decided, RELOAD: self._reload}

    def failed(self):
        """[The names of the nodes that have failed], but for those in maintenance."""
        return [name for name in self._names if self.all[name].row.state == FAILED]

    def end(self, at):
        """{name: [Part]}. A node that had failed and was not heard of since a reload has been removed by it."""
        for node in self.all.values():
            gone = node.removed is not None and node.row.state == FAILED
            node.row.end(node.removed if gone else at)
        return dict((name, node.row.parts) for name, node in self.all.items())

    def _report(self, at, one):
        name = one.called or one.name
        before = self._of.get(one.name)
        if before is not None and (before != name or one.new == UNCONFIGURED):
            # Perhaps only one is left.
            self.all[before].told = None
        if before != name:
            if before is not None:
                self.all[before].ways.pop(one.name, None)
                self.all[before].look(at)
            self._of[one.name] = name
        node = self._node(name)
        if not node.ways and not node.told and one.old in (ACTIVE, FAILED) and not node.row.parts:
            # It was so before the journal began, or at a start that had nothing new to tell.
            node.ways[one.name] = one.old
            node.look(self._began[0])
        node.ways[one.name] = one.new
        node.removed = None
        node.look(at)
        if self._heard is not None:
            self._heard.add(one.name)

    def _tell(self, at, one):
        node = self._node(one.name)
        node.told, node.removed = None if one.new == UNCONFIGURED else one.new, None
        node.look(at)
        if self._heard is not None:
            self._heard.add(one.name)

    def _begin(self, at, one):
        if one.new == journal.STARTED:
            self._heard = set()

    def _reload(self, at, one):
        if one.new != REFUSED and _REMOVED.search(one.why):
            for node in self.all.values():
                node.removed = node.removed or at

    def _decided(self, at, one):
        """If a daemon has decided for the first time: what it has said nothing of has not failed.

        That a listener is active it says only if it knows that it had failed, and a boot makes it forget that.
        """
        if self._heard is None or one.new not in (NORMAL, BYPASS) or causes.forced(one.why):
            return
        for index, name in self._of.items():
            node = self.all[name]
            if index not in self._heard and node.ways.get(index) == FAILED:
                if node.removed is None:
                    node.ways[index] = ACTIVE
                else:
                    del node.ways[index]
                    node.row.end(node.removed)
                node.look(at)
        for name, node in self.all.items():
            if node.told and name not in self._heard:
                node.told = None
                node.look(at)
        self._heard = None

    def _order(self, at, one):
        if one.name == OVERRIDE:
            return
        node = self._node(one.name)
        node.away = one.new == MAINTENANCE
        node.look(at)

    def _node(self, name):
        if name not in self.all:
            self.all[name] = Node()
            self._names = sorted(self.all, key=natural)
        return self.all[name]


def _best(states):
    """The state of a node with these listeners: the best one, see rules/nodes.py. None if it is not known."""
    for state in (ACTIVE, UNKNOWN, FAILED):
        if state in states:
            return None if state == UNKNOWN else state
    return None


class Cards(object):
    """All cards, by their addresses. called: {address: name in the file}; foreign, silences: {address: how often in the
    period somebody else has changed it, and how often it began not to be pinged}; takes: as of Nodes."""

    def __init__(self, since, until):
        self.called, self.foreign, self.silences = {}, {}, {}
        self._rows = {}
        self._pings = {}    # {address: what was told of its pings last}
        self._since, self._until = since, until
        self.takes = {'card': self._card, PINGS: self._ping}

    def _card(self, at, one):
        self._know(one)
        self._rows[one.name].become(at, one.new)
        self.foreign[one.name] += self._since <= at < self._until and causes.foreign(one.why)

    def _ping(self, at, one):
        self._know(one)
        # A daemon that starts tells again that a card is silent; that it pings it may have no reason to tell.
        again = one.old == UNKNOWN and self._pings.get(one.name) == SILENT
        self.silences[one.name] += self._since <= at < self._until and one.new == SILENT and not again
        self._pings[one.name] = one.new

    def _know(self, one):
        if one.name not in self._rows:
            self._rows[one.name], self.foreign[one.name], self.silences[one.name] = Row(), 0, 0
        self.called[one.name] = one.called

    def end(self, at):
        """{address: [Part]}."""
        for row in self._rows.values():
            row.end(at)
        return dict((name, row.parts) for name, row in self._rows.items())
