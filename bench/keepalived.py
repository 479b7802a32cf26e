"""Two candidates with keepalived: one tracks BFD, with another keepalived as the peer; the other tracks a file."""
import os
import signal
import subprocess
import time

import helpers
from candidates import SOURCE, USUAL, Candidate
from kernel.switch import OWN
from observe import TooLate, now

BFD_PORT = 3784

# Seconds. BFD needs some at first, since it begins with one packet a second.
LIMIT = 20.0

# BFD as quick as our heartbeats: packets come 25 ms apart and are overdue after 100 ms. A session that is down sends
# one packet a second, as RFC 5880 (6.8.3) demands.
_BFD = '''bfd_instance peer {
    neighbor_ip %s
    source_ip %s
    min_rx %d
    min_tx %d
    multiplier %d
}
'''

# The virtual router has no other member. It waits for the length of three advertisements before it takes the addresses.
_VRRP = '''vrrp_instance cards {
    state MASTER
    interface eth0
    virtual_router_id 51
    version 3
    priority 255
    advert_int %s
    %s
    virtual_ipaddress {
        %s
    }
}
'''
_FILE = '''track_file flag {
    file %s
    weight 0
    init_file 0
}
'''


class Keepalived(Candidate):
    """What both candidates share. advertisement: seconds from one to the next; a return takes three of them or more."""

    advertisement = 0.1

    def __init__(self, label, directory, setup=USUAL):
        Candidate.__init__(self, label, setup)
        self._directory = directory

    def open(self):
        Candidate.open(self)
        os.makedirs(self._directory)

    def run(self, name, namespace, text):
        """Start a keepalived and return its process."""
        path = self.path(name)
        helpers.write(path + '.conf', text)
        # If nobody listens at /dev/log, syslog writes to the console, which takes milliseconds.
        argv = ['keepalived', '--dont-fork', '--log-console', '--no-syslog', '--use-file', path + '.conf',
                '--pid', path + '.pid', '--vrrp_pid', path + '.vrrp', '--checkers_pid', path + '.checkers',
                '--bfd_pid', path + '.bfd']
        with open(path + '.log', 'ab') as log:
            return self.start(argv, namespace, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def pid(self, name, kind):
        """The pid of one child of a keepalived; kind: vrrp, checkers or bfd."""
        return int(helpers.wait_for(lambda: helpers.read(self.path('%s.%s' % (name, kind))).strip()))

    def path(self, name):
        """The path of a file of this candidate."""
        return os.path.join(self._directory, name)

    def pids(self):
        return sorted(_family(self._children[0].pid))

    def close(self):
        # The children of a keepalived outlive it when it is killed, and a stopped one hears no SIGTERM.
        for pid in [pid for child in self._children for pid in _family(child.pid)[::-1]]:
            _kill(pid, signal.SIGKILL)
        Candidate.close(self)

    def vrrp(self, track):
        """The part of the configuration with the addresses, as text."""
        addresses = '\n        '.join('%s/32 dev eth0' % card for card in self.setup.cards)
        return _VRRP % (self.advertisement, track, addresses)


class TracksBfd(Keepalived):
    """A failure kills the peer, so that it sends nothing more. A return starts it again; that start is not counted."""

    _peer = None

    def open(self):
        Keepalived.open(self)
        own = OWN.partition('/')[0]
        self.run('switch', self.switch, self._bfd(SOURCE, own) + self.vrrp('track_bfd {\n        peer\n    }'))
        self._start_peer()
        self.reports.wait_for(self.back(), LIMIT)
        self.rest()

    def wake(self):
        self.reports.forget()
        self._start_peer()
        self.reports.wait_for(self.back(), LIMIT)

    def rest(self):
        self._kill_peer()
        self.reports.wait_for(self.gone(), LIMIT)

    def fail(self, source):
        before = self._quick()
        time.sleep(source.uniform(0.05, 0.1))
        self._kill_peer()
        reported = self.reports.wait_for(self.gone())
        last = max(before + self.stamps(BFD_PORT))
        return self.took(reported, last + self.setup.timeout / 1000.0)

    def come_back(self):
        self.capture.take()
        self._start_peer()
        reported = self.reports.wait_for(self.back(), LIMIT)
        return self.took(reported, min(self.stamps(BFD_PORT)))

    def _bfd(self, neighbour, own):
        times = (self.setup.interval, self.setup.interval, self.setup.timeout // self.setup.interval)
        return _BFD % ((neighbour, own) + times)

    def _start_peer(self):
        own = OWN.partition('/')[0]
        if os.path.exists(self.path('peer.bfd')):
            os.unlink(self.path('peer.bfd'))
        self._peer = self.run('peer', self.switch.outside, self._bfd(own, SOURCE))
        self._peer_pid = self.pid('peer', 'bfd')

    def _kill_peer(self):
        # First stop the one that sends: its parent would start another one.
        os.kill(self._peer_pid, signal.SIGSTOP)
        for pid in _family(self._peer.pid) + [self._peer_pid]:
            _kill(pid, signal.SIGKILL)
        self.end(self._peer)

    def _quick(self):
        """Wait until both sides send at the agreed interval and no longer once a second. Returns the latest stamps."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            self.capture.take()
            time.sleep(self.setup.timeout / 1000.0)
            stamps = self.stamps(BFD_PORT)
            if len(stamps) >= self.setup.timeout // self.setup.interval:
                return stamps
        raise TooLate('BFD stays slow')


class TracksFile(Keepalived):
    """The time runs from the moment before the file is written; nothing has to be overdue."""

    def open(self):
        Keepalived.open(self)
        self._flag = self.path('flag')
        helpers.write(self._flag, '0\n')
        self.run('switch', self.switch, _FILE % self._flag + self.vrrp('track_file {\n        flag\n    }'))
        self.reports.wait_for(self.back(), LIMIT)
        self.rest()

    def wake(self):
        self.reports.forget()
        self.come_back()
        time.sleep(0.3)

    def rest(self):
        self.fail(None)

    def fail(self, source):
        return self._write('1\n', self.gone())

    def come_back(self):
        return self._write('0\n', self.back())

    def _write(self, text, reports):
        began = now()
        helpers.write(self._flag, text)
        return self.took(self.reports.wait_for(reports, LIMIT), began)


def _family(pid):
    """A process and its children."""
    listed = helpers.read('/proc/%d/task/%d/children' % (pid, pid))
    return [pid] + [int(word) for word in listed.split()]


def _kill(pid, number):
    try:
        os.kill(pid, number)
    except EnvironmentError:
        pass
