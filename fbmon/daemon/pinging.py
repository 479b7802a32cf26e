"""Has the cards' pings watched if the file asks for it (BYPASS_CARD_PING_TIMEOUT), and tells who is silent."""
import logging

from fbmon.base import compat, threads, words
from fbmon.config.addresses import link_local
from fbmon.memory.history import PINGS
from fbmon.rules import pings
from fbmon.rules.items import AddressItem
from fbmon.rules.states import PRESENT, SEEN, SILENT, UNKNOWN

SILENT_CARDS = ('nobody has pinged the address of %s for %d ms, and it is present: look at the mode of the card and at '
                'the way to it')
CANNOT = 'the pings of the cards cannot be seen: %s (a reload tries it again)'


def load():
    """The class that watches. Without the key nothing of it is loaded."""
    from fbmon.listeners.pingwatch import PingWatch
    return PingWatch


class Pinging(object):
    """The controller's side of the PingWatch. For the controller's thread."""

    def __init__(self, put, history, crashed, clock=compat.monotonic):
        self._put = put
        self._history = history
        self._crashed = crashed
        self._clock = clock
        self._watch = self._settings = self._failure = None
        self._stale = False
        self._cards = {}    # {AddressItem: its Card}
        self._states = {}    # {AddressItem: the state that was noted last}: the thread may know more already
        self._order = None

    def hasten(self):
        """The kernel has shown a change: see with the next step() whether it is one of the cards' addresses."""
        self._stale = True

    def step(self, settings, network):
        """Have watched what is to be watched now. This is called after the network was changed."""
        if settings is self._settings and not self._stale:
            return
        if settings is not self._settings:
            self._take(settings)
        self._stale = False
        if settings.ping_timeout:
            self._follow(settings, network)

    def changed(self, event):
        """Take a PingsChanged. What a card says first is routine, unless the history has it as silent."""
        card = self._cards.get(event.item)
        if event.watch is not self._watch or card is None:
            return
        self._states[event.item] = event.new
        routine = event.new == SEEN and self._history.last(PINGS, card.address) in (None, SEEN)
        self._history.note(PINGS, card.address, event.old, event.new, event.why, card.name or '', kept=not routine)

    def of(self, item):
        """The Pings of a card's address; None if they are not watched, or cannot be seen."""
        found = self._watch.known.get(item) if self._watch and item not in self._watch.errors else None
        return found and found._replace(state=self._states.get(item, UNKNOWN))

    def as_dict(self, item):
        """The same as fields of the status."""
        found, now = self.of(item), self._clock()
        if found is None:
            return {'pings': None, 'pings_total': None, 'last_ping_s': None, 'ping_rate': None}
        # A card whose address has just come back has had no time to ping.
        state = UNKNOWN if item not in self._order.present or (found.state == SILENT and not self._is_silent(item)) \
            else found.state
        return {'pings': state, 'pings_total': found.count,
                'last_ping_s': None if found.last is None else round(max(0.0, now - found.last), 3),
                'ping_rate': round(pings.per_second(found, now), 1)}

    def problems(self):
        """[A line for what does not work, and one for the cards that do not ping]."""
        if not self._watch:
            return [self._failure] if self._failure else []
        silent = [card for item, card in self._cards.items() if self._is_silent(item)]
        return sorted(set(self._watch.errors.copy().values())) + (
            [SILENT_CARDS % (_called(silent), self._settings.ping_timeout)] if silent else [])

    def _is_silent(self, item):
        """Whether its address is there, and has been for so long, and nobody pings it."""
        found, since = self.of(item), self._order and self._order.present.get(item)
        return None not in (found, since) and found.state == SILENT and \
            self._clock() >= pings.due(found, since, self._order.timeout)

    def _take(self, settings):
        """Begin or end to watch. The cards are those of the new file."""
        self._settings = settings
        self._cards = dict((AddressItem(card.interface, card.address), card)
                           for card in settings.cards if not card.error)
        self._states = dict((item, state) for item, state in self._states.items() if item in self._cards)
        self._failure = None
        if settings.ping_timeout and not self._watch:
            self._begin()
        elif not settings.ping_timeout and self._watch:
            self._watch.close()
            self._watch = self._order = None
            self._states = {}

    def _begin(self):
        try:
            watch = load()(self._put, self._clock)
        except (ImportError, EnvironmentError) as error:
            return self._cannot(error)
        try:
            watch.start(self._crashed)
        except threads.NO_THREAD as error:
            watch.abandon()
            return self._cannot(error)
        self._watch = watch

    def _cannot(self, error):
        self._failure = CANNOT % (getattr(error, 'strerror', None) or error)
        logging.warning('%s', self._failure)

    def _follow(self, settings, network):
        """Tell the watch which addresses there are, and since when."""
        if not self._watch:
            return
        now, before = self._clock(), self._order.present if self._order else {}
        scopes = dict((item, network.index(item.interface) if link_local(item.address) else 0)
                      for item in self._cards)
        present = dict((item, before.get(item, now)) for item in self._cards if network.actual(item) == PRESENT)
        order = settings.ping_timeout / 1000.0, scopes, present
        if order != self._order:
            self._order = self._watch.watch(*order)


def _called(cards):
    """Cards in words, as the table calls them: cards 0-2, west."""
    indexes = words.indexes(sorted(card.index for card in cards if not card.name))
    names = sorted((card.name for card in cards if card.name), key=words.natural)
    return 'card%s %s' % ('' if len(cards) == 1 else 's', ', '.join(([indexes] if indexes else []) + names))
