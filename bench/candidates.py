"""What every candidate has: a switch of its own, what the kernel says there, and rounds of failure and return."""
import os
import subprocess
import sys
import time
from collections import namedtuple

from kernel.switch import Switch
from observe import Capture, Reports, TooLate

HERE = os.path.dirname(os.path.abspath(__file__))

# Where the listeners are, listener n at PORT + n, and where the heartbeats come from.
HOST, PORT, SOURCE = '192.168.1.202', 3000, '192.168.1.1'

# nodes: how many send heartbeats, each once in 75 to 100 % of `interval` ms; overdue after `timeout` ms; threshold:
# failed listeners that make a bypass; cards: addresses, with a prefix if wanted; ports: interfaces; lines: more of a
# configuration file.
Setup = namedtuple('Setup', 'nodes interval timeout threshold cards ports lines')

USUAL = Setup(8, 25, 100, 1, ('192.168.1.211', '192.168.1.212'), (), '')

# Seconds from the instant a heartbeat was overdue, or the first came back, to the last report; None: it did not come.
Round = namedtuple('Round', 'gone back')


class Candidate(object):
    """open(), then wake(), round() as often as wanted, rest(), and again; close() in any case.

    While one rests, others are measured: it does nothing, or as little as it can.
    """

    # Seconds before the failure and before the return, by chance between these.
    pauses = (0.05, 0.15)

    def __init__(self, label, setup=USUAL):
        self.label = label
        self.setup = setup
        # What the kernel reported and nobody had asked for: a false failure, for example.
        self.unasked = []
        self.switch = self.reports = self.capture = None
        self._children = []

    def open(self):
        """Make the switch and start everything there."""
        self.switch = Switch()
        others = [port for port in self.setup.ports if self.switch.link(port) is None]
        if others:
            self.switch.create(*others)
        self.reports = Reports(self.switch)
        self.capture = Capture(self.switch)

    def close(self):
        """End everything and remove the switch."""
        for child in self._children[::-1]:
            self.end(child)
        for each in (self.capture, self.reports, self.switch):
            if each:
                each.close()

    def round(self, source):
        """One failure and return, at instants by chance from `source`; the Round."""
        self.capture.take()
        time.sleep(source.uniform(*self.pauses))
        self.unasked += self.reports.forget()
        try:
            gone = self.fail(source)
            time.sleep(source.uniform(*self.pauses))
            self.unasked += self.reports.forget()
            return Round(gone, self.come_back())
        except TooLate:
            self.rest()
            self.wake()
            return Round(None, None)

    def gone(self):
        """What the kernel reports when all is taken away."""
        return ['- ' + card for card in self._cards()] + [port + ' down' for port in self.setup.ports]

    def back(self):
        """What the kernel reports when all is there again."""
        return ['+ ' + card for card in self._cards()] + [port + ' up' for port in self.setup.ports]

    def _cards(self):
        """The addresses, as the kernel's reports have them."""
        return [card.partition('/')[0] for card in self.setup.cards]

    def start(self, argv, namespace=None, **options):
        """A child that is ended by close(), in a namespace of the switch."""
        # A session of its own: Ctrl-C is for the bench, which then ends its processes in order.
        child = subprocess.Popen((namespace.prefix() if namespace else []) + argv, start_new_session=True, **options)
        self._children.append(child)
        return child

    def end(self, child):
        """Kill one of them."""
        self._children.remove(child)
        child.kill()
        child.wait()

    def stamps(self, port):
        """When datagrams to a UDP port were received since the last look at any port."""
        return [at for at, other in self.capture.take() if other == port]

    def pids(self):
        """The processes that are the candidate itself."""
        raise NotImplementedError

    def wake(self):
        """Until all is there, and at rest."""
        raise NotImplementedError

    def rest(self):
        """Until all is gone, and nothing happens any more."""
        raise NotImplementedError

    def fail(self, source):
        """Have it fail; seconds from the instant when that was due to be noticed to the last report."""
        raise NotImplementedError

    def come_back(self):
        """Have it come back; seconds from the first sign of it to the last report."""
        raise NotImplementedError


class Nodes(object):
    """The sender of heartbeats, driven over a pipe."""

    def __init__(self, candidate, setup, host=HOST, port=PORT, source=SOURCE):
        argv = [sys.executable, os.path.join(HERE, 'sender.py'), host, str(port), str(setup.nodes),
                str(setup.interval), source]
        self._child = candidate.start(argv, candidate.switch.outside, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def order(self, *words):
        """One order, until it has been done."""
        self._child.stdin.write((' '.join(str(word) for word in words) + '\n').encode('ascii'))
        self._child.stdin.flush()
        self._child.stdout.readline()
