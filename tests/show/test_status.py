"""status.py: one snapshot for all forms of the status. docs/status.md describes what is in it."""
import json
import os
import re

import pytest

import helpers
import statuses
from fbmon.listeners.listener import Counters
from fbmon.memory.history import Forced
from fbmon.rules.orders import Order, Orders, Override
from fbmon.rules.returning import Return
from fbmon.rules.states import ACTIVE, FAILED
from fbmon.show import status
from settings import card, config, listener
from test_controller import CARD, HOST, LINKS, World

DOCUMENT = os.path.join(helpers.ROOT, 'docs', 'status.md')

KINDS = {'text': type(u''), 'number': (int, float), 'whole number': int, 'true or false': bool, 'list': list}


@pytest.fixture
def world(monkeypatch):
    return lambda loaded, *lines: World(loaded, monkeypatch, *lines)


# --- the line for systemctl ---

def line_of(world, listeners, cards, active=(), failed=(), lines=(HOST,)):
    switch = world(config(listeners, cards, threshold=2), *lines)
    for index in active:
        switch.report(index, ACTIVE)
    for index in failed:
        switch.report(index, FAILED)
    return status.line(switch.controller)


FOUR = [listener(index) for index in range(4)]
TWO = [card(0), card(1)]
BOTH = (HOST, CARD, CARD.replace('10.0.1.0', '10.0.1.1'))


@pytest.mark.parametrize('cards, active, failed, lines, text', [
    (TWO, range(4), (), BOTH, 'normal: 4 of 4 listeners active, 2 cards present'),
    (TWO, range(4), (), BOTH[:2], 'normal: 4 of 4 listeners active, 1 of 2 cards present'),
    (TWO[:1], (2, 3), (0, 1), (HOST,), 'bypass: 2 of 4 listeners active, 1 card absent'),
    ((), range(4), (), (HOST,), 'normal: 4 of 4 listeners active'),
    (TWO, (0, 2), (), BOTH, 'unknown: 2 of 4 listeners active, 2 cards present; held: waiting for listener 1, 3'),
    (TWO[:1] + [card(1, error='faulty')], range(4), (), BOTH,
     'normal: 4 of 4 listeners active, 1 card present, 1 card unconfigured'),
    ([card(0, interface='eth9')], range(4), (), (HOST,), 'normal: 4 of 4 listeners active, 1 card missing')])
def test_the_line_says_the_state_then_what_there_is_then_what_is_waited_for(world, cards, active, failed, lines, text):
    assert line_of(world, FOUR, cards, active, failed, lines) == text


def test_the_line_counts_unconfigured_listeners_among_all(world):
    listeners = FOUR[:3] + [listener(3, interface='eth9')]

    assert line_of(world, listeners, TWO, range(3), lines=BOTH) == (
        'normal: 3 of 4 listeners active, 1 unconfigured, 2 cards present')


def test_the_line_does_not_count_cards_while_the_network_is_not_seen(world):
    switch = world(config(FOUR[:1], TWO), *BOTH)
    switch.controller.network.picture = None

    assert status.line(switch.controller).startswith('unknown: 0 of 1 listeners active, 2 cards unknown')


def test_the_line_says_so_when_nothing_is_configured(world):
    assert line_of(world, (), ()) == 'unknown: no listener is configured, nothing is managed'


def test_many_that_are_waited_for_are_counted_in_the_line(world):
    listeners = [listener(index) for index in range(12)]

    assert line_of(world, listeners, ()).endswith('waiting for listener 0, 1, 2, 3, 4, 5, 6, 7 and 4 more')


# --- what wants the operator's eye ---

def problems(switch, word):
    return [problem for problem in status.problems(switch.controller) if word in problem]


@pytest.mark.parametrize('gap, near', [(0.0, False), (7.199, False), (7.2, True), (8.9, True)])
def test_a_gap_within_a_fifth_of_the_limit_is_a_problem(world, gap, near):
    switch = world(config([listener(3, timeout=3000, attempts=3)]), HOST)
    member = switch.controller.roster.find(switch.controller.settings.listeners[0])
    member.listener.counters = lambda: Counters(10, 0, 0, 99.0, gap, 0, '10.0.0.9')

    assert problems(switch, 'gap') == (
        ['listener 3: the longest gap between two heartbeats in the last one to two hours, %d ms, is close to the '
         'limit of 9000 ms: look at the sender or raise LISTEN_HEARTBEAT_TIMEOUT[3]' % (gap * 1000)] if near else [])


