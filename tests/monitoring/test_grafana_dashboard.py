"""docs/monitoring/grafana-dashboard.json: what can be seen without Grafana. tests/kernel/test_scraped.py runs it."""
import json
import os
import re

import helpers
from fbmon.show import prometheus

DASHBOARD = json.loads(helpers.read(os.path.join(helpers.ROOT, 'docs', 'monitoring', 'grafana-dashboard.json')))
PANELS = DASHBOARD['panels']

# Okabe and Ito's colours, which nearly everybody can tell apart, and a grey.
COLOURS = set(['#0072B2', '#56B4E9', '#E69F00', '#D55E00', '#CC79A7', '#999999'])

SOURCE = {'type': 'prometheus', 'uid': '${datasource}'}

# The width of a dashboard.
COLUMNS = 24


def expressions():
    return [target['expr'] for panel in PANELS for target in panel['targets']]


def test_the_data_source_and_the_switches_are_chosen_when_it_is_looked_at():
    variables = dict((one['name'], one) for one in DASHBOARD['templating']['list'])

    assert (variables['datasource']['type'], variables['datasource']['query']) == ('datasource', 'prometheus')
    assert (variables['switch']['definition'], variables['switch']['includeAll']) == (
        'label_values(fastbypass_up, instance)', True)
    assert [panel['title'] for panel in PANELS
            if any(one['datasource'] != SOURCE for one in [panel] + panel['targets'])] == []


def test_every_expression_asks_for_metrics_that_there_are_on_the_switches_that_are_chosen():
    names = set('fastbypass_' + metric.name for metric in (prometheus.UP,) + prometheus.METRICS) | set(['ALERTS'])
    asked = [found for one in expressions() for found in re.findall(r'\b(fastbypass_\w+|ALERTS)(\{[^,}]*)?', one)]

    assert len(asked) > 30 and set(name for name, _ in asked) <= names
    assert set(labels for _, labels in asked) == set(['{instance=~"$switch"'])


def test_each_panel_says_what_it_shows_and_in_which_unit():
    for panel in PANELS:
        assert re.match(r'[A-Z]', panel['title']) and re.search(r'[.?]$', panel['description']), panel['title']
        assert panel['fieldConfig']['defaults']['unit'], panel['title']


def test_states_are_words_and_no_numbers():
    for panel in [one for one in PANELS if one['type'] == 'state-timeline']:
        mapping, = panel['fieldConfig']['defaults']['mappings']
        assert all(re.match(r'[a-z, ]+$', one['text']) for one in mapping['options'].values()), panel['title']
        words = [one['text'] for one in mapping['options'].values()]
        assert len(set(words)) == len(words) == len(set(one['color'] for one in mapping['options'].values()))


def test_the_colours_are_those_that_nearly_everybody_can_tell_apart():
    found = set(re.findall(r'#[0-9A-Fa-f]{6}\b', json.dumps(PANELS)))

    assert len(found) > 3 and found <= COLOURS
    assert set(re.findall(r'"color": "([^"]*)"', json.dumps(PANELS))) == found


def test_the_panels_lie_side_by_side_and_none_over_another():
    places = [panel['gridPos'] for panel in PANELS]
    cells = [(x, y) for one in places for x in range(one['x'], one['x'] + one['w'])
             for y in range(one['y'], one['y'] + one['h'])]

    assert len(set(cells)) == len(cells) == COLUMNS * max(one['y'] + one['h'] for one in places)
    assert max(x for x, _ in cells) < COLUMNS
    assert len(set(panel['id'] for panel in PANELS)) == len(PANELS)
