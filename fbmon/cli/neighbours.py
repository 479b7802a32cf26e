"""Compares a configuration file with those of the other clusters on this switch, each of which has a daemon of its own.

No daemon reads the file of another one; only commands do.
"""
import glob
import os

from fbmon.config import addresses, notices, schema, source
from fbmon.network import checks

# The daemon without a name has HOME/backend/.env and RUN; the instance NAME has HOME/NAME/.env and RUN/@NAME.
HOME, RUN, NAMELESS = '/var/fastbypass_monitor', '/run/fastbypass_monitor', 'backend'

BOTH = 'port %s is also a port in %s: two daemons bring it up and down against each other; remove it from one file'
THEIR_INTERFACE = 'port %s is the interface of %s in %s, which hears nothing when it is down; remove it from the list'
OUR_INTERFACE = '%s is a port in %s: when it is down, nothing arrives on it here; remove it from that list'
ADDRESS = 'address %s is also that of %s in %s: what one daemon removes is gone for the other; give each one of its own'
LISTENS = 'address %s and port %d are also those of %s in %s: only one daemon can listen there; give another port'


def warnings(path, loaded, run_dir):
    """[A Notice for each thing that this file and the file of another daemon of the package name].

    path, loaded: a file and its Config; run_dir: that of the daemon for which it is meant.
    """
    report, unread = notices.Report(), []
    for other in _others(path, run_dir):
        try:
            theirs = source.load(other)
        except source.Unreadable as error:
            unread.append(notices.Notice(None, None, None, 'not compared with another cluster: %s' % error))
            continue
        for place, text in clashes(loaded.settings, theirs.settings, lambda *key: _line(other, theirs, *key)):
            report.warning(schema.origin(loaded.given, *place), text)
    return unread + list(report.warnings())


def clashes(ours, theirs, where):
    """((key, index), text) of what both Settings name. where(key, index): where theirs has it, for a text. Pure."""
    their_ports = dict((name, where(*place)) for place, name in checks.ports(theirs))
    their_interfaces = dict((name, (_what(*place), where(*place))) for place, name in checks.interfaces(theirs))
    for place, name in checks.ports(ours):
        if name in their_ports:
            yield place, BOTH % (name, their_ports[name])
        if name in their_interfaces:
            yield place, THEIR_INTERFACE % ((name,) + their_interfaces[name])
    for name, place in sorted(dict((name, place) for place, name in reversed(checks.interfaces(ours))).items()):
        if name in their_ports:
            yield place, OUR_INTERFACE % (name, their_ports[name])
    for one in _addresses(ours, theirs, where):
        yield one


def _addresses(ours, theirs, where):
    """As clashes(): the addresses of listeners and cards, in whichever form they are written."""
    sockets = dict(((one.host, one.port), one.index) for one in theirs.listeners)
    at = dict((_key(name, address), place) for place, name, address, _ in reversed(checks.placed(theirs)))
    listens = dict((one.index, one.port) for one in ours.listeners)
    for place, name, address, _ in checks.placed(ours):
        key, index = place
        if _key(name, address) not in at:
            continue
        port = listens[index] if key == 'LISTEN_HB_HOST' else None
        if (address, port) in sockets:
            other = 'LISTEN_HB_HOST', sockets[address, port]
            yield place, LISTENS % (address, port, _what(*other), where(*other))
        else:
            other = at[_key(name, address)]
            yield place, ADDRESS % (address, _what(*other), where(*other))


def _key(interface, address):
    """What tells addresses apart: each interface may have the same link-local one."""
    return address, interface if addresses.link_local(address) else None


def _what(key, index):
    return ('card %d' if key.startswith('BYPASS_CARD') else 'listener %d') % index


def _line(path, loaded, key, index):
    """FILE:LINE of a key in another file."""
    found = schema.origin(loaded.given, key, index)
    return '%s:%d' % (path, found.line) if found else path


def _others(path, run_dir):
    """The configuration files of the other daemons; none if this daemon is not one of the package."""
    name = NAMELESS if run_dir == RUN else os.path.basename(run_dir)[1:]
    if run_dir not in (RUN, os.path.join(RUN, '@' + name)):
        return []
    own = [os.path.realpath(one) for one in (path, os.path.join(HOME, name, '.env'))]
    return [one for one in sorted(glob.glob(os.path.join(HOME, '*', '.env'))) if os.path.realpath(one) not in own]
