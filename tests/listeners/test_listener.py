"""listener.py: datagrams and timeouts on real sockets change the local state."""
import errno
import fcntl
import os
import resource
import signal
import socket
import threading
import time
from collections import namedtuple

import pytest

import clock
from fbmon.base import compat
from fbmon.listeners.listener import Counters, Listener, StateChanged
from fbmon.listeners.sockets import SPARE, open_socket
from fbmon.rules.states import ACTIVE, FAILED, UNKNOWN
from helpers import LIMIT, descriptors, finish, free_port, has_ipv6, python, read, require, send, wait_for

HOUR = 3600000

Settings = namedtuple('Settings', 'host port timeout attempts recovery sources')


@pytest.fixture(params=['127.0.0.1', '::1'])
def host(request):
    if request.param == '::1':
        require(has_ipv6(), 'needs IPv6 on loopback')
    return request.param


@pytest.fixture
def launch():
    """launch(...): starts a Listener. Its reports are in .events, its crashes in .crashes."""
    launched = []

    def create(host='127.0.0.1', timeout=HOUR, attempts=1, recovery=1, sources=(), before=None, sock=None, **options):
        settings = Settings(host, free_port(host), timeout, attempts, recovery, sources)
        events, crashes = [], []
        listener = Listener(settings, sock or open_socket(settings), events.append, **options)
        listener.events, listener.crashes = events, crashes
        launched.append(listener)
        if before:
            before(settings)
        listener.start(lambda: crashes.append(True))
        return listener

    yield create
    for listener in launched:
        if not listener._closing:
            listener.close()


def states(listener):
    return [(event.old, event.new, event.why) for event in listener.events]


def beat(listener, **options):
    """Send one heartbeat and wait until it is counted."""
    before = listener.counters()
    send(listener.settings.host, listener.settings.port, **options)
    wait_for(lambda: listener.counters()[:2] != before[:2])


def reported(listener, count=1):
    """Wait for so many events, and return the first `count` ones."""
    wait_for(lambda: len(listener.events) >= count)
    return listener.events[:count]


# --- local states ---

def test_the_first_heartbeat_makes_it_active(launch, host):
    listener = launch(host)
    before = compat.monotonic()

    beat(listener)

    event, = reported(listener)
    assert event == StateChanged(listener, UNKNOWN, ACTIVE, 'first heartbeat', event.at)
    assert before <= event.at <= compat.monotonic()
    assert listener.counters() == Counters(1, 0, 0, event.at, 0.0, 0, host)


def test_it_fails_attempts_times_timeout_after_its_launch(launch, host):
    listener = launch(host, timeout=30, attempts=3)

    event, = reported(listener)

    assert compat.monotonic() >= event.at
    assert event == StateChanged(listener, UNKNOWN, FAILED, 'no heartbeat for 90 ms', event.at)
    assert event.at == pytest.approx(listener.launched + 0.09, abs=1e-6)


def test_it_fails_attempts_times_timeout_after_the_last_heartbeat(launch):
    listener = launch(timeout=100, attempts=2)
    beat(listener)
    beat(listener)

    event = reported(listener, 2)[1]

    assert (event.old, event.new, event.why) == (ACTIVE, FAILED, 'no heartbeat for 200 ms')
    assert event.at == pytest.approx(listener.counters().last + 0.2, abs=1e-6)


def test_a_failed_listener_is_active_again_after_recovery_heartbeats_in_a_row(launch):
    listener = launch(timeout=20, recovery=3)
    reported(listener)
    listener.update(listener.settings._replace(timeout=HOUR))

    beat(listener)
    beat(listener)
    assert len(listener.events) == 1
    beat(listener)

    event = reported(listener, 2)[1]
    assert (event.old, event.new, event.why) == (FAILED, ACTIVE, '3 heartbeats in a row')
    assert event.at == listener.counters().last


def test_attempts_timeouts_between_begin_the_recovery_anew(launch):
    listener = launch(timeout=20, recovery=2)
    reported(listener)
    for _ in range(3):
        missed = listener.counters().missed
        beat(listener)
        wait_for(lambda: listener.counters().missed > missed + 1)

    assert [new for _, new, _ in states(listener)] == [FAILED]


