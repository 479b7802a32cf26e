#!/usr/bin/env python3
"""Shows the daemon at work on a switch that is made of network namespaces.

It needs root, iproute2 and ping; nothing has to be configured. Two DPI nodes send heartbeats and two bypass cards ping
the switch. One DPI node dies and comes back. The exit code is 0 if everything went as it should. The demo leaves
nothing behind, however it ends.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time

sys.dont_write_bytecode = True

import stage  # noqa: E402
from stage import Unexpected, ip, wait_for  # noqa: E402

FBMON = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'fbmon.py')
# The example of the README, with a timeout of one second instead of three.
CONFIG = '''\
LOG_LEVEL=INFO
LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HEARTBEAT_FAILED=1
LISTEN_HEARTBEAT_ATTEMPTS=1
LISTEN_HEARTBEAT_TIMEOUT=1000
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=192.168.1.202
LISTEN_HB_PORT[1]=3100
BYPASS_CARD_HOST[0]=192.168.1.211
BYPASS_CARD_HOST[1]=192.168.1.212
'''
HOST, PORTS, CARDS = '192.168.1.202', ('3000', '3100'), ('192.168.1.211', '192.168.1.212')
TIMEOUT, INTERVAL = 1.0, 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """A signal came. The argument is its number."""


class Demo(object):
    """One run of the demo, step by step."""

    def __init__(self):
        self.stage = stage.Stage()
        self.program = [sys.executable, FBMON, '--config', self.path('.env'), '--log-dir', self.path('logs'),
                        '--run-dir', self.path('run'), '--state-dir', self.path('state')]

    def play(self):
        """Run all steps in order."""
        self.build()
        self.begin()
        self.lose_a_dpi()
        self.get_it_back()
        self.take_an_address_away_by_hand()
        self.stop()
        self.say('all of it was as it should be')

    def build(self):
        """Make the switch with its own address, and plug two DPI nodes and two cards into it."""
        self.say('a switch with 192.168.1.200 on eth0, two DPI nodes, two bypass cards')
        ip('link', 'add', 'eth0', 'type', 'bridge')
        ip('link', 'set', 'eth0', 'up')
        ip('addr', 'add', '192.168.1.200/24', 'dev', 'eth0')
        self.dpis = [stage.Dpi(self.stage, 'DPI %d' % n, '192.168.1.%d/24' % (11 + n)) for n in (0, 1)]
        self.cards = [stage.Card(self.stage, 'card %d' % n, '192.168.1.%d/24' % (21 + n)) for n in (0, 1)]
        with open(self.path('.env'), 'w') as target:
            target.write(CONFIG)

    def begin(self):
        """Start the daemon. Nobody answers the cards' pings until it has heard both DPI nodes."""
        for card, address in zip(self.cards, CARDS):
            card.watch(address)
        for dpi, port in zip(self.dpis, PORTS):
            dpi.live(self.program, HOST, port)
        self.expect('both DPI nodes send heartbeats, no card is answered yet', self.is_bypass)
        self.say('the daemon is started')
        self.daemon = self.stage.start(self.program + ['run'], self.hear)
        self.expect('normal: both addresses are there, both cards are answered', self.is_normal)
        self.show_status('normal')

    def lose_a_dpi(self):
        """One DPI node dies, so the daemon goes to bypass."""
        self.say('DPI 1 dies: no heartbeat from now on')
        died = time.monotonic()
        self.dpis[1].die()
        gone = self.expect('bypass: both addresses are gone, no card is answered', self.is_bypass)
        # A sender that had to wait for the processor sent its last heartbeat a little earlier than it should.
        if gone - died < TIMEOUT - 3 * INTERVAL:
            raise Unexpected('bypass %.3f s after the last heartbeat, before the timeout was due' % (gone - died))
        self.show_status('bypass')

    def get_it_back(self):
        """The DPI node lives again, so the daemon goes back to normal."""
        self.say('DPI 1 is back')
        self.dpis[1].live(self.program, HOST, PORTS[1])
        self.expect('normal again: both addresses are there, both cards are answered', self.is_normal)

    def take_an_address_away_by_hand(self):
        """The daemon puts right what somebody else changes."""
        self.say('somebody deletes %s by hand' % CARDS[0])
        ip('addr', 'del', CARDS[0] + '/32', 'dev', 'eth0')
        self.expect('it is there again', self.is_normal)

    def stop(self):
        """A stop leaves everything as it is."""
        self.say('the daemon is stopped')
        code = stage.end(self.daemon)
        if code != 0:
            raise Unexpected('the daemon ended with exit code %d' % code)
        time.sleep(3 * INTERVAL)
        self.expect('the addresses are still there, the cards are answered', self.is_normal)

    def is_normal(self):
        """Whether both cards' addresses are there and both cards are answered."""
        return self.present() == [True, True] and self.answered() == [True, True]

    def is_bypass(self):
        """Whether neither address is there and neither card is answered."""
        return self.present() == [False, False] and self.answered() == [False, False]

    def present(self):
        """[Whether the kernel has the card's address] of each card."""
        return [ip('-o', 'addr', 'show', 'dev', 'eth0', 'to', address) != '' for address in CARDS]

    def answered(self):
        """[Whether the card's last ping was answered] of each card; None before its first ping has ended."""
        return [card.answered for card in self.cards]

    def expect(self, text, condition):
        """Wait until condition() is true, and return that monotonic second. Raises Unexpected after 5 s."""
        begin = time.monotonic()
        if not wait_for(condition):
            raise Unexpected('not so after %.0f s: %s' % (time.monotonic() - begin, text))
        self.say('ok after %.2f s: %s' % (time.monotonic() - begin, text))
        return time.monotonic()

    def show_status(self, state):
        """Show what `fbmon.py status` says. Raises Unexpected if it has another state, or a problem."""
        shown = subprocess.check_output(self.program + ['status']).decode()
        self.say('what `fbmon.py status` shows:\n\n%s' % textwrap.indent(shown, '    '))
        seen = json.loads(subprocess.check_output(self.program + ['status', '--json']).decode())
        if (seen['state'], seen['problems']) != (state, []):
            raise Unexpected('the status says %s, problems: %s' % (seen['state'], seen['problems']))

    def hear(self, line):
        """Show a line of the daemon's log without its time: the demo puts its own in front."""
        self.stage.say('daemon', line.partition(' ')[2])

    def say(self, text):
        """Show a line of the demo's own."""
        self.stage.say('demo', text)

    def path(self, name):
        """The path of a file of the demo."""
        return os.path.join(self.stage.directory, name)


