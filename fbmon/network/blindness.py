"""Says when the switch itself may be blind: all listeners of an interface failed together, and it has no link.

Then the DPI nodes may be well, and the cable, the optic or the interface of this switch is broken. Nothing is decided
by it: too few heartbeats are too few. It is only looked at after the daemon has acted.
"""
from fbmon.base import words
from fbmon.network import carrier
from fbmon.rules.states import FAILED

MAY_BE = 'the switch itself may be blind: '


def reason(members, interface, picture, look=carrier.noted):
    """The words to add to the reason of a failure or a bypass; '' if the switch can hear on this interface.

    members: Members of the roster; picture: the Picture, or None; look(interface): as carrier.noted.
    """
    fault = _fault(interface, picture, look) if _failed_together(members, interface) else None
    return '; ' + MAY_BE + fault if fault else ''


def problems(members, picture, look=carrier.noted):
    """[A line for each interface on which the switch may be blind]. The arguments are those of reason()."""
    lines = []
    for interface in sorted(set(member.listener.settings.interface for member in members)):
        indexes = _failed_together(members, interface)
        fault = _fault(interface, picture, look) if indexes else None
        if fault:
            who = 'listener %s failed' if len(indexes) == 1 else 'listeners %s failed together'
            lines.append('%s: %s%s' % (who % words.indexes(indexes), MAY_BE, fault))
    return lines


def _failed_together(members, interface):
    """The sorted indexes of the launched listeners of an interface, if all of them failed, and within one timeout;
    else [].

    The longest of their timeouts counts: so all are found that stop hearing at the same moment, whatever their timers.
    """
    # While a thousand listeners fail one after the other, this is asked again and again. So it is answered soon.
    if any(member.state != FAILED and member.listener.settings.interface == interface for member in members):
        return []
    times, limits, indexes = [], [], []
    for member in members:
        settings = member.listener.settings
        if settings.interface == interface:
            times.append(member.since)
            limits.append(settings.timeout * settings.attempts)
            indexes.append(settings.index)
    return sorted(indexes) if indexes and max(times) - min(times) <= max(limits) / 1000.0 else []


def _fault(interface, picture, look):
    """What is wrong with the link of an interface, and what to look at; None if nothing is, or if it is not known."""
    if picture is None:
        return None
    link = picture.link(interface)
    if link is None:
        return picture.missing(interface) + ' (look at its module or driver, and at: ip link)'
    if not link.up:
        return 'interface %s is down (to bring it up: ip link set %s up)' % (interface, interface)
    found = look(interface)
    # sysfs may be that of another namespace.
    if found.here or found.index != link.index:
        return None
    return 'interface %s has no carrier (look at its cable and its other end, and at: ip link show %s)' % (
        interface, interface)
