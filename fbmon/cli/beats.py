"""Sends heartbeats as a DPI node does, to try out a switch."""
import os
import socket
import time

from fbmon.base import compat
from fbmon.cli.output import fail, say
from fbmon.config.addresses import NOT_AN_ADDRESS
from fbmon.memory import rundir
from fbmon.rules.states import UNCONFIGURED
from fbmon.show import statussocket

PAYLOAD = b'HEARTBEAT'

OURS = ('not sent: listener %d of the daemon that runs here is at this address and port, and takes it for a heartbeat '
        'of its node: a bypass could end with a dead node. If that is what you want, give --force')
NOT_ASKED = 'not sent: this address is on this machine, and its daemon does not say where it listens (%s): give --force'


def beat(options):
    """Send as the command line says. Returns the exit code."""
    refused = (lambda address: None) if options.force else refusal(options.run_dir)
    if options.check or options.every or options.source or options.interface or options.more:
        return _for_ever(options, refused)
    return send(options.host, options.port, options.interval, options.count, refused)


def _for_ever(options, refused):
    """Send as a node with fastbypass_beat(8) does."""
    from fbmon.beat import commandline, main, settings, voice
    try:
        found = commandline.make(options, [options.host, str(options.port)] + options.more)
    except settings.Mistake as error:
        return fail('beat: error: ' + commandline.in_words(error)) and 2
    for one in found.targets:
        why = refused(_sockaddr(one, found.interface))
        if why:
            return fail('%s port %d: %s' % (one.host, one.port, why))
    return main.send(found, voice.Voice())


def _sockaddr(aim, interface):
    """The socket address of a settings.Aim, without a scope if its interface is not there."""
    zone = aim.zone or interface
    try:
        return socket.getaddrinfo(aim.host + ('%' + zone if zone and ':' in aim.host else ''), aim.port, 0,
                                  socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0][4]
    except socket.gaierror:
        return aim.host, aim.port


def refusal(run_dir):
    """The function refused(address) for send().

    It says why nothing may be sent to a socket address: a heartbeat would reach a listener of a daemon that runs here,
    that of another cluster, too. It returns None if it would not.
    """
    def refused(address):
        host, port = _plain(address[0]), address[1]
        if not _is_here(host, address[2:]):
            return None
        answers = (_refused(one, host, port) for one in _run_dirs(run_dir))
        return next((answer for answer in answers if answer), None)
    return refused


def _run_dirs(run_dir):
    """The run directories of all daemons here: those of instances are in that of the one without a name."""
    top, name = os.path.split(run_dir)
    top = top if name.startswith('@') else run_dir
    try:
        names = [one for one in sorted(os.listdir(top)) if one.startswith('@')]
    except EnvironmentError:
        names = []
    return [top] + [os.path.join(top, one) for one in names]


def _refused(run_dir, host, port):
    """As refusal(), for the daemon with this run directory."""
    try:
        found = statussocket.ask(os.path.join(run_dir, rundir.SOCKET))
    except statussocket.NoAnswer as error:
        return NOT_ASKED % error
    except statussocket.NotRunning:
        return None
    return next((OURS % row['index'] for row in found['listeners']
                 if (row['host'], row['port']) == (host, port) and row['state'] != UNCONFIGURED), None)


def _plain(host):
    """The address to which the kernel really sends.

    It has no zone. An IPv4 address in IPv6 form becomes a plain one, and `any` becomes the loopback address.
    """
    host = host.partition('%')[0]
    if host.startswith('::ffff:') and '.' in host:
        host = host[len('::ffff:'):]
    return {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host)


def _is_here(host, rest):
    """Whether an address belongs to this machine. rest: the part of a socket address after host and port."""
    six = ':' in host
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind((host, 0) + (tuple(rest) if six else ()))
        return True
    except compat.SYSTEM_ERRORS:
        return False
    finally:
        sock.close()


def send(host, port, interval, count=None, refused=lambda address: None):
    """Send a datagram to host and port every `interval` ms, `count` times or until Ctrl-C. Returns the exit code.

    refused(address): why nothing may be sent to a socket address, or None.
    """
    sent = 0
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0]
        why = refused(address)
        if why:
            return fail('%s port %d: %s' % (host, port, why))
        sock = socket.socket(family, socket.SOCK_DGRAM)
        due = compat.monotonic()
        while count is None or sent < count:
            sock.sendto(PAYLOAD, address)
            sent += 1
            due += interval / 1000.0
            if sent != count:
                time.sleep(max(0, due - compat.monotonic()))
    except KeyboardInterrupt:
        pass
    # With Python 3 a text that cannot be the name of a host is a UnicodeError.
    except (socket.gaierror, UnicodeError):
        return fail('%s port %d: %s' % (host, port, NOT_AN_ADDRESS))
    except compat.SYSTEM_ERRORS as error:
        return fail('%s port %d: %s' % (host, port, getattr(error, 'strerror', None) or error))
    say('%d heartbeat%s sent to %s port %d' % (sent, 's'[sent == 1:], host, port))
    return 0
