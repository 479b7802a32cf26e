"""pinging.py: what the controller has of the cards' pings. The thread that watches them is a stand-in here."""
import errno

import pytest

from fbmon.base import threads
from fbmon.daemon.controller import Reload
from fbmon.listeners.pingwatch import Order
from fbmon.rules import pings
from fbmon.rules.items import AddressItem
from fbmon.rules.pings import PingsChanged
from settings import card, config
from test_controller import CARD, World

ITEM = AddressItem('eth0', '10.0.1.0')
GONE = 'Deleted ' + CARD


class Watch(object):
    """Instead of the PingWatch."""

    started = closed = 0
    fails = None

    def __init__(self, put, _clock):
        self.put, self.known, self.errors, self.orders = put, {}, {}, []

    def start(self, _crashed):
        if self.fails:
            raise self.fails
        self.started += 1

    def watch(self, *fields):
        self.orders.append(Order(*fields))
        return self.orders[-1]

    def close(self):
        self.closed += 1

    abandon = close


class Pinged(World):
    """A World whose file may have the key, and which makes Watches."""

    def __init__(self, monkeypatch, loaded, *lines):
        self.made, self.fails = [], None
        monkeypatch.setattr('fbmon.daemon.pinging.load', self.load_watch)
        World.__init__(self, loaded, monkeypatch, *lines)

    def load_watch(self):
        if isinstance(self.fails, (ImportError, EnvironmentError)):
            raise self.fails
        return self.make

    def make(self, put, clock):
        self.made.append(Watch(put, clock))
        self.made[-1].fails = self.fails
        return self.made[-1]

    def pings(self, state, last, count=5):
        """Let the watch know this of the card."""
        self.made[-1].known[ITEM] = pings.NONE._replace(state=state, last=last, first=last, count=count)

    def problems(self):
        """The problems without the warnings about the file."""
        return [one for one in self.status()['problems'] if not one.startswith('/etc/test.env')]

    def says(self, old, new):
        self.turn(PingsChanged(self.made[-1], ITEM, old, new, 'why'))


def file(timeout, *cards, **fields):
    return config([], cards or [card(0)], ping_timeout=timeout, **fields)


@pytest.fixture
def begin(monkeypatch):
    return lambda *arguments: Pinged(monkeypatch, *arguments)


def test_it_follows_which_addresses_are_there_and_since_when(begin):
    switch = begin(file(3000, card(0), card(1, 'fe80::1'), card(2, error='faulty')), CARD)
    link = AddressItem('eth0', 'fe80::1')
    watch, = switch.made
    assert (watch.started, watch.orders) == (1, [Order(3.0, {ITEM: 0, link: 2}, {ITEM: 100.0})])

    switch.now = 105.0
    switch.turn()
    switch.seen('2: eth0    inet6 fe80::1/64 scope link')
    switch.now = 107.0
    switch.seen(GONE)
    switch.seen(CARD)

    assert [order.present for order in watch.orders[1:]] == [
        {ITEM: 100.0, link: 105.0}, {link: 105.0}, {ITEM: 107.0, link: 105.0}]


def test_a_reload_begins_and_ends_it_and_changes_the_time(begin):
    switch = begin(file(0), CARD)
    assert switch.made == [] and switch.status()['cards'][0]['pings'] is None

    for number, timeout in enumerate((3000, 4000, 0, 5000)):
        switch.now = 101.0 + number
        switch.loaded = file(timeout)
        switch.turn(Reload())

    first, second = switch.made
    assert first.orders == [Order(3.0, {ITEM: 0}, {ITEM: 101.0}), Order(4.0, {ITEM: 0}, {ITEM: 101.0})]
    assert (first.closed, second.closed, second.orders) == (1, 0, [Order(5.0, {ITEM: 0}, {ITEM: 104.0})])


def test_what_the_status_says_of_a_card_that_pings(begin):
    switch = begin(file(3000), CARD)
    switch.pings('seen', 99.0)
    switch.says('unknown', 'seen')
    switch.now = 100.5

    row, = switch.status()['cards']
    assert (row['pings'], row['pings_total'], row['last_ping_s'], row['ping_rate']) == ('seen', 5, 1.5, 0.0)
    assert switch.problems() == []


def test_of_a_card_whose_address_is_not_there_nothing_is_known(begin):
    switch = begin(file(3000), CARD)
    switch.pings('seen', 99.0)
    switch.says('unknown', 'seen')
    switch.seen(GONE)

    assert switch.status()['cards'][0]['pings'] == 'unknown'


def test_what_an_earlier_watch_has_known_does_not_count(begin):
    switch = begin(file(3000), CARD)
    switch.says('unknown', 'seen')
    for timeout in (0, 3000):
        switch.loaded = file(timeout)
        switch.turn(Reload())
    switch.pings('unknown', None, 0)

    assert switch.status()['cards'][0]['pings'] == 'unknown'


