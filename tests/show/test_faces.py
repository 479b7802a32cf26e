# coding: utf-8
"""All forms of the status for all kinds of files that a start accepts: a mistake leaves out its own part only."""
import json
import random

import pytest

from fbmon.cli import force
from fbmon.config import reader, source, table
from fbmon.config.envfile import label
from fbmon.config.schema import NEVER, ONLY, SCHEMA
from fbmon.listeners.listener import Counters
from fbmon.network import checks, monitor, picture
from fbmon.rules.states import ACTIVE, FAILED, UNKNOWN
from fbmon.show import console, incident, prometheus, status
from test_controller import LINKS, World

parser = pytest.importorskip('prometheus_client.parser', reason='needs prometheus_client')

SEED, FILES = 4, 2000

VALUES = {
    'LOG_LEVEL': ['INFO', 'debug', 'loud'],
    'LISTEN_HB_HOST': ['10.0.0.2', '10.0.0.3/24', 'fd00::2', 'fe80::2/64', '10.0.1.1', '10.0.0.300', '', 'x'],
    'LISTEN_HB_PORT': ['3000', '3001', '3002', '0', '65536', 'x', ''],
    'LISTEN_HEARTBEAT_IFS': ['eth0', 'eth9', 'lo', 'sw0', 'a/b', '', 'eth0 eth1'],
    'LISTEN_HEARTBEAT_TIMEOUT': ['3000', '10', '3s', '9', '-1', '3600001', ''],
    'LISTEN_HEARTBEAT_ATTEMPTS': ['1', '3', '0', '1.5', '360001', 'x'],
    'LISTEN_HEARTBEAT_RECOVERY': ['1', '5', '0', 'x'],
    'LISTEN_HB_SOURCE': ['10.0.0.9', 'fd00::9 10.0.0.8', 'any', '10.0.0.0/8', ''],
    'LISTEN_HEARTBEAT_FAILED': ['1', '2', '0', '9', 'x'],
    'BYPASS_CARD_HOST': ['10.0.1.1', '10.0.1.2/24', 'fd00::9', '10.0.0.2', 'x', ''],
    'BYPASS_CARD_IFS': ['eth0', 'eth9', 'sw0', 'a b', ''],
    'BYPASS_CARD_LEASE': ['0', '5000', '1', 'x', '-5'],
    'LISTEN_CUBRO_IFS': ['sw0 sw1', 'sw9', 'lo', 'eth0', 'a/b sw1', ''],
    'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS': ['0', '1', 'yes', ''],
    'ON_CHANGE': ['', '/bin/true', 'true', '/nowhere/x']}
NO_KEYS = ['BYPASS_CARD_HOSTS[0]=10.0.1.1', 'x', '=', u'\xa0', 'LISTEN_HB_HOST=10.0.0.2', 'ON_CHANGE[1]=/bin/true']

# Entries that the kernel may have besides.
ENTRIES = ['2: eth0    inet 10.0.1.1/24 scope global eth0', '3: sw0    inet6 fd00::9/64 scope global ']

GOOD = [('LISTEN_HB_HOST', 0, '10.0.0.2'), ('LISTEN_HB_PORT', 0, '3000'), ('LISTEN_HEARTBEAT_IFS', None, 'eth0'),
        ('LISTEN_HB_HOST', 1, '10.0.0.2'), ('LISTEN_HB_PORT', 1, '3001'), ('LISTEN_CUBRO_IFS', 1, 'sw1'),
        ('BYPASS_CARD_HOST', 0, '10.0.1.1'), ('BYPASS_CARD_IFS', None, 'eth0'), ('LISTEN_CUBRO_IFS', None, 'sw0')]


def text_of(lines):
    return u''.join(u'%s=%s\n' % (label(name, index), value) for name, index, value in lines)


def indexes(name):
    """The indexes with which a key can be given."""
    index = SCHEMA[name].index
    return [None] if index == NEVER else [0, 1] if index == ONLY else [None, 0, 1]


def single_faults():
    """A good file with each value for each key, with and without an index, and with each of its lines removed."""
    for name in sorted(VALUES):
        for index in indexes(name):
            for value in VALUES[name]:
                yield text_of(GOOD + [(name, index, value)])
    for position in range(len(GOOD)):
        yield text_of(GOOD[:position] + GOOD[position + 1:])
    for line in NO_KEYS:
        yield text_of(GOOD) + line + '\n'


