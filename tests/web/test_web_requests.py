"""requests.py: what is answered, and what is refused and with which code."""
import pytest

from fbmon.web.requests import MOST, MOST_LINES, Refused, Request, ours, parse


def asked(data):
    """The Request in these bytes, or the code with which they are refused."""
    try:
        return parse(data, 'switch1.example')
    except Refused as error:
        return error.code


@pytest.mark.parametrize('data, found', [
    (b'GET / HTTP/1.0\r\n\r\n', Request('GET', '/', '')),
    (b'HEAD /metrics?x=1&y HTTP/1.1\r\nHost: 127.0.0.1:9742\r\n\r\n', Request('HEAD', '/metrics', 'x=1&y')),
    (b'GET / HTTP/1.1\nhost:[::1]:9742\n\n', Request('GET', '/', '')),
    (b'\r\nGET /a HTTP/1.1\r\nAccept: */*\r\nHost: localhost\r\n\r\nrest', Request('GET', '/a', '')),
    (b'GET http://switch1.noc.example:80/a HTTP/1.1\r\nHost: x.evil\r\n\r\n', Request('GET', '/a', '')),
    (b'GET http://switch1 HTTP/1.1\r\nHost: x\r\n\r\n', Request('GET', '/', ''))])
def test_a_request_is_understood_with_all_line_ends_and_forms(data, found):
    assert asked(data) == found


@pytest.mark.parametrize('data', [b'', b'G', b'GET / HTTP/1.1\r\n', b'GET / HTTP/1.1\r\nHost: x\r\n\r', b'\n\n'])
def test_what_is_not_whole_yet_is_waited_for(data):
    assert asked(data) is None


@pytest.mark.parametrize('data, code', [
    (b'GET /\r\n\r\n', 400), (b'\x16\x03\x01\n\n', 400), (b'GET / HTTP/2.0\n\n', 400), (b'GET  / HTTP/1.1\n\n', 400),
    (b'GET x HTTP/1.0\n\n', 400), (b'GET /\xff HTTP/1.0\n\n', 400), (b'GET /\0 HTTP/1.0\n\n', 400),
    (b'GET / HTTP/1.1\n\n', 400), (b'GET / HTTP/1.1\nHost: a\nHost: b\n\n', 400),
    (b'GET / HTTP/1.0\nnonsense\n\n', 400),
    (b'GET / HTTP/1.0\n folded: x\n\n', 400), (b'GET * HTTP/1.0\n\n', 400),
    (b'POST / HTTP/1.0\n\n', 405), (b'DELETE /metrics HTTP/1.0\n\n', 405), (b'get / HTTP/1.0\n\n', 405),
    (b'GET /' + b'a' * 2100, 414), (b'GET /' + b'a' * 2100 + b' HTTP/1.0\n\n', 414),
    (b'GET / HTTP/1.0\nA: ' + b'b' * 2100, 431), (b'GET / HTTP/1.0\n' + b'A: b\n' * MOST_LINES, 431),
    (b'GET / HTTP/1.0\n' + (b'A: ' + b'b' * 1000 + b'\n') * 9, 431), (b'\n' * (MOST + 1), 431),
    (b'GET / HTTP/1.1\nHost: evil.example\n\n', 421), (b'GET http://evil.example/ HTTP/1.1\nHost: x\n\n', 421)])
def test_what_is_wrong_is_refused_with_its_code(data, code):
    assert asked(data) == code


@pytest.mark.parametrize('host, name, found', [
    ('10.0.0.1', 'a', True), ('10.0.0.1:80', 'a', True), ('[fe80::1]:80', 'a', True), ('localhost', 'a', True),
    ('a.example:9742', 'a', True), ('A.Example', 'a.other', True), ('', 'a', True), ('b.example', 'a', False),
    ('10.0.0.1.evil.example', 'a', False), ('127.evil', 'a', False), ('.evil', '', False), ('a.', 'b', False)])
def test_a_page_from_elsewhere_cannot_reach_us_under_its_own_name(host, name, found):
    assert ours(host, name) is found
