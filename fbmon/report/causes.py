"""Reads from a transition's words what a bypass comes from, and who has ordered what. Pure.

The words are those of daemon/reasons.py, rules/decision.py, rules/orders.py and memory/history.py.
"""
import re

from fbmon.base.tuples import namedtuple
from fbmon.daemon.reasons import GOING_DOWN
from fbmon.daemon.returns import TO_RETURN
from fbmon.daemon.telling import WOULD
from fbmon.memory.history import RELOAD
from fbmon.network.shown import FOREIGN, FOREIGN_OR_OVER
from fbmon.rules.ordering import OVERRIDE

# The causes of a bypass. NO_DAEMON: nobody decides; the last one has left it so, or the addresses were gone when the
# next one came. LEASE: an address went although a daemon wanted it: its lease ran out, or somebody took it. OTHER: none
# of the words is known.
NODES, OPERATOR, NO_DAEMON, LEASE, SHUTDOWN, OTHER = 'nodes', 'operator', 'no daemon', 'lease', 'shutdown', 'other'
BYPASSES = (NODES, OPERATOR, NO_DAEMON, LEASE, SHUTDOWN, OTHER)

# What a time can be otherwise. OBSERVED: the daemon only observed (OBSERVE=1), the state is what it would be;
# UNWATCHED: nobody watched, or nothing was decided yet; UNRECORDED: before the first line of the journal.
NORMAL, OBSERVED, UNWATCHED, UNRECORDED = 'normal', 'observed', 'not watched', 'no record'
CLASSES = (NORMAL, OBSERVED, UNWATCHED, UNRECORDED)

# what: one of the words above; who: the nodes that had failed, or the name of the person; why: his reason, or words
# that nobody knows. '' for nothing.
Cause = namedtuple('Cause', 'what who why')

# what: what was done, who, and why, as words; at: seconds since 1970.
Action = namedtuple('Action', 'at what who why')

# The kinds of the transitions that tell of what a person does.
BY_HAND = (RELOAD, 'operator', 'global')

# A person's name may have blanks and colons, but an order's end looks always the same.
_ORDER = re.compile(r'by (.{1,32}?)(?: until [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})?(?:: (.*))?\Z')
_FORCED = re.compile(r'force_o(?:n|ff) (by .+)\Z')
_WITHOUT_ORDER = re.compile(r'(force_on|force_off|fbypass_ctl return) (by .+)\Z')
_OVERRIDDEN = re.compile(r'override \w+ (by .+)\Z')
_OF_NODES = re.compile(r'[0-9]+ failed|[0-9]+ of [0-9]+ launched ')
_SWITCHED = re.compile(r'changed: (?:.*, )?OBSERVE(?:,| and |\Z)')

# A daemon has ended without a word, and one has started (see history.begin and force).
DIED, STARTED = 'had ended without a stop', 'started'


def only(what):
    """A Cause of which no more is known."""
    return Cause(what, '', '')


def order(why):
    """(who, reason) of the words of an order, see orders.words; of a person's name alone as well."""
    found = _ORDER.match(why)
    return (found.group(1), found.group(2) or '') if found else ('', why)


def forced(why):
    """Whether a person has made this global state by force_on or force_off, without a daemon."""
    return bool(_FORCED.match(why))


def observed(why):
    """Whether a daemon that only observes would make this state."""
    return why.startswith(WOULD)


def switches_observing(why):
    """Whether a reload with these words has given OBSERVE another value."""
    return bool(_SWITCHED.search(why))


def of_bypass(why, failed, before):
    """The Cause of a bypass that begins with these words.

    failed: the names of the nodes that have failed by now; before: the Cause of the bypass that goes on, or None.
    """
    by_person = _FORCED.match(why) or _OVERRIDDEN.match(why)
    if by_person:
        return Cause(OPERATOR, *order(by_person.group(1)))
    if why == GOING_DOWN:
        return only(SHUTDOWN)
    if why.startswith(TO_RETURN) and before:
        return before
    if _OF_NODES.match(why) or why.startswith(TO_RETURN):
        return of_nodes(failed)
    return Cause(OTHER, '', why)


def of_nodes(failed):
    """The Cause of a bypass for which these nodes are to blame."""
    return Cause(NODES, ', '.join(failed), '')


def lease_over(why):
    """Whether an address is gone because its lease ran out, as far as anybody can tell."""
    return why == FOREIGN_OR_OVER


def foreign(why):
    """Whether somebody else has changed an address."""
    return why in (FOREIGN, FOREIGN_OR_OVER)


def action(at, one):
    """The Action of a person that a transition tells of, or None."""
    if one.kind == RELOAD:
        return Action(at, 'reload ' + one.new, '', one.why)
    if one.kind == 'operator':
        what = 'override' if one.name == OVERRIDE else 'maintenance of ' + one.name
        return Action(at, '%s %s' % (what, one.new if one.name == OVERRIDE or one.new == 'off' else 'on'),
                      *order(one.why))
    found = _WITHOUT_ORDER.match(one.why) if one.kind == 'global' else None
    return Action(at, found.group(1), *order(found.group(2))) if found else None
