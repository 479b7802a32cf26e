"""Why the global state is what it is, and why an item is wanted as it is, in the words of log and history."""
from fbmon.daemon.telling import WOULD
from fbmon.rules import decision

GOING_DOWN = 'the system is going down'


def of_state(controller, state):
    """Why the Decision of the controller has this global state."""
    settings, states = controller.settings, controller.roster.local_states()
    if controller.going_down:
        return GOING_DOWN
    why = controller.returns.reason(state) or decision.reason(settings, state, states)
    return WOULD + why if settings.observe else why


def of_item(controller, names, item):
    """Why an item is wanted as it is. names: the wanted.Names of the file."""
    state = controller.decision.state
    if item in names.cards:
        return 'global state %s' % state
    if item in names.ports:
        return decision.reason(controller.settings, state, controller.roster.local_states(), item.name)
    return 'needed by a listener' if item in names.listeners else 'released'
