"""What the controller's parts tell of, and the reasons for it, in the words of log and history."""
from fbmon.daemon.telling import WOULD
from fbmon.network import blindness, carrier
from fbmon.rules import decision
from fbmon.rules.states import BYPASS

GOING_DOWN = 'the system is going down'


class Reasons(object):
    """Knows why the controller's network is as it is wanted, and hands on what has changed with the reason."""

    def __init__(self, controller, look=carrier.noted):
        self.look = look
        self._controller = controller

    def of_state(self, state):
        """The reason for this global state in the controller's Decision."""
        one = self._controller
        if one.going_down:
            return GOING_DOWN
        why = one.operators.reason() or one.returns.reason(state)
        if why is None:
            why = decision.reason(one.settings, state, one.states)
            if state == BYPASS:
                why += ''.join(map(self.of_blindness, sorted(set(key.interface for key in one.roster.launched))))
        return WOULD + why if one.settings.observe else why

    def of_blindness(self, interface):
        """The words to add to the reason if the switch itself may be blind on this interface, otherwise ''."""
        one = self._controller
        return blindness.reason(one.roster.launched.values(), interface, one.network.picture, self.look)

    def blind(self):
        """[A problem for each interface on which the switch itself may be blind]."""
        one = self._controller
        return blindness.problems(one.roster.launched.values(), one.network.picture, self.look)

    def of_item(self, item):
        """The reason for what is wanted of an item."""
        one = self._controller
        names, state = one.names, one.decision.state
        if item in names.cards:
            return 'global state %s' % state
        if item in names.ports and one.returns.leads(item.name, one.decision):
            return 'the return waits for carrier'
        if item in names.ports:
            return decision.reason(one.settings, state, one.states, item.name)
        return 'needed by a listener' if item in names.listeners else 'released'

    def note(self):
        """Note the Decision, now that it was acted on."""
        one = self._controller
        if not one.settings.observe:
            one.telling.forget()
        one.telling.decided(one.decision, one.settings.nodes, one.roster.local_states(), self.of_state,
                            self.of_blindness)

    def listener_changed(self, settings, old, new, why):
        """Note that a listener was launched. Before all have been tried once it is only logged."""
        self._controller.telling.listener_changed(settings, old, new, why, kept=self._controller.launching.passed)

    def item_changed(self, item, old, new, why):
        """Note that the kernel shows another state of an item."""
        names = self._controller.names
        self._controller.telling.item_changed(item, old, new, why, names.cards, names.called)