def noted(switch):
    return [(one.kind, one.name, one.old, one.new, one.called) for one in switch.history.transitions
            if one.kind == 'pings']


def test_silence_is_a_problem_and_in_the_history_and_what_comes_first_is_routine(begin):
    switch = begin(file(3000, card(0, name='west')), CARD)
    switch.says('unknown', 'seen')
    assert noted(switch) == []

    switch.pings('silent', 99.0)
    switch.now = 104.0
    assert (switch.status()['cards'][0]['pings'], switch.problems()) == ('seen', [])
    switch.says('seen', 'silent')
    shown = switch.status()
    assert shown['cards'][0]['pings'] == 'silent'
    assert switch.problems() == ['nobody has pinged the address of card west for 3000 ms, and it is present: look at '
                                 'the mode of the card and at the way to it']

    switch.pings('seen', 104.0)
    switch.says('silent', 'seen')
    assert switch.problems() == []
    assert noted(switch) == [('pings', '10.0.1.0', 'seen', 'silent', 'west'),
                             ('pings', '10.0.1.0', 'silent', 'seen', 'west')]


def test_silent_cards_are_called_as_the_table_calls_them(begin):
    cards = [card(index, name=name) for index, name in enumerate((None, None, 'west-10', None, 'west-2'))]
    switch = begin(file(3000, *cards), *[CARD.replace('10.0.1.0', one.address) for one in cards])
    for one in cards:
        item = AddressItem('eth0', one.address)
        switch.made[-1].known[item] = pings.NONE._replace(state='silent')
        switch.turn(PingsChanged(switch.made[-1], item, 'unknown', 'silent', 'why'))
    switch.now = 104.0

    assert switch.problems()[0].startswith('nobody has pinged the address of cards 0-1, 3, west-2, west-10 for 3000 ms')


def test_a_start_that_hears_a_card_which_was_silent_notes_it(begin):
    switch = begin(file(3000), CARD)
    switch.history.note('pings', '10.0.1.0', 'seen', 'silent', 'no ping for 3000 ms')

    switch.says('unknown', 'seen')

    assert noted(switch)[1:] == [('pings', '10.0.1.0', 'unknown', 'seen', '')]


def test_a_silent_card_whose_address_goes_and_comes_is_no_problem_before_it_has_had_the_time(begin):
    switch = begin(file(3000), CARD)
    switch.pings('silent', 90.0)
    switch.now = 103.0
    switch.says('seen', 'silent')
    assert len(switch.problems()) == 1

    switch.seen(GONE)
    assert (switch.problems(), switch.status()['cards'][0]['pings']) == ([], 'unknown')
    switch.now = 200.0
    switch.seen(CARD)
    assert (switch.problems(), switch.status()['cards'][0]['pings']) == ([], 'unknown')
    switch.now = 203.0
    assert (len(switch.problems()), switch.status()['cards'][0]['pings']) == (1, 'silent')


def test_what_a_watch_says_that_is_no_longer_the_present_one_does_not_count(begin):
    switch = begin(file(3000), CARD)
    old, = switch.made
    switch.loaded = file(0)
    switch.turn(Reload())

    switch.turn(PingsChanged(old, ITEM, 'seen', 'silent', 'why'))

    assert noted(switch) == []


def test_pings_that_cannot_be_seen_are_a_problem_with_the_reason_and_nobody_is_silent(begin):
    switch = begin(file(3000, card(0), card(1)), CARD)
    watch, = switch.made
    switch.pings('silent', None)
    switch.says('unknown', 'silent')
    watch.errors.update(dict.fromkeys([ITEM, AddressItem('eth0', '10.0.1.1')], 'cannot be seen: no right'))
    switch.now = 200.0

    shown = switch.status()

    assert switch.problems() == ['cannot be seen: no right']
    assert [row['pings'] for row in shown['cards']] == [None, None]


@pytest.mark.parametrize('error, why', [
    (ImportError('No module named pingwatch'), 'No module named pingwatch'),
    (threads.NO_THREAD[0]('no thread'), 'no thread'),
    (EnvironmentError(errno.EMFILE, 'Too many open files'), 'Too many open files')])
def test_without_a_thread_or_its_program_it_says_why_and_a_later_reload_tries_again(begin, error, why):
    switch = begin(file(0), CARD)
    switch.fails, switch.loaded = error, file(3000)
    switch.turn(Reload())
    assert switch.problems() == ['the pings of the cards cannot be seen: %s (a reload tries it again)' % why]
    assert [watch.closed for watch in switch.made] == ([1] if why == 'no thread' else [])

    switch.fails, switch.loaded = None, file(4000)
    switch.turn(Reload())
    assert switch.problems() == [] and switch.made[-1].started == 1


def test_it_does_nothing_of_its_own_and_decides_nothing(begin):
    switch = begin(file(3000), CARD)
    before = switch.controller.decision, switch.controller._deadline()

    switch.says('seen', 'silent')

    assert (switch.controller.decision, switch.controller._deadline()) == before
    assert switch.batch.ran == []