def test_a_gap_beyond_the_limit_at_which_it_did_not_fail_is_not_blamed_on_the_sender(world):
    switch = world(config([listener(3, timeout=1000)]), HOST)
    member = switch.controller.roster.find(switch.controller.settings.listeners[0])
    member.listener.counters = lambda: Counters(10, 0, 0, 99.0, 6.244, 0, '10.0.0.9')

    assert problems(switch, 'gap') == [
        'listener 3: the longest gap between two heartbeats in the last one to two hours, 6244 ms, is over the limit '
        'of 1000 ms, and yet it did not fail: the daemon itself was held up, or the limit was another one']


@pytest.mark.parametrize('path, begin', [
    ('fbmon/show/status.py', 'the longest gap between two heartbeats'),
    ('fbmon/show/prometheus.py', 'Longest time between two heartbeats'),
    ('docs/status.md', 'longest time between two heartbeats'),
    ('docs/monitoring.md', 'longest time between two heartbeats'),
    ('docs/man/fastbypass_monitor.8', 'the longest time between two of them')])
def test_everywhere_the_longest_gap_is_said_to_be_of_the_same_time(path, begin):
    text = ' '.join(helpers.read(os.path.join(helpers.ROOT, path)).split())

    assert re.findall(re.escape(begin) + ' in the last (.{16})', text) == ['one to two hours']


def test_what_a_mistake_leaves_out_is_named_and_what_only_waits_for_its_interface_is_not(world):
    switch = world(config([listener(0, error='faulty'), listener(1, interface='eth9'), listener(2)],
                          [card(0), card(4, error='faulty'), card(5, error='faulty')]), HOST)

    assert switch.status()['left_out'] == {'cards': [4, 5], 'listeners': [0]}


def test_an_unconfigured_listener_a_missing_interface_and_a_broken_hook_are_problems(world):
    switch = world(config([listener(0), listener(1, interface='eth9')]), HOST)
    switch.error = 'ON_CHANGE: /usr/local/bin/x: No such file or directory'

    assert problems(switch, 'listener 1') == ['listener 1 is unconfigured: interface eth9 is not there']
    assert problems(switch, 'ON_CHANGE') == [switch.error]


# --- the description ---

def described():
    """{path: (type, unit, may be null)} of docs/status.md; a path is `cards[].address`."""
    rows = re.findall(r'^\| `([a-z_\[\].]+)` \| ([^|]+?)( or null)? \| ([^|]+?) \|', helpers.read(DOCUMENT), re.M)
    return dict((path, (kind, unit, bool(null))) for path, kind, null, unit in rows)


def flattened(value, path=''):
    """(path, value) of each value in a document. Lists and dicts are values, too."""
    yield path, value
    if isinstance(value, dict):
        for key, one in value.items():
            for found in flattened(one, (path + '.' if path else '') + key):
                yield found
    if isinstance(value, list):
        for one in value:
            for found in flattened(one, path + '[]'):
                yield found


