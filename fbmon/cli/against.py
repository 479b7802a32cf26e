"""check --against: says what a reload of a file would change in what the daemon runs."""
from fbmon.base import compat
from fbmon.base.words import indexes, natural
from fbmon.cli import checking, stopped
from fbmon.cli.output import fail, say
from fbmon.config import given, source, table
from fbmon.daemon import reloads
from fbmon.rules import nodes
from fbmon.rules.items import AddressItem, PortItem
from fbmon.show import statussocket

# So many lines of added, removed or changed components are told; the others are counted.
MOST = 20

# What can change while a listener or a card stays the same one, and the words for it. Ports have lines of their own.
FIELDS = (('index', 'the number'), ('prefix', 'the prefix'), ('name', 'the name'), ('node', 'the node'),
          ('timeout', 'TIMEOUT'), ('attempts', 'ATTEMPTS'), ('recovery', 'RECOVERY'), ('sources', 'the sources'))

REFUSED = 'a reload refuses this file, as it has mistakes; what pid %d runs goes on'


def check(path, run_dir):
    """Print what is wrong with a file, and what it would change. Returns the exit code. Raises OtherVersion."""
    try:
        loaded = source.load(path)
        status, runs = checking.running(run_dir)
    except source.Unreadable as error:
        return fail(error)
    except statussocket.NotRunning as error:
        return stopped.nobody(error)
    lines, end = checking.report(path, loaded, run_dir)
    own = checking.same_file(path, status)
    told = [REFUSED % status['pid']] if loaded.mistakes else changes(
        loaded, runs, 'a reload' if own else '%s instead of %s' % (path, compat.native(status['file'])), status['pid'])
    for line in lines + told + [end]:
        say(line)
    return 1 if loaded.mistakes else 0


def changes(file, runs, who, pid):
    """[The lines that say what `who` would change in what the daemon runs]. file, runs: the Configs."""
    if file.settings == runs.settings:
        return ['%s would change nothing in what pid %d runs' % (who, pid)]
    new, old = components(file.settings), components(runs.settings)
    changed = _changed(new, old)
    lines = _cut('added: ' + _described(*pair) for pair in _sorted(new) if pair[0] not in old) \
        + _cut('removed: ' + _described(*pair) for pair in _sorted(old) if pair[0] not in new) \
        + _cut('changed: ' + text for text, _ in changed)
    rest = sum(key in old for key in new) - sum(count for _, count in changed)
    return ['%s would change this in what pid %d runs:' % (who, pid)] \
        + ['  ' + line for line in lines + given.differences(file.given, runs.given)] \
        + ['nothing else is touched: %s %s' % (checking.counted(rest, 'component'),
                                               'stays as it is' if rest == 1 else 'stay as they are')] \
        + _held(new, old)


def components(settings):
    """{identity: what the file says of it} of all components that a start would launch, as a reload compares them."""
    found = dict(((one.host, one.port, one.interface), one) for one in settings.listeners if not one.error)
    found.update((AddressItem(one.interface, one.address), one) for one in settings.cards if not one.error)
    found.update((key, table.follows(key.name, settings))
                 for key in reloads.components(settings) if isinstance(key, PortItem))
    return found


def _sorted(found):
    """The (identity, what the file says of it) of components: listeners, cards and ports, each in their order."""
    return sorted(found.items(), key=lambda pair: (
        _kind(pair[0]), natural(pair[0].name) if isinstance(pair[0], PortItem) else pair[1].index))


def _kind(key):
    return 2 if isinstance(key, PortItem) else 1 if isinstance(key, AddressItem) else 0


def _described(key, one):
    if isinstance(key, PortItem):
        return 'port %s, which follows %s' % (key.name, one)
    if isinstance(key, AddressItem):
        return 'card %d, %s on %s' % (one.index, key.address, key.interface)
    return '%s, %s port %d on %s' % ((nodes.described(one),) + key)


def _changed(new, old):
    """[(text, how many components it is about)] of those that stay and are different."""
    texts, found = [], {}
    for key, one in _sorted(new):
        if key in old and old[key] != one:
            head, text = _difference(key, old[key], one)
            if (head, text) not in texts:
                texts.append((head, text))
            found.setdefault((head, text), []).append(one)
    return [(_together(head, text, found[head, text]), len(found[head, text])) for head, text in texts if text]


def _difference(key, old, new):
    """(what it is, what has changed) of a component."""
    if isinstance(key, PortItem):
        return 'port ' + key.name, 'follows %s, until now %s' % (new, old)
    fields = [words for name, words in FIELDS if getattr(old, name, None) != getattr(new, name, None)]
    return 'card' if isinstance(key, AddressItem) else 'listener', ', '.join(fields)


def _together(head, text, those):
    if head.startswith('port'):
        return '%s %s' % (head, text)
    return '%s%s %s: %s' % (head, 's'[len(those) == 1:], indexes([one.index for one in those]), text)


def _held(new, old):
    """[For how long the state is held at most]: until the new listeners have reported."""
    ones = [one for key, one in new.items() if not _kind(key)]
    waits = [one.timeout * one.attempts for key, one in new.items() if not _kind(key) and key not in old]
    if not ones:
        return ['the state is held as it is from then on, as there is no listener']
    if not waits:
        return ['the state is not held, as there is no new listener']
    return ['the state is held until the new listener%s reported, %g s at most' % (
        ' has' if len(waits) == 1 else 's have', max(waits) / 1000.0)]


def _cut(lines):
    lines = list(lines)
    return lines[:MOST] + (['... and %d more' % (len(lines) - MOST)] if len(lines) > MOST else [])
