import os

from soak import growth
from soak.growth import Sample

FIRST = Sample(0, 1, 18000, 200, 65, 2, 5000, 10)


def life(memories, **last):
    samples = [FIRST._replace(at=10 * number, memory=memory) for number, memory in enumerate(memories)]
    return samples[:-1] + [samples[-1]._replace(**last)]


def test_what_stays_has_not_grown():
    assert growth.judge(life([18000] * 9)) == []


def test_memory_that_rises_all_the_time_has_grown():
    assert growth.judge(life(range(18000, 24000, 600))) == ['memory rises by 1800 KiB in 30 s']


def test_memory_that_rises_at_first_and_then_stays_has_not_grown():
    assert growth.judge(life([18000, 20000, 22000, 22800, 22900] + [23000] * 6)) == []


def test_memory_that_goes_up_and_down_has_not_grown():
    assert growth.judge(life([18000, 19500] * 10)) == []


def test_memory_that_rises_very_fast_has_grown_in_a_short_time():
    assert growth.judge(life([18000, 27000])) == ['memory 18000 KiB, then 27000 KiB']


def test_one_descriptor_or_thread_more_has_grown():
    assert growth.judge(life([18000] * 3, descriptors=201, threads=66)) == [
        'descriptors 200, then 201', 'threads 65, then 66']


def test_a_child_that_is_not_collected_yet_has_not_grown_and_several_have():
    assert growth.judge(life([18000] * 3, children=7)) == []
    assert growth.judge(life([18000] * 3, children=8)) == ['children 8']


def test_a_process_is_there_until_it_ends_whoever_has_its_number_then():
    here = growth.marked([os.getpid()])

    assert growth.still_there(here) == here
    assert growth.still_there({os.getpid(): ['1']}) == {}
    assert growth.marked([0]) == {}
