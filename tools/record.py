#!/usr/bin/env python3
"""Draws docs/demo.svg, the picture of the README. It runs the demo (as root) and shows the middle part of its output.

The picture begins when the state is normal and ends when it is normal again. Each line appears at the time when it was
printed, and stays. A viewer that does not animate shows all lines at once.
"""
import html
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, 'docs', 'demo.svg')

# In pixels: the width of a character, the height of a line, the margin. COLUMNS: characters in a line.
WIDTH, HEIGHT, MARGIN = 8, 18, 14
COLUMNS = 100

# The demo says so where it has no switch that could be shown.
ON_LOOPBACK = 'runs on loopback addresses'
FIRST, LAST = 'normal: both addresses are there', 'normal again: both addresses are there'

STYLE = '''\
text { font: 13px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d8dee9; }
.shown { animation: shown 1ms both; }
@keyframes shown { from { opacity: 0; } }
.demo { fill: #88c0d0; } .bad { fill: #ebcb8b; } .card { fill: #a3be8c; }
'''


def main():
    """Run the demo and write the picture. Returns the exit code of the demo."""
    demo = subprocess.run([sys.executable, os.path.join(ROOT, 'demo', 'demo.py')], stdout=subprocess.PIPE,
                          universal_newlines=True)
    if demo.returncode == 0 and ON_LOOPBACK in demo.stdout:
        sys.stderr.write(demo.stdout.splitlines()[0] + '\n')
        return 1
    if demo.returncode == 0:
        with open(TARGET, 'w', encoding='utf-8') as target:
            target.write(picture(timed(middle(demo.stdout.splitlines()))))
        print('written: docs/demo.svg')
    else:
        sys.stderr.write(demo.stdout)
    return demo.returncode


def middle(lines):
    """The lines to show: the one with FIRST, and all from the death of the DPI node to the one with LAST."""
    first = next(number for number, line in enumerate(lines) if FIRST in line)
    last = next(number for number, line in enumerate(lines) if LAST in line)
    dies = next(number for number, line in enumerate(lines) if 'dies' in line)
    return ['$ sudo make demo', '  ...', lines[first], ''] + lines[dies:last + 1]


def timed(lines):
    """[(seconds after the first line, text), ...]. A line without a time has that of the line before it."""
    found, begin, at = [], None, 0.0
    for line in lines:
        match = re.match(r' *(\d+\.\d+) s  ', line)
        if match:
            begin = float(match.group(1)) if begin is None else begin
            at = float(match.group(1)) - begin
        found.append((at, line))
    return found


def picture(lines):
    """The SVG text of timed lines."""
    width, height = COLUMNS * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    rows = ['<text x="%d" y="%d" class="shown %s" style="animation-delay: %.2fs">%s</text>' % (
        MARGIN, MARGIN + (number + 1) * HEIGHT - 5, kind(text), at, html.escape(text).replace(' ', '&#160;'))
        for number, (at, text) in enumerate(lines)]
    return ('<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 %d %d" role="img" '
            'aria-label="the demo">\n<style>\n%s</style>\n<rect width="100%%" height="100%%" rx="8" fill="#2e3440"/>\n'
            '%s\n</svg>\n' % (width, height, STYLE, '\n'.join(rows)))


def kind(text):
    """The class of a line in STYLE: who says it ('demo' or 'card'), 'bad' for bad news, or 'plain'."""
    if 'WARNING' in text or 'does not answer' in text or text.startswith('! '):
        return 'bad'
    speaker = re.match(r' *\d+\.\d+ s  (demo|card)', text)
    return speaker.group(1) if speaker else 'plain'


if __name__ == '__main__':
    sys.exit(main())
