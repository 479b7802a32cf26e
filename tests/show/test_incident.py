"""incident.py: the last outage in about ten lines, from the history that the daemon answers."""
import os
import random
import re
import textwrap
import time

import pytest

import helpers
from fbmon.base import moments
from fbmon.memory.history import RELOAD, TAKEN
from fbmon.rules.states import ABSENT, ACTIVE, BYPASS, FAILED, NORMAL, PRESENT, UNCONFIGURED, UNKNOWN
from fbmon.show import incident

# 2026-11-28 03:12:05 UTC.
NIGHT = 1795835525


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """The place of the tests is Greenwich."""
    monkeypatch.setattr(moments, 'short', lambda at: time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(at)))


def one(at, kind, name, new, why='why', called=None):
    return {'at': NIGHT + at, 'kind': kind, 'name': name, 'from': '?', 'to': new, 'why': why, 'called': called}


def node(at, index, new, why='no heartbeat for 3000 ms', named=True):
    return one(at, 'listener', '%d' % index, new, why, 'dpi-%d' % (index + 1) if named else None)


def state(at, new, why='2 failed >= 2'):
    return one(at, 'global', 'state', new, why)


def status(history, states=(ACTIVE, ACTIVE, ACTIVE), now=NORMAL, named=True, **fields):
    """The status after this history. states: of the nodes dpi-1, dpi-2, ..."""
    rows = [{'name': 'dpi-%d' % (index + 1) if named else '%d' % index, 'state': word}
            for index, word in enumerate(states)]
    return dict({'state': now, 'nodes': rows, 'cards': [], 'ports': [], 'problems': [], 'history': history}, **fields)


def told(history, at, *arguments, **fields):
    """[The lines] so many seconds after the night's begin."""
    return incident.text(status(history, *arguments, **fields), NIGHT + at).splitlines()


def test_the_story_of_the_page_is_told_as_the_page_has_it():
    history = [node(-9000, 2, FAILED), node(-8990, 2, ACTIVE),
               node(0, 0, FAILED), node(140, 1, FAILED), state(140, BYPASS), node(170, 1, ACTIVE), state(170, NORMAL),
               node(480, 1, FAILED), state(480, BYPASS), node(520, 1, ACTIVE), state(520, NORMAL)]
    page = helpers.read(os.path.join(helpers.ROOT, 'docs', 'operations.md'))
    shown = page.partition('    # fbypass_ctl show --incident\n')[2].partition('\n\n')[0]

    assert '\n'.join(told(history, 1700, (FAILED, ACTIVE, ACTIVE))) == textwrap.dedent(shown)


def test_without_any_there_is_none_to_tell_of():
    assert incident.text(status([node(0, 0, ACTIVE)]), NIGHT) == textwrap.fill(
        incident.NONE, 80, subsequent_indent='  ') + '\n  nothing is wrong now\n'


def test_one_that_is_over_has_its_end_and_what_is_wrong_now_may_be_something_else():
    history = [node(0, 0, FAILED, named=False), node(60, 0, ACTIVE, named=False)]
    wrong = {'wanted': PRESENT, 'actual': ABSENT}

    assert told(history, 9000, (ACTIVE, UNCONFIGURED), named=False, cards=[wrong], problems=['a', 'b']) == [
        'from 2026-11-28 03:12:05 to 2026-11-28 03:13:05, 1m0s',
        '  first: listener 0 failed: no heartbeat for 3000 ms',
        '  listener 0 failed once, for 1m0s', '  no bypass',
        '  still wrong: listener 1: unconfigured; 1 card or port is not as wanted; 2',
        '    problems, see fbypass_ctl show']


def test_what_begins_ten_minutes_after_the_end_is_the_same_incident_and_later_another_one():
    history = [node(0, 0, FAILED), node(10, 0, ACTIVE), node(610, 0, FAILED), node(620, 0, ACTIVE)]
    assert told(history, 9000)[0] == 'from 2026-11-28 03:12:05 to 2026-11-28 03:22:25, 10m20s'
    history = history[:2] + [node(611, 0, FAILED), node(620, 0, ACTIVE)]
    assert told(history, 9000)[0] == 'from 2026-11-28 03:22:16 to 2026-11-28 03:22:25, 9.0s'


def test_of_many_the_worst_nodes_and_the_first_bypasses_have_a_line_and_the_others_are_counted():
    history = []
    for count in range(20):
        history += [node(100 * count, count % 6, FAILED), state(100 * count, BYPASS),
                    node(100 * count + 5 + count % 6, count % 6, ACTIVE), state(100 * count + 20, NORMAL)]
    lines = told(history, 9000)

    assert lines == [
        'from 2026-11-28 03:12:05 to 2026-11-28 03:44:05, 32m0s',
        '  first: dpi-1 failed: no heartbeat for 3000 ms',
        '  dpi-6 failed 3 times, 30s in all, 10s at most', '  dpi-5 failed 3 times, 27s in all, 9.0s at most',
        '  dpi-2 failed 4 times, 24s in all, 6.0s at most', '  dpi-4 failed 3 times, 24s in all, 8.0s at most',
        '  2 more nodes failed 7 times, 41s in all, 7.0s at most'] + [
        '  bypass at 2026-11-28 03:%s for 20s: 2 failed >= 2' % at for at in ('12:05', '13:45', '15:25')] + [
        '  16 more bypasses, 5m20s in all', '  bypass at 2026-11-28 03:43:45 for 20s: 2 failed >= 2',
        '  nothing is wrong now']