def test_the_heartbeats_of_a_recovery_are_counted_until_it_is_active(launch):
    listener = launch(timeout=20, recovery=3)
    reported(listener)
    listener.update(listener.settings._replace(timeout=HOUR))
    counted = []
    for _ in range(3):
        beat(listener, source='127.0.0.9')
        counted.append(listener.counters().heard)

    assert (counted, listener.counters().sender) == ([1, 2, 0], '127.0.0.9')


def test_timeouts_and_the_longest_gap_are_counted(launch):
    listener = launch(timeout=20, attempts=1000)
    beat(listener)
    first, missed = listener.counters().last, listener.counters().missed
    # The first heartbeat may have come after a timeout.
    wait_for(lambda: listener.counters().missed >= missed + 3)
    beat(listener)

    counters = listener.counters()
    assert (counters.received, counters.ignored) == (2, 0)
    assert counters.longest_gap == counters.last - first >= 0.06
    assert states(listener) == [(UNKNOWN, ACTIVE, 'first heartbeat')]


def test_a_long_gap_is_forgotten_after_two_hours(launch):
    now = [5000.0]
    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())
    listener = Listener(settings, open_socket(settings), [].append, clock=lambda: now[0])
    for at in (5000.0, 5002.5, 5003.0):
        listener.heartbeat(at)
    assert listener.counters().longest_gap == 2.5

    now[0] = 5000.0 + 7200.0
    assert listener.counters().longest_gap == 0.0
    listener.close()


# --- what counts as a heartbeat ---

@pytest.mark.parametrize('data', [b'', b'x', b'x' * 1400, b'x' * 60000])
def test_any_datagram_is_one_heartbeat_an_empty_one_too(launch, host, data):
    listener = launch(host)

    beat(listener, data=data)

    assert [new for _, new, _ in states(listener)] == [ACTIVE]
    assert listener.counters()[:3] == (1, 0, 0)


def test_a_datagram_of_an_accepted_source_counts(launch):
    listener = launch(sources=('127.0.0.2', '127.0.0.3'))

    beat(listener, source='127.0.0.3')

    assert listener.counters()[:2] == (1, 0)
    assert [new for _, new, _ in states(listener)] == [ACTIVE]


def test_a_datagram_of_an_ipv6_source_counts(launch):
    require(has_ipv6(), 'needs IPv6 on loopback')
    listener = launch('::1', sources=('::1',))

    beat(listener)

    assert listener.counters()[:2] == (1, 0)


def test_datagrams_of_others_are_counted_as_ignored_and_do_not_start_the_wait_again(launch):
    listener = launch(timeout=150, sources=('127.0.0.2',))

    for _ in range(5):
        beat(listener, source='127.0.0.3')

    event, = reported(listener)
    assert event.new == FAILED
    assert event.at == pytest.approx(listener.launched + 0.15, abs=1e-6)
    assert listener.counters()[:2] == (0, 5)


def test_datagrams_of_others_after_heartbeats_do_not_start_the_wait_again_either(launch):
    listener = launch(timeout=200, sources=('127.0.0.2',))
    beat(listener, source='127.0.0.2')
    beat(listener, source='127.0.0.2')

    for _ in range(3):
        beat(listener, source='127.0.0.3')

    event = reported(listener, 2)[1]
    assert (event.new, listener.counters()[:2]) == (FAILED, (2, 3))
    assert event.at == pytest.approx(listener.counters().last + 0.2, abs=1e-6)


# --- stalls and clocks ---

def test_what_waits_in_the_socket_is_read_before_a_timeout_is_called_though_much_else_waits_before_it(launch):
    # The process was not scheduled: when it looks at the clock for the second time, hours have passed.
    clock = iter([0.0])

    def fill(settings):
        for _ in range(200):
            send(settings.host, settings.port, source='127.0.0.3')
        send(settings.host, settings.port, source='127.0.0.2')

    listener = launch(sources=('127.0.0.2',), before=fill, clock=lambda: next(clock, 2.0 * HOUR))

    reported(listener)

    assert states(listener) == [(UNKNOWN, ACTIVE, 'first heartbeat')]
    assert listener.counters()[:3] == (1, 200, 0)


