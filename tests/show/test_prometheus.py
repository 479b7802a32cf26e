"""prometheus.py: Prometheus' own parser takes the text, and it says the same as the status."""
import os
import re
import subprocess

import pytest

import helpers
import statuses
from fbmon.memory.history import Forced
from fbmon.rules.orders import NONE, Order, Orders, Override
from fbmon.show import prometheus
from fbmon.show.status import stopped
from settings import card, config, listener
from test_controller import CARD, HOST, World

parser = pytest.importorskip('prometheus_client.parser', reason='needs prometheus_client')

# A counter after a year with 1000 heartbeats a second. It has more than 32 bits and more than six digits.
MANY = 31536000000

FORCED = Forced('bypass', 1795552760.5, 'alice')
ORDERS = Orders({'dpi-1': Order('alice', 1795552760.5, None, '')},
                Override('freeze', Order('bob', 1795552760.5, None, '')))


def parsed(text):
    """({name: kind}, {(name, labels): value}) of a text, by Prometheus' own parser."""
    families = list(parser.text_string_to_metric_families(text))
    samples = [(sample[0], tuple(sorted(sample[1].items())), sample[2]) for one in families for sample in one.samples]
    values = dict(((name, labels), value) for name, labels, value in samples)
    assert len(values) == len(samples), 'a sample is given twice'
    return dict((one.name, one.type) for one in families), values


def labels(**fields):
    return tuple(sorted(fields.items()))


ZERO = dict(listener='0', host='192.168.1.100', port='3000')


@pytest.fixture
def snapshot(monkeypatch):
    """The real snapshot of a daemon that has just been started."""
    return World(config([listener(0)], [card(0)], ports=('sw0',)), monkeypatch, HOST, CARD).status()


def test_at_the_start_everything_is_there_and_what_is_not_known_is_left_out(snapshot):
    kinds, values = parsed(prometheus.render(snapshot))

    who = dict(listener='0', host='10.0.0.2', port='3000')
    where = dict(card='0', address='10.0.1.0', interface='eth0')
    assert values == {
        ('fastbypass_up', ()): 1, ('fastbypass_info', labels(version=snapshot['version'])): 1,
        ('fastbypass_uptime_seconds', ()): 0, ('fastbypass_state_seconds', ()): 0,
        ('fastbypass_state', labels(state='unknown')): 1, ('fastbypass_state', labels(state='normal')): 0,
        ('fastbypass_state', labels(state='bypass')): 0, ('fastbypass_held_listeners', ()): 1,
        ('fastbypass_failed_listeners', ()): 0, ('fastbypass_failed_threshold', ()): 1,
        ('fastbypass_forced', labels(state='bypass', by='')): 0,
        ('fastbypass_forced', labels(state='normal', by='')): 0, ('fastbypass_forced_seconds', ()): 0,
        ('fastbypass_trial', ()): 0,
        ('fastbypass_problems', ()): len(snapshot['problems']), ('fastbypass_observe', ()): 0,
        ('fastbypass_return_waits', labels(waits_for='delay')): 0,
        ('fastbypass_return_waits', labels(waits_for='carrier')): 0,
        ('fastbypass_return_waits', labels(waits_for='operator')): 0,
        ('fastbypass_node_state', labels(node='0', state='unconfigured')): 0,
        ('fastbypass_node_state', labels(node='0', state='unknown')): 1,
        ('fastbypass_node_state', labels(node='0', state='active')): 0,
        ('fastbypass_node_state', labels(node='0', state='failed')): 0,
        ('fastbypass_maintenance', labels(node='0')): 0, ('fastbypass_override', labels(state='bypass')): 0,
        ('fastbypass_override', labels(state='normal')): 0, ('fastbypass_override', labels(state='freeze')): 0,
        ('fastbypass_left_out', labels(kind='card')): 0, ('fastbypass_left_out', labels(kind='listener')): 0,
        ('fastbypass_listener_state', labels(state='unconfigured', **who)): 0,
        ('fastbypass_listener_state', labels(state='unknown', **who)): 1,
        ('fastbypass_listener_state', labels(state='active', **who)): 0,
        ('fastbypass_listener_state', labels(state='failed', **who)): 0,
        ('fastbypass_listener_longest_gap_seconds', labels(**who)): 0,
        ('fastbypass_listener_received_total', labels(**who)): 0,
        ('fastbypass_listener_ignored_total', labels(**who)): 0,
        ('fastbypass_listener_missed_total', labels(**who)): 0,
        ('fastbypass_card_present', labels(**where)): 1, ('fastbypass_port_up', labels(interface='sw0')): 1}