@pytest.fixture
def documents(world):
    """Snapshots that together have everything in them: held, decided, and with nothing but faults."""
    first = world(config([listener(0, ports=('sw1',)), listener(1, interface='eth9'), listener(2, port=3009)],
                         [card(0), card(1, interface='eth9')], ports=('sw0', 'sw9')), HOST, CARD)
    held = first.status()
    first.report(0, ACTIVE)
    first.report(2, FAILED)
    first.controller.reloads.lines = ['LOG_LEVEL=INFO']
    first.controller.reloads._refuse('.env', 'why', ['.env:3: error: x'])
    first.controller.pinging.as_dict = lambda _item: statuses.WATCHED
    first.now += 12.3456
    member = first.controller.roster.find(first.controller.settings.listeners[0])
    member.listener.counters = lambda: Counters(12, 3, 1, 101.0, 1.25, 0, 'fe80::9%eth0')
    second = world(config([listener(0)._replace(host=None, port=None, interface=None, recovery=None,
                                                error='faulty')],
                          [card(0)._replace(address=None, interface=None, error='faulty')],
                          threshold=None, ports=('sw0',)), LINKS[0])
    second.controller.network.picture = None
    third = world(config([listener(0, node='dpi-1'), listener(1, node='dpi-1')], [card(0, name='west')],
                         ports=('sw0',), returns=Return(False, 0, 0, 500)), HOST, CARD)
    third.controller.reloads.trial.ask('alice', 60)
    third.controller.reloads.trial.begin(third.loaded)
    for index, state in ((0, FAILED), (1, FAILED), (0, ACTIVE)):
        third.report(index, state)
    orders = Order('alice', 99.0, None, 'a new kernel'), Order('bob', 99.0, 200.0, '')
    fourth = [world(config([listener(0), listener(1)]), HOST) for _ in orders]
    for one, order in zip(fourth, orders):
        one.controller.operators._count(Orders({'0': order}, Override('freeze', order)))
    stopped = status.stopped(Forced('bypass', 1795552760.5, 'alice'), Orders({'0': order}, Override('freeze', order)))
    return [held, first.status(), second.status(), third.status()] + [one.status() for one in fourth] + [
        json.loads(json.dumps(stopped))]


def test_each_field_is_described_with_its_type_and_unit_and_nothing_else_is(documents):
    found, nulls, wrong = set(), set(), []
    table = described()
    for path, value in [pair for document in documents for pair in flattened(document) if pair[0]]:
        if isinstance(value, dict):
            continue
        found.add(path)
        kind, unit, null = table.get(path, ('text', '', False))
        if value is None:
            nulls.add(path)
        elif not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != 'true or false'):
            wrong.append((path, kind, value))
        if path.endswith('_s') and unit != 's':
            wrong.append((path, unit))
    assert (sorted(found), wrong) == (sorted(table), [])
    assert sorted(nulls) == sorted(path for path, (_, _, null) in table.items() if null)


def test_each_word_of_a_state_is_described(documents):
    text = helpers.read(DOCUMENT)
    words = set(value for document in documents for path, value in flattened(document)
                if value and path.split('.')[-1] in ('state', 'wanted', 'actual', 'kind', 'from', 'to'))

    assert len(words) > 8 and [word for word in words if '`%s`' % word not in text] == []


def test_the_paths_for_zabbix_name_fields_that_there_are():
    text = helpers.read(os.path.join(helpers.ROOT, 'docs', 'monitoring', 'zabbix-template.yaml'))
    paths = [re.sub(r'\[\?.*?\]|\[-\d+:\]$', '[]', path).replace('history[]', 'history') for path in re.findall(
        r'- \'?\$\.(.+?)(?:\.first\(\)|\.length\(\))?\'?$', text, re.M)]

    assert len(paths) > 30 and [path for path in paths if path not in described()] == []


def test_times_are_seconds_to_the_millisecond_since_now(documents):
    row = documents[1]['listeners'][0]

    assert (row['last_heartbeat_s'], row['longest_gap_s'], documents[1]['uptime_s']) == (11.346, 1.25, 12.346)
    assert (row['received'], row['ignored'], row['missed']) == (12, 3, 1)
    assert (row['heard'], row['recovery'], row['last_sender']) == (0, 1, 'fe80::9')


def test_the_global_state_has_a_name_in_the_history(documents):
    assert [(one['kind'], one['name']) for one in documents[1]['history'] if one['kind'] == 'global'] == [
        ('global', 'state')]


def test_a_path_that_is_no_text_costs_nobody_the_status(world):
    switch = world(config([listener(0)]), HOST)
    # As sys.argv has it: text in 3, bytes in 2.7.
    name = os.path.join(b'/tmp', b'K\xc3\xb6ln \xff.env')
    switch.controller.path = os.fsdecode(name) if hasattr(os, 'fsdecode') else name

    assert json.loads(status.document(switch.controller))['file'].startswith('/tmp/K')


def test_ports_are_in_natural_order(world):
    switch = world(config([listener(0, ports=('sw10', 'sw2'))], ports=('sw9', 'e101-010-0', 'e101-002-0')), HOST)

    assert [row['name'] for row in switch.status()['ports']] == ['e101-002-0', 'e101-010-0', 'sw2', 'sw9', 'sw10']
