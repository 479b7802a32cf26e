"""The other candidates: exabgp's healthcheck, and bare changes, which no candidate could beat."""
import os
import signal
import subprocess
import time

import helpers
from candidates import HERE, USUAL, Candidate
from observe import now

# Seconds between two checks of exabgp. It needs up to this time to notice a change, and this time is counted.
CHECK = 0.05

LIMIT = 20.0


class Exabgp(Candidate):
    """Checks a flag file with `test -e`. The time runs from the removal or the return of the file to the report."""

    def __init__(self, label, directory, check=CHECK):
        Candidate.__init__(self, label)
        self._flag, self._check = os.path.join(directory, 'flag'), check
        os.makedirs(directory)

    def open(self):
        Candidate.open(self)
        check = str(self._check)
        # Without a label exabgp removes nothing.
        argv = ['/usr/bin/python3', '-m', 'exabgp', 'healthcheck', '--no-syslog', '--no-ack', '--dynamic-ip-setup',
                '--label', 'cards', '--command', 'test -e ' + self._flag, '--interval', check,
                '--fast-interval', check, '--timeout', '2', '--rise', '1', '--fall', '1']
        for card in self.setup.cards:
            argv += ['--ip', card + '/32']
        helpers.write(self._flag, '')
        # No pipe: what it announces would fill one.
        with open(os.devnull, 'r+b') as null:
            self._child = self.start(argv, self.switch, stdin=null, stdout=null, stderr=null)
        self.reports.wait_for(self.back(), LIMIT)
        self.rest()

    def pids(self):
        return [self._child.pid]

    def wake(self):
        helpers.write(self._flag, '')
        self._child.send_signal(signal.SIGCONT)
        self.reports.wait_for(self.back(), LIMIT)
        time.sleep(0.3)

    def rest(self):
        self.fail(None)
        self._child.send_signal(signal.SIGSTOP)

    def fail(self, source):
        began = now()
        os.unlink(self._flag)
        return self.took(self.reports.wait_for(self.gone(), LIMIT), began)

    def come_back(self):
        began = now()
        helpers.write(self._flag, '')
        return self.took(self.reports.wait_for(self.back(), LIMIT), began)


class IdleExabgp(Exabgp):
    """exabgp's healthcheck that goes on checking while it rests."""

    def rest(self):
        """Stay awake."""


class Bare(Candidate):
    """A child that runs limits.py. The time runs from the moment before its first change to the last report."""

    pauses = (0.01, 0.02)

    def __init__(self, label, interpreter, kind, setup=USUAL):
        Candidate.__init__(self, label, setup)
        self._interpreter, self._kind = interpreter, kind

    def open(self):
        Candidate.open(self)
        argv = [self._interpreter, os.path.join(HERE, 'limits.py'), self._kind, 'eth0', ','.join(self.setup.cards),
                ','.join(self.setup.ports)]
        self._child = self.start(argv, self.switch, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # Otherwise an address that goes takes those with it that were added after it.
        self.switch.set('ipv4/conf/eth0/promote_secondaries', '1')
        if self.setup.ports:
            self.switch.batch(*['link set %s down' % port for port in self.setup.ports])

    def wake(self):
        self.reports.forget()
        self.come_back()

    def rest(self):
        self.fail(None)

    def fail(self, source):
        return self._order('del', self.gone())

    def come_back(self):
        return self._order('add', self.back())

    def _order(self, order, reports):
        self._child.stdin.write(order.encode('ascii') + b'\n')
        self._child.stdin.flush()
        reported = self.reports.wait_for(reports, LIMIT)
        return self.took(reported, float(self._child.stdout.readline()))
