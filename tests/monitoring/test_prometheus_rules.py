"""docs/monitoring/prometheus-*.yml: promtool takes them; its fault raises each alert, and nothing less does."""
import json
import os
import re
import subprocess

import pytest

import helpers
from fbmon.show import prometheus

FILES = os.path.join(helpers.ROOT, 'docs', 'monitoring')
RULES = os.path.join(FILES, 'prometheus-rules.yml')

CARD = 'card="0",address="192.168.1.211",interface="eth0"'
WAY = 'listener="1",host="192.168.1.202",port="3100",node="dpi-1"'
HOUR = 60

# (An alert without its Fastbypass, the series with which it is raised, the series with which it is not, the minute at
# which one looks). The series have one sample a minute, as in `promtool test rules`.
CASES = [
    ('Unreachable', {'up{job="fastbypass"}': '0x5'}, {'up{job="fastbypass"}': '1x5', 'up{job="node"}': '0x5'}, 2),
    ('MetricsOld', {'node_textfile_mtime_seconds{file="/x/fastbypass.prom"}': '0x9'},
     {'node_textfile_mtime_seconds{file="/x/fastbypass.prom"}': '0+60x9',
      'node_textfile_mtime_seconds{file="/x/apt.prom"}': '0x9'}, 5),
    ('Down', {'fastbypass_up': '1 1 0x9'}, {'fastbypass_up': '1 1 1 1 0 1'}, 4),
    ('Restarts', {'fastbypass_uptime_seconds': '0 60 0 60 0 60 0 60 0 60'},
     {'fastbypass_uptime_seconds': '0 60 0 60 120 0 60 120 180 240'}, 9),
    ('Bypass', {'fastbypass_state{state="bypass"}': '1'}, {'fastbypass_state{state="bypass"}': '0'}, 0),
    ('ReturnWaitsForOperator', {'fastbypass_return_waits{waits_for="operator"}': '1x9'},
     {'fastbypass_return_waits{waits_for="operator"}': '1 1 1 0', 'fastbypass_return_waits{waits_for="delay"}': '1x9'},
     6),
    ('Undecided', {'fastbypass_state{state="unknown"}': '0x9', 'fastbypass_held_listeners': '1x9'},
     {'fastbypass_state{state="unknown"}': '1 1 0x9', 'fastbypass_held_listeners': '1 1 0x9'}, 4),
    ('Undecided', {'fastbypass_state{state="unknown"}': '1x9'}, {'fastbypass_state{state="bypass"}': '1x9'}, 4),
    ('LeftOut', {'fastbypass_left_out{kind="card"}': '2'}, {'fastbypass_left_out{kind="card"}': '0'}, 0),
    ('CardNotAsWanted', {'fastbypass_card_wanted{%s}' % CARD: '0x9', 'fastbypass_card_present{%s}' % CARD: '1x9'},
     {'fastbypass_card_wanted{%s}' % CARD: '0x9', 'fastbypass_card_present{%s}' % CARD: '1 0x9'}, 2),
    ('CardNotAsWanted', {'fastbypass_card_wanted{%s}' % CARD: '0x9'}, {'fastbypass_card_present{%s}' % CARD: '0x9'}, 2),
    ('PortNotAsWanted',
     {'fastbypass_port_wanted{interface="sw1"}': '1x9', 'fastbypass_port_up{interface="sw1"}': '0x9'},
     {'fastbypass_port_wanted{interface="sw1"}': '0x9', 'fastbypass_port_up{interface="sw1"}': '0x9'}, 2),
    ('PortNotAsWanted', {'fastbypass_port_wanted{interface="sw1"}': '1x9'},
     {'fastbypass_port_up{interface="sw1"}': '0x9'}, 2),
    ('CardSilent', {'fastbypass_card_silent{%s}' % CARD: '1x9'}, {'fastbypass_card_silent{%s}' % CARD: '1 0 1 0'}, 3),
    ('NodeFailed', {'fastbypass_node_state{node="dpi-1",state="failed"}': '1',
                    'fastbypass_maintenance{node="dpi-1"}': '0', 'fastbypass_maintenance{node="dpi-2"}': '1'},
     {'fastbypass_node_state{node="dpi-1",state="failed"}': '1', 'fastbypass_maintenance{node="dpi-1"}': '1',
      'fastbypass_node_state{node="dpi-2",state="failed"}': '0'}, 0),
    ('WayFailed', {'fastbypass_listener_state{%s,state="failed"}' % WAY: '1',
                   'fastbypass_node_state{node="dpi-1",state="failed"}': '0'},
     {'fastbypass_listener_state{%s,state="failed"}' % WAY: '1',
      'fastbypass_node_state{node="dpi-1",state="failed"}': '1',
      'fastbypass_listener_state{listener="7",state="failed"}': '1'}, 0),
    ('ListenerUnconfigured', {'fastbypass_listener_state{%s,state="unconfigured"}' % WAY: '1x9'},
     {'fastbypass_listener_state{%s,state="unconfigured"}' % WAY: '1 0'}, 2),
    ('NextFailureIsBypass', {'fastbypass_failed_threshold': '2', 'fastbypass_failed_listeners': '1'},
     {'fastbypass_failed_threshold': '1', 'fastbypass_failed_listeners': '0'}, 0),
    ('NextFailureIsBypass', {'fastbypass_failed_threshold': '3', 'fastbypass_failed_listeners': '2'},
     {'fastbypass_failed_threshold': '3', 'fastbypass_failed_listeners': '1'}, 0),
    ('Flapping', {'fastbypass_state_seconds': '9 0 5 0 5 1 5 0'}, {'fastbypass_state_seconds': '9 0 5 0 5 1 5 9'}, 8),
    ('ForeignDatagrams', {'fastbypass_listener_ignored_total{%s}' % WAY: '5 5 6 6'},
     {'fastbypass_listener_ignored_total{%s}' % WAY: '5 5 5 5'}, 4),
    ('Forced', {'fastbypass_forced{state="bypass",by="alice"}': '1'}, {'fastbypass_forced{state="bypass",by=""}': '0'},
     0),
    ('ForcedForLong', {'fastbypass_forced_seconds': '0+60x241'}, {'fastbypass_forced_seconds': '60x241'}, 4 * HOUR + 1),
    ('OverrideForLong', {'fastbypass_override{state="freeze"}': '1x500'},
     {'fastbypass_override{state="freeze"}': '1x400 0x100'}, 8 * HOUR + 1),
    ('MaintenanceForLong', {'fastbypass_maintenance{node="dpi-1"}': '1x500'},
     {'fastbypass_maintenance{node="dpi-1"}': '0 0 1x500'}, 8 * HOUR + 1),
    ('OrderEndsSoon', {'fastbypass_maintenance_end_timestamp_seconds{node="dpi-1"}': '1200x20'},
     {'fastbypass_maintenance_end_timestamp_seconds{node="dpi-1"}': '1800x20'}, 15),
    ('OrderEndsSoon', {'fastbypass_override_end_timestamp_seconds{state="freeze"}': '1200x20'},
     {'fastbypass_override_end_timestamp_seconds{state="freeze"}': '1800x20'}, 15),
    ('Trial', {'fastbypass_trial': '1x9'}, {'fastbypass_trial': '1 1 0'}, 3),
    ('OnlyObserves', {'fastbypass_observe': '1x500'}, {'fastbypass_observe': '0x500'}, 8 * HOUR + 1),
    ('Problems', {'fastbypass_problems': '1x20'}, {'fastbypass_problems': '1x9 0 1x9'}, 11),
]


