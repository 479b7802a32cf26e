"""Writes a file's values as lines that can be read again, and compares the values of two files. Pure."""
from fbmon.base.words import natural
from fbmon.config import envfile, notices

# So many keys that differ are named; the others are counted.
MOST = 20


def lines(given):
    """[KEY=value, ...] of {(name, index): Assignment}, in the order of the file. They can be read again."""
    return ['%s=%s' % (envfile.label(one.name, one.index), one.value if one.error else _written(one.value))
            for one in sorted(given.values(), key=lambda one: one.line)]


def _written(value):
    """A value as it can stand in a file. If it needs quotes, it gets those that are not in it.

    A value that needs quotes has had quotes, so it contains only one kind of them at most.
    """
    if value == value.strip(envfile.BLANKS) and not value.startswith(('"', "'")) and not envfile.COMMENT.search(value):
        return value
    return '"%s"' % value if '"' not in value else "'%s'" % value


def differences(file, running):
    """[A line for each key that the file and the running configuration give differently].

    Both are {(name, index): Assignment}.
    """
    keys = _different(file, running)
    found = ['%s: the file has %s, what runs has %s' % (envfile.label(*key), _shown(file, key), _shown(running, key))
             for key in keys[:MOST]]
    return found + (['... and %d more' % (len(keys) - MOST)] if len(keys) > MOST else [])


def changed(file, running, most=5):
    """The names of the keys that differ, as a text; '' if none does. So many are named, the others counted."""
    names = [notices.shown(envfile.label(*key)) for key in _different(file, running)]
    more = ' and %d more' % (len(names) - most) if len(names) > most else ''
    return ', '.join(names[:most]) + more


def _different(file, running):
    return sorted((key for key in set(file) | set(running) if _value(file, key) != _value(running, key)),
                  key=lambda key: natural(envfile.label(*key)))


def _value(given, key):
    return given[key].value if key in given else None


def _shown(given, key):
    return notices.shown(given[key].value) if key in given else 'nothing'
