#!/usr/bin/env python3
"""Draws docs/report.png: the page of `report` for a month that is made up. It needs Chromium.

    python3 tools/picture.py docs/report.png [--page FILE]
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from fbmon.memory import journal  # noqa: E402
from fbmon.memory.history import Transition  # noqa: E402
from fbmon.report import figures, page  # noqa: E402

DAY = 86400.0
BEGIN = 1790812800.0    # 2026-10-01
CARDS = (('192.168.1.211', 'west'), ('192.168.1.212', 'east'))
SIZE = 1280, 1000


class Month(object):
    """The journal of a switch with four nodes, of which two may fail together."""

    def __init__(self, seed):
        self.random, self.at, self.lines = random.Random(seed), BEGIN, []

    def say(self, kind, name, old, new, why='', called=''):
        self.lines.append(Transition(round(self.at, 3), kind, name, old, new, why, called))

    def state(self, old, new, why, back=False):
        self.say('global', 'state', old, new, why)
        if not back and 'unknown' in (old, new):
            return
        words = ('absent', 'present') if new == 'normal' else ('present', 'absent')
        for address, name in CARDS:
            self.say('card', address, words[0], words[1], 'global state ' + new, name)

    def daemon(self, new):
        self.say(journal.DAEMON, journal.PROCESS, '-', new)

    def node(self, number, old, new):
        self.say('listener', '%d' % number, old, new, 'heartbeats', 'dpi-%d' % (number + 1))

    def play(self):
        self.daemon(journal.STARTED)
        for number in range(4):
            self.node(number, 'failed', 'active')
        self.state('unknown', 'normal', '0 failed < 2')
        for day in range(30):
            self.at = BEGIN + (day + self.random.random() / 2) * DAY
            {4: self.upgrade, 11: self.drill, 17: self.stopped, 22: self.died}.get(day, self.outage)()
        self.at = BEGIN + 30 * DAY - 60
        self.daemon(journal.ALIVE)
        return self.lines

    def outage(self):
        one, other = self.random.sample(range(4), 2)
        self.node(one, 'active', 'failed')
        self.at += self.random.random() * 9000
        both = self.random.random() < 0.7
        if both:
            self.node(other, 'active', 'failed')
            self.state('normal', 'bypass', '2 failed >= 2')
            self.at += self.random.expovariate(1 / 3000.0)
            self.node(other, 'failed', 'active')
            self.state('bypass', 'normal', '1 failed < 2')
        self.at += 600
        self.node(one, 'failed', 'active')

    def upgrade(self):
        self.say('operator', 'dpi-2', 'off', 'maintenance', 'by alice: new kernel')
        self.at += 30000
        self.say('operator', 'dpi-2', 'maintenance', 'off', 'by alice')

    def drill(self):
        self.say('operator', 'override', 'off', 'bypass', 'by bob: fibre work')
        self.state('normal', 'bypass', 'override bypass by bob: fibre work')
        self.at += 9000
        self.say('operator', 'override', 'bypass', 'off', 'by bob')
        self.state('bypass', 'normal', '0 failed < 2')

    def stopped(self):
        self.state('normal', 'unknown', 'stopped')
        self.daemon(journal.STOPPED)
        self.at += 30000
        self.daemon(journal.STARTED)
        self.state('unknown', 'normal', '0 failed < 2')

    def died(self):
        self.node(0, 'active', 'failed')
        self.node(1, 'active', 'failed')
        self.state('normal', 'bypass', '2 failed >= 2')
        self.at += 1800
        self.daemon(journal.ALIVE)
        self.at += 9000
        self.daemon(journal.STARTED)
        self.state('bypass', 'unknown', 'started; the daemon had ended without a stop')
        self.node(0, 'failed', 'active')
        self.node(1, 'failed', 'active')
        self.state('unknown', 'normal', '0 failed < 2', back=True)


def draw(source, target, size=SIZE, words=()):
    """Have Chromium draw a page into a PNG file. size: of the window; words: more options of Chromium."""
    chromium = next(name for name in ('chromium', 'chromium-browser', 'google-chrome')
                    if subprocess.call(['which', name], stdout=subprocess.DEVNULL) == 0)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.check_call([chromium, '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
                               '--disable-quic', '--no-first-run', '--disable-background-networking',
                               '--disable-component-update', '--disable-sync', '--user-data-dir=' + profile,
                               '--window-size=%d,%d' % size, '--screenshot=' + os.path.abspath(target)] + list(words)
                              + ['file://' + os.path.abspath(source)], stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('target')
    parser.add_argument('--page', help='keep the page in this file, too')
    options = parser.parse_args()
    os.environ['TZ'] = 'UTC'
    time.tzset()
    text = page.render(figures.figures(Month(7).play(), BEGIN, BEGIN + 30 * DAY), name='switch-3')
    with tempfile.NamedTemporaryFile('w', suffix='.html') as kept:
        kept.write(text)
        kept.flush()
        draw(kept.name, options.target)
    if options.page:
        with open(options.page, 'w') as kept:
            kept.write(text)


if __name__ == '__main__':
    main()