def text():
    return helpers.read(RULES)


def alerts():
    """{name: the text of its rule}, of all alerts of the file."""
    parts = re.split(r'(?m)^      - alert: Fastbypass(\w+)$', text())
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.fixture(scope='module')
def promtool():
    """promtool(words): what it says. The test fails if it is not content."""
    found = any(os.access(os.path.join(path, 'promtool'), os.X_OK) for path in os.environ['PATH'].split(os.pathsep))
    helpers.require(found, 'needs promtool, of the Debian package prometheus')

    def run(*words):
        child = subprocess.Popen(('promtool',) + words, cwd=FILES, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        code, output, errors = helpers.finish(child)
        assert code == 0, output + errors
        return output + errors
    return run


def test_promtool_takes_the_rules_and_the_scrape_job_with_them(promtool, tmp_path):
    for name in ('rules', 'scrape'):
        helpers.write(tmp_path / ('fastbypass-%s.yml' % name), helpers.read(FILES + '/prometheus-%s.yml' % name))

    said = promtool('check', 'config', str(tmp_path / 'fastbypass-scrape.yml'))

    assert '%d rules found' % len(alerts()) in said and 'is valid prometheus config' in said


def looked(number, alert, minute, firing):
    """What the alert of a case must be at a minute, on the switch of the case."""
    return {'expr': 'count(ALERTS{alertname="Fastbypass%s",alertstate="firing",instance="%s"})' % (
        alert, switch(number, firing)), 'eval_time': '%dm' % minute,
        'exp_samples': [{'labels': '{}', 'value': 1}] if firing else []}


def switch(number, firing):
    return '%d %s' % (number, 'faulty' if firing else 'sound')


def on_switch(series, name):
    """The name of a series with the label `instance`."""
    label = 'instance="%s"' % name
    return series.replace('{', '{%s,' % label) if '{' in series else '%s{%s}' % (series, label)


def in_one(cases):
    """A test of `promtool test rules` in which each case has two switches of its own: one with the fault, one without.
    """
    series, looks = [], []
    for number, (alert, faulty, sound, minute) in cases:
        for given, firing in ((faulty, True), (sound, False)):
            series += [{'series': on_switch(one, switch(number, firing)), 'values': values}
                       for one, values in sorted(given.items())]
            looks.append(looked(number, alert, minute, firing))
    return {'interval': '1m', 'input_series': series, 'promql_expr_test': looks}


def absent(series, firing):
    """A test of the one alert that has no switch."""
    return {'interval': '1m', 'input_series': series, 'promql_expr_test': [
        {'expr': 'ALERTS{alertname="FastbypassAbsent",alertstate="firing"}', 'eval_time': '6m', 'exp_samples': [
            {'labels': 'ALERTS{alertname="FastbypassAbsent",alertstate="firing",severity="critical"}', 'value': 1}
        ] if firing else []}]}


def test_each_alert_is_raised_by_its_fault_and_not_by_less(promtool, tmp_path):
    tests = [in_one(enumerate(CASES)), absent([], True), absent([{'series': 'fastbypass_up', 'values': '0x9'}], False)]
    # JSON is YAML.
    path = helpers.write(tmp_path / 'cases.yml', json.dumps({
        'rule_files': [RULES], 'evaluation_interval': '1m', 'tests': tests}))

    assert 'SUCCESS' in promtool('test', 'rules', path)
    assert set([name for name, _, _, _ in CASES] + ['Absent']) == set(alerts())


def test_alerts_speak_of_metrics_that_there_are():
    names = set('fastbypass_' + metric.name for metric in (prometheus.UP,) + prometheus.METRICS)
    used = set(re.findall(r'fastbypass_\w+', ' '.join(rule.partition('labels:')[0] for rule in alerts().values())))

    assert len(used) > 15 and used <= names


def test_each_alert_says_what_it_means_and_what_to_do():
    for name, rule in alerts().items():
        assert re.search(r'(?m)^        labels: \{severity: (critical|warning)\}$', rule), name
        assert [word for word in ('summary', 'description', 'remedy')
                if not re.search(r'(?m)^          %s: \S' % word, rule)] == [], name


def test_the_remedies_name_commands_that_there_are():
    taken = re.findall(r'(?m)^    ([a-z][a-z_ |-]*)\)$', helpers.read(os.path.join(helpers.ROOT, 'fbypass_ctl')))
    named = re.findall(r'fbypass_ctl\s+(\w+)', text())

    assert len(named) > 20 and set(named) <= set(' '.join(taken).replace('|', ' ').split())


def test_no_alert_says_that_the_traffic_goes_past_the_nodes():
    # If a mistake leaves a card out, or a card did not switch, the traffic still goes into dead nodes.
    assert 'goes past' not in text() and 'FastbypassLeftOut' in alerts()['Bypass']
    assert 'severity: critical' in alerts()['LeftOut']
