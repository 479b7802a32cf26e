"""What a file gives, as lines that can be read again, and how it differs from what another one gives. Pure."""
from fbmon.base.words import natural
from fbmon.config import envfile, notices

# So many keys that differ are named, the others are counted.
MOST = 20


def lines(given):
    """{(name, index): Assignment} as lines KEY=value, in the order of the file; reading them gives the same values."""
    return ['%s=%s' % (envfile.label(one.name, one.index), one.value if one.error else _written(one.value))
            for one in sorted(given.values(), key=lambda one: one.line)]


def _written(value):
    """A value as it may stand in a file: in the quotes that are not in it where it needs some. One that needs them has
    had them, so it holds one kind at most."""
    if value == value.strip(envfile.BLANKS) and not value.startswith(('"', "'")) and not envfile.COMMENT.search(value):
        return value
    return '"%s"' % value if '"' not in value else "'%s'" % value


def differences(file, running):
    """A line for each key that a file gives otherwise than what runs; both as lines() takes them."""
    keys = sorted((key for key in set(file) | set(running) if _value(file, key) != _value(running, key)),
                  key=lambda key: natural(envfile.label(*key)))
    found = ['%s: the file has %s, what runs has %s' % (envfile.label(*key), _shown(file, key), _shown(running, key))
             for key in keys[:MOST]]
    return found + (['... and %d more' % (len(keys) - MOST)] if len(keys) > MOST else [])


def _value(given, key):
    return given[key].value if key in given else None


def _shown(given, key):
    return notices.shown(given[key].value) if key in given else 'nothing'