def test_after_a_year_no_counter_has_lost_a_digit():
    rows = [statuses.listener(0, received=MANY + 1, ignored=MANY + 2, missed=MANY + 3, since_s=31536000.125)]
    _, values = parsed(prometheus.render(statuses.status(rows, uptime_s=31536000.125, state_since_s=31535999.999)))

    assert [values['fastbypass_listener_%s_total' % word, labels(**ZERO)] for word in (
        'received', 'ignored', 'missed')] == [MANY + 1, MANY + 2, MANY + 3]
    assert (values['fastbypass_uptime_seconds', ()], values['fastbypass_state_seconds', ()]) == (
        31536000.125, 31535999.999)


def test_a_large_switch_is_read_whole():
    _, values = parsed(prometheus.render(statuses.large()))

    def count(name, **given):
        return sum(value for (one, found), value in values.items()
                   if one == 'fastbypass_' + name and set(given.items()) <= set(found))
    assert [count('listener_state', state=state) for state in ('active', 'failed', 'unconfigured', 'unknown')] == [
        61, 2, 1, 0]
    assert (count('card_wanted'), count('card_present'), count('port_wanted'), count('port_up')) == (8, 8, 46, 47)
    assert (values['fastbypass_failed_listeners', ()], values['fastbypass_problems', ()]) == (2, 2)


def watched():
    """The status of a large switch that watches the pings of its cards, with orders that end by themselves."""
    order = {'by': 'alice', 'since': 1795552760.5, 'until': 1795559960.5, 'reason': ''}
    found = dict(statuses.large(), cards=[statuses.card(0, **statuses.WATCHED)], override=dict(order, state='freeze'))
    found['nodes'][0]['maintenance'] = order
    return found


def test_names_have_our_prefix_and_their_unit_and_each_has_its_help_and_type():
    text = prometheus.render(watched())
    kinds, values = parsed(text)

    assert set(kinds.values()) == set(['gauge', 'counter'])
    for metric in (prometheus.UP,) + prometheus.METRICS:
        name = 'fastbypass_' + metric.name
        assert text.count('# HELP %s %s\n# TYPE %s %s\n' % (name, metric.help, name, metric.kind)) == 1
        assert metric.name.endswith('_total') == (metric.kind == 'counter')
        assert any(one == name for one, _ in values)
    assert all(line.startswith(('fastbypass_', '# ')) for line in text.splitlines()) and text.endswith('\n')


def test_what_is_not_managed_or_not_there_has_no_figure_or_none_that_lies():
    text = prometheus.render(statuses.status(
        [statuses.listener(0, 'unconfigured')], [statuses.card(0, wanted=None, actual='missing')],
        [statuses.port('sw0', wanted=None, actual=None)], threshold=None, state='unknown'))
    _, values = parsed(text)

    names = [name for name, _ in values]
    for name in ('failed_threshold', 'listener_last_heartbeat_seconds', 'listener_longest_gap_seconds', 'card_wanted',
                 'port_wanted', 'port_up'):
        assert 'fastbypass_' + name not in names
    assert values['fastbypass_card_present', labels(card='0', address='192.168.1.200', interface='eth0')] == 0


def test_pings_that_are_watched_have_figures_and_those_that_are_not_have_none():
    cards = [statuses.card(0, **statuses.WATCHED), statuses.card(1),
             statuses.card(2, **dict(statuses.WATCHED, pings='silent', last_ping_s=None))]
    _, values = parsed(prometheus.render(statuses.status(cards=cards)))

    assert sorted((name, dict(found)['card'], value) for (name, found), value in values.items()
                  if 'silent' in name or 'ping' in name) == [
        ('fastbypass_card_last_ping_seconds', '0', 0.087), ('fastbypass_card_pings_total', '0', 72000),
        ('fastbypass_card_pings_total', '2', 72000), ('fastbypass_card_silent', '0', 0),
        ('fastbypass_card_silent', '2', 1)]


def test_what_a_mistake_leaves_out_is_counted_by_kind():
    _, values = parsed(prometheus.render(statuses.status(left_out={'cards': [0, 1, 2], 'listeners': [5]})))

    assert [values['fastbypass_left_out', labels(kind=kind)] for kind in ('card', 'listener')] == [3, 1]


def test_a_label_may_hold_anything():
    strange = 'a"b\\c\nd'
    _, values = parsed(prometheus.render(statuses.status(ports=[statuses.port(strange)])))

    assert values['fastbypass_port_up', labels(interface=strange)] == 1


def test_without_a_daemon_there_is_one_figure_that_says_so():
    assert parsed(prometheus.render(stopped(None))) == ({'fastbypass_up': 'gauge'}, {('fastbypass_up', ()): 0})


def test_without_a_daemon_what_is_forced_has_its_person_and_its_time():
    assert parsed(prometheus.render(stopped(FORCED, wall=lambda: FORCED.at + 60)))[1] == {
        ('fastbypass_up', ()): 0, ('fastbypass_forced', labels(state='bypass', by='alice')): 1,
        ('fastbypass_forced', labels(state='normal', by='')): 0, ('fastbypass_forced_seconds', ()): 60}


