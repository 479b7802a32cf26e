"""layout.py: figures are short and never say more than there is."""
import pytest

from fbmon.show import layout


@pytest.mark.parametrize('number, text', [
    (0, '0'), (99999, '99999'), (100000, '100.0k'), (999999, '999.9k'), (1000000, '1.0M'), (315360000, '315.3M'),
    (31536000000, '31.5G')])
def test_a_count_is_short_and_never_more_than_it_is(number, text):
    assert layout.amount(number) == text


@pytest.mark.parametrize('seconds, text', [
    (None, '-'), (0, '0.0s'), (0.04, '0.0s'), (9.94, '9.9s'), (10.4, '10s'), (59.9, '59s'), (60, '1m0s'),
    (3599, '59m59s'), (3600, '1h0m'), (86399, '23h59m'), (86400, '1d0h'), (1e8, '1157d9h'), (-0.0001, '0.0s'),
])
def test_a_duration_shows_its_two_largest_units(seconds, text):
    assert layout.duration(seconds) == text


@pytest.mark.parametrize('host, port, text', [
    ('10.0.0.1', 3000, '10.0.0.1:3000'), ('fd00::1', 3000, '[fd00::1]:3000'), (None, 3000, '?:3000'),
    ('10.0.0.1', None, '10.0.0.1:?')])
def test_an_address_is_shown_with_its_port(host, port, text):
    assert layout.address(host, port) == text
