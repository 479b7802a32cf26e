"""docs/monitoring/zabbix-template.yaml: its paths find their values in a real status, and its triggers their items."""
import json
import os
import re
import subprocess

import pytest

import helpers
import jsonpath
import statuses
from settings import card, config, listener
from test_controller import CARD, HOST, World

FILES = os.path.join(helpers.ROOT, 'docs', 'monitoring')
TEMPLATE = os.path.join(FILES, 'zabbix-template.yaml')

# Debian's python3 reads YAML, whichever interpreter runs this test.
PYTHON = '/usr/bin/python3'
TO_JSON = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)'

DOWN = {'state': 'down'}

# The words of each item that is text.
WORDS = {'state': 'unknown, normal, bypass, down', 'override': 'off', 'trial': 'nobody', 'return': 'nothing',
         'node.state': 'active, failed, unknown, unconfigured', 'node.maintenance': 'nobody, alice',
         'listener.state': 'active, failed, unknown, unconfigured', 'card.wanted': 'present, absent, left alone',
         'card.actual': 'present, absent, missing, unknown', 'card.pings': 'seen, silent, unknown, not watched',
         'port.wanted': 'up, down, left alone', 'port.actual': 'up, down, missing, unknown'}


def yaml(path):
    """The document of a YAML file."""
    with open(path, 'rb') as source, open(os.devnull, 'wb') as null:
        works = os.path.exists(PYTHON) and subprocess.call([PYTHON, '-c', 'import yaml'], stderr=null) == 0
        helpers.require(works, 'needs python3-yaml of Debian')
        return json.loads(subprocess.check_output([PYTHON, '-c', TO_JSON], stdin=source).decode('ascii'))


@pytest.fixture(scope='module')
def export():
    return yaml(TEMPLATE)['zabbix_export']


@pytest.fixture(scope='module')
def template(export):
    only, = export['templates']
    return only


@pytest.fixture
def status(monkeypatch):
    """The real status of a daemon with one listener, one card and one port, as its JSON gives it."""
    world = World(config([listener(0)], [card(0)], ports=('sw0',)), monkeypatch, HOST, CARD)
    return json.loads(json.dumps(world.status()))


def full():
    """A status in which nothing is null."""
    found = statuses.large()
    found['cards'] = [statuses.card(0, **statuses.WATCHED)]
    found['nodes'][0]['maintenance'] = {'by': 'alice', 'since': 0, 'until': None, 'reason': ''}
    return dict(found, reload={'refused': []}, history=[{'kind': 'global'}] * 9, next=['one more'])


def dependents(template):
    """All items that are made of the status, those of discovery rules too."""
    return [one for one in template['items'] if one.get('type') == 'DEPENDENT'] + [
        one for rule in template['discovery_rules'] for one in rule['item_prototypes']]


def triggers(export):
    """All triggers and trigger prototypes."""
    template = export['templates'][0]
    prototypes = [one for rule in template['discovery_rules'] for one in rule.get('trigger_prototypes', [])]
    return export['triggers'] + prototypes + [
        one for row in dependents(template) for one in row.get('triggers', []) + row.get('trigger_prototypes', [])]


def value(item, document, macros=()):
    """What an item gets of a status; None: the value is discarded. Raises NotFound."""
    first, path = item['preprocessing'][0], item['preprocessing'][0]['parameters'][0]
    for name, text in macros:
        path = path.replace(name, '%s' % text)
    try:
        found = jsonpath.find(document, path)
    except jsonpath.NotFound:
        return instead(first)
    # For Zabbix null is a text.
    found = 'null' if found is None else found
    for step in item['preprocessing'][1:]:
        if step['type'] == 'NOT_MATCHES_REGEX' and re.search(step['parameters'][0], '%s' % found):
            return instead(step)
        found = int(found) if step['type'] == 'BOOL_TO_DECIMAL' else found
    return found


def instead(step):
    """What a step that fails gives. Without one, the item becomes "not supported"."""
    if step.get('error_handler') == 'DISCARD_VALUE':
        return None
    given = step['error_handler_params']
    return float(given) if given.isdigit() else given


def discovered(rule, document):
    """[[(macro, its value), ...] of each row that a discovery rule finds]."""
    rows = value(rule, document) or []
    return [[(one['lld_macro'], jsonpath.find(row, one['path'])) for one in rule['lld_macro_paths']] for row in rows]


def of_its_type(item, found):
    kind = item.get('value_type', 'UNSIGNED')
    if kind == 'UNSIGNED':
        return isinstance(found, int) and not isinstance(found, bool) and found >= 0
    if kind == 'FLOAT':
        return isinstance(found, (int, float)) and not isinstance(found, bool)
    words = WORDS.get(re.sub(r'^fastbypass\.|\[.*$', '', item['key']))
    return kind == 'TEXT' or (words is None and found != '') or words is not None and found in words.split(', ')


def test_each_item_has_a_value_of_its_type_in_a_full_status(template):
    document = full()
    values = [(one, value(one, document)) for one in template['items'] if one.get('type') == 'DEPENDENT']
    for rule in template['discovery_rules']:
        rows = discovered(rule, document)
        assert rows
        values += [(one, value(one, document, macros)) for macros in rows[:1] for one in rule['item_prototypes']]

    assert len(values) > 30
    assert [(one['key'], found) for one, found in values if found is None or not of_its_type(one, found)] == []


