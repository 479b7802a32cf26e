"""Writes an answer of HTTP/1.1. Pure."""
import time

from fbmon.base.tuples import namedtuple

# code: the status code; kind: the type of the content; body: bytes; policy: what the page may load, see POLICY.
Response = namedtuple('Response', 'code kind body policy')

WORDS = {200: 'OK', 400: 'Bad Request', 404: 'Not Found', 405: 'Method Not Allowed', 408: 'Request Timeout',
         414: 'URI Too Long', 421: 'Misdirected Request', 431: 'Request Header Fields Too Large',
         500: 'Internal Server Error'}

TEXT = 'text/plain; charset=utf-8'
HTML = 'text/html; charset=utf-8'
JSON = 'application/json'
METRICS = 'text/plain; version=0.0.4; charset=utf-8'

# Nothing runs, is loaded, is sent or frames the page. %s: what more is allowed.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'%s"

# Names of the days and months, in any locale.
DAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')


def plain(code, why):
    """A short answer that says what is wrong."""
    return Response(code, TEXT, ('%d %s: %s\n' % (code, WORDS[code], why)).encode('utf-8'), '')


def head(response, now):
    """The bytes that come before the body of a Response. now: seconds since 1970."""
    lines = ['HTTP/1.1 %d %s' % (response.code, WORDS[response.code]), 'Date: ' + date(now),
             'Content-Type: ' + response.kind, 'Content-Length: %d' % len(response.body), 'Connection: close',
             'Cache-Control: no-store', 'Content-Security-Policy: ' + POLICY % response.policy,
             'X-Content-Type-Options: nosniff', 'X-Frame-Options: DENY', 'Referrer-Policy: no-referrer',
             'Cross-Origin-Resource-Policy: same-origin']
    if response.code == 405:
        lines.append('Allow: GET, HEAD')
    return '\r\n'.join(lines + ['', '']).encode('ascii')


def date(now):
    """Seconds since 1970 as RFC 9110 has them, 5.6.7."""
    found = time.gmtime(now)
    return '%s, %02d %s %d %02d:%02d:%02d GMT' % (DAYS[found[6]], found[2], MONTHS[found[1] - 1], found[0], found[3],
                                                  found[4], found[5])
