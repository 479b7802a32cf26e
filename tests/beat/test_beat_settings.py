"""settings.py: what a sender may be told."""
import pytest

from fbmon.beat.settings import Aim, Mistake, Settings, make


def test_the_defaults_and_all_that_can_be_given():
    assert make(['10.0.0.1', '3000']) == Settings([Aim('10.0.0.1', 3000, None)], 1.0, None, 1, None, None, None)
    assert make(['fe80::1%eth0', '1', 'FE80::2%eth0', '65535'], 200, 'true', 5, 'fe80::3', 'eth0', 7) == Settings(
        [Aim('fe80::1', 1, 'eth0'), Aim('fe80::2', 65535, 'eth0')], 0.2, 'true', 5, 'fe80::3', 'eth0', 7)
    assert make(['fe80::1', '1'], interface='eth0').targets == [Aim('fe80::1', 1, None)]


@pytest.mark.parametrize('interval, every', [(100, 1), (1000, 1), (1999, 1), (3600000, 3600)])
def test_a_check_is_run_as_often_as_heartbeats_are_sent_but_once_a_second_at_most(interval, every):
    assert make(['10.0.0.1', '1'], interval, 'true').every == every


@pytest.mark.parametrize('words, options, key, why', [
    ([], {}, 'targets', 'give an address and a port for each target'),
    (['10.0.0.1'], {}, 'targets', 'give an address and a port for each target'),
    (['10.0.0.1', '3000', '10.0.0.2'], {}, 'targets', 'give an address and a port for each target'),
    (['switch.example', '3000'], {}, 'targets', 'switch.example 3000: not an IP address; give an IPv4'),
    (['10.0.0.1', '0'], {}, 'targets', "10.0.0.1 0: '0': give a whole number from 1 to 65535"),
    (['10.0.0.1', '3000x'], {}, 'targets', 'give a whole number'),
    (['10.0.0.255%eth0', '1'], {}, 'targets', 'a zone (%) is not part of the address'),
    (['fe80::1%', '1'], {}, 'targets', 'a zone (%) is not part of the address'),
    (['fe80::1', '1'], {}, 'targets', 'which interface? give it with the address, as in fe80::1%eth0'),
    (['fe80::1%eth1', '1'], {'interface': 'eth0'}, 'interface', 'eth0 is not the interface of fe80::1%eth1'),
    (['224.0.0.1', '1'], {}, 'targets', 'a multicast address'),
    (['10.0.0.1', '1'], {'every': 2}, 'every', 'there is no check'),
    (['10.0.0.1', '1'], {'source': 'x'}, 'source', 'x: not an IP address'),
    (['10.0.0.1', '1', '::1', '1'], {'source': '::2'}, 'source', 'of IPv6 cannot send to 10.0.0.1; use one sender'),
    (['10.0.0.1', '1'], {'interface': 'a b'}, 'interface', "'a b' cannot be the name of an interface"),
    (['10.0.0.1', '1'], {'interface': 'sixteen-letters-'}, 'interface', 'cannot be the name'),
])
def test_a_mistake_says_which_part_is_wrong_and_what_would_be_right(words, options, key, why):
    with pytest.raises(Mistake) as caught:
        make(words, **options)

    assert (caught.value.key, why in caught.value.why) == (key, True), caught.value.why
