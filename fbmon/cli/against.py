"""check --against: says what a reload of a file would change in what the daemon runs."""
from fbmon.base import compat
from fbmon.base.words import indexes, natural
from fbmon.cli import checking, stopped
from fbmon.cli.output import fail
from fbmon.config import given, source, table
from fbmon.daemon import reloads
from fbmon.listeners.roster import key_of
from fbmon.rules import decision, nodes, orders
from fbmon.rules.items import AddressItem, PortItem
from fbmon.rules.states import UNCONFIGURED, UNKNOWN
from fbmon.show import statussocket

# So many lines of added, removed or changed components are told; the others are counted.
MOST = 20

# What can change while a listener or a card stays the same one, and the words for it. Ports have lines of their own.
FIELDS = (('index', 'the number'), ('prefix', 'the prefix'), ('name', 'the name'), ('node', 'the node'),
          ('timeout', 'TIMEOUT'), ('attempts', 'ATTEMPTS'), ('recovery', 'RECOVERY'), ('sources', 'the sources'))

OVERRIDDEN = 'the state is not held, as an override decides it'
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
        loaded, runs, 'a reload' if own else '%s instead of %s' % (path, compat.native(status['file'])), status)
    checking.say_all(lines + told + [end])
    return 1 if loaded.mistakes else 0


def changes(file, runs, who, status):
    """[The lines that say what `who` would change in what the daemon runs]. file, runs: the Configs; status: its own.
    """
    if file.settings == runs.settings:
        return ['%s would change nothing in what pid %d runs' % (who, status['pid'])]
    new, old = components(file.settings), components(runs.settings)
    changed = _changed(new, old)
    lines = _cut('added: ' + _described(*pair) for pair in _sorted(new) if pair[0] not in old) \
        + _cut('removed: ' + _described(*pair) for pair in _sorted(old) if pair[0] not in new) \
        + _cut('changed: ' + text for text, _ in changed)
    rest = sum(key in old for key in new) - sum(count for _, count in changed)
    return ['%s would change this in what pid %d runs:' % (who, status['pid'])] \
        + ['  ' + line for line in lines + given.differences(file.given, runs.given)] \
        + ['nothing else is touched: %s %s' % (checking.counted(rest, 'component'),
                                               'stays as it is' if rest == 1 else 'stay as they are')] \
        + ([OVERRIDDEN] if status.get('override') else _held(file.settings, _states(file.settings, old, status)))


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


def _states(settings, old, status):
    """{index: state} of the listeners right after the reload, as far as it can launch those that are new to it.

    old: the components that run. What is not launched now does not join because of the reload. Raises OtherVersion.
    """
    now = dict(((row['host'], row['port'], row['interface']), row['state'])
               for row in checking.field(status, 'listeners'))
    found = dict((one.index, now.get(key_of(one), UNCONFIGURED) if key_of(one) in old else UNKNOWN)
                 for one in settings.listeners)
    away = [row['name'] for row in checking.field(status, 'nodes') if row['maintenance']]
    return orders.marked(away, settings.nodes, dict(pair for pair in found.items() if pair[1] != UNCONFIGURED))


def _held(settings, states):
    """[Whether the state is held then, by the daemon's rules, and for how long at most]."""
    if not settings.listeners:
        return ['the state is held as it is from then on, as there is no listener']
    if not states:
        return ['the state is held as it is until a listener can be launched']
    waited = decision.waited_for(settings, states)
    if not waited:
        return ['the state is not held, as no node is unknown then']
    # A node that is active through another listener may still lose that one.
    longest = max(one.timeout * one.attempts for one in settings.listeners if states.get(one.index) == UNKNOWN)
    return ['the state is held until listener%s reported, at most %g s after %s' % (
        ' %d has' % waited[0] if len(waited) == 1 else 's %s have' % indexes(waited), longest / 1000.0,
        'it listens' if len(waited) == 1 else 'they listen')]


def _cut(lines):
    lines = list(lines)
    return lines[:MOST] + (['... and %d more' % (len(lines) - MOST)] if len(lines) > MOST else [])
