"""The reasons for the global state and for what is wanted of an item, in the words of log and history."""
from fbmon.daemon.telling import WOULD
from fbmon.rules import decision

GOING_DOWN = 'the system is going down'


def of_state(controller, state):
    """The reason for this global state in the controller's Decision."""
    settings, states = controller.settings, controller.roster.local_states()
    if controller.going_down:
        return GOING_DOWN
    why = controller.returns.reason(state) or decision.reason(settings, state, states)
    return WOULD + why if settings.observe else why


def of_item(controller, names, item):
    """The reason for what is wanted of an item. names: the wanted.Names of the file."""
    state = controller.decision.state
    if item in names.cards:
        return 'global state %s' % state
    if item in names.ports and controller.returns.leads(item.name, controller.decision):
        return 'the return waits for carrier'
    if item in names.ports:
        return decision.reason(controller.settings, state, controller.roster.local_states(), item.name)
    return 'needed by a listener' if item in names.listeners else 'released'
