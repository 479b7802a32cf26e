"""Reads a request of HTTP/1 and says what is wrong with it (RFC 9110, 9112). Pure: bytes in, values out."""
import re

from fbmon.base.tuples import namedtuple

# The limits of a request, in bytes and in lines.
LONGEST_LINE, MOST_LINES, MOST = 2048, 64, 8192

# method: GET or HEAD; path: without the query; query: the text after the question mark, '' without one.
Request = namedtuple('Request', 'method path query')

METHODS = ('GET', 'HEAD')

# Printable ASCII is all that may be in the first line.
_FIRST = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.([0-9])\Z')
_HEADER = re.compile(r'[!#$%&\'*+.^_`|~0-9A-Za-z-]+:')
_ABSOLUTE = re.compile(r'(?i)http://([^/?#]*)(.*)\Z')
_ADDRESS = re.compile(r'(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\])\Z')

USE_ADDRESS = 'this page is not called that: use the address of the switch, or its own name'


class Refused(Exception):
    """A request is not answered. code: the status code; str() says why."""

    def __init__(self, code, why):
        Exception.__init__(self, why)
        self.code = code


def parse(data, name):
    """The Request in the bytes of a client, None if more must come. name: that of this machine. Raises Refused."""
    head, end, _ = data.replace(b'\r\n', b'\n').lstrip(b'\n').partition(b'\n\n')
    lines = head.split(b'\n')
    if len(lines[0]) > LONGEST_LINE:
        raise Refused(414, 'the address is longer than %d bytes' % LONGEST_LINE)
    if len(data) > MOST or len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        raise Refused(431, 'the header is too large')
    if not end:
        return None
    return _request([line.decode('latin-1') for line in lines], name)


def _request(lines, name):
    found = _FIRST.match(lines[0])
    if not found or any(not _HEADER.match(line) for line in lines[1:]):
        raise Refused(400, 'this is no request of HTTP/1')
    method, target, minor = found.groups()
    # A header line is `name: value`.
    hosts = [line.partition(':')[2].strip() for line in lines[1:] if line.lower().startswith('host:')]
    absolute = _ABSOLUTE.match(target)
    if absolute:
        hosts, target = [absolute.group(1)], absolute.group(2) or '/'
    if len(hosts) > 1 or minor != '0' and not hosts or not target.startswith('/'):
        raise Refused(400, 'this is no request of HTTP/1')
    if hosts and not ours(hosts[0], name):
        raise Refused(421, USE_ADDRESS)
    if method not in METHODS:
        raise Refused(405, 'only GET and HEAD are served: nothing can be changed here')
    path, _, query = str(target).partition('?')
    return Request(str(method), path, query)


def ours(host, name):
    """Whether a Host may mean this machine: an address, a name without a dot, or one that begins with its own name.

    A page from elsewhere could otherwise have its own name lead here and read the status in the browser of an operator
    (DNS rebinding). It cannot do that with an address, or with a name that no public DNS has.
    """
    bare, own = re.sub(r':[0-9]*\Z', '', host).lower(), name.split('.')[0].lower()
    return bool(_ADDRESS.match(bare)) or '.' not in bare or own != '' and bare.split('.')[0] == own
