"""A real Prometheus reads a real daemon: by the scrape job and the rules of docs/monitoring, for the Grafana dashboard.

Both run in the switch's network namespace. So the port of Prometheus is always free, and nobody else is asked.
"""
import json
import os
import re
import subprocess

import pytest

import helpers
from kernel import files
from kernel.daemon import Daemon
from kernel.switch import Switch

try:
    from http.client import HTTPConnection
    from urllib.parse import urlencode
except ImportError:
    from httplib import HTTPConnection
    from urllib import urlencode

FILES = os.path.join(helpers.ROOT, 'docs', 'monitoring')

PORT, SERVE = 9090, '127.0.0.1:9742'

CARDS = ('192.168.1.211', '192.168.1.212')

# Three nodes, one of them with two ways. On a busy machine none fails by itself.
CONFIG = files.THREE.replace('TIMEOUT=300', 'TIMEOUT=2000') + '''LISTEN_HB_HOST[3]=192.168.1.202
LISTEN_HB_PORT[3]=3300
LISTEN_HB_NODE[3]=dpi-1
BYPASS_CARD_NAME[0]=west
BYPASS_CARD_PING_TIMEOUT=600000
'''

# What Grafana puts in the place of its variables.
VARIABLES = {'switch': '.*', '__rate_interval': '1m', '__range': '1h'}


def example(name):
    """The text of one of the files for Prometheus."""
    return helpers.read(os.path.join(FILES, 'prometheus-%s.yml' % name))


