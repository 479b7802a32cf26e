"""text.py, document.py and page.py: the same figures for a console, a program and a browser."""
import json
import re
from xml.etree import ElementTree

import pytest

from fbmon.memory.history import Transition
from fbmon.report import document, lanes, page, text
from fbmon.report.escaping import html
from fbmon.report.figures import figures

DAY = 86400.0
BEGIN = 20000 * DAY
EVIL = '<script>alert("1")</script> & \'x\''


def line(at, kind, name, old, new, why='', called=''):
    return Transition(BEGIN + at, kind, name, old, new, why, called)


MONTH = [
    line(0, 'daemon', 'process', '-', 'started'),
    line(0, 'global', 'state', 'unknown', 'normal', '0 failed < 1'),
    line(100, 'listener', '0', 'active', 'failed', 'x', 'dpi-1'),
    line(100, 'global', 'state', 'normal', 'bypass', '1 failed >= 1'),
    line(100, 'card', '10.0.1.1', 'present', 'absent', 'global state bypass', 'east'),
    line(400, 'listener', '0', 'failed', 'active', 'x', 'dpi-1'),
    line(400, 'global', 'state', 'bypass', 'normal', '0 failed < 1'),
    line(400, 'card', '10.0.1.1', 'absent', 'present', 'global state normal', 'east'),
    line(1000, 'operator', 'override', 'off', 'bypass', 'by alice: ' + EVIL),
    line(1000, 'global', 'state', 'normal', 'bypass', 'override bypass by alice: ' + EVIL),
    line(1060, 'operator', 'override', 'bypass', 'off', 'by alice'),
    line(1060, 'global', 'state', 'bypass', 'normal', '0 failed < 1'),
    line(2000, 'global', 'state', 'normal', 'unknown', 'stopped'),
    line(2000, 'daemon', 'process', '-', 'stopped'),
    line(2500, 'daemon', 'process', '-', 'started'),
    line(2500, 'global', 'state', 'unknown', 'normal', '0 failed < 1')]


@pytest.fixture(autouse=True)
def utc(zone):
    zone('UTC')


def month():
    return figures(MONTH, BEGIN - 1000, BEGIN + 9000)


def test_the_text_says_it_in_these_lines():
    assert text.render(month(), ['what is wrong: 3']).splitlines() == [
        'report of 2024-10-03 23:43:20 to 2024-10-04 02:30:00 (2h46m)', '',
        'TIME         LENGTH  SHARE',
        'bypass       6m0s    3.600 %   2 times',
        'normal       2h15m   81.400 %  somebody watched, and no bypass',
        'not watched  8m20s   5.000 %   nobody watched: the cards are not known',
        'no record    16m40s  10.000 %  the journal does not go back so far',
        '! what is wrong: 3', '',
        'BYPASS BY CAUSE',
        'LENGTH  TIMES  CAUSE',
        '5m0s    1      nodes dpi-1',
        '1m0s    1      operator alice: ' + EVIL, '',
        'BYPASSES',
        'BEGIN                LENGTH  CAUSE',
        '2024-10-04 00:01:40  5m0s    nodes dpi-1',
        '2024-10-04 00:16:40  1m0s    operator alice: ' + EVIL, '',
        'NODES',
        'NODE   FAILURES  DOWN  LONGEST  MAINTENANCE  AVAILABLE',
        'dpi-1  1         5m0s  5m0s     0.0s         96.471 %',
        'A node or card that the journal does not name had no change in it.', '',
        'CARDS',
        'CARD           ABSENT  TOGETHER  CHANGED BY OTHERS  SILENT',
        'east 10.0.1.1  1       5m0s      0                  0', '',
        'NOBODY WATCHED',
        'BEGIN                LENGTH  MEANWHILE',
        '2024-10-03 23:43:20  16m40s  cards: no record',
        '2024-10-04 00:33:20  8m20s   cards: not known', '',
        'BY HAND',
        'AT                   WHAT',
        '2024-10-04 00:16:40  override bypass by alice: ' + EVIL,
        '2024-10-04 00:17:40  override off by alice']