def test_a_bypass_that_goes_on_over_a_restart_is_one_and_the_restart_is_told():
    history = [state(0, BYPASS, 'override bypass by alice'), state(30, UNKNOWN, 'stopped'), node(31, 0, UNKNOWN),
               state(35, BYPASS, 'override bypass by alice')]

    assert told(history, 100, now=BYPASS) == [
        'since 2026-11-28 03:12:05, for 1m40s so far',
        '  first: the state went to bypass: override bypass by alice',
        '  bypass at 2026-11-28 03:12:05 for 1m40s so far: override bypass by alice',
        '  the daemon ended once meanwhile, first at 2026-11-28 03:12:35 (stopped)',
        '  still wrong: the state is bypass']


def test_a_node_with_several_ways_is_told_of_once():
    history = [one(0, 'listener', '0', FAILED, called='dpi-1'), one(3, 'listener', '1', FAILED, called='dpi-1'),
               one(3, 'node', 'dpi-1', FAILED, '0 of 2 launched listeners are active'),
               one(9, 'node', 'dpi-1', ACTIVE), one(9, 'listener', '0', ACTIVE, called='dpi-1')]

    assert told(history, 100)[:3] == [
        'from 2026-11-28 03:12:08 to 2026-11-28 03:12:14, 6.0s',
        '  first: dpi-1 failed: 0 of 2 launched listeners are active', '  dpi-1 failed once, for 6.0s']


def test_one_way_of_a_node_that_fails_is_no_failed_node_though_the_history_knows_no_more_of_the_node():
    ways = [{'node': 'dpi-1', 'state': FAILED}, {'node': 'dpi-1', 'state': ACTIVE}]
    shown = status([one(0, 'listener', '0', FAILED, called='dpi-1')], (ACTIVE,), listeners=ways)
    assert incident.text(shown, NIGHT + 100).startswith('no incident is known')

    # It is the only one that was launched.
    ways[1]['state'] = UNCONFIGURED
    assert 'dpi-1 failed once' in incident.text(shown, NIGHT + 100)


def test_a_node_that_a_reload_has_removed_is_failed_until_then():
    history = [node(0, 7, FAILED), one(50, RELOAD, 'file', TAKEN), one(70, RELOAD, 'file', TAKEN)]

    assert told(history, 100)[:3] == [
        'from 2026-11-28 03:12:05 to 2026-11-28 03:12:55, 50s',
        '  first: dpi-8 failed: no heartbeat for 3000 ms', '  dpi-8 failed once, for 50s']


def test_a_node_whose_removal_the_history_has_was_failed_until_then_without_a_daemon_too():
    history = [node(0, 0, FAILED), node(0, 1, FAILED), node(60, 0, UNCONFIGURED), node(90, 1, ACTIVE)]

    found = incident.spans({'history': history}, NIGHT + 300)

    assert [(span.what, span.end) for span in found] == [('dpi-1', NIGHT + 60), ('dpi-2', NIGHT + 90)]


def test_a_node_that_is_well_after_a_boot_was_failed_until_then():
    history = [node(0, 0, FAILED), dict(state(600, NORMAL, '0 failed < 2'), **{'from': UNKNOWN})]
    assert told(history, 9000)[0] == 'from 2026-11-28 03:12:05 to 2026-11-28 03:22:05, 10m0s'
    assert told([history[0], state(300, UNKNOWN, 'stopped'), history[1]], 9000)[2] == '  dpi-1 failed once, for 10m0s'

    again = dict(node(599, 0, FAILED), **{'from': UNKNOWN})
    assert told([history[0], again, history[1]], 9000, (FAILED,))[2] == '  dpi-1 failed once, for 2h30m'
    by_hand = dict(state(600, BYPASS, 'force_on by alice'), **{'from': UNKNOWN})
    within = [state(300, UNKNOWN, 'no usable threshold'), history[1]]
    for more in [by_hand], within:
        assert told(history[:1] + more, 9000, (FAILED,))[2] == '  dpi-1 failed once, for 2h30m'


def test_without_a_daemon_it_is_told_as_it_was_left():
    text = incident.text({'history': [node(0, 0, FAILED), state(0, BYPASS), state(9, UNKNOWN, 'stopped')]}, NIGHT + 60)

    assert text.splitlines()[0] == 'since 2026-11-28 03:12:05, for 1m0s so far'
    assert text.splitlines()[-1] == '  what is wrong now is not known: no daemon answers'


@pytest.mark.parametrize('seed', range(30))
def test_any_history_is_told_in_few_lines_of_80_columns(seed):
    dice, history, at = random.Random(seed), [], 0
    for _ in range(200):
        # The wall clock may be set back.
        at += dice.choice((0, 0.3, 5, 50, 700, -400))
        history.append(dice.choice([
            node(at, dice.randrange(70), dice.choice((FAILED, ACTIVE, UNKNOWN, UNCONFIGURED)), named=seed % 2 == 0),
            state(at, dice.choice((BYPASS, NORMAL, UNKNOWN))), one(at, RELOAD, 'file', TAKEN),
            one(at, 'card', '10.0.0.1', ABSENT), one(at, 'node', 'dpi-3', dice.choice((ACTIVE, FAILED)))]))
    lines = told(history, at, tuple(dice.choice((FAILED, ACTIVE, UNKNOWN)) for _ in range(70)),
                 dice.choice((NORMAL, BYPASS, UNKNOWN)), seed % 2 == 0)

    assert len(lines) <= 20 and max(map(len, lines)) <= 80
    assert not [line for line in lines if re.search('-[0-9.]+s', line)]
    assert incident.text({'history': history}, NIGHT + at)
