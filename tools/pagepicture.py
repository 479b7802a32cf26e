#!/usr/bin/env python3
"""Draws docs/page.png: the page of `serve` on a day that is made up. It needs Chromium.

    python3 tools/pagepicture.py docs/page.png [--story bypass] [--width 1280] [--dark] [--page FILE]
"""
import argparse
import os
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

import picture  # noqa: E402
import statuses  # noqa: E402
from fbmon.web import page  # noqa: E402
from fbmon.web.source import NOTHING, View  # noqa: E402

NOW = 1795896000.0    # 2026-11-28 20:00
NODES = ('dpi-1', 'dpi-2', 'dpi-3', 'dpi-4')
LONG = {'since_s': 3000.0, 'last_heartbeat_s': 3003.0}
STORIES = ('normal', 'failed', 'bypass', 'down', 'never')


def day(story):
    """The status at the end of a day with two bypasses."""
    failed = {'failed': (1,), 'bypass': (1, 2)}.get(story, ())
    state = 'bypass' if story == 'bypass' else 'normal'
    listeners = [statuses.listener(index, 'failed', node=name, **({} if index == 2 else LONG)) if index in failed
                 else statuses.listener(index, node=name) for index, name in enumerate(NODES)]
    cards = [statuses.card(index, name=name, wanted='absent' if failed[1:] else 'present',
                           actual='absent' if failed[1:] else 'present', **statuses.WATCHED)
             for index, name in enumerate(('west', 'east'))]
    ports = [statuses.port('sw%d' % (index + 1), listeners=[index // 2], **({'wanted': 'down', 'actual': 'down'}
             if index // 2 in failed else {})) for index in range(8)]
    return statuses.status(
        listeners, cards, ports, version='1.4.00', state=state, threshold=2,
        state_since_s=185.4 if failed[1:] else 25000.0,
        next=['one more active node: normal'] if failed[1:] else ['one more failed node: bypass'] if failed else
        ['two more failed nodes: bypass'], history=changes(failed),
        problems=['dpi-2: the longest gap between two heartbeats in the last one to two hours, 2712 ms, is close to '
                  'the limit of 3000 ms: look at the sender or raise LISTEN_HEARTBEAT_TIMEOUT[1]'] if failed else [])


def changes(failed):
    """The history of the day, as dicts."""
    found = []

    def say(ago, kind, name, old, new, why, called=None):
        found.append({'at': NOW - ago, 'kind': kind, 'name': name, 'from': old, 'to': new, 'why': why,
                      'called': called})

    def node(ago, index, old, new):
        why = 'no heartbeat for 3000 ms' if new == 'failed' else 'a heartbeat came'
        say(ago, 'listener', '%d' % index, old, new, why, NODES[index])

    def state(ago, old, new, why):
        say(ago, 'global', 'state', old, new, why)
        for index, name in enumerate(('west', 'east')):
            say(ago, 'card', '192.168.1.%d' % (200 + index), *(('present', 'absent') if new == 'bypass' else (
                'absent', 'present')) + ('global state ' + new, name))

    say(140000, 'global', 'state', 'unknown', 'normal', '0 failed < 2')
    node(80000, 0, 'active', 'failed')
    node(77000, 3, 'active', 'failed')
    state(77000, 'normal', 'bypass', '2 failed >= 2')
    node(73500, 3, 'failed', 'active')
    state(73500, 'bypass', 'normal', '1 failed < 2')
    node(72000, 0, 'failed', 'active')
    say(50000, 'operator', 'dpi-3', 'off', 'maintenance', 'by alice: new kernel')
    say(43000, 'operator', 'dpi-3', 'maintenance', 'off', 'by alice')
    say(28000, 'operator', 'override', 'off', 'bypass', 'by bob: fibre work')
    state(28000, 'normal', 'bypass', 'override bypass by bob: fibre work')
    say(25000, 'operator', 'override', 'bypass', 'off', 'by bob')
    state(25000, 'bypass', 'normal', '0 failed < 2')
    for index in failed:
        node(3000 if len(failed) == 1 or index == 1 else 185.4, index, 'active', 'failed')
    if len(failed) > 1:
        state(185.4, 'normal', 'bypass', '2 failed >= 2')
    return found


def view(story):
    """The View of a story."""
    if story == 'never':
        return NOTHING._replace(error='/run/fastbypass_monitor/status.sock: Connection refused', silent=False)
    found = View(day(story), 100.0, NOW, None, False, 100.0)
    return found._replace(error='/run/fastbypass_monitor/status.sock: Connection refused') if story == 'down' else found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('target')
    parser.add_argument('--story', choices=STORIES, default='bypass')
    parser.add_argument('--width', type=int, default=1280)
    parser.add_argument('--height', type=int, default=1400)
    parser.add_argument('--dark', action='store_true')
    parser.add_argument('--page', help='keep the page in this file, too')
    options = parser.parse_args()
    os.environ['TZ'] = 'UTC'
    time.tzset()
    text = page.render(view(options.story), 65.0 if options.story == 'down' else 0.4, 'every=0', 'switch-3')
    with tempfile.NamedTemporaryFile('w', suffix='.html') as kept:
        kept.write(text)
        kept.flush()
        picture.draw(kept.name, options.target, (options.width, options.height),
                     ['--blink-settings=preferredColorScheme=0'] if options.dark else [])
    if options.page:
        with open(options.page, 'w') as kept:
            kept.write(text)


if __name__ == '__main__':
    main()