def test_no_line_of_the_text_is_wider_than_80_columns():
    long = 'override bypass by ' + 32 * 'a' + ' until 2026-11-28 15:04:27: ' + 'reason ' * 28
    lines = MONTH + [line(3000, 'global', 'state', 'normal', 'bypass', long)]
    lines += [line(3001, 'listener', '%d' % number, 'active', 'failed', 'x', 'node-' + 25 * 'x' + str(number))
              for number in range(64)]
    lines += [line(3002, 'global', 'state', 'bypass', 'unknown', 'stopped'),
              line(3003, 'global', 'state', 'unknown', 'bypass', '64 failed >= 1')]

    found = text.render(figures(lines, BEGIN, BEGIN + 9000))

    assert [one for one in found.splitlines() if len(one) > 80] == []
    assert 'node-%s63' % (25 * 'x') in found


class Counting(list):
    """A line of a table. COPIED: how many lines were copied when it was added to a list."""

    COPIED = []

    def __radd__(self, other):
        self.COPIED.append(len(other))
        return other + list(self)


def test_the_lines_of_a_long_table_are_not_copied_again_for_each_further_line(monkeypatch):
    grid = text.layout.grid
    monkeypatch.setattr(text.layout, 'grid', lambda *words: list(map(Counting, grid(*words))))
    many = [line(10 + number, 'operator', 'override', 'off', 'freeze', 'by bob') for number in range(100)]

    assert text.render(figures(MONTH + many, BEGIN, BEGIN + 9000)).count('freeze by bob') == 100
    assert Counting.COPIED == []


def test_an_empty_period_has_a_report_in_each_form():
    found = figures([], BEGIN, BEGIN + 30 * DAY)

    assert 'no record  30d0h   100.000 %  the journal' in text.render(found)
    assert 'BYPASSES\n  nothing\n' in text.render(found)
    assert document.document(found)['seconds'] == {'normal': 0, 'bypass': 0, 'observed': 0, 'not watched': 0,
                                                   'no record': 30 * DAY}
    assert '<h2>Bypasses</h2><p>nothing</p>' in page.render(found)


def test_the_document_has_the_figures_of_the_text():
    found = document.document(month(), ['a note'])

    assert json.loads(json.dumps(found)) == found
    assert (found['since'], found['until']) == (BEGIN - 1000, BEGIN + 9000)
    assert found['seconds'] == {'bypass': 360, 'normal': 8140, 'not watched': 500, 'no record': 1000,
                                'observed': 0}
    assert found['causes'][0] == {'cause': 'nodes', 'who': 'dpi-1', 'why': None, 'seconds': 300, 'count': 1}
    assert found['bypasses'][1] == {'begin': BEGIN + 1000, 'end': BEGIN + 1060, 'seconds': 60, 'causes': [
        {'cause': 'operator', 'who': 'alice', 'why': EVIL}]}
    assert found['nodes'] == [{'name': 'dpi-1', 'failures': 1, 'down_s': 300, 'longest_s': 300, 'active_s': 8200,
                               'maintenance_s': 0, 'available': 8200 / 8500.0}]
    assert found['cards'] == [{'address': '10.0.1.1', 'name': 'east', 'absences': 1, 'absent_s': 300, 'foreign': 0,
                               'silences': 0}]
    assert [one['what'] for one in found['actions']] == ['override bypass', 'override off']
    assert found['notes'] == ['a note']


def parsed(source):
    """The page as a tree. It is written so that it is well-formed XML but for its head."""
    body = re.search(r'(?s)<body>.*</body>', source).group(0)
    return ElementTree.fromstring(body)


def test_the_page_is_well_formed_ascii_and_fetches_and_runs_nothing():
    source = page.render(month(), [EVIL], EVIL)

    source.encode('ascii')
    tree = parsed(source)
    tags = set(one.tag for one in tree.iter())
    assert tags <= set('body h1 h2 p div table thead tbody tr th td figure svg defs pattern rect circle title text ul '
                       'li'.split())
    names = [name for one in tree.iter() for name in one.attrib]
    assert [name for name in names if name.startswith('on') or name in ('href', 'src')] == []
    assert '<script' not in source and EVIL not in source
    assert source.count('alert') == 6
    assert "default-src 'none'" in source and '@import' not in source and not re.search(r'url\((?!#)', source)