def main():
    """Returns the exit code: 0 if everything went as it should, 1 if not, 128 + signal if a signal came."""
    lacking = what_is_lacking()
    if lacking:
        print('the demo needs ' + lacking)
        return 1
    stage.enter()
    for number in SIGNALS:
        signal.signal(number, interrupt)
    demo = Demo()
    try:
        demo.play()
        return 0
    except (Unexpected, EnvironmentError, subprocess.CalledProcessError) as error:
        demo.say('NOT AS IT SHOULD BE: %s' % error)
        return 1
    except Interrupted as interrupted:
        demo.say('interrupted: everything is taken down again')
        return 128 + interrupted.args[0]
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        demo.stage.close()


def what_is_lacking():
    """What keeps the demo from running here, with the remedy, as text; None if nothing does."""
    missing = [name for name in ('ip', 'ping', 'unshare', 'nsenter', 'timeout') if not shutil.which(name)]
    if missing:
        return ' and '.join(missing) + ': sudo apt-get install -y iproute2 iputils-ping util-linux coreutils'
    if os.geteuid() != 0:
        return 'root: sudo make demo'
    if subprocess.call(['unshare', '--net', 'true'], stderr=subprocess.DEVNULL) != 0:
        return 'CAP_SYS_ADMIN, to make network namespaces: in a container, one that is privileged'
    if not os.access('/proc/sys/net/ipv4/conf/all/promote_secondaries', os.W_OK):
        return 'a /proc/sys that can be written: in a container, one that is privileged'
    return None


def interrupt(number, _frame):
    """The signal handler: ends the demo where it is. main() cleans up."""
    raise Interrupted(number)


if __name__ == '__main__':
    sys.exit(main())
