"""blindness.py: the switch itself may be blind if all listeners of an interface failed together and it has no link."""
import pytest

from fbmon.listeners.roster import Member
from fbmon.network import blindness, picture
from fbmon.network.carrier import Carrier
from fbmon.rules.states import ACTIVE, FAILED, UNKNOWN
from settings import listener

UP = '2: eth0: <UP> mtu 1 qdisc mq'
SHUT = '2: eth0: <BROADCAST> mtu 1 qdisc mq'
DARK, LIT, ELSEWHERE = Carrier(False, 1, 2), Carrier(True, 0, 2), Carrier(False, None, None)
CABLE = 'the switch itself may be blind: interface eth0 has no carrier (look at its cable and its other end, and at: ' \
    'ip link show eth0)'


class Ear(object):
    def __init__(self, settings):
        self.settings = settings


def members(*states, **fields):
    """Members of eth0. states: (state, since when) of each."""
    return [Member(Ear(listener(index, **fields)), state, since) for index, (state, since) in enumerate(states)]


def of(found, lines=(UP,), light=DARK):
    """(the reason, the problems) of eth0. lines: what `ip` says of it; light: its Carrier."""
    shown = None if lines is None else picture.of(lines)
    return blindness.reason(found, 'eth0', shown, lambda name: light), \
        blindness.problems(found, shown, lambda name: light)


NOTHING = '', []
TOGETHER = (FAILED, 100.0), (FAILED, 102.9)


@pytest.mark.parametrize('lines, light, words', [
    ([UP], DARK, CABLE),
    ([SHUT], DARK, 'the switch itself may be blind: interface eth0 is down (to bring it up: ip link set eth0 up)'),
    ([], ELSEWHERE, 'the switch itself may be blind: interface eth0 is not there (look at its module or driver, and '
                    'at: ip link)')])
def test_the_words_say_what_is_wrong_with_the_link_and_what_to_look_at(lines, light, words):
    assert of(members(*TOGETHER), lines, light) == ('; ' + words, ['listeners 0-1 failed together: ' + words])


def test_one_listener_is_all_of_an_interface_with_one():
    assert of(members((FAILED, 100.0))) == ('; ' + CABLE, ['listener 0 failed: ' + CABLE])


@pytest.mark.parametrize('what, lines, light', [
    ('a lit interface', [UP], LIT), ('nobody watches the kernel yet', None, DARK),
    ('sysfs of another namespace', [UP], ELSEWHERE)])
def test_a_switch_that_can_hear_or_of_which_nothing_is_known_is_not_called_blind(what, lines, light):
    assert of(members(*TOGETHER), lines, light) == NOTHING


@pytest.mark.parametrize('states', [
    [(FAILED, 100.0), (ACTIVE, 50.0)], [(FAILED, 100.0), (UNKNOWN, 50.0)], [(FAILED, 100.0), (FAILED, 103.1)], []])
def test_listeners_that_did_not_all_fail_within_a_timeout_of_each_other_have_failed_for_another_reason(states):
    assert of(members(*states)) == NOTHING


def test_nothing_is_asked_of_the_listeners_that_have_failed_while_one_is_active():
    found = [Member(None, FAILED, 100.0)] * 999 + members((ACTIVE, 50.0))

    assert blindness.reason(found, 'eth0', picture.of([UP])) == ''


def test_the_timeout_is_all_attempts_of_the_most_patient_listener():
    one, other = members((FAILED, 100.0), (FAILED, 108.9))
    other.listener.settings = listener(1, attempts=3)

    assert of([one, other])[0] == '; ' + CABLE
    other.listener.settings = listener(1, attempts=2)
    assert of([one, other]) == NOTHING


def test_each_interface_counts_by_itself():
    apart = [Member(Ear(listener(7, interface='eth1')), ACTIVE, 0.0),
             Member(Ear(listener(8, interface='eth2')), FAILED, 9.0)]
    found = members(*TOGETHER) + apart

    assert of(found)[0] == '; ' + CABLE
    assert [line.partition(' failed')[0] for line in of(found)[1]] == ['listeners 0-1', 'listener 8']
    assert blindness.reason(found, 'eth1', picture.of([UP]), lambda name: DARK) == ''