def test_what_a_real_status_has_and_has_not_has_the_type_of_its_item(template, status):
    values = [(one, value(one, status)) for one in dependents(template) if '{#' not in one['key']]
    for rule in template['discovery_rules']:
        values += [(one, value(one, status, macros)) for macros in discovered(rule, status)
                   for one in rule['item_prototypes']]

    assert len(values) > 30
    assert [(one['key'], found) for one, found in values if found is not None and not of_its_type(one, found)] == []


def test_what_is_not_decided_or_not_known_is_no_difference(template):
    document = statuses.status(
        [statuses.listener(0, last_heartbeat_s=None)], [statuses.card(0, wanted=None, actual=None)],
        [statuses.port('sw0', wanted=None, actual=None)], threshold=None)
    found = dict((one['key'].replace('fastbypass.', ''), value(one, document, macros))
                 for rule in template['discovery_rules'] for macros in discovered(rule, document)
                 for one in rule['item_prototypes'])

    assert [found[key] for key in ('card.wanted[{#INDEX}]', 'card.actual[{#INDEX}]', 'card.pings[{#INDEX}]',
                                   'port.wanted["{#PORT}"]', 'listener.last[{#INDEX}]', 'card.last[{#INDEX}]')] == [
        'left alone', 'unknown', 'not watched', 'left alone', None, None]
    expressions = [one['expression'] for rule in template['discovery_rules']
                   for one in rule.get('trigger_prototypes', []) if 'wanted' in one['expression']]
    assert len(expressions) == 2 and all('<>"left alone" and ' in one for one in expressions)


def test_without_a_daemon_the_state_is_down_and_nothing_else_is_unsupported(template):
    known = dict((one['key'], value(one, DOWN)) for one in template['items'] if one.get('type') == 'DEPENDENT')

    assert dict((key, found) for key, found in known.items() if found is not None) == {
        'fastbypass.state': 'down', 'fastbypass.override': 'off', 'fastbypass.trial': 'nobody',
        'fastbypass.return': 'nothing', 'fastbypass.override.since': 0}
    assert [discovered(rule, DOWN) for rule in template['discovery_rules']] == [[]] * 4


def test_every_trigger_speaks_of_items_that_there_are(export, template):
    keys = set(one['key'] for one in template['items'] + dependents(template))
    used = [re.findall(r'/fastbypass_monitor/([\w.]+(?:\["?\{#\w+\}"?\])?)', one['expression'])
            for one in triggers(export)]

    assert len(used) > 20 and all(used) and set(key for row in used for key in row) <= keys
    # What stands between the slashes is the name of the template.
    assert set(name for one in triggers(export) for name in re.findall(r'/(\w+)/', one['expression'])) == set(
        [template['template']])


def test_every_trigger_says_what_to_do_and_how_bad_it_is(export):
    severities = set(one['priority'] for one in triggers(export))

    assert severities == set(['INFO', 'WARNING', 'AVERAGE', 'HIGH'])
    assert [one['name'] for one in triggers(export) if not one['description']] == []
    taken = re.findall(r'(?m)^    ([a-z][a-z_ |-]*)\)$', helpers.read(os.path.join(helpers.ROOT, 'fbypass_ctl')))
    named = [word for one in triggers(export) for word in re.findall(r'fbypass_ctl (\w+)', one['description'])]
    assert len(named) > 10 and set(named) <= set(' '.join(taken).replace('|', ' ').split())


def test_a_macro_of_a_prototype_is_one_that_its_rule_finds(template):
    for rule in template['discovery_rules']:
        found = set(one['lld_macro'] for one in rule['lld_macro_paths'])
        assert set(re.findall(r'\{#\w+\}', json.dumps(rule['item_prototypes']))) <= found, rule['name']
        assert set(re.findall(r'\{#\w+\}', json.dumps(rule.get('trigger_prototypes', [])))) <= found, rule['name']


def test_names_and_identifiers_are_unique_and_identifiers_are_those_of_version_4(export, template):
    text = json.dumps(export)
    identifiers = re.findall(r'"uuid": "([^"]*)"', text)
    keys = [one['key'] for one in template['items'] + template['discovery_rules']] + [
        one['key'] for rule in template['discovery_rules'] for one in rule['item_prototypes']]

    assert len(identifiers) > 50 and len(set(identifiers)) == len(identifiers)
    assert [one for one in identifiers if not re.match('[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$', one)] == []
    assert len(set(keys)) == len(keys)


def test_all_is_made_of_the_one_item_that_the_agent_is_asked_for(template):
    asked = [one['key'] for one in template['items'] if one.get('type') != 'DEPENDENT']
    parameter, = re.findall(r'(?m)^UserParameter=([\w.]+),', helpers.read(os.path.join(FILES, 'zabbix-agent.conf')))

    assert asked == [parameter]
    assert set(one['master_item']['key'] for one in dependents(template) + template['discovery_rules']) == set(asked)