STOPPED = '''
import sys
from collections import namedtuple
import clock
from fbmon.base import compat
from fbmon.listeners.listener import Listener
from fbmon.listeners.sockets import open_socket
settings = namedtuple('S', 'host port timeout attempts recovery sources')('127.0.0.1', int(sys.argv[1]), 400, 1, 1, ())
changes = []
def report(event):
    changes.append(event.new)
    print('%s %r' % (event.new, clock.monotonic() - (compat.monotonic() - event.at)))
    sys.stdout.flush()
listener = Listener(settings, open_socket(settings), report)
listener.start(None)
print('listening')
sys.stdout.flush()
while 'failed' not in changes[1:]:
    compat.monotonic()
    __import__('time').sleep(0.01)
'''


def test_a_stopped_process_goes_on_with_the_heartbeat_that_came_meanwhile():
    port = free_port()
    child = python(STOPPED, port)
    try:
        child.stdout.readline()
        send('127.0.0.1', port)
        child.stdout.readline()
        os.kill(child.pid, signal.SIGSTOP)
        wait_for(lambda: read('/proc/%d/stat' % child.pid).rpartition(')')[2].split()[0] == 'T')
        send('127.0.0.1', port)
        # This sleep is needed: the timeout must pass while the process stands still.
        time.sleep(0.6)
        going_on = clock.monotonic()
        os.kill(child.pid, signal.SIGCONT)
        output = finish(child)[1].split()
    finally:
        if child.poll() is None:
            child.kill()

    assert output[0] == FAILED
    assert float(output[1]) >= going_on + 0.35


@pytest.mark.parametrize('beats', [1, 2], ids=['one heartbeat', 'heartbeats in a row'])
def test_a_recent_receive_time_of_the_kernel_is_when_the_wait_begins(launch, beats):
    listener = launch(timeout=100, wall=lambda: time.time() + 0.02)

    def fails_early():
        for _ in range(beats):
            before = compat.monotonic()
            beat(listener)
        wait_for(lambda: listener.events[-1].new == FAILED)
        return listener.events[-1].at < before + 0.1

    # The first datagram has no time yet. On a stalled machine the times of others are too old.
    wait_for(fails_early)


@pytest.mark.parametrize('error', [10.0, -10.0, 1e9, -1e9])
def test_a_receive_time_that_is_stale_or_in_the_future_is_not_believed(launch, error):
    listener = launch(wall=lambda: time.time() + error)
    for _ in range(5):
        before = compat.monotonic()
        beat(listener)

        assert before <= listener.counters().last <= compat.monotonic()


def test_a_step_of_the_wall_clock_changes_nothing_about_the_timeout(launch):
    steps = iter([0.0, 1e6, -1e6] * 1000)
    listener = launch(timeout=200, wall=lambda: time.time() + next(steps))
    beat(listener)
    beat(listener)
    beat(listener)

    event = reported(listener, 2)[1]

    assert event.new == FAILED
    assert event.at == pytest.approx(listener.counters().last + 0.2, abs=1e-6)


# --- update and close ---

def test_new_timers_apply_at_once_and_state_and_counters_stay(launch):
    listener = launch()
    beat(listener)
    before = listener.counters()

    listener.update(listener.settings._replace(timeout=50, attempts=2))

    event = reported(listener, 2)[1]
    assert (event.old, event.new, event.why) == (ACTIVE, FAILED, 'no heartbeat for 100 ms')
    assert event.at == pytest.approx(before.last + 0.1, abs=1e-6)
    assert (listener.counters().received, listener.counters().last) == (1, before.last)


def test_new_sources_apply_at_once(launch):
    listener = launch()
    beat(listener, source='127.0.0.2')

    listener.update(listener.settings._replace(sources=('127.0.0.3',)))
    beat(listener, source='127.0.0.2')
    beat(listener, source='127.0.0.3')

    assert listener.counters()[:2] == (2, 1)


def test_close_frees_the_port_before_it_returns_however_long_the_wait_would_be(launch, host):
    listener = launch(host)
    beat(listener)

    for _ in range(3):
        listener.close()
        again = open_socket(listener.settings)
        listener = Listener(listener.settings, again, [].append)
        listener.start(None)
    listener.close()


class WokenEarly(Listener):
    """Another thread closes it just before it reads its first heartbeat. It takes the wake-up with the heartbeat."""

    def _accepts(self, source):
        if not self._closing:
            self._closing = True
            self._bell.ring()
            self._bell.heard()
        return True


