"""moments.py: what a person may write for a moment, and what the log has written."""
import pytest

from fbmon.base import moments


@pytest.fixture(autouse=True)
def vienna(zone):
    zone('CET-1CEST,M3.5.0,M10.5.0/3')


@pytest.mark.parametrize('text, seconds', [
    ('2026-11-01', 1793487600), ('2026-11-01T03:00', 1793498400), ('2026-11-01 03:00:05', 1793498405),
    ('2026-07-01T00:00', 1782856800), ('2026-11-01T03:00:05.250', 1793498405.25),
    ('2026-11-01T03:00:05.250+00:00', 1793502005.25), ('2026-11-01T03:00-0130', 1793507400),
    ('2026-11-01T02:00Z', 1793498400), ('1970-01-01T00:00Z', 0), ('2000-02-29T00:00Z', 951782400),
    ('2024-12-31T23:59:59Z', 1735689599)])
def test_a_moment_is_local_time_unless_it_says_otherwise(text, seconds):
    assert moments.parse(text) == seconds


@pytest.mark.parametrize('seconds', [0.0, 1793487600.125, 1782856800.5, 951782400.0])
def test_what_the_log_has_is_the_moment_that_it_was(seconds):
    assert moments.parse(moments.text(int(seconds), seconds % 1 * 1000)) == seconds
    assert moments.parse(moments.short(seconds)) == int(seconds)


@pytest.mark.parametrize('text', ['', '30d', '2026', '2026-11', '2026-13-01', '2026-00-01', '2026-02-29', '2026-11-31',
                                  '2026-11-01T24:00', '2026-11-01T03', '2026-11-01T03:60', '2026-11-01x',
                                  '2026-11-01T03:00:60', '1900-01-01', '2026-11-01\n', 'now', '2026-11-01T03:00+1'])
def test_anything_else_is_no_moment(text):
    assert moments.parse(text) is None
