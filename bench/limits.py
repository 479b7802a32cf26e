"""Makes changes in the four cheapest ways there are, so that the bench can measure what they cost at least.

    python2.7 bench/limits.py KIND INTERFACE ADDRESS,ADDRESS [PORT,PORT]

KIND is 'processes' (one `ip` for each change), 'batch' (one `ip` for all), 'coprocess' (one `ip` that is kept running)
or 'netlink' (no `ip`). The program reads 'add' or 'del' from its standard input. It adds or removes all addresses,
brings all ports up or down, and answers with the second at which it began.
"""
import os
import socket
import struct
import subprocess
import sys
import time

REQUEST_ACK, CREATE_EXCLUSIVE = 0x1 | 0x4, 0x400 | 0x200
NEW_LINK, NEW_ADDRESS, DEL_ADDRESS = 16, 20, 21
IFA_LOCAL, IFF_UP = 2, 1


class Processes(object):
    """One process for each change."""

    def change(self, adds, lines):
        """Make the changes."""
        with open(os.devnull, 'w') as null:
            for line in lines:
                subprocess.call(['ip'] + line.split(), stdout=null, stderr=null)


class Batch(object):
    """One process for all changes, started when they are due."""

    def change(self, adds, lines):
        """Make the changes."""
        child = subprocess.Popen(['ip', '-force', '-batch', '-'], stdin=subprocess.PIPE)
        child.communicate('\n'.join(lines + ['']).encode('ascii'))


class Coprocess(object):
    """A process that was started before and reads one command from each line."""

    def __init__(self):
        self._child = subprocess.Popen(['ip', '-force', '-batch', '-'], stdin=subprocess.PIPE, bufsize=0)

    def change(self, adds, lines):
        """Order the changes and do not wait; the kernel reports when they are made."""
        self._child.stdin.write('\n'.join(lines + ['']).encode('ascii'))


class Netlink(object):
    """rtnetlink(7) without `ip`. The kernel acknowledges each change before the next one is sent."""

    def __init__(self, interface, addresses, ports):
        self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._sock.bind((0, 0))
        self._index = _index(interface)
        self._addresses = [socket.inet_aton(address) for address in addresses]
        self._ports = [_index(port) for port in ports]

    def change(self, adds, lines):
        """Make the changes."""
        kind, flags = (NEW_ADDRESS, REQUEST_ACK | CREATE_EXCLUSIVE) if adds else (DEL_ADDRESS, REQUEST_ACK)
        for address in self._addresses:
            self._ask(kind, flags, struct.pack('=BBBBi', socket.AF_INET, 32, 0, 0, self._index)
                      + struct.pack('=HH', 8, IFA_LOCAL) + address)
        for index in self._ports:
            self._ask(NEW_LINK, REQUEST_ACK, struct.pack('=BxHiII', 0, 0, index, IFF_UP if adds else 0, IFF_UP))

    def _ask(self, kind, flags, body):
        self._sock.send(struct.pack('=IHHII', 16 + len(body), kind, flags, 1, 0) + body)
        self._sock.recv(4096)


def _index(interface):
    with open('/sys/class/net/%s/ifindex' % interface) as source:
        return int(source.read())


def lines_of(adds, interface, addresses, ports):
    """The changes as commands of `ip`, one a line."""
    word, state = ('add', 'up') if adds else ('del', 'down')
    return ['addr %s %s/32 dev %s' % (word, address, interface) for address in addresses] + \
           ['link set %s %s' % (port, state) for port in ports]


def main(kind, interface, addresses, ports=''):
    """Carry out orders until the standard input ends."""
    addresses, ports = [addresses.split(','), ports.split(',') if ports else []]
    made = Netlink(interface, addresses, ports) if kind == 'netlink' else \
        {'processes': Processes, 'batch': Batch, 'coprocess': Coprocess}[kind]()
    while True:
        order = sys.stdin.readline()
        if not order:
            return
        adds = order.strip() == 'add'
        lines = lines_of(adds, interface, addresses, ports)
        began = time.time()
        made.change(adds, lines)
        sys.stdout.write('%.6f\n' % began)
        sys.stdout.flush()


if __name__ == '__main__':
    main(*sys.argv[1:])
