"""The figures as a document of JSON values. Pure."""
import json

from fbmon.report import causes, text


def document(found, notes=()):
    """The dict of figures.Figures. Seconds are rounded to ms; times are seconds since 1970. notes: as in text."""
    return {'since': _at(found.since), 'until': _at(found.until),
            'seconds': dict([(what, _s(found.seconds[what])) for what in causes.CLASSES],
                            bypass=_s(text.bypassed(found))),
            'causes': [dict(_cause(one.cause), seconds=_s(one.seconds), count=one.count) for one in found.causes],
            'bypasses': [_stretch(one) for one in found.bypasses],
            'unwatched': [_stretch(one) for one in found.unwatched],
            'nodes': [{'name': one.name, 'failures': one.failures, 'down_s': _s(one.down),
                       'longest_s': _s(one.longest), 'active_s': _s(one.active), 'maintenance_s': _s(one.away),
                       'available': one.share} for one in found.nodes],
            'cards': [{'address': one.address, 'name': one.called or None, 'absences': one.absences,
                       'absent_s': _s(one.absent), 'foreign': one.foreign, 'silences': one.silences}
                      for one in found.cards],
            'actions': [{'at': _at(one.at), 'what': one.what, 'by': one.who or None, 'why': one.why or None}
                        for one in found.actions],
            'moved': found.moved, 'notes': list(notes)}


def lines(found):
    """The text of a document: a line for each of its keys, and one for each member of a list.

    The keys of a member are in no order: to sort them, 2.7 would take six times as long.
    """
    encode = json.JSONEncoder().encode
    values = [(key, '[\n%s\n]' % ',\n'.join(map(encode, value)) if value and isinstance(value, list)
               else encode(value)) for key, value in sorted(found.items())]
    return '{\n%s\n}' % ',\n'.join('"%s": %s' % pair for pair in values)


def _cause(one):
    return {'cause': one.what, 'who': one.who or None, 'why': one.why or None}


def _stretch(one):
    return {'begin': _at(one.begin), 'end': None if one.open else _at(one.end), 'seconds': _s(one.length),
            'causes': [_cause(cause) for cause in one.causes]}


def _s(seconds):
    return round(seconds, 3)


_at = _s