class Prometheus(object):
    """A Prometheus in the switch's namespace that reads the metrics there every half second."""

    def __init__(self, switch, directory):
        self._switch, self._directory = switch, directory
        helpers.write(os.path.join(directory, 'fastbypass-rules.yml'), example('rules'))
        # Faster than in life, and on one machine.
        quick = re.sub(r'(scrape_interval|scrape_timeout): \d+s', r'\1: 500ms', example('scrape'))
        helpers.write(os.path.join(directory, 'prometheus.yml'), 'global: {evaluation_interval: 500ms}\n'
                      + quick.replace('192.168.1.1:9742', SERVE))
        with open(os.path.join(directory, 'log'), 'wb') as log:
            self._child = subprocess.Popen(switch.prefix() + [
                'prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data',
                '--web.listen-address=127.0.0.1:%d' % PORT], cwd=directory, stdout=log, stderr=log, close_fds=True)
        helpers.wait_for(self._ready, 3 * helpers.LIMIT)

    def _ready(self):
        assert self._child.poll() is None, helpers.read(os.path.join(self._directory, 'log'))
        try:
            return self._switch.inside(self._get, '/-/ready')[0] == 200
        except EnvironmentError:
            return False

    def ask(self, what, **fields):
        """What its HTTP API gives: the field `data` of /api/v1/WHAT."""
        status, text = self._switch.inside(self._get, '/api/v1/%s?%s' % (what, urlencode(fields)))
        assert status == 200, text
        return json.loads(text)['data']

    def query(self, expression):
        """[(labels, value), ...] of an expression now."""
        return [(one['metric'], float(one['value'][1])) for one in self.ask('query', query=expression)['result']]

    def _get(self, path):
        connection = HTTPConnection('127.0.0.1', PORT, timeout=helpers.LIMIT)
        try:
            connection.request('GET', path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode('utf-8')
        finally:
            connection.close()

    def close(self):
        self._child.kill()
        self._child.wait()


class Served(object):
    """`fbmon.py serve` in the switch's namespace."""

    def __init__(self, daemon):
        with open(os.devnull, 'wb') as null:
            self._child = daemon.begin('serve', '--listen', SERVE, stdout=null, stderr=null)

    def close(self):
        self._child.kill()
        self._child.wait()


def begin(switch, daemon):
    """Start the daemon and bring it into a state in which every figure is there: a bypass, a maintenance, pings."""
    switch.dpis.steady(3000, 3100, 3200, 3300, interval=50)
    daemon.start(CONFIG)
    daemon.wait_state('normal')
    for address in CARDS:
        switch.card.until_answered(address)
    daemon.wait(lambda status: all(row['last_ping_s'] is not None for row in status['cards']))
    assert daemon.command('maintenance', 'dpi-3', 'on', '--for', '9m')[0] == 0
    switch.dpis.silence(3100, 3300)
    # Its wanted state cannot be reached: a problem.
    switch.ip('link', 'del', 'sw1')
    daemon.wait(lambda status: status['state'] == 'bypass' and status['problems'] and [
        row['state'] for row in status['listeners']] == ['active', 'failed', 'active', 'failed'])


@pytest.fixture(scope='module')
def prometheus(network_namespaces, tmp_path_factory):
    """A Prometheus that reads a daemon in bypass."""
    found = any(os.access(os.path.join(path, 'prometheus'), os.X_OK) for path in os.environ['PATH'].split(os.pathsep))
    helpers.require(found, 'needs prometheus, of the Debian package of that name')
    switch = Switch()
    daemon = Daemon(switch, tmp_path_factory.mktemp('daemon'))
    started = []
    try:
        begin(switch, daemon)
        started.append(Served(daemon))
        started.append(Prometheus(switch, str(tmp_path_factory.mktemp('prometheus'))))
        yield started[-1]
    finally:
        for one in started[::-1] + [daemon, switch]:
            one.close()


def dashboard():
    return json.loads(helpers.read(os.path.join(FILES, 'grafana-dashboard.json')))


EXPRESSIONS = [(panel['title'], target['expr']) for panel in dashboard()['panels'] for target in panel['targets']]


def substituted(expression):
    """An expression without variables, as Grafana sends it."""
    for name, value in VARIABLES.items():
        expression = expression.replace('$' + name, value)
    assert '$' not in expression
    return expression


def test_prometheus_reads_the_daemon(prometheus):
    helpers.wait_for(lambda: [value for _, value in prometheus.query('fastbypass_up')] == [1], 3 * helpers.LIMIT)

    assert [(labels['job'], labels['instance']) for labels, _ in prometheus.query('up')] == [
        ('fastbypass', SERVE)]


@pytest.mark.parametrize('expression', [expression for _, expression in EXPRESSIONS],
                         ids=[title for title, _ in EXPRESSIONS])
def test_each_panel_of_the_dashboard_has_data(prometheus, expression):
    assert helpers.wait_for(lambda: prometheus.query(substituted(expression)), 3 * helpers.LIMIT)


def test_the_panels_show_what_the_daemon_shows(prometheus):
    shown = dict((title, substituted(expression)) for title, expression in EXPRESSIONS)

    def rows(title, label):
        return sorted((labels[label], value) for labels, value in prometheus.query(shown[title]))
    helpers.wait_for(lambda: rows('State', 'instance') == [(SERVE, 2)])
    helpers.wait_for(lambda: rows('Nodes', 'node') == [('dpi-1', 1), ('dpi-2', 2), ('dpi-3', 5)])
    helpers.wait_for(lambda: rows('Cards', 'address') == [(CARDS[0], 0), (CARDS[1], 0)])
    helpers.wait_for(lambda: rows('Ports', 'interface') == [('sw1', 2), ('sw2', 0), ('sw3', 0)])


def test_every_rule_can_be_evaluated_and_its_words_are_whole(prometheus):
    def summaries(alert):
        return [one['annotations']['summary'] for one in prometheus.ask('alerts')['alerts']
                if one['labels']['alertname'] == alert]
    helpers.wait_for(lambda: summaries('FastbypassNodeFailed') == [SERVE + ': node dpi-2 has failed'])
    helpers.wait_for(lambda: summaries('FastbypassBypass') == [SERVE + ': bypass'])
    soon = helpers.wait_for(lambda: summaries('FastbypassOrderEndsSoon'))
    assert [text.partition(' ends in ')[0] for text in soon] == [SERVE + ': the maintenance of node dpi-3']

    rules = prometheus.ask('rules')['groups'][0]['rules']
    texts = [text for one in prometheus.ask('alerts')['alerts'] for text in one['annotations'].values()]
    assert len(rules) > 20 and [rule['name'] for rule in rules if rule['health'] != 'ok'] == []
    assert [text for text in texts if '<' in text] == []
