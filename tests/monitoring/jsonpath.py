"""The part of JSONPath that docs/monitoring/zabbix-template.yaml uses, as Zabbix understands it.

See "JSONPath functionality" in Zabbix's manual: a path with a filter or a slice gives a list of all that it finds, and
without one the only value; a function at the end makes one value of it. A real Zabbix 6.0 did the same.
"""
import json
import re

_STEP = re.compile(r'\.(\w+)(\(\))?|\[\?\(@\.(\w+) == ("[^"]*"|-?\d+)\)\]|\[(-\d+):\]')


class NotFound(Exception):
    """Nothing is at this path: an item with it becomes "not supported", unless it says what then."""


def find(document, path):
    """The value at a path. Raises NotFound, or ValueError if the path is none of ours."""
    found, many = [document], False
    for step in _steps(path):
        name, function, field, value, start = step
        if function:
            return _called(name, found, many)
        found = _below(found, name, (field, value), start)
        many = many or not name
    if not found:
        raise NotFound(path)
    return found if many else found[0]


def _steps(path):
    steps, rest = [], path[1:]
    while rest:
        match = _STEP.match(rest)
        if not match or path[0] != '$':
            raise ValueError('no path: ' + path)
        steps.append(match.groups())
        rest = rest[match.end():]
    return steps


def _below(found, name, condition, start):
    if name:
        return [one[name] for one in found if isinstance(one, dict) and name in one]
    rows = [row for one in found if isinstance(one, list) for row in (one[int(start):] if start else one)]
    if start:
        return rows
    field, value = condition
    return [row for row in rows if isinstance(row, dict) and field in row and row[field] == json.loads(value)]


def _called(name, found, many):
    values = found if many else found[0] if found else None
    if not isinstance(values, list) or name not in ('first', 'length') or name == 'first' and not values:
        raise NotFound(name)
    return values[0] if name == 'first' else len(values)
