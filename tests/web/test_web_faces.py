"""faces.py and responses.py: what is at which path, with and without a daemon, and what may come of it."""
import json

import pytest

import statuses
from fbmon.show import prometheus
from fbmon.web import responses
from fbmon.web.faces import Faces
from fbmon.web.requests import Request
from fbmon.web.source import NOTHING, View

ANSWERED = View(statuses.large(), 100.0, 1795896000.0, None, False, 100.0)
DOWN = ANSWERED._replace(error='/run/x: gone', tried=160.0)


def given(path, view, now, query='', faces=None):
    return (faces or Faces('switch1', lambda: now)).response(Request('GET', path, query), view, now)


def test_metrics_are_those_of_show_and_the_age_of_the_answer():
    found = given('/metrics', ANSWERED, 100.5)

    assert (found.code, found.kind) == (200, 'text/plain; version=0.0.4; charset=utf-8')
    assert found.body.decode('utf-8') == prometheus.render(ANSWERED.status) + (
        '# HELP fastbypass_answer_age_seconds Seconds since the daemon has answered `serve` last.\n'
        '# TYPE fastbypass_answer_age_seconds gauge\nfastbypass_answer_age_seconds 0.5\n')


@pytest.mark.parametrize('view, rest', [(NOTHING, []), (DOWN, ['fastbypass_answer_age_seconds 60.0'])])
def test_without_a_daemon_the_metrics_have_no_figures_of_before(view, rest):
    lines = given('/metrics', view, 160.0).body.decode('ascii').splitlines()

    assert [line for line in lines if not line.startswith('#')] == ['fastbypass_up 0'] + rest


def test_the_json_is_the_status_and_how_old_it_is():
    found = given('/status.json', ANSWERED, 100.5)
    document = json.loads(found.body.decode('ascii'))

    assert (found.code, found.kind) == (200, 'application/json')
    assert document.pop('serve') == {'version': document['version'] and '1.4.00', 'answers': True, 'age_s': 0.5,
                                     'error': None, 'last': None}
    assert document == ANSWERED.status


def test_without_a_daemon_the_json_says_down_and_has_the_last_answer_with_its_age():
    document = json.loads(given('/status.json', DOWN, 160.0).body.decode('ascii'))

    assert (document['state'], document['serve']['answers'], document['serve']['error']) == (
        'down', False, '/run/x: gone')
    assert (document['serve']['age_s'], document['serve']['last']) == (60.0, ANSWERED.status)


def test_a_daemon_that_hangs_counts_as_down_from_some_seconds_on():
    assert [json.loads(given('/status.json', ANSWERED, now).body.decode('ascii'))['state'] for now in (102, 104)] == [
        'normal', 'down']


def test_a_face_is_made_once_a_second_and_again_for_a_new_answer():
    # It takes three seconds to make it.
    faces = Faces('switch1', clock=lambda: 103.0)
    one = given('/metrics', ANSWERED, 100.0, faces=faces)

    assert given('/metrics', ANSWERED, 103.9, faces=faces) is one
    assert given('/metrics', ANSWERED._replace(at=1.0), 103.1, faces=faces) is not one
    one = given('/metrics', ANSWERED, 103.1, faces=faces)
    assert given('/metrics', ANSWERED, 104.0, faces=faces) is not one


@pytest.mark.parametrize('path', ['/', '/metrics', '/status.json'])
@pytest.mark.parametrize('status', [{}, {'state': 'normal'}, {'state': []}, {'state': 'bypass', 'cards': [3]}])
def test_the_status_of_another_version_ends_nothing(path, status, root_logger):
    root_logger.handlers[:] = []

    assert given(path, ANSWERED._replace(status=status), 100.0).code in (200, 500)


@pytest.mark.parametrize('path', ['/', '/metrics', '/status.json'])
def test_names_that_are_no_utf8_become_some(path):
    name = json.loads('"a\\udcff\\ud83d\\ude00\\u0001<script>"')
    status = statuses.status(ports=[statuses.port(name)], problems=[name])

    given(path, ANSWERED._replace(status=status), 100.0).body.decode('utf-8')


def test_another_path_is_told_what_there_is():
    found = given('/<x>', ANSWERED, 100.0)

    assert (found.code, found.kind, b'/metrics' in found.body, b'<x>' in found.body) == (
        404, 'text/plain; charset=utf-8', True, False)


def test_nothing_may_be_loaded_kept_framed_or_guessed():
    lines = responses.head(responses.plain(405, 'no'), 1795896000.5).decode('ascii').split('\r\n')
    fields = dict(line.split(': ', 1) for line in lines[1:-2])

    assert (lines[0], lines[-2:]) == ('HTTP/1.1 405 Method Not Allowed', ['', ''])
    assert fields == {
        'Date': 'Sat, 28 Nov 2026 20:00:00 GMT', 'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': '27', 'Connection': 'close', 'Cache-Control': 'no-store', 'Allow': 'GET, HEAD',
        'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Resource-Policy': 'same-origin'}
