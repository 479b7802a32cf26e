"""Makes Settings, mistakes and warnings of the text of the configuration file. Pure.

A file with mistakes still gives Settings. What is valid can be used, and a component with a faulty value says so.
"""
from fbmon.base.tuples import namedtuple
from fbmon.config import comeback, conflicts, envfile, notices, schema, values
from fbmon.config.addresses import Address
from fbmon.config.schema import CARD, LISTENER, SCHEMA
from fbmon.rules.returning import AT_ONCE

# index: the n of its keys; host: canonical address; prefix: its length, None for /32 or /128; port: of UDP; timeout:
# ms; sources: canonical addresses, () for any; ports: the names of LISTEN_CUBRO_IFS[n]; shutdown: False if that list is
# left alone; error: the mistake because of which it cannot be launched, or None; node: the name of its node, or None. A
# value that could not be read is None.
Listener = namedtuple('Listener', 'index host prefix port interface timeout attempts recovery sources ports '
                                  'shutdown error node')
Listener.__new__.__defaults__ = (None,)

# address: the canonical address that the bypass card pings; name: that a person gave it, or None; the rest as above.
Card = namedtuple('Card', 'index address prefix interface error name')
Card.__new__.__defaults__ = (None,)

# threshold: the number of failed nodes at which bypass begins, None if it is faulty; listeners, cards: in the order of
# their indexes; ports, shutdown: the global list and its flag; faulty_ports: {name: why it is not touched}; lease: ms,
# 0 for none; on_change: a path or None; nodes: {index: name} of the listeners whose nodes have a name; returns: a
# Return; observe: whether nothing is changed; on_shutdown: whether the cards go to bypass when the system goes down;
# ping_timeout: ms, 0 if the pings of the cards are not watched.
Settings = namedtuple('Settings', 'log_level threshold listeners cards ports shutdown faulty_ports lease '
                                  'on_change nodes returns observe on_shutdown ping_timeout')
Settings.__new__.__defaults__ = ({}, AT_ONCE, False, True, 0)

# warnings: those that need no look at the kernel; given: {(name, index): Assignment}, which knows the values' lines;
# data: the bytes of the file.
Config = namedtuple('Config', 'settings mistakes warnings given data')
Config.__new__.__defaults__ = (b'',)

Mistake, Notice, format_problem = notices.Mistake, notices.Notice, notices.format_problem


def read(text):
    """The Config of a file's (unicode) text."""
    report = notices.Report()
    found = Values(text, report)
    indexes = found.indexes('LISTEN_HB_HOST', 'LISTEN_HB_PORT'), found.indexes('BYPASS_CARD_HOST')
    lacking = [conflicts.missing(found, those, needed, report) for those, needed in zip(indexes, NEEDED)]
    listeners = [_listener(found, index, lacking[0][index]) for index in indexes[0]]
    cards = [_card(found, index, lacking[1][index]) for index in indexes[1]]
    faulty_ports = conflicts.ports(found, listeners, report)
    listeners, cards = conflicts.components(found, listeners, cards, report)
    conflicts.strays(found, {LISTENER: set(indexes[0]), CARD: set(indexes[1])}, report)
    settings = Settings(
        found.usable('LOG_LEVEL'), conflicts.threshold(found, listeners, report),
        tuple(listeners), tuple(cards),
        found.names('LISTEN_CUBRO_IFS'), found.get('LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS'), faulty_ports,
        found.usable('BYPASS_CARD_LEASE'), found.usable('ON_CHANGE'),
        dict((one.index, one.node) for one in listeners if one.node), comeback.rule(found, listeners, report),
        found.get('OBSERVE') is not False, found.usable('BYPASS_ON_SHUTDOWN'),
        found.usable('BYPASS_CARD_PING_TIMEOUT'))
    return Config(settings, report.mistakes(), report.warnings(), found.given)


# The keys that every listener needs, and those that every card needs, as (key, what it is).
NEEDED = ((('LISTEN_HB_HOST', 'address'), ('LISTEN_HB_PORT', 'UDP port'), ('LISTEN_HEARTBEAT_IFS', 'interface')),
          (('BYPASS_CARD_HOST', 'address'), ('BYPASS_CARD_IFS', 'interface')))

