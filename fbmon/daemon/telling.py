"""Notes in the history what a round brings: the listeners' reports, the decision, the changes that the kernel shows."""
from fbmon.rules import decision
from fbmon.rules.items import PortItem


class Telling(object):
    """Turns what the controller and its parts report into transitions, in the order of cause and effect."""

    def __init__(self, history):
        self._history = history
        self._reports = []
        self._before = decision.UNDECIDED

    def reported(self, index, event):
        """A listener's StateChanged; noted with the next decided()."""
        self._reports.append((index, event))

    def decided(self, after, reason):
        """Note what the listeners reported, and the Decision that followed. reason(state): why it is so."""
        reports, self._reports = self._reports, []
        for index, event in reports:
            self._history.reported(index, event, self._before is decision.UNDECIDED)
        before, self._before = self._before, after
        if before.state != after.state:
            self._history.note('global', 'state', before.state, after.state, reason(after.state))

    def listener_changed(self, index, old, new, why, kept):
        """A listener was launched. kept: False for what is logged only."""
        self._history.note('listener', str(index), old, new, why, kept=kept)

    def item_changed(self, item, old, new, why, cards):
        """What the kernel shows of an item has changed. cards: the items that are cards' addresses."""
        kind = 'port' if isinstance(item, PortItem) else 'card' if item in cards else 'address'
        self._history.note(kind, item.name if kind == 'port' else item.address, old, new, why)