def random_files(rng):
    """Random files. Some of their values are right."""
    for _ in range(FILES):
        lines = [one for one in GOOD if rng.random() < 0.9]
        for _ in range(rng.randint(1, 8)):
            name = rng.choice(sorted(VALUES))
            lines.append((name, rng.choice(indexes(name)), rng.choice(VALUES[name])))
        yield text_of(lines) + rng.choice(NO_KEYS + [''] * 12) + '\n'


def lived(rng, monkeypatch, config):
    """The World of a daemon that was started with this file, after some of its listeners have reported."""
    world = World(config, monkeypatch, *rng.sample(ENTRIES, rng.randint(0, 2)))
    world.batch.failing = dict((line, 'RTNETLINK answers: no') for line in ('addr add 10.0.1.1/32 dev eth0',))
    for member in list(world.controller.roster.launched.values()):
        counters = Counters(*rng.choice([(0, 0, 3, None, 0.0, 0, None), (7, 2, 1, world.now, 2.9, 2, '10.0.0.9'),
                                        (10 ** 12, 0, 0, 1.5, 1e5, 0, 'fe80::9%eth0')]))
        member.listener.counters = lambda counters=counters: counters
        state = rng.choice([UNKNOWN, ACTIVE, FAILED])
        if state != UNKNOWN:
            world.report(member.listener.settings.index, state)
    world.now += rng.choice([0, 0.001, 1e6])
    if rng.random() < 0.2:
        world.turn(monitor.Lost('ip cannot be started'))
        world.controller.network.picture = None
    return world


def no_constant(word):
    raise ValueError('%s is no JSON' % word)


def faces(world):
    """Make all forms of the status as the commands do, and read those that are for machines."""
    found = json.loads(status.document(world.controller), parse_constant=no_constant)
    line = status.line(world.controller)
    texts = [console.render(found), console.render(found, True, 24), console.history(found['history']),
             incident.text(found, world.now)]
    assert line and '\n' not in line and all(texts)
    families = list(parser.text_string_to_metric_families(prometheus.render(found)))
    assert len(families) == len(prometheus.METRICS) + 1
    return found


class Batch(object):
    """Refuses all commands, as a container without rights does."""

    def run(self, lines):
        return dict((number, 'RTNETLINK answers: Operation not permitted') for number in range(len(lines)))


def by_hand(config, ledger, kernel):
    """Make what `check`, `force_on` and `force_off` say, and `show` without a daemon."""
    settings, look = config.settings, lambda: picture.of(kernel)
    warnings = tuple(config.warnings) + checks.warnings(settings, look(), config.given)
    texts = source.report('/etc/x', config.mistakes, 'error') + source.report('/etc/x', warnings, 'warning')
    texts += [table.effective(settings), console.kernel(settings, look())] + force.faulty(settings)
    for items_of in (force.wanted_on, force.wanted_off):
        done, wrong = force.apply(items_of, settings, ledger, Batch(), look)
        texts += done + wrong
    assert all(texts)


def hold(rng, monkeypatch, text):
    """Make all forms of the status for one file. If that fails, the file is shown with the error."""
    config = reader.read(text)
    try:
        world = lived(rng, monkeypatch, config)
        found = faces(world)
        by_hand(config, world.ledger, LINKS + ENTRIES)
    except Exception:
        print(text)
        raise
    left_out = [one.index for one in config.settings.listeners if one.error]
    states = dict((row['index'], (row['state'], row['received'])) for row in found['listeners'])
    assert found['left_out']['listeners'] == left_out
    first = console.render(found).splitlines()[0]
    assert first.startswith('BYPASS NOT EFFECTIVE: ') == bool(found['left_out']['cards']), text
    assert [states[index] for index in left_out] == [('unconfigured', 0)] * len(left_out), text
    monkeypatch.undo()


@pytest.fixture(autouse=True)
def kernel(monkeypatch):
    """Leaves the settings of this machine's interfaces alone."""
    with monkeypatch.context() as patch:
        patch.setattr(force.sysctl, 'promote_secondaries', lambda interface: True)
        yield


def test_each_face_over_each_single_mistake(monkeypatch):
    rng = random.Random(SEED)
    for text in single_faults():
        hold(rng, monkeypatch, text)


def test_each_face_over_thousands_of_files_with_mistakes_of_every_kind(monkeypatch):
    rng = random.Random(SEED)
    for text in random_files(rng):
        hold(rng, monkeypatch, text)
