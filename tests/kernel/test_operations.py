"""docs/operations.md is tried as it is written: its commands, in its order, show what the page shows."""
import os
import re
import shlex
import shutil

import helpers
from kernel import files
from kernel.daemon import settled

PAGE = os.path.join(helpers.ROOT, 'docs', 'operations.md')

# What the page itself says of its switch.
SWITCH = files.THREE.replace('FAILED=1', 'FAILED=2').replace('TIMEOUT=300', 'TIMEOUT=3000') + '''\
BYPASS_CARD_NAME[0]=west
BYPASS_CARD_NAME[1]=east
'''
PORTS = (3000, 3100, 3200)
SECTIONS = ('Upgrade of a node', 'Work on the management network', 'A drill', 'Moving a switch')

# What is another one each time: a moment, which may be wrapped, a version, a duration, a pid, a count of
# datagrams, the seconds of a drill; and the blanks that follow from its width.
MASKS = ((r'\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d', 'T'), (r'T T', 'T'), (r'monitor \S+', 'V'),
         (r'\b(\d+(\.\d+)?[smhd])+\b', 'D'), (r'(?<= )-(?= )', 'D'),
         (r'(?<=pid )\d+|(?<=  )\d+(?=\s|$)|^ +\d+\.\d(?= s  )', 'N'), (r' +', ' '))


class Acts(object):
    """What the page tells in brackets, done to the switch and its nodes."""

    def __init__(self, daemon, dpis):
        self._daemon = daemon
        self._dpis = dpis
        self.acts = {
            'dpi-1 is upgraded and sends nothing': lambda: self._silence(0),
            'dpi-1 is back': lambda: self._back(0),
            'the management network is down': lambda: self._silence(0, 1, 2),
            'the management network is back': lambda: self._back(0, 1, 2),
            'the switch is off, carried away, and switched on': self._boot}

    def begin(self):
        """Start the daemon with all nodes, in normal."""
        self._dpis.steady(*PORTS, interval=50)
        self._daemon.start(SWITCH)
        self._daemon.wait_sound('normal')

    def _silence(self, *indexes):
        self._dpis.silence(*[PORTS[index] for index in indexes])
        for index in indexes:
            self._daemon.wait_listener(index, 'failed')

    def _back(self, *indexes):
        self._dpis.steady(*[PORTS[index] for index in indexes], interval=50)
        for index in indexes:
            self._daemon.wait_listener(index, 'active')

    def _boot(self):
        self._daemon.stop()
        shutil.rmtree(self._daemon.run_dir)
        for address in self._daemon.switch.addresses('eth0'):
            if address != files.OWN:
                self._daemon.switch.ip('addr', 'del', address, 'dev', 'eth0')
        self._daemon.start()
        self._daemon.wait(lambda status: status['override'] and settled(status)
                          and all(row['state'] == 'active' for row in status['nodes']))


def steps(text):
    """[(line, [what is shown after it])] of the indented blocks: a command behind #, or an act in brackets."""
    found = []
    for title in SECTIONS:
        section = text.partition('\n## %s\n' % title)[2].partition('\n## ')[0]
        for line in re.findall(r'(?m)^    (.*)$', section):
            if re.match(r'# |\(.*\)$', line):
                found.append((line, []))
            else:
                found[-1][1].append(line)
    return found


def done(line, daemon, acts):
    """Do a step. Returns the lines that are shown."""
    if line.startswith('('):
        acts[line[1:-1]]()
        return []
    words = shlex.split(line[2:])
    assert words.pop(0) == 'fbypass_ctl', line
    lines = None
    if words[-3:-1] == ['|', 'head']:
        lines = int(words[-1][1:])
        del words[-3:]
    _, output, errors = daemon.command(*[{'show': 'status'}.get(word, word) for word in words])
    daemon.wait(settled)
    return (output + errors).splitlines()[:lines]


def masked(lines):
    """Lines without what is another one each time."""
    found = []
    for line in [line for line in lines if line]:
        for pattern, text in MASKS:
            line = re.sub(pattern, text, line)
        found.append(line.rstrip())
    # The looks of a drill may fall between two reports of the kernel.
    return sorted(found) if any(line.startswith('drill: ') for line in found) else found


def test_the_page_of_operations_shows_what_happens(daemon, dpis, monkeypatch):
    monkeypatch.setenv('SUDO_USER', 'alice')
    acts = Acts(daemon, dpis)
    acts.begin()
    written = steps(helpers.read(PAGE))
    assert len(written) == 24
    for line, shown in written:
        assert (line, masked(done(line, daemon, acts.acts))) == (line, masked(shown))
