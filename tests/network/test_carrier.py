"""carrier.py: whether an interface has carrier, by files like those of sysfs."""
import os

import pytest

from fbmon.network import carrier
from fbmon.network.carrier import Carrier
from helpers import write


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(carrier, 'PLACE', str(tmp_path / '%s-%s'))
    return tmp_path


def test_what_sysfs_says(place):
    for name, text in (('carrier', '1'), ('carrier_changes', '7'), ('ifindex', '2'), ('operstate', 'up')):
        write(place / ('eth0-' + name), text + '\n')

    assert (carrier.read('eth0'), carrier.noted('eth0')) == (Carrier(True, 7, 2), Carrier(True, None, 2))
    # The kernel says so while the interface is down.
    write(place / 'eth0-carrier', '')
    assert carrier.read('eth0') == Carrier(False, 7, 2)
    assert carrier.read('eth1') == carrier.noted('eth1') == Carrier(False, None, None)


@pytest.mark.parametrize('word, here', [
    ('up', True), ('unknown', True), ('dormant', True), ('down', False), ('lowerlayerdown', False),
    ('notpresent', False)])
def test_what_is_noted_needs_no_file_that_waits_for_the_lock_of_the_kernel(place, word, here):
    # Whoever opens it waits for ever.
    os.mkfifo(str(place / 'eth0-carrier'))
    write(place / 'eth0-operstate', word + '\n')
    write(place / 'eth0-ifindex', '2\n')

    assert carrier.noted('eth0') == Carrier(here, None, 2)