def test_a_wake_up_that_was_taken_with_a_heartbeat_is_not_slept_over():
    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())
    listener = WokenEarly(settings, open_socket(settings), [].append)
    listener.start(None)

    send('127.0.0.1', settings.port)

    wait_for(lambda: not listener._thread.is_alive())
    open_socket(settings).close()


FLOOD = '''
import socket, sys
socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for number, sock in enumerate(socks):
    sock.bind(('127.0.0.%d' % (number + 2), 0))
print('sending')
sys.stdout.flush()
while True:
    for sock in socks:
        sock.sendto(b'x', ('127.0.0.1', int(sys.argv[1])))
'''


def test_under_a_flood_a_closed_listener_has_ended_and_its_port_is_free():
    port = free_port()
    settings = Settings('127.0.0.1', port, HOUR, 1, 1, ('127.0.0.2',))
    child = python(FLOOD, port)
    try:
        child.stdout.readline()
        for _ in range(40):
            listener = Listener(settings, open_socket(settings), [].append)
            listener.start(None)
            wait_for(lambda: listener.counters().received)
            # The limit is for a busy machine. Without a flood the end takes no time at all.
            listener.close(LIMIT)
            assert not listener._thread.is_alive()
            open_socket(settings).close()
    finally:
        child.kill()
        child.communicate()


def test_a_thread_that_outlives_the_limit_closes_its_own_socket_when_it_ends(launch):
    held, go_on = threading.Event(), threading.Event()

    def report(_event):
        held.set()
        go_on.wait(LIMIT)

    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())
    sock = open_socket(settings)
    listener = Listener(settings, sock, report)
    listener.start(None)
    send('127.0.0.1', settings.port)
    assert held.wait(LIMIT)

    listener.close(0.01)

    assert sock.fileno() >= 0 and listener._thread.is_alive()
    go_on.set()
    wait_for(lambda: not listener._thread.is_alive())
    open_socket(settings).close()


def test_one_whose_thread_has_died_can_be_updated_and_closed(launch):
    count = descriptors()
    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())

    def report(_event):
        raise ValueError('a test')

    listener = Listener(settings, open_socket(settings), report)
    listener.start(lambda: None)
    send('127.0.0.1', settings.port)
    wait_for(lambda: not listener._thread.is_alive())

    listener.update(settings)
    listener.close()
    assert descriptors() == count


def test_bound_anew_it_hears_at_the_new_socket_with_its_state_and_counters(launch, host):
    listener = launch(host)
    beat(listener)
    first, other = listener.settings, listener.settings._replace(port=free_port(host))

    listener.rebind(open_socket(other))

    wait_for(lambda: not listener._fresh)
    open_socket(first).close()
    send(host, other.port)
    wait_for(lambda: listener.counters().received == 2)
    assert [new for _, new, _ in states(listener)] == [ACTIVE]


class RefreshedEarly(Listener):
    """Another thread binds it anew just before it reads its first heartbeat. It hears the bell with the heartbeat."""
    other = None

    def _accepts(self, source):
        if self.other:
            self._fresh.append(self.other)
            self.other = None
            self._bell.ring()
            self._bell.heard()
        return True


def test_a_new_socket_that_comes_with_a_heartbeat_is_not_forgotten():
    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())
    other = settings._replace(port=free_port())
    listener = RefreshedEarly(settings, open_socket(settings), [].append)
    listener.other = open_socket(other)
    listener.start(None)

    send('127.0.0.1', settings.port)

    wait_for(lambda: listener.counters().received == 1 and not listener._fresh)
    send('127.0.0.1', other.port)
    wait_for(lambda: listener.counters().received == 2)
    listener.close()


def test_closing_closes_a_new_socket_that_was_not_taken_over_yet():
    count = descriptors()
    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())
    listener = Listener(settings, open_socket(settings), [].append)
    listener.rebind(open_socket(settings._replace(port=free_port())))

    listener.close()

    assert descriptors() == count


def test_a_closed_listener_reports_nothing_more_and_leaves_no_descriptor(launch):
    count = descriptors()
    listener = launch(timeout=20, attempts=1000000)
    wait_for(lambda: listener.counters().missed > 2)

    listener.close()

    assert listener.events == []
    assert descriptors() == count
    assert not listener._thread.is_alive()