def test_without_a_daemon_what_is_ordered_for_the_next_start_has_its_figures():
    assert parsed(prometheus.render(stopped(None, ORDERS)))[1] == {
        ('fastbypass_up', ()): 0, ('fastbypass_maintenance', labels(node='dpi-1')): 1,
        ('fastbypass_override', labels(state='bypass')): 0, ('fastbypass_override', labels(state='normal')): 0,
        ('fastbypass_override', labels(state='freeze')): 1}
    assert parsed(prometheus.render(stopped(None, NONE))) == parsed(prometheus.render(stopped(None)))


def test_an_order_that_ends_by_itself_has_its_end_with_and_without_a_daemon():
    orders = Orders({'dpi-1': Order('alice', 1795552760.5, 1795559960.5, ''), 'dpi-2': Order('bob', 0.0, None, '')},
                    Override('freeze', Order('bob', 1795552760.5, 1795552820.5, '')))

    for status in (stopped(None, orders), statuses.status(**stopped_orders(orders))):
        _, values = parsed(prometheus.render(status))
        assert dict((key, value) for key, value in values.items() if '_end_' in key[0]) == {
            ('fastbypass_maintenance_end_timestamp_seconds', labels(node='dpi-1')): 1795559960.5,
            ('fastbypass_override_end_timestamp_seconds', labels(state='freeze')): 1795552820.5}


def stopped_orders(orders):
    """The fields of a status in which a daemon runs and these Orders hold."""
    found = stopped(None, orders)
    nodes = [dict(statuses.node(row['name'], [0]), maintenance=row['maintenance']) for row in found['nodes']]
    return {'nodes': nodes, 'override': found['override']}


def test_a_reload_on_trial_is_a_figure():
    trial = {'by': 'alice', 'since_s': 1.0, 'left_s': 59.0}

    assert [parsed(prometheus.render(statuses.status(trial=one)))[1]['fastbypass_trial', ()]
            for one in (None, trial)] == [0, 1]


# --- promtool, where there is one ---

@pytest.fixture
def promtool(tmp_path):
    """promtool(text): what `promtool check metrics` says about a text. The test fails if it refuses it."""
    found = any(os.access(os.path.join(path, 'promtool'), os.X_OK) for path in os.environ['PATH'].split(os.pathsep))
    helpers.require(found, 'needs promtool, of the Debian package prometheus')

    def check(text):
        path = helpers.write(tmp_path / 'text', text)
        with open(path, 'rb') as source:
            child = subprocess.Popen(['promtool', 'check', 'metrics'], stdin=source, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            code, output, errors = helpers.finish(child)
        assert code == 0, output + errors
        return output + errors
    return check


def test_promtool_has_nothing_to_say_against_the_metrics(promtool):
    for status in (stopped(None), stopped(FORCED, ORDERS), statuses.large(),
                   statuses.status([statuses.listener(0, received=MANY)])):
        assert promtool(prometheus.render(status)) == ''


# --- docs/monitoring.md ---

def monitoring():
    return helpers.read(os.path.join(helpers.ROOT, 'docs', 'monitoring.md'))


def test_each_metric_is_described_with_its_labels_and_nothing_else_is():
    described = dict((name, labels) for name, labels in re.findall(r'^\| `(fastbypass_\w+)` \| ([^|]*)\|', monitoring(),
                                                                   re.M))
    expected = {}
    for metric in (prometheus.UP,) + prometheus.METRICS:
        rows = [labels for labels, value in metric.rows(watched()) if value is not None]
        expected['fastbypass_' + metric.name] = set(rows[0])
    expected['fastbypass_' + prometheus.AGE.name] = set()

    assert dict((name, set(re.findall(r'\w+', labels))) for name, labels in described.items()) == expected


def test_the_file_for_node_exporter_is_whole_or_stays_as_it_was(tmp_path):
    line = re.search(r"(?m)^    ExecStart=/bin/sh -c '(.*)'$", monitoring()).group(1)
    directory, program = tmp_path / 'metrics', str(tmp_path / 'fbypass_ctl')
    directory.mkdir()

    def run(script):
        helpers.write_program(program, script)
        subprocess.call(['sh', '-c', line], cwd=str(directory), env={'PATH': '%s:%s' % (tmp_path, os.environ['PATH'])})
        return helpers.read(directory / 'fastbypass.prom'), [name for name in os.listdir(str(directory))
                                                             if name.endswith('.prom')]

    assert run('echo "$*"') == ('show --prometheus\n', ['fastbypass.prom'])
    assert run('echo down; exit 3')[0] == 'down\n'
    assert run('exit 1')[0] == 'down\n'
