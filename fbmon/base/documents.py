"""Reads JSON that somebody else may have written, and writes it. Pure."""
import json
import re

# Brackets in brackets. Nothing of ours is nested so deep.
DEEPEST = 16

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(r'[][{}]')


def read(text):
    """The value of a JSON text. Raises ValueError, also if it is nested too deep.

    json itself counts the depth without regard to the short stack of a thread: 3.12 and 3.13 end the process.
    """
    depth = 0
    for bracket in _BRACKET.findall(_TEXT.sub('', text)):
        depth += 1 if bracket in '[{' else -1
        if depth > DEEPEST:
            raise ValueError('more than %d brackets in brackets' % DEEPEST)
    return json.loads(text)


def line(value):
    """A value as a line of JSON."""
    try:
        return json.dumps(value) + '\n'
    except UnicodeDecodeError:
        # Of 2.7: a path may have any bytes.
        return json.dumps(value, encoding='latin-1') + '\n'
