"""words.py: numbers and names as a person reads them."""
import pytest

from fbmon.base import words
from fbmon.config.schema import SCHEMA


@pytest.mark.parametrize('numbers, text', [([], ''), ([3], '3'), ([0, 1, 2, 5, 7, 8], '0-2, 5, 7-8')])
def test_numbers_in_a_row_are_a_range(numbers, text):
    assert words.indexes(numbers) == text


def test_names_are_in_natural_order():
    names = ['10', '2', 'e101-002-0', 'e101-010-0', 'eth', 'eth0', 'sw1', 'sw01', 'sw2', 'sw2.5', 'sw10']

    assert sorted(reversed(sorted(names)), key=words.natural) == [
        '2', '10', 'e101-002-0', 'e101-010-0', 'eth', 'eth0', 'sw01', 'sw1', 'sw2', 'sw2.5', 'sw10']


@pytest.mark.parametrize('name, names, meant', [
    ('dpi1', ['dpi-1', 'dpi-2', 'dpi-3'], ['dpi-1']), ('dpi-9', ['dpi-10', 'dpi-2', 'dpi-1'], ['dpi-1', 'dpi-2']),
    ('dpi-9', ['dpi-1', 'dpi-2', 'dpi-3', 'dpi-4'], []), ('x', ['dpi-1'], []), ('', ['dpi-1'], []), ('dpi-1', [], [])])
def test_of_names_that_are_equally_alike_none_is_preferred(name, names, meant):
    assert words.likely(name, names) == meant


@pytest.mark.parametrize('name, meant', [
    ('LOG_LEVLE', 'LOG_LEVEL'), ('LOGLEVEL', 'LOG_LEVEL'), ('LEVEL', 'LOG_LEVEL'), ('HB_PORT', 'LISTEN_HB_PORT'),
    ('LISTEN_HB_PROT', 'LISTEN_HB_PORT'), ('LISTN_HEARTBAET_FAILD', 'LISTEN_HEARTBEAT_FAILED'), ('PATH', None),
    ('LISTEN_HEARTBEAT_ATTEMTPS', 'LISTEN_HEARTBEAT_ATTEMPTS'), ('BYPASS', 'BYPASS_RETURN'), ('X', None), ('', None)])
def test_a_mistyped_name_finds_the_one_that_was_meant(name, meant):
    assert words.nearest(name, SCHEMA) == meant
