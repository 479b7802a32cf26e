"""The list of faults that the simulated world must find: it fits the code, and easy faults are still found at once."""
import pytest

from sim import mutants, mutations

EVERY = mutants.every()
QUICK = ('threshold', 'held', 'attempts')


def test_what_is_to_be_replaced_is_there_exactly_once():
    assert [change.path for mutant in EVERY for change in mutant.changes
            if mutants.replaced(mutants.read(change.path), change) == mutants.read(change.path)] == []


def test_each_fault_has_a_name_of_its_own_and_is_found_or_lies_outside():
    names = [mutant.name for mutant in EVERY]

    assert sorted(set(names)) == sorted(names)
    assert [mutant.name for mutant in EVERY if bool(mutant.changes) != (mutant.outside == '')] == []
    assert [mutant.name for mutant in EVERY if not (mutant.within or mutant.outside or mutant.missed)] == []


@pytest.mark.parametrize('text', ['a\nb\n', 'x\n', 'a b\na\nb\nx\na\nb\n'])
def test_what_is_not_there_once_is_refused(text):
    change = mutants.Change('somewhere', 'a\nb\nx\n', 'y\n')
    if text.count(change.old) == 1:
        text += change.old

    with pytest.raises(mutants.Stale):
        mutants.replaced(text, change)


@pytest.mark.parametrize('mutant', [mutant for mutant in EVERY if mutant.name in QUICK], ids=QUICK)
def test_what_is_found_at_once_still_is(mutant):
    assert mutations.search(mutant, 12)[0] is not None
