"""All histories of a switch with one to three listeners, one card and one port, compared with the specification.

FASTBYPASS_DEPTH=N makes all of them N events longer. With 2 they take minutes instead of seconds.
"""
import logging
import os

import pytest

from fbmon.rules import decision
from fbmon.rules.states import ACTIVE, BYPASS, NORMAL, UNKNOWN
from sim.exhaustive import Search

MORE = int(os.environ.get('FASTBYPASS_DEPTH', '0'))


@pytest.fixture(autouse=True)
def quiet():
    """Turns the log off, which would take most of the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize('listeners, depth, histories', [(1, 6, 2600000), (2, 4, 30000), (3, 4, 50000)])
def test_every_history_ends_as_the_specification_says(listeners, depth, histories):
    search = Search(listeners, depth + MORE)

    count = search.run()

    assert search.wrong is None
    print('%d listeners: %d histories of %d events, %d states' % (listeners, count, depth + MORE, len(search.leads)))
    # A search that merges too many states, or has no events, would prove nothing.
    assert count >= histories


def too_late(pulse, _attempts):
    """A listener that never fails."""
    return pulse._replace(missed=pulse.missed + 1)


def never_held(settings, states):
    """What is not known counts as not failed."""
    return decision.global_state(settings.threshold, states)


def not_held(threshold, states):
    """The threshold alone decides, even if all listeners have failed."""
    return UNKNOWN if threshold is None else BYPASS if list(states.values()).count('failed') >= threshold else NORMAL


@pytest.mark.parametrize('rule, broken, listeners', [
    ('fbmon.rules.heartbeat.after_timeout', too_late, 1),
    ('fbmon.rules.decision.judged', never_held, 1),
    ('fbmon.rules.decision.global_state', not_held, 2),
    ('fbmon.rules.decision.ACTIVE', 'x' + ACTIVE, 1),
    ('fbmon.rules.wanted.left_behind', lambda known, items: set(), 1)])
def test_a_broken_rule_is_found(monkeypatch, rule, broken, listeners):
    monkeypatch.setattr(rule, broken)
    search = Search(listeners, 4)

    search.run()

    assert search.wrong
