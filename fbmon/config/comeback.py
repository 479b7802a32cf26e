"""Finds values about the return from bypass that do not fit each other, or the rest of the file. Pure.

found, report: as in conflicts.py.
"""
from fbmon.rules.returning import Return

HOW, DELAY, DELAY_MAX = 'BYPASS_RETURN', 'BYPASS_RETURN_DELAY', 'BYPASS_RETURN_DELAY_MAX'
CARRIER, LIST, FLAG = 'BYPASS_RETURN_CARRIER', 'LISTEN_CUBRO_IFS', 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS'


def rule(found, listeners, report):
    """The Return of the file. If a value is faulty, its default counts."""
    manual, delay, carrier = found.usable(HOW) == 'manual', found.usable(DELAY), found.usable(CARRIER)
    longest = _longest(found, delay, report)
    if manual:
        _warn_of_manual(found, report)
    else:
        _warn_of_idle(found, delay, listeners, report)
    return Return(manual, delay, longest, carrier)


def _longest(found, delay, report):
    """The ms to which doubling can increase a delay; the delay itself if the file gives no usable value."""
    longest = found.usable(DELAY_MAX)
    if longest is not None and longest < delay:
        report.note(found.given[DELAY_MAX, None], 'less than %s, which is %d; give at least that' % (DELAY, delay))
    return delay if not delay or longest is None else max(delay, longest)


def _warn_of_manual(found, report):
    for name in (DELAY, DELAY_MAX, CARRIER):
        if found.usable(name):
            report.warning(found.given[name, None],
                           'without effect, since %s is manual; remove this line, or that one' % HOW)


def _warn_of_idle(found, delay, listeners, report):
    """Warn of a key that can do nothing: there is no delay to double, or no port with a carrier."""
    if found.usable(DELAY_MAX) and not delay:
        report.warning(found.given[DELAY_MAX, None],
                       'without %s there is nothing to double; give that too, or remove this line' % DELAY)
    lists = [found.names(LIST) if found.get(FLAG) else ()] + [one.ports for one in listeners if one.shutdown]
    if found.usable(CARRIER) and not any(lists):
        report.warning(found.given[CARRIER, None],
                       'no port follows the state, so there is no carrier to wait for; give %s, or remove this line'
                       % LIST)
