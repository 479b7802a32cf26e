"""What all candidates share: a switch of their own, the kernel's reports there, and rounds of failure and return."""
import os
import subprocess
import sys
import time
from collections import namedtuple

from kernel.switch import Switch
from observe import Capture, Reports, TooLate

HERE = os.path.dirname(os.path.abspath(__file__))

# Listener n is at HOST and PORT + n. The heartbeats come from SOURCE.
HOST, PORT, SOURCE = '192.168.1.202', 3000, '192.168.1.1'

# nodes: how many send heartbeats, each one after 75 to 100 % of `interval` ms; timeout: ms after which a heartbeat is
# overdue; threshold: the number of failed listeners at which a bypass begins; cards: addresses, with a prefix if
# wanted; ports: interfaces; lines: further lines of the configuration file, as text; journal: whether the daemon keeps
# one.
Setup = namedtuple('Setup', 'nodes interval timeout threshold cards ports lines journal')

USUAL = Setup(8, 25, 100, 1, ('192.168.1.211', '192.168.1.212'), (), '', True)

# gone: the Took from the moment when a heartbeat was overdue; back: the Took from the first heartbeat after the
# failure. None: a report did not come.
Round = namedtuple('Round', 'gone back')

# Seconds until the last report: all: of all; addresses, ports: of these only, None if the candidate has none.
Took = namedtuple('Took', 'all addresses ports')


class Candidate(object):
    """The order of calls: open(), then as often as wanted wake(), some times round(), rest(); close() in any case.

    While one candidate rests, others are measured. So it does nothing then, or as little as it can.
    """

    # (least, most) seconds to wait before the failure and before the return; each wait is drawn between them.
    pauses = (0.05, 0.15)

    def __init__(self, label, setup=USUAL):
        self.label = label
        self.setup = setup
        # Changes that the kernel reported and that nobody had asked for, a false failure for example.
        self.unasked = []
        self.switch = self.reports = self.capture = None
        self._children = []

    def open(self):
        """Make the switch and start everything on it."""
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
        """One failure and one return at moments drawn from `source`. Returns the Round."""
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
        """The kernel's reports when all addresses are removed and all ports are down."""
        return ['- ' + card for card in self._cards()] + [port + ' down' for port in self.setup.ports]

    def back(self):
        """The kernel's reports when all addresses are there and all ports are up again."""
        return ['+ ' + card for card in self._cards()] + [port + ' up' for port in self.setup.ports]

    def took(self, reported, since):
        """The Took of {text: seconds}, which Reports.wait_for() has returned, from the second `since` on."""
        addresses = [at for text, at in reported.items() if text[0] in '+-']
        ports = [at for text, at in reported.items() if text[0] not in '+-']
        return Took(*[max(times) - since if times else None for times in (addresses + ports, addresses, ports)])

    def _cards(self):
        """The addresses without a prefix, as in the reports."""
        return [card.partition('/')[0] for card in self.setup.cards]

    def start(self, argv, namespace=None, **options):
        """Start a child and return it; close() ends it. namespace: where it runs; None: where the bench runs."""
        # In a session of its own, so that Ctrl-C reaches only the bench, which then ends its processes in order.
        child = subprocess.Popen((namespace.prefix() if namespace else []) + argv, start_new_session=True, **options)
        self._children.append(child)
        return child

    def end(self, child):
        """Kill a child that start() has returned."""
        self._children.remove(child)
        child.kill()
        child.wait()

    def stamps(self, port):
        """The seconds at which datagrams for a UDP port arrived since the last look at any port."""
        return [at for at, other in self.capture.take() if other == port]

    def pids(self):
        """The pids of the candidate's own processes."""
        raise NotImplementedError

    def wake(self):
        """Begin to work. Returns when all addresses and ports are there and nothing more happens."""
        raise NotImplementedError

    def rest(self):
        """Stop working. Returns when all is gone and nothing more happens."""
        raise NotImplementedError

    def fail(self, source):
        """Make it fail. Returns the Took from the moment when that was due to be noticed."""
        raise NotImplementedError

    def come_back(self):
        """Let it come back. Returns the Took from the first sign of that."""
        raise NotImplementedError


class Nodes(object):
    """The process that sends heartbeats (sender.py). It takes its orders over a pipe."""

    def __init__(self, candidate, setup, host=HOST, port=PORT, source=SOURCE):
        argv = [sys.executable, os.path.join(HERE, 'sender.py'), host, str(port), str(setup.nodes),
                str(setup.interval), source]
        self._child = candidate.start(argv, candidate.switch.outside, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def order(self, *words):
        """Give one order and wait until it has been carried out."""
        self._child.stdin.write((' '.join(str(word) for word in words) + '\n').encode('ascii'))
        self._child.stdin.flush()
        self._child.stdout.readline()