def test_one_that_was_never_started_can_be_closed():
    settings = Settings('127.0.0.1', free_port(), HOUR, 1, 1, ())
    listener = Listener(settings, open_socket(settings), [].append)

    listener.close()

    open_socket(settings).close()


def test_an_unexpected_error_of_the_socket_ends_the_thread_and_is_told_of(launch):
    class Broken(object):
        """A socket that poll finds readable but that cannot be read."""
        def __init__(self):
            self.real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.fileno, self.close = self.real.fileno, self.real.close
            self.real.bind(('127.0.0.1', 0))
            send(*self.real.getsockname())

        def recvfrom(self, size):
            raise socket.error(errno.EIO, 'Input/output error')

    listener = launch(sock=Broken())

    wait_for(lambda: listener.crashes)
    assert listener.events == []


# --- the socket ---

def opened(host='127.0.0.1'):
    return open_socket(Settings(host, free_port(host), HOUR, 1, 1, ()))


def test_the_socket_is_bound_to_the_address_and_port_alone(host):
    settings = Settings(host, free_port(host), HOUR, 1, 1, ())
    sock = open_socket(settings)
    try:
        assert sock.getsockname()[:2] == (host, settings.port)
        assert sock.getsockopt(socket.SOL_SOCKET, getattr(socket, 'SO_BINDTODEVICE', 25), 16).strip(b'\0') == b''
    finally:
        sock.close()


def test_no_second_program_can_take_the_port(host):
    sock = opened(host)
    other = socket.socket(sock.family, socket.SOCK_DGRAM)
    try:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(socket.error) as raised:
            other.bind(sock.getsockname())
        assert raised.value.errno == errno.EADDRINUSE
    finally:
        sock.close()
        other.close()


def test_an_ipv6_listener_leaves_the_port_of_ipv4_alone():
    require(has_ipv6(), 'needs IPv6 on loopback')
    sock = opened('::1')
    try:
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
    finally:
        sock.close()


def test_children_do_not_inherit_the_socket(host):
    sock = opened(host)
    try:
        assert fcntl.fcntl(sock.fileno(), fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    finally:
        sock.close()


def test_the_receive_buffer_is_1_mb_where_the_system_allows():
    sock = opened()
    try:
        size = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    finally:
        sock.close()

    allowed = int(read('/proc/sys/net/core/rmem_max') or 0)
    assert size == 1 << 20 or size == 2 * allowed < 1 << 20


def test_the_last_descriptors_are_left_to_others(monkeypatch):
    place = Settings('127.0.0.1', 0, HOUR, 1, 1, ())
    before = descriptors()
    first = open_socket(place)
    number = first.fileno()
    first.close()
    monkeypatch.setattr(resource, 'getrlimit', lambda _: (number + SPARE, 4096))

    with pytest.raises(EnvironmentError) as raised:
        open_socket(place)

    monkeypatch.setattr(resource, 'getrlimit', lambda _: (number + SPARE + 1, 4096))
    open_socket(place).close()

    assert raised.value.errno == errno.EMFILE
    assert descriptors() == before


def test_an_address_that_is_not_here_is_an_error_and_leaves_no_descriptor():
    count = descriptors()
    with pytest.raises(socket.error) as raised:
        open_socket(Settings('192.0.2.1', 3000, HOUR, 1, 1, ()))

    assert raised.value.errno == errno.EADDRNOTAVAIL
    assert descriptors() == count


@pytest.mark.parametrize('text', ['fe80::77', 'febf::77'])
def test_a_link_local_address_is_bound_with_its_interface(namespace, text):
    namespace('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'p0')
    namespace('link', 'set', 'v0', 'up')
    namespace('addr', 'add', text + '/64', 'dev', 'v0', 'nodad')
    index = int(namespace('-o', 'link', 'show', 'v0').split(':')[0])

    code, output, errors = finish(namespace.python(BIND, text, index))

    assert (code, output) == (0, 'bound\n'), errors


BIND = '''
import sys
from collections import namedtuple
from fbmon.listeners.sockets import open_socket
open_socket(namedtuple('S', 'host port')(sys.argv[1], 3000), scope=int(sys.argv[2]))
print('bound')
'''


def test_the_index_of_the_interface_means_nothing_for_other_addresses(host):
    settings = Settings(host, free_port(host), HOUR, 1, 1, ())

    open_socket(settings, scope=4711).close()
