"""Notes in the history what happens in a round: the listeners' reports, the decision, and changes in the kernel."""
import time

from fbmon.base import compat, moments
from fbmon.listeners.roster import REMOVED
from fbmon.rules import decision, flapping, nodes
from fbmon.rules.items import PortItem
from fbmon.rules.states import ACTIVE, FAILED, MISSING, UNCONFIGURED, UNKNOWN

# The reason of a change that is not made begins with this.
WOULD = 'would be: '


class Telling(object):
    """Makes transitions of the reports of the controller and its parts, in the order of cause and effect."""

    def __init__(self, history, clock=compat.monotonic, wall=time.time):
        self.nodes = {}    # {name: (state, since)} of the nodes with a name; since: monotonic seconds
        self._history = history
        self._clock = clock
        self._would = {}    # {item: target} of what observed() has told
        self._reports = []
        self._before = decision.UNDECIDED
        self._flaps = flapping.remembered([(one.at, one.new, one.why) for one in history.transitions
                                           if one.kind == 'global'], clock(), wall())

    def reported(self, event):
        """Take a listener's StateChanged. The next decided() notes it."""
        self._reports.append(event)

    def decided(self, after, names, local, reason, blind):
        """Note what the listeners have reported, the changes of their nodes, and then the Decision.

        names: {index: name} of the listeners' nodes; local: {index: local state}; reason(state): why the state is so;
        blind(interface): what to add to the last failure there if the switch itself may be blind, otherwise ''.
        """
        reports, self._reports = self._reports, []
        last = dict((event.listener.settings.interface, event) for event in reports if event.new == FAILED)
        for event in reports:
            interface = event.listener.settings.interface
            if last.get(interface) is event:
                event = event._replace(why=event.why + blind(interface))
            self._history.reported(event, self._before is decision.UNDECIDED)
        if names or self.nodes:
            self._of_nodes(names, local)
        before, self._before = self._before, after
        if before.state != after.state:
            why = reason(after.state)
            self._history.note('global', 'state', before.state, after.state, why)
            self._flaps = flapping.after(self._flaps, after.state, why, self._clock(), self._history.transitions[-1].at)

    def flapping(self, settings):
        """[The problem that bypass comes and goes], if it does."""
        return flapping.problem(self._flaps, self._clock(), settings, moments.short)

    def listener_changed(self, settings, old, new, why, kept):
        """Note that a listener was launched, released or renamed, after what it has reported before. kept: False if it
        is only logged."""
        reported = [event for event in self._reports if event.listener.settings.index == settings.index]
        self._reports = [event for event in self._reports if event not in reported]
        for event in reported:
            self._history.reported(event, self._before is decision.UNDECIDED)
        self._history.note('listener', '%d' % settings.index, old, new, why, settings.node or '', kept=kept)

    def item_changed(self, item, old, new, why, cards, called):
        """Note that the kernel shows another state of an item.

        cards: the items that are cards' addresses; called: {item: name} of those that have a name.
        """
        kind = 'port' if isinstance(item, PortItem) else 'card' if item in cards else 'address'
        name = item.name if kind == 'port' else item.address
        self._history.note(kind, name, old, new, why, called.get(item, ''))

    def observed(self, wanted, actual, names, reason):
        """Tell once for each item what the daemon would change if it did not only observe.

        wanted: {item: target}; actual(item): the state in the kernel; reason(item): why the item is wanted so.
        """
        before, self._would = self._would, {}
        for item, target in sorted(wanted.items()):
            has = actual(item)
            if has in (None, target, MISSING):
                continue
            self._would[item] = target
            if before.get(item) != target:
                self.item_changed(item, has, target, WOULD + reason(item), names.cards, names.called)

    def forget(self):
        """Forget what observed() has told, since the daemon changes things again."""
        self._would = {}

    def _of_nodes(self, names, local):
        """Note the nodes that have changed. For a node with several ways this says more than its listeners do."""
        before, self.nodes = self.nodes, {}
        for name, state in sorted(nodes.named(names, local).items()):
            old, since = before.get(name, (UNCONFIGURED, None))
            self.nodes[name] = (state, self._clock() if since is None or state != old else since)
            ways = [local[index] for index in names if names[index] == name and index in local]
            if state != old and len(ways) > 1:
                self._history.note('node', name, old, state, '%d of %d launched listeners are active' % (
                    ways.count(ACTIVE), len(ways)), kept=state != UNKNOWN)
        for name in sorted(set(before).difference(self.nodes)):
            # What was told of it last: of a node that had only one listener left, nothing is told.
            told = self._history.last('node', name)
            if told not in (None, UNCONFIGURED):
                self._history.note('node', name, told, UNCONFIGURED, REMOVED)
