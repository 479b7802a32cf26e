"""consequences.py: what check tells of each node's failure is what the daemon's rules decide."""
import io
import itertools
import os
import random
import re

import pytest

from fbmon.base.words import natural
from fbmon.config import consequences, reader
from fbmon.rules import decision, nodes
from fbmon.rules.returning import Return
from fbmon.rules.states import ACTIVE, BYPASS, DOWN, FAILED, NORMAL
from helpers import ROOT
from settings import card, listener, settings

CALM = dict(attempts=2, recovery=5, sources=('10.0.0.9',))


def example():
    """The first configuration of the README."""
    with io.open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as source:
        return re.search(r'(?s)\n(LOG_LEVEL=INFO\n.*?)```', source.read()).group(1)


def calm(listeners, **fields):
    """Settings of which no advice comes."""
    return settings(listeners, [card(0)], **dict(dict(lease=15000, returns=Return(False, 30000, 30000, 0)), **fields))


def told(*arguments, **fields):
    return consequences.lines(calm(*arguments, **fields))


def test_the_example_of_the_documentation():
    assert consequences.lines(reader.read(example()).settings) == [
        '',
        '1 failed listener of 2 makes bypass, none is survived',
        'ONE LISTENER FAILS  SILENT FOR  STATE   PORTS THAT GO DOWN',
        '0-1                 3 s         bypass  none',
        'advice: LISTEN_HEARTBEAT_ATTEMPTS=1: one timeout is a failure; give 2 or 3',
        'advice: BYPASS_RETURN_DELAY=0: a bypass ends at once; 30000 to 60000 is usual',
        'advice: BYPASS_CARD_LEASE=0: a dead daemon leaves cards in normal; give 15000',
        "advice: LISTEN_HB_SOURCE: anybody can send; give the nodes' addresses"]


def test_six_nodes_of_which_one_has_two_ways():
    ways = [listener(0, node='dpi-1', ports=('sw1', 'sw2'), timeout=1000, attempts=3),
            listener(1, node='dpi-1', timeout=2000, attempts=3)]
    others = [listener(number, node='dpi-%d' % number, ports=('sw%d' % (2 * number - 1), 'sw%d' % (2 * number)),
                       timeout=1000, attempts=3) for number in range(2, 7)]

    assert consequences.lines(settings(ways + others, [card(0)], threshold=3)) == [
        '',
        '3 failed nodes of 6 make bypass, 2 are survived',
        '3 that die at once: bypass at most 6 s after their last heartbeats',
        'ONE NODE FAILS  SILENT FOR  STATE   PORTS THAT GO DOWN',
        'dpi-1           6 s         normal  sw1, sw2',
        'dpi-2           3 s         normal  sw3, sw4',
        'dpi-3           3 s         normal  sw5, sw6',
        'dpi-4           3 s         normal  sw7, sw8',
        'dpi-5           3 s         normal  sw9, sw10',
        'dpi-6           3 s         normal  sw11, sw12',
        'advice: BYPASS_RETURN_DELAY=0: a bypass ends at once; 30000 to 60000 is usual',
        'advice: BYPASS_CARD_LEASE=0: a dead daemon leaves cards in normal; give 15000',
        "advice: LISTEN_HB_SOURCE: anybody can send; give the nodes' addresses"]


def test_nodes_that_do_the_same_are_one_line_and_advice_is_for_what_is_given():
    assert told([listener(index, **CALM) for index in (0, 1, 2, 5)] + [listener(7, node='a', **CALM)],
                ports=('sw9', 'sw10')) == [
        '',
        '1 failed node of 5 makes bypass, none is survived',
        'ONE NODE FAILS  SILENT FOR  STATE   PORTS THAT GO DOWN',
        '0-2, 5, a       6 s         bypass  sw9, sw10']


def test_what_is_not_done_is_said_so():
    assert told([listener(0, **CALM)], observe=True)[1] == \
        'without OBSERVE: 1 failed listener of 1 makes bypass, none is survived'
    assert told([listener(index, **CALM) for index in range(3)], threshold=2)[1:3] == [
        '2 failed listeners of 3 make bypass, 1 is survived',
        '2 that die at once: bypass 6 s after their last heartbeats']


@pytest.mark.parametrize('change, fields, text', [
    (dict(attempts=1), {}, 'LISTEN_HEARTBEAT_ATTEMPTS=1 (1 of 3): one timeout is a failure; give 2 or 3'),
    (dict(recovery=1), dict(returns=Return(False, 0, 0, 0)),
     'BYPASS_RETURN_DELAY=0: a bypass ends at once; 30000 to 60000 is usual'),
    ({}, dict(lease=0), 'BYPASS_CARD_LEASE=0: a dead daemon leaves cards in normal; give 15000'),
    (dict(sources=()), {}, "LISTEN_HB_SOURCE (1 of 3): anybody can send; give the nodes' addresses"),
    ({}, dict(threshold=2), 'LISTEN_HEARTBEAT_FAILED=2: one dead node does nothing; give 1, or ports')])
