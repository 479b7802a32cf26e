"""tuples.py: values with names, as collections.namedtuple has them."""
import collections
import copy

import pytest

from fbmon.base.tuples import namedtuple

Pair = namedtuple('Pair', 'one two')
Nothing = namedtuple('Nothing', '')
Theirs = collections.namedtuple('Pair', 'one two')


def test_it_is_what_the_library_would_have_made():
    ours, theirs = Pair(1, two='2'), Theirs(1, two='2')

    assert (repr(ours), ours, hash(ours), ours._fields) == (repr(theirs), theirs, hash(theirs), theirs._fields)
    assert (ours.one, ours.two, ours[1], sorted([Pair(2, 0), ours])[0]) == (1, '2', '2', ours)
    assert (ours._replace(two=3), type(ours._replace(two=3)), copy.deepcopy(ours)) == (Theirs(1, 3), Pair, ours)
    assert not hasattr(ours, '__dict__')


def test_one_without_members_is_a_value_too():
    assert (Nothing(), repr(Nothing()), type(Nothing())) == ((), 'Nothing()', Nothing)


@pytest.mark.parametrize('wrong', [lambda: Pair(1), lambda: Pair(1, 2, 3), lambda: Pair(1, three=3)])
def test_it_takes_its_own_members_and_no_others(wrong):
    with pytest.raises(TypeError):
        wrong()


def test_a_name_that_it_does_not_have_cannot_be_replaced():
    with pytest.raises(ValueError) as raised:
        Pair(1, 2)._replace(three=3)

    assert str(raised.value) == 'Pair has no three'


def test_no_member_can_be_changed():
    with pytest.raises(AttributeError):
        Pair(1, 2).one = 3
