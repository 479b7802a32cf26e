"""The Tree of what the daemon says now. It asks the daemon seldom, and never for long: snmpd waits meanwhile."""
import os

from fbmon.base import compat
from fbmon.memory import history, records, rundir
from fbmon.show import statussocket
from fbmon.snmp import objects
from fbmon.snmp.oids import ROOT, Tree

# Seconds that an answer counts, and that the daemon may take for it.
LASTS, LIMIT = 1.0, 2.0

# After a daemon that was slow, so many times as long is waited: snmpd shall be there for its other objects.
REST = 10

OTHER_VERSION = 'a daemon of another version runs: restart it'


class Source(object):
    """Gives the Tree. ask(): the status as a dict, raises NotRunning; forced(): a word of objects.FORCED."""

    def __init__(self, ask, forced, root=ROOT, clock=compat.monotonic):
        self._ask = ask
        self._forced = forced
        self._root = root
        self._clock = clock
        self._tree = None
        self._until = 0

    def tree(self):
        """The Tree, at most a second old, or older after a daemon that was slow."""
        begin = self._clock()
        if self._tree is None or begin >= self._until:
            found = self._objects()
            self._tree = Tree(dict((self._root + oid, value) for oid, value in found.items()))
            end = self._clock()
            self._until = end + max(LASTS, REST * (end - begin))
        return self._tree

    def _objects(self):
        try:
            return objects.running(self._ask())
        except statussocket.NoAnswer as error:
            return objects.stopped('unknown', '%s' % error)
        except statussocket.NotRunning as error:
            return objects.stopped(self._forced(), '%s' % error)
        except (LookupError, TypeError, AttributeError, ValueError, OverflowError):
            return objects.stopped('unknown', OTHER_VERSION)


def of(run_dir, root=ROOT):
    """The Source of the daemon with this run directory."""
    path = os.path.join(run_dir, rundir.SOCKET)
    return Source(lambda: statussocket.ask(path, LIMIT), lambda: _forced(run_dir), root)


def _forced(run_dir):
    """What a person has made of the state while no daemon runs. Only root may know it."""
    kept = records.Records(os.path.join(run_dir, rundir.HISTORY))
    found = [one for one in map(history.parse, kept.read()) if one]
    forced = history.forced(found)
    return 'unknown' if kept.error else forced.state if forced else 'no'
