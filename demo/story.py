"""The story that the demo tells, step by step. Where it is played, InNamespaces and OnLoopback know."""
import json
import os
import subprocess
import sys
import time

import stage
from stage import Unexpected, wait_for

FBMON = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'fbmon.py')
# Seconds of the listeners' timeout, and between two heartbeats of a DPI node.
TIMEOUT, INTERVAL = 1.0, 0.1
# Seconds that DPI 1 lives and is dead in turns while the page stays.
PAUSE = 20
# The exit code of `fbmon.py status` when no daemon answers.
NOT_RUNNING = 3
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


class Story(object):
    """One run of the demo: two DPI nodes and two cards; one node dies and comes back.

    A place adds the steps arrive() and between(), outside() for the page, the conditions is_normal(), is_bypass() and
    is_left(), and the words for what is seen when they are true.
    """

    interface = host = ports = cards = None
    normal = again = bypass = left = None
    stays, address = False, None

    def __init__(self):
        self.stage = stage.Stage()
        self.program = [sys.executable, FBMON, '--config', self.path('.env'), '--log-dir', self.path('logs'),
                        '--run-dir', self.path('run'), '--state-dir', self.path('state')]

    def play(self, page=None):
        """Run all steps in order. page: where to serve the page; then the demo stays until Ctrl-C."""
        self.stage.lifetime = stage.LONG if page else stage.LIFETIME
        self.arrive()
        self.begin()
        if page:
            self.serve(page)
        self.lose_a_dpi()
        self.get_it_back()
        self.between()
        if page:
            self.stay()
        self.stop()
        self.say('all of it was as it should be')

    def configure(self, text):
        """Write the daemon's file."""
        with open(self.path('.env'), 'w') as target:
            target.write(text)

    def begin(self):
        """Start the daemon."""
        self.say('the daemon is started')
        self.daemon = self.stage.start(self.program + ['run'], self.hear)
        self.expect(self.normal, self.is_normal)
        self.show_status('normal')

    def serve(self, page):
        """Serve the page. Raises Unexpected if it cannot be served there."""
        said = []
        process = self.stage.start(self.outside() + self.program + ['serve', '--listen', page], said.append)
        wait_for(lambda: said or process.poll() is not None)
        if not said or not said[0].startswith('serving at '):
            raise Unexpected('no page: ' + (said[0] if said else 'exit code %s' % process.poll()))
        self.address = said[0].rpartition(' ')[2]
        self.say('the page is at ' + self.address)

    def stay(self):
        """One node dies and comes back again and again, until a signal comes."""
        self.stays = True
        self.say('the page stays until Ctrl-C: %s; DPI 1 dies and comes back again and again' % self.address)
        while True:
            time.sleep(PAUSE)
            self.dpis[1].die()
            time.sleep(PAUSE)
            self.dpis[1].live(self.program, self.host, self.ports[1])

    def lose_a_dpi(self):
        """One DPI node dies, so the daemon goes to bypass."""
        self.say('DPI 1 dies: no heartbeat from now on')
        died = time.monotonic()
        self.dpis[1].die()
        gone = self.expect(self.bypass, self.is_bypass)
        # A sender that had to wait for the processor sent its last heartbeat a little earlier than it should.
        if gone - died < TIMEOUT - 3 * INTERVAL:
            raise Unexpected('bypass %.3f s after the last heartbeat, before the timeout was due' % (gone - died))
        self.show_status('bypass')

    def get_it_back(self):
        """The DPI node lives again, so the daemon goes back to normal."""
        self.say('DPI 1 is back')
        self.dpis[1].live(self.program, self.host, self.ports[1])
        self.expect(self.again, self.is_normal)

    def stop(self):
        """A stop leaves everything as it is."""
        self.say('the daemon is stopped')
        code = stage.end(self.daemon)
        if code != 0:
            raise Unexpected('the daemon ended with exit code %d' % code)
        time.sleep(3 * INTERVAL)
        self.expect(self.left, self.is_left)

    def expect(self, text, condition):
        """Wait until condition() is true, and return that monotonic second. Raises Unexpected after 15 s."""
        begin = time.monotonic()
        if not wait_for(condition):
            raise Unexpected('not so after %.0f s: %s' % (time.monotonic() - begin, text))
        self.say('ok after %.2f s: %s' % (time.monotonic() - begin, text))
        return time.monotonic()

    def present(self):
        """[Whether the kernel has the card's address] of each card."""
        return [stage.ip('-o', 'addr', 'show', 'dev', self.interface, 'to', address) != '' for address in self.cards]

    def show_status(self, state):
        """Show what `fbmon.py status` says. Raises Unexpected if it has another state, or a problem."""
        self.show('status')
        seen = self.status()
        if not seen:
            raise Unexpected('the daemon does not answer')
        if (seen['state'], seen['problems']) != (state, []):
            raise Unexpected('the status says %s, problems: %s' % (seen['state'], seen['problems']))

    def show(self, *words):
        """Show what a command of fbmon.py prints, and return it."""
        shown = subprocess.check_output(self.program + list(words)).decode()
        self.say('what `fbmon.py %s` shows:\n\n%s' % (' '.join(words), shown))
        return shown

    def status(self):
        """What `fbmon.py status --json` says; None if no daemon answers yet."""
        asked = subprocess.run(self.program + ['status', '--json'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(asked.stdout.decode()) if asked.returncode != NOT_RUNNING else None

    def hear(self, line):
        """Show a line of the daemon's log without its time: the demo puts its own in front."""
        self.stage.say('daemon', line.partition(' ')[2])

    def say(self, text):
        """Show a line of the demo's own."""
        self.stage.say('demo', text)

    def path(self, name):
        """The path of a file of the demo."""
        return os.path.join(self.stage.directory, name)