def test_each_kind_of_advice_is_one_line_that_names_the_key_and_the_remedy(change, fields, text):
    def advice(change, fields):
        ones = [listener(0, **dict(CALM, **change)), listener(1, **CALM), listener(2, **CALM)]
        return [line for line in told(ones, **fields) if line.startswith('advice')]

    assert (advice({}, {}), advice(change, fields)) == ([], ['advice: ' + text])


@pytest.mark.parametrize('fields', [
    dict(returns=Return(True, 0, 0, 0)), dict(returns=Return(False, 0, 0, 2000)), dict(threshold=2)])
def test_no_advice_where_it_is_taken_in_another_way(fields):
    ones = [listener(index, ports=('sw%d' % index,), **CALM) for index in range(2)]

    assert [line for line in told(ones, **fields) if line.startswith('advice')] == []


@pytest.mark.parametrize('text', [
    u'', u'LISTEN_HB_HOST[0]=1', example() + u'LISTEN_HB_PORT[1]=x', example() + u'LISTEN_HEARTBEAT_FAILED=9',
    example() + u'LISTEN_CUBRO_IFS=lo', example() + u'BYPASS_CARD_HOST[0]=x', example() + u'LISTEN_HEARTBEAT_TIMEOUT=x',
    example() + u'LISTEN_HB_NODE[0]=1', example() + u'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=2\nLISTEN_CUBRO_IFS=sw1',
    u'\n'.join(line for line in example().splitlines() if 'CARD' not in line),
    u'\n'.join(line for line in example().splitlines() if 'LISTEN' not in line)])
def test_nothing_is_told_of_a_file_with_a_faulty_component_or_without_listeners_or_cards(text):
    assert consequences.lines(reader.read(text).settings) == []


def any_settings(dice):
    """Settings of some nodes, of which some have names, several ways, and ports that they share with others."""
    ports = ['sw%d' % number for number in range(5)]

    def some():
        return tuple(dice.sample(ports, dice.choice((0, 0, 1, 1, 2))))
    ones = [listener(index, node=dice.choice((None, 'a', 'b', 'c')), ports=some(), shutdown=dice.random() < 0.8,
                     timeout=dice.choice((10, 1000, 3000)), attempts=dice.choice((1, 3)))
            for index in sorted(dice.sample(range(20), dice.randint(1, 6)))]
    return settings(ones, [card(0)], ports=some(), shutdown=dice.random() < 0.8,
                    threshold=dice.randint(1, len(nodes.grouped(ones))))


def decided(found, failed):
    """The Decision after all have been active and then these listeners have failed."""
    states = dict((one.index, ACTIVE) for one in found.listeners)
    before = decision.decide(found, states, decision.UNDECIDED)
    states.update((one.index, FAILED) for one in failed)
    return before, decision.decide(found, states, before)


def wait(found, failed):
    """ms from the last heartbeat of these listeners until the rules say bypass, one timeout after the other."""
    for after in sorted(one.timeout * one.attempts for one in failed):
        if decided(found, [one for one in failed if one.timeout * one.attempts <= after])[1].state == BYPASS:
            return after


@pytest.mark.parametrize('seed', range(150))
def test_what_is_told_is_what_the_rules_decide(seed):
    found = any_settings(random.Random(seed))
    groups = dict(nodes.grouped(found.listeners))
    told, untold = consequences.effects(found)

    assert (sorted(name for one in told for name in one.names), untold) == (sorted(groups), 0)
    for one in told:
        for name in one.names:
            before, after = decided(found, groups[name])
            gone = [port for port in after.ports if (before.ports[port], after.ports[port]) == ('up', DOWN)]
            assert (one.state, one.ports) == (after.state, tuple(sorted(gone, key=natural)))
            assert one.after == max(way.timeout * way.attempts for way in groups[name])


@pytest.mark.parametrize('seed', range(60))
def test_so_many_failures_are_survived_and_one_more_is_not_whichever_they_are(seed):
    found = any_settings(random.Random(seed))
    groups, kept = [ways for _, ways in nodes.grouped(found.listeners)], consequences.survived(found)
    sets = dict((count, [sum(chosen, []) for chosen in itertools.combinations(groups, count)])
                for count in (kept, kept + 1))

    assert set(decided(found, chosen)[1].state for chosen in sets[kept]) == set([NORMAL])
    slowest = max(wait(found, chosen) for chosen in sets[kept + 1])
    lines = consequences.lines(found)
    assert '%d failed' % (kept + 1) in lines[1]
    assert not kept or ' %g s after their last heartbeats' % (slowest / 1000.0) in lines[2]


def test_many_nodes_are_told_in_few_lines_of_80_columns():
    ones = [listener(index, node='node-%s-%d' % ('x' * 20, index), ports=('interface%06d' % index, 'sw0'), **CALM)
            for index in range(600)]
    same = [listener(index, node='node-%s-%d' % ('y' * 20, index), ports=tuple(
        'interface%06d' % number for number in range(64)), **CALM) for index in range(1000, 1600)]
    found = told(same + ones, threshold=600)

    assert len(found) <= 4 + 3 * consequences.MOST and max(len(line) for line in found) <= 80
    assert found[-1] == '... and 585 more'
