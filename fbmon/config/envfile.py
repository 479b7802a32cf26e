"""Makes assignments of the lines of a .env file. Pure; nothing is expanded or executed.

It takes what people know from .env files: blank lines, `#` comments (after a value too, if a blank stands before the
`#`), blanks around `=`, single or double quotes, `export ` in front, CRLF line ends and a UTF-8 byte order mark.
"""
import io
import re

from fbmon.base.tuples import namedtuple
from fbmon.config import characters

# One line that is neither blank nor a comment. line: its number, from 1; key: as it is written, None if there is none;
# name, index: the two parts of a key such as LISTEN_HB_HOST[3] (name is None if the line or its index cannot be read,
# index is None if the key has none); value: the text behind the `=`; error: why the line cannot be used, or None.
Assignment = namedtuple('Assignment', 'line key name index value error')

# No file needs a larger one, and a typo with many digits must not become a huge number.
LARGEST_INDEX = 65535

BLANKS = ' \t'

_CONTROL = re.compile(u'[\x00-\x08\x0a-\x1f\x7f-\x9f]')
_EXPORT = re.compile(r'export[ \t]+')
_KEY = re.compile(r'([^ \t\[\]]+)(?:\[([^\[\]]*)\])?\Z')
_INDEX = re.compile(r'(?:0|[1-9][0-9]{0,8})\Z')
COMMENT = re.compile(r'[ \t]#')

NOT_AN_ASSIGNMENT = 'not an assignment; write KEY=value, or # in front of a comment'
BAD_INDEX = ('the index is not a plain number; write NAME[n] with n from 0 to %d, without blanks and leading '
             'zeros' % LARGEST_INDEX)
CONTROL_CHARACTER = 'a control character in the line; remove it, or type the line again'
NOT_CLOSED = 'the quote is not closed; write the same quote at the end of the value, or none at all'
AFTER_QUOTE = 'text after the closing quote; remove it, or put a blank and # in front of a comment'


def assignments(text):
    """The Assignment of each line that is neither blank nor a comment, in order."""
    if text.startswith(u'\ufeff'):
        text = text[1:]
    for number, line in enumerate(io.StringIO(text, newline='\n'), 1):
        line = line[:-1] if line.endswith('\n') else line
        line = line[:-1] if line.endswith('\r') else line
        found = _assignment(number, line)
        if found:
            yield found


def label(name, index):
    """A key as it is written: NAME or NAME[n]."""
    return name if index is None else '%s[%d]' % (name, index)


def _assignment(number, line):
    text = line.strip(BLANKS)
    control = CONTROL_CHARACTER if _CONTROL.search(line) else None
    if not text or text.startswith('#'):
        return Assignment(number, None, None, None, text, control) if control else None
    left, equals, right = text.partition('=')
    key = _EXPORT.sub('', left, 1).rstrip(BLANKS) if _EXPORT.match(left) else left.rstrip(BLANKS)
    if not equals or not key or '#' in key:
        return Assignment(number, None, None, None, text, control or characters.unseen(text) or NOT_AN_ASSIGNMENT)
    name, index, wrong_key = _parts(key)
    value, wrong_value = _value(right)
    error = control or characters.unseen(left + value) or wrong_key or wrong_value
    return Assignment(number, key, name, index, value, error)


def _parts(key):
    """(name, index, error) of a key; error: why it cannot be read, or None."""
    match = _KEY.match(key)
    if match is None:
        return None, None, BAD_INDEX if '[' in key else NOT_AN_ASSIGNMENT
    name, digits = match.groups()
    if digits is None:
        return name, None, None
    if not _INDEX.match(digits) or int(digits) > LARGEST_INDEX:
        return None, None, BAD_INDEX
    return name, int(digits), None


def _value(text):
    """(value, error) of the text behind the `=`; error: why it cannot be read, or None."""
    bare = text.lstrip(BLANKS)
    if bare[:1] not in ('"', "'"):
        comment = COMMENT.search(text)
        return (text[:comment.start()] if comment else text).strip(BLANKS), None
    inside, closing, rest = bare[1:].partition(bare[0])
    if not closing:
        return bare, NOT_CLOSED
    if rest.strip(BLANKS) and not COMMENT.match(rest[:1] + rest.lstrip(BLANKS)):
        return bare, AFTER_QUOTE
    return inside, None