def test_the_page_has_a_lane_for_everything_with_a_form_that_needs_no_colour():
    tree = parsed(page.render(month()))

    found = dict((svg.find('title').text, set((box.get('class'), box.get('y'), box.get('height'))
                                              for box in svg.findall('rect')))
                 for svg in tree.iter('svg') if svg.get('class') == 'lane')

    bad, good, hand, unknown = ('bad', '0', '16'), ('good', '7', '2'), ('hand', '0', '16'), ('unknown', '3', '10')
    brief = ('bad', '4', '8')
    assert found == {'global state': {bad, brief, good, hand, unknown}, 'by hand': {hand},
                     'node dpi-1': {bad, brief, good}, 'card east 10.0.1.1': {bad, brief, good}}


def test_a_table_of_the_page_says_what_is_left_out():
    lines = MONTH[:2]
    for number in range(1200):
        lines.append(line(10 + number, 'global', 'state', *(('normal', 'bypass', '1 failed >= 1') if number % 2 == 0
                                                            else ('bypass', 'normal', '0 failed < 1'))))
    lines += [line(2000 + number, 'operator', 'override', 'off', 'freeze', 'by bob') for number in range(1001)]

    assert '<p>and 1 more: report --json has all</p>' in page.render(figures(lines, BEGIN, BEGIN + 9000))


@pytest.mark.parametrize('spans, found', [
    ([], []), ([(0, 360, lanes.GOOD)], [(0, 360, lanes.GOOD)]),
    ([(0, 100, lanes.GOOD), (100, 100.001, lanes.BAD), (100.001, 360, lanes.GOOD)],
     [(0, 100, lanes.GOOD), (100, 101, lanes.BRIEF), (101, 360, lanes.GOOD)]),
    ([(0, 1.5, lanes.UNKNOWN), (1.5, 2, lanes.BAD)], [(0, 1, lanes.UNKNOWN), (1, 2, lanes.BAD)]),
    ([(360, 360, lanes.HAND)], [(359, 360, lanes.HAND)])])
def test_what_is_shorter_than_a_column_is_seen(spans, found):
    assert lanes.columns(spans, 0, lanes.COLUMNS) == found


def test_a_day_of_flapping_does_not_look_like_a_day_of_bypass():
    spans = [(at, at + 0.2, lanes.BAD) for at in range(360)] + [(at + 0.2, at + 1, lanes.GOOD) for at in range(360)]
    assert lanes.columns(spans, 0, lanes.COLUMNS) == [(0, 360, lanes.BRIEF)]

    spans = [(at, at + 0.8, lanes.BAD) for at in range(360)] + [(at + 0.8, at + 1, lanes.GOOD) for at in range(360)]
    assert lanes.columns(spans, 0, lanes.COLUMNS) == [(0, 360, lanes.BAD)]


@pytest.mark.parametrize('zone_name', ['UTC', 'CET-1CEST,M3.5.0,M10.5.0/3', 'EST5EDT,M3.2.0,M11.1.0'])
@pytest.mark.parametrize('days', [0.1, 1, 7, 30, 365, 2000, 20000])
def test_the_times_below_the_lanes_are_few_and_round(zone, zone_name, days):
    zone(zone_name)
    found = lanes.ticks(BEGIN + 1234, BEGIN + 1234 + days * DAY)

    assert 2 <= len(found) <= lanes.TICKS + 2
    assert all(0 <= place <= 100 for place, _ in found) and found[-1][0] > 50
    assert [word for _, word in found if days < 3 and not word.endswith(':00')] == []


def test_characters_that_no_page_may_have_are_replaced():
    assert html(u'a\x00\x1b[31m\u00e9\x85<') == 'a??[31m&#233;?&lt;'
    assert html(b'caf\xc3\xa9') == 'caf&#233;'


@pytest.mark.parametrize('share, words', [(1.0, '100.000 %'), (0.9999999, '99.999 %'), (0, '0.000 %'), (None, '-')])
def test_only_all_is_100_percent(share, words):
    assert text.percent(share) == words