NO_ADDRESS = Address(None, None)


class Values(object):
    """The values of a file. If KEY[n] is not given, KEY counts for it, unless the key does not inherit."""

    def __init__(self, text, report):
        self.given = {}
        self._faults = {}
        self._values = {}
        lines = {}
        for one in envfile.assignments(text):
            self._take(one, lines, report)
        for one in sorted(self.given.values()):
            self._read(one, lines[one.name, one.index][:-1], report)

    def get(self, name, index=None):
        """The value that counts; None if it is faulty or not given."""
        one = schema.origin(self.given, name, index)
        return self._values[one.name, one.index] if one else SCHEMA[name].default

    def usable(self, name):
        """The value that counts; the key's default if it is faulty."""
        return SCHEMA[name].default if self.fault(name) else self.get(name)

    def fault(self, name, index=None):
        """What is wrong with the value that counts, as "KEY=value: text", or None."""
        one = schema.origin(self.given, name, index)
        return self._faults.get((one.name, one.index)) if one else None

    def names(self, name, index=None):
        """The interfaces of a list. If the list cannot be read: every name that it may mean, to leave these alone."""
        found = self.get(name, index)
        if found is None:
            found = values.good_names(self.given[name, index].value.replace('"', ' ').replace("'", ' '))
        return found

    def indexes(self, *names):
        """The indexes with which one of these keys is given, in order."""
        return sorted(set(index for name, index in self.given if name in names))

    def _take(self, one, lines, report):
        wrong_key = schema.wrong_key(one.name, one.index, not report.full()) if one.name else None
        if wrong_key or not one.name:
            for wrong in (one.error, wrong_key):
                if wrong:
                    report.note(one, wrong)
            return
        key = one.name, one.index
        self.given[key] = one
        self._faults[key] = report.mistake(one, one.error) if one.error else None
        self._values[key] = None
        lines.setdefault(key, []).append(one.line)

    def _read(self, one, before, report):
        if before:
            report.warning(one, _given_twice(before))
        key, text = (one.name, one.index), one.value.strip(envfile.BLANKS)
        if one.error:
            return
        if not text and SCHEMA[one.name].optional:
            del self.given[key]
            return
        self._values[key] = SCHEMA[one.name].read(text, lambda why: self._complain(one, why, report))

    def _complain(self, one, why, report):
        report.note(one, why)
        self._faults[one.name, one.index] = self._faults[one.name, one.index] or notices.error(one, why)


def _given_twice(before):
    lines = ', '.join(str(line) for line in before[:8]) + (', ...' if len(before) > 8 else '')
    return 'given in line %s too; the last one counts, remove what is not meant' % lines


def _listener(found, index, missing):
    used = ('LISTEN_HB_HOST', 'LISTEN_HB_PORT', 'LISTEN_HEARTBEAT_IFS', 'LISTEN_HEARTBEAT_TIMEOUT',
            'LISTEN_HEARTBEAT_ATTEMPTS', 'LISTEN_HEARTBEAT_RECOVERY', 'LISTEN_HB_SOURCE', 'LISTEN_HB_NODE')
    address = found.get('LISTEN_HB_HOST', index) or NO_ADDRESS
    port, interface, timeout, attempts, recovery, sources, node = (found.get(name, index) for name in used[1:])
    return Listener(
        index, address.address, address.prefix, port, interface, timeout, attempts, recovery, sources,
        found.names('LISTEN_CUBRO_IFS', index), found.get('LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS', index),
        _error(found, index, used, missing), node)


def _card(found, index, missing):
    used = 'BYPASS_CARD_HOST', 'BYPASS_CARD_IFS', 'BYPASS_CARD_NAME'
    address = found.get('BYPASS_CARD_HOST', index) or NO_ADDRESS
    return Card(index, address.address, address.prefix, found.get('BYPASS_CARD_IFS', index),
                _error(found, index, used, missing), found.get('BYPASS_CARD_NAME', index))


def _error(found, index, names, missing):
    """The first fault because of which a component cannot be launched, or None."""
    faults = [found.fault(name, index) for name in names] + missing
    return next((fault for fault in faults if fault), None)
