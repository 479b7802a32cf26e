"""Reads the settings of a sender from an env file, with all its mistakes. Pure."""
from fbmon.base import compat
from fbmon.base.tuples import namedtuple
from fbmon.beat import settings
from fbmon.config import envfile

# One mistake. line: 0 if it belongs to none.
Wrong = namedtuple('Wrong', 'line key text')

KEYS = {'BEAT_TO': 'targets', 'BEAT_INTERVAL': 'interval', 'BEAT_WHILE': 'command', 'BEAT_EVERY': 'every',
        'BEAT_SOURCE': 'source', 'BEAT_INTERFACE': 'interface'}
NAMES = dict((part, key) for key, part in KEYS.items())

UNKNOWN = 'there is no such key; there are ' + ', '.join(sorted(KEYS))
# A check that is empty by mistake must not make a node look alive.
EMPTY = 'it is empty; give a value, or put # in front of the line'
TWICE = 'it is given in line %d already; remove one of them'
MISSING = 'it is missing; give an address and a port for each target, as in BEAT_TO=192.168.1.202 3000'


def read(text):
    """(Settings, [Wrong]) of a file's text. The Settings are None if anything is wrong."""
    given, wrong = {}, []
    for one in envfile.assignments(text):
        why = _why_not(one, given)
        if why:
            wrong.append(Wrong(one.line, one.key or 'this line', why))
        else:
            given[KEYS[one.key]] = one
    found = None
    if not wrong:
        found, wrong = _settings(given)
    return found, wrong


def _why_not(one, given):
    if one.error:
        return one.error
    if one.key not in KEYS:
        return UNKNOWN
    if not one.value:
        return EMPTY
    before = given.get(KEYS[one.key])
    return TWICE % before.line if before else None


def _settings(given):
    if 'targets' not in given:
        return None, [Wrong(0, 'BEAT_TO', MISSING)]
    values, key = dict((part, compat.native(one.value)) for part, one in given.items()), 'targets'
    try:
        words = values.pop('targets').replace(',', ' ').split()
        for key, least, most in (('interval', 1, 3600000), ('every', 1, 3600)):
            if key in values:
                values[key] = settings.number(values[key], least, most)
        return settings.make(words, **values), []
    except settings.Mistake as error:
        key, why = error.key, error.why
    except ValueError as error:
        why = '%s' % error
    return None, [Wrong(given[key].line, NAMES[key], why)]
