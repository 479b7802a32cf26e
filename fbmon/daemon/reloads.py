"""Remembers the reloads: how many there were, what the last one has changed, or why it was refused."""
import logging

from fbmon.config import given, source
from fbmon.memory.history import REFUSED, TAKEN
from fbmon.rules.items import AddressItem, PortItem


class Reloads(object):
    """Remembers the reloads, and the lines of the running file. For the controller's thread.

    load(path): the Config of the file, of which somebody else may have read the bytes. Raises source.Unreadable.
    under_way(): whether somebody is about to read them.
    note(outcome, why) is called only if the file or the outcome differs from the last reload. So a SIGHUP each minute
    does not fill the history.
    """

    def __init__(self, path, loaded, note=lambda outcome, why: None):
        self.lines = given.lines(loaded.given)
        self.load = lambda path: source.load(path)
        self.under_way = lambda: False
        self._path = path
        self._note = note
        self._count = 0
        self._counts = 0, 0, 0
        self._refused = []

    def read(self):
        """(the Config of the file, None), or (None, the text of the problem) if the file is refused."""
        try:
            loaded = self.load(self._path)
        except source.Unreadable as error:
            return None, self.refused(str(error), ())
        if loaded.mistakes:
            lines = source.report(self._path, loaded.mistakes, 'error')
            return None, self.refused('mistakes in %s' % self._path, lines)
        return loaded, None

    def taken(self, before, loaded):
        """Note that a file was taken. before: the Config that ran until now."""
        old, new = components(before.settings), components(loaded.settings)
        self._counts = len(old & new), len(new - old), len(old - new)
        self.lines = given.lines(loaded.given)
        if self._refused or before.mistakes or before.settings != loaded.settings:
            keys = given.changed(loaded.given, before.given)
            self._note(TAKEN, words(*self._counts) + ('; changed: ' + keys if keys else ''))
        self._count += 1
        self._refused = []
        logging.info('configuration loaded again from %s: %s', self._path, words(*self._counts))

    def refused(self, why, lines):
        """Note that a file was refused. Returns the text of the problem for the status. lines: the file's mistakes."""
        for line in lines:
            logging.error(line)
        self._count += 1
        before, self._refused = self._refused, list(lines) or [why]
        if before != self._refused:
            self._note(REFUSED, self._in_short())
        text = 'reload refused, the running configuration goes on: %s' % why
        logging.error(text)
        return text + ': see fbypass_ctl check'

    def _in_short(self):
        """Why the file was refused, without its name: the first mistake, and how many more there are."""
        text, more = self._refused[0], len(self._refused) - 1
        if text.startswith(self._path):
            text = text[len(self._path):].lstrip(': ').replace('error: ', '', 1)
        return '%s%s%s' % ('line ' if text[:1].isdigit() else '', text, ' (and %d more)' % more if more else '')

    def as_dict(self):
        """The same as a dict for the status."""
        return {'count': self._count, 'under_way': self.under_way(), 'refused': self._refused,
                'kept': self._counts[0], 'added': self._counts[1], 'removed': self._counts[2]}


def components(settings):
    """The identities of a file's listeners, cards and ports, without those that a mistake leaves out, as a set."""
    listeners = [one for one in settings.listeners if not one.error]
    ports = set(settings.ports).union(*[one.ports for one in settings.listeners])
    return set([(one.host, one.port, one.interface) for one in listeners]
               + [AddressItem(one.interface, one.address) for one in settings.cards if not one.error]
               + [PortItem(name) for name in ports.difference(settings.faulty_ports)])


def words(kept, added, removed):
    """'12 components kept, 1 added': for the log and for the command that asked for the reload."""
    parts = ['%d component%s kept' % (kept, '' if kept == 1 else 's')]
    return ', '.join(parts + ['%d %s' % pair for pair in ((added, 'added'), (removed, 'removed')) if pair[0]])
