"""causes.py reads words that other modules write: here they write them."""
import pytest

from fbmon.base import moments
from fbmon.daemon import reasons, telling
from fbmon.memory.history import History, Transition
from fbmon.report import causes
from fbmon.report.causes import Action, Cause
from fbmon.rules import decision, orders
from fbmon.rules.states import ACTIVE, BYPASS, FAILED, MAINTENANCE, NORMAL
from settings import config, listener


class Records(object):
    error = None

    def read(self):
        return []

    def rewrite(self, lines):
        pass

    def append(self, lines, longest, everything):
        pass


@pytest.mark.parametrize('states', [
    {0: FAILED, 1: ACTIVE}, {0: FAILED, 1: FAILED}, {0: FAILED, 1: MAINTENANCE}, {0: MAINTENANCE, 1: FAILED}])
@pytest.mark.parametrize('threshold', [1, 2])
@pytest.mark.parametrize('node', [None, 'dpi-%d'])
def test_the_rules_words_name_the_nodes(states, threshold, node):
    settings = config([listener(0, node=node and node % 0), listener(1, node=node and node % 1)],
                      threshold=threshold).settings
    why = decision.reason(settings, BYPASS, states)

    assert causes.of_bypass(why, ['dpi-0'], None) == Cause('nodes', 'dpi-0', '')


@pytest.mark.parametrize('by', ['alice', 'uid 0', 'somebody until noon'])
@pytest.mark.parametrize('until', [None, 1700000000.5])
@pytest.mark.parametrize('reason', ['', 'fibre work: by night until 6', 'by bob'])
def test_the_words_of_an_order_give_back_who_and_why(by, until, reason):
    words = orders.words(orders.Order(by, 1.0, until, reason), moments.short)
    assert causes.order(words) == (by, reason)
    assert causes.of_bypass('override bypass ' + words, [], None) == Cause('operator', by, reason)


def test_other_bypasses_have_their_causes():
    before = Cause('nodes', 'dpi-2', '')

    assert causes.of_bypass(reasons.GOING_DOWN, [], None) == Cause('shutdown', '', '')
    assert causes.of_bypass('force_on by alice', [], None) == Cause('operator', 'alice', '')
    assert causes.of_bypass(causes.TO_RETURN + 'returns in 2 s', [], before) == before
    assert causes.of_bypass(causes.TO_RETURN + 'returns in 2 s', ['dpi-1'], None) == Cause('nodes', 'dpi-1', '')
    assert causes.of_bypass('words of another version', ['dpi-1'], None) == Cause(
        'other', '', 'words of another version')
    assert causes.observed(telling.WOULD + '1 failed >= 1') and not causes.observed('1 failed >= 1')


def test_a_start_after_a_crash_and_a_force_say_so_in_the_words_that_are_known():
    notes = []
    history = History(Records(), tell=notes.append)
    history.note('global', 'state', 'unknown', NORMAL, 'x')
    history.begin()
    history.force(BYPASS, 'force_on by alice')
    history.begin()

    assert [(causes.DIED in one.why, one.why.startswith(causes.STARTED), causes.forced(one.why))
            for one in notes[1:]] == [(True, True, False), (False, False, True), (False, True, False)]


@pytest.mark.parametrize('why, switches', [
    ('3 components kept; changed: OBSERVE', True), ('3 components kept; changed: LOG_LEVEL, OBSERVE', True),
    ('3 components kept; changed: A, B, C, D, OBSERVE and 2 more', True), ('3 kept; changed: OBSERVER', False),
    ('3 components kept; changed: LOG_LEVEL', False), ('OBSERVE', False)])
def test_a_reload_that_changes_observe_is_known(why, switches):
    assert causes.switches_observing(why) == switches


@pytest.mark.parametrize('kind, name, new, why, action', [
    ('reload', 'file', 'refused', '.env:3: x', Action(5, 'reload refused', '', '.env:3: x')),
    ('operator', 'override', 'freeze', 'by alice: x', Action(5, 'override freeze', 'alice', 'x')),
    ('operator', 'dpi-1', 'maintenance', 'by alice', Action(5, 'maintenance of dpi-1 on', 'alice', '')),
    ('operator', 'dpi-1', 'off', 'its time is over', Action(5, 'maintenance of dpi-1 off', '', 'its time is over')),
    ('global', 'state', 'normal', 'force_off by bob', Action(5, 'force_off', 'bob', '')),
    ('global', 'state', 'normal', 'fbypass_ctl return by bob', Action(5, 'fbypass_ctl return', 'bob', '')),
    ('global', 'state', 'normal', '0 failed < 1', None), ('card', 'a', 'absent', 'force_on by bob', None)])
def test_what_is_done_by_hand_is_an_action(kind, name, new, why, action):
    assert causes.action(5, Transition(5, kind, name, 'x', new, why)) == action
