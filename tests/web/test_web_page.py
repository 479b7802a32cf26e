"""page.py, tables.py and lastday.py: what the page shows, in words, and that nothing in it can do harm."""
import base64
import hashlib
import re

import pytest

import statuses
from fbmon.memory.history import Transition, as_dict
from fbmon.report.lanes import AWAY, BAD, GOOD, HAND, UNKNOWN
from fbmon.web import lastday, page, style
from fbmon.web.faces import Faces
from fbmon.web.requests import Request
from fbmon.web.source import NOTHING, View

try:
    from html.parser import HTMLParser
except ImportError:
    from HTMLParser import HTMLParser

NOW = 1795896000.0
HOUR = 3600.0
EVIL = u'</style></script><script>x()</script>"\' onload=\'x()&#0;\x00\x1b[2J\r\n\u2028\xe9'


class Reader(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, text):
        HTMLParser.__init__(self)
        self.tags, self.attributes, self.words, self.open, self.within = set(), set(), [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in ('meta', 'rect', 'circle'):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        self.within.setdefault(self.open[-1] if self.open else '', []).append(data)


def shown(status=None, view=None, seconds=0.4, query=''):
    """The page as text."""
    return page.render(view or View(status, 100.0, NOW, None, False, 100.0), seconds, query, 'switch1')


def words(text):
    """The words of a page outside of its style, with single blanks."""
    return ' '.join(re.sub(r'<[^>]*>', ' ', re.sub(r'(?s)<style>.*</style>', '', text)).split())


def evil(value):
    """A value of JSON with every text replaced by one that wants to do harm, but for words that the program knows."""
    if isinstance(value, dict):
        return dict((key, evil(one)) for key, one in value.items())
    if isinstance(value, list):
        return [evil(one) for one in value]
    return EVIL if isinstance(value, (str, type(u''))) else value


def test_it_says_the_state_what_comes_next_and_what_is_wrong():
    status = statuses.large()
    status['next'] = ['one more failed listener: bypass']
    text = words(shown(status))

    for part in ('normal for 20h0m: 2 of 64 listeners failed, threshold 3', 'next: one more failed listener: bypass',
                 'listeners: 61 active, 2 failed, 1 unconfigured', 'cards: 8 present',
                 'listener 63 is unconfigured: interface eth9 is not there', '! 17 192.168.1.117:3017 failed 3m5s',
                 '! 63 192.168.1.163:3063 unconfigured', '0 192.168.1.200 present present eth0',
                 '! e101-041-0 down up global state and listener 40 RTNETLINK answers: Operation not permitted'):
        assert part in text
    assert text.index('! 17') < text.index(' 0 192.168.1.100:3000')
    assert '<title>normal: switch1</title>' in shown(status)


@pytest.mark.parametrize('fields, said', [
    ({'observe': True}, 'OBSERVES ONLY'), ({'trial': {'left_s': 59.0}}, 'the reload is taken back in 59 s'),
    ({'left_out': {'cards': [0], 'listeners': []}}, 'BYPASS NOT EFFECTIVE: card 0 is unconfigured'),
    ({'held': [0, 1]}, 'held: nothing is decided until these listeners have reported: 0-1'),
    ({'override': {'state': 'freeze', 'by': 'alice', 'since': NOW, 'until': None, 'reason': 'fibre'}},
     'OVERRIDE FREEZE since')])
def test_what_is_unusual_is_said_before_the_tables(fields, said):
    text = words(shown(statuses.status([statuses.listener(0), statuses.listener(1)], **fields)))

    assert said in text and text.index(said) < text.index('192.168.1.100:3000')


def test_a_node_shows_its_ways_and_its_maintenance():
    ways = [statuses.listener(0, node='dpi-1'), statuses.listener(1, 'failed', node='dpi-1', last_sender='10.0.0.9')]
    order = {'by': 'alice', 'since': NOW, 'until': None, 'reason': 'new kernel'}
    nodes = [dict(statuses.node('dpi-1', [0, 1]), maintenance=order)]
    text = words(shown(statuses.status(ways, nodes=nodes)))

    assert 'Nodes node state' in text and 'dpi-1 maintenance 20h0m by alice: new kernel' in text
    assert '! dpi-1: 1 192.168.1.101:3001 failed 3m5s 3m8s 1.0s 72000 0 last heartbeat from 10.0.0.9' in text


def test_cards_show_their_pings_if_they_are_watched():
    cards = [statuses.card(0, name='west', **statuses.WATCHED),
             statuses.card(1, **dict(statuses.WATCHED, pings='silent', last_ping_s=90.0, ping_rate=0.0))]
    text = words(shown(statuses.status(cards=cards)))

    assert '! 1 192.168.1.201 present present eth0 1m30s 0.0 west 192.168.1.200 present present eth0 0.1s 10.0' in text


@pytest.mark.parametrize('query, seconds', [('', 10), ('every=2', 2), ('every=60', 60), ('x=1&every=0', 0),
                                            ('every=', 10), ('every=-1', 10), ('every=1e9', 10), ('every=00', 10),
                                            ('every=2"><script>', 10)])
def test_it_asks_again_as_often_as_is_chosen_or_not_at_all(query, seconds):
    found = re.findall(r'<meta http-equiv="refresh" content="(\d+)">', shown(statuses.status(), query=query))

    assert found == (['%d' % seconds] if seconds else [])


def test_without_a_daemon_it_says_so_and_what_to_do():
    text = words(shown(view=NOTHING._replace(error='/run/x: Connection refused', silent=False), seconds=None))

    assert 'no daemon answers /run/x: Connection refused On the switch: fbypass_ctl show' in text
    assert 'Nodes' not in text


def test_who_may_not_ask_is_told_of_the_group():
    assert 'group fastbypass' in words(shown(view=NOTHING._replace(error='/run/x: Permission denied'), seconds=None))


@pytest.mark.parametrize('silent, said', [(False, 'no daemon answers'), (True, 'the daemon does not answer')])
def test_an_old_answer_is_shown_as_what_it_is(silent, said):
    view = View(statuses.status(state='bypass'), 100.0, NOW, '/run/x: gone', silent, 160.0)
    text = shown(view=view, seconds=65.0)

    assert '<title>%s: switch1</title>' % said in text
    assert re.search(r'What follows is the last answer, of \S+ \S+, 1m5s ago\..*bypass', words(text))
    assert 'class="state before"' in text and 'class="state bypass"' not in text


def test_whatever_the_names_are_nothing_of_them_becomes_a_part_of_the_page():
    good = dict(statuses.status(
        [statuses.listener(0, 'failed', node='dpi-1', last_sender='x'), statuses.listener(1, 'unconfigured')],
        [statuses.card(0, name='x', error='x')], [statuses.port('x', error='x')], problems=['x'], next=['x']),
        history=[as_dict(Transition(NOW - 60, kind, 'x', 'active', 'failed', 'x', 'x'))
                 for kind in ('listener', 'card', 'port', 'operator', 'reload', 'x')])
    allowed = Reader(shown(good))
    order = {'by': EVIL, 'since': NOW, 'until': None, 'reason': EVIL}
    bad = evil(good)
    bad.update(override=dict(order, state=EVIL), nodes=[dict(one, maintenance=order) for one in bad['nodes']])
    for number, one in enumerate(bad['history']):
        one['kind'] = good['history'][number]['kind']
    text = page.render(View(bad, 100.0, NOW, EVIL, False, 100.0), 1.0, EVIL, EVIL)
    found = Reader(text)

    assert text == text.encode('ascii').decode('ascii') and '\x1b' not in text and '\0' not in text
    assert (found.tags, found.attributes - set(['tabindex'])) <= (allowed.tags, allowed.attributes)
    assert found.tags - allowed.tags == set() and found.attributes - allowed.attributes == set()
    assert not set(['script', 'img', 'iframe', 'form', 'link', 'object']) & found.tags
    assert not [name for name in found.attributes if name.startswith('on') or name == 'style']
    assert found.within['style'] == [style.STYLE]


def test_all_is_closed_and_every_table_has_titles_for_its_columns_and_rows():
    text = shown(statuses.large())
    reader = Reader(text)

    assert reader.open == []
    assert text.count('<thead><tr><th scope="col">') == text.count('<table>') == 3
    assert len(re.findall('<tr(?: class="wrong")?><th scope="row">', text)) == text.count('<tr') - 3
    assert '<html lang="en">' in text and '<main>' in text


def test_the_policy_allows_the_style_of_the_page_by_its_hash_and_nothing_else():
    found = Faces('x').response(Request('GET', '/', ''), NOTHING, 100.0)
    text = found.body.decode('ascii')
    ours = re.search(r'(?s)<style>(.*)</style>', text).group(1)

    assert found.policy == "; style-src 'sha256-%s'" % base64.b64encode(
        hashlib.sha256(ours.encode('ascii')).digest()).decode('ascii')
    assert ' style=' not in text and '<script' not in text and 'src=' not in text
    assert set(re.findall(r'href="([^"]*)"', text)) == set(
        ['/?every=0', '/?every=2', '/?every=60', '/?every=10', '/status.json', '/metrics'])


def test_it_is_legible_in_the_dark():
    assert 'prefers-color-scheme: dark' in style.STYLE and 'color-scheme: light dark' in style.STYLE


# --- the last day ---

def change(ago, kind, name, old, new, why='', called=''):
    return as_dict(Transition(NOW - ago, kind, name, old, new, why, called))


def lanes_of(history, **fields):
    """{title: [(hours ago, form)] of each change of form} of the last day."""
    values = dict({'uptime_s': 1.0, 'state': 'normal'}, **fields)
    status = statuses.status([statuses.listener(0, node='dpi-1'), statuses.listener(1)], [statuses.card(0)],
                             history=history, **values)
    found = lastday.picture(status, NOW)
    return dict((lane.title, [(round((NOW - begin) / HOUR, 2), form) for begin, _, form in lane.spans])
                for lane in found.lanes), found


def test_what_the_changes_tell_is_drawn_and_what_they_do_not_name_has_not_changed():
    lanes, found = lanes_of([
        change(30 * HOUR, 'global', 'state', 'unknown', 'normal', '0 failed < 1'),
        change(5 * HOUR, 'listener', '0', 'active', 'failed', '', 'dpi-1'),
        change(5 * HOUR, 'global', 'state', 'normal', 'bypass', '1 failed >= 1'),
        change(5 * HOUR, 'card', '192.168.1.200', 'present', 'absent', 'global state bypass'),
        change(4 * HOUR, 'listener', '0', 'failed', 'active', '', 'dpi-1'),
        change(4 * HOUR, 'global', 'state', 'bypass', 'normal', '0 failed < 1'),
        change(4 * HOUR, 'card', '192.168.1.200', 'absent', 'present', 'global state normal')])

    assert lanes == {
        'global state': [(24, GOOD), (5, BAD), (4, GOOD)], 'node dpi-1': [(24, GOOD), (5, BAD), (4, GOOD)],
        'node 1': [(24, GOOD)], 'card 192.168.1.200': [(24, GOOD), (5, BAD), (4, GOOD)], 'by hand': []}
    assert (found.since, found.until) == (NOW - 24 * HOUR, NOW)


def test_what_was_before_the_first_change_is_hatched_and_said():
    lanes, found = lanes_of([change(5 * HOUR, 'global', 'state', 'normal', 'bypass', '1 failed >= 1')], state='bypass')

    assert lanes['global state'] == [(24, UNKNOWN), (5, BAD)] and lanes['node 1'] == [(5, GOOD)]
    assert found.begin == NOW - 5 * HOUR
    assert 'Nothing is known of the time before ' in words(shown(statuses.status()))


def test_a_day_without_a_change_is_drawn_as_it_is():
    lanes, _ = lanes_of([], uptime_s=30 * HOUR)

    assert lanes == {'global state': [(24, GOOD)], 'node dpi-1': [(24, GOOD)], 'node 1': [(24, GOOD)],
                     'card 192.168.1.200': [(24, GOOD)], 'by hand': []}


def test_a_change_of_a_bypass_that_has_lasted_for_longer_is_drawn_with_what_was_before():
    lanes, _ = lanes_of([change(30 * HOUR, 'port', 'sw1', 'up', 'down'),
                         change(2 * HOUR, 'global', 'state', 'bypass', 'normal', '0 failed < 1'),
                         change(2 * HOUR, 'card', '192.168.1.200', 'absent', 'present', '')])

    assert lanes['global state'] == [(24, BAD), (2, GOOD)] and lanes['card 192.168.1.200'] == [(24, BAD), (2, GOOD)]


def test_orders_and_times_that_nobody_watched_have_their_forms():
    lanes, _ = lanes_of([change(30 * HOUR, 'global', 'state', 'unknown', 'normal', '0 failed < 1'),
                         change(6 * HOUR, 'operator', 'dpi-1', 'off', 'maintenance', 'by alice'),
                         change(5 * HOUR, 'operator', 'dpi-1', 'maintenance', 'off', 'by alice'),
                         change(3 * HOUR, 'global', 'state', 'normal', 'unknown', 'stopped'),
                         change(2 * HOUR, 'global', 'state', 'unknown', 'normal', '0 failed < 1')])

    assert lanes['by hand'] == [(6, HAND), (5, HAND)]
    assert lanes['node dpi-1'] == [(24, GOOD), (6, AWAY), (5, GOOD)]
    assert lanes['global state'] == [(24, GOOD), (3, UNKNOWN), (2, GOOD)]


def test_a_clock_that_was_set_draws_no_lane_backwards():
    history = [change(-9000 * HOUR, 'global', 'state', 'unknown', 'normal', ''),
               change(HOUR, 'global', 'state', 'normal', 'bypass', '')]

    assert lastday.picture(statuses.status(history=history, uptime_s=HOUR), NOW).until == NOW
    assert lastday.picture(statuses.status(history=history[:1], uptime_s=0.0), NOW) is None
