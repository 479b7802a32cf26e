"""Reading the kernel while it changes: what comes while `ip monitor` starts, and what comes while `ip addr` prints."""
import os
import signal
import subprocess

import pytest

import helpers
from fbmon.base import children
from fbmon.network import iproute, monitor, reading
from kernel.namespace import IP, Namespace
from kernel.silence import has_strace

# Seconds that the first answer to `ip monitor` takes, and those in which a Monitor that does not wait would read.
LATE, EARLY = 0.8, 0.3

# So many addresses do not fit into one answer of the kernel.
MANY = 1500

# So often a reading may end before the changes beside it have met it.
TRIES = 100


@pytest.fixture
def namespace(network_namespaces):
    """A Namespace of this test."""
    made = Namespace('readings')
    try:
        yield made
    finally:
        made.close()


# --- while `ip monitor` starts ---

STRACE = ['strace', '-D', '-qq', '-o', os.devnull, '-e', 'trace=recvmsg',
          '-e', 'inject=recvmsg:delay_enter=%d:when=1' % (LATE * 1e6)]


def strace_works():
    """Whether strace is here, may be used, and can delay a system call."""
    with open(os.devnull, 'wb') as null:
        return has_strace() and subprocess.call(STRACE + ['true'], stderr=null, close_fds=True) == 0


@pytest.fixture
def slow(namespace, tmp_path, monkeypatch):
    """A Monitor in the namespace that is not started yet. Its `ip monitor` throws away for LATE seconds what comes.

    .reports: what it has reported.
    """
    if not strace_works():
        pytest.skip('needs a strace that may be used and can delay a system call')
    place = tmp_path / 'bin'
    place.mkdir()
    real = '%s -n %s "$@"' % (IP, namespace.name)
    helpers.write_program(str(place / 'ip'), 'case "$*" in *monitor*) exec %s %s;; esac\nexec %s' % (
        ' '.join(STRACE), real, real))
    monkeypatch.setenv('PATH', str(place) + os.pathsep + os.environ['PATH'])
    # A busy machine may take longer than the Monitor waits by itself.
    monkeypatch.setattr(monitor, 'wait_until_it_listens', lambda child, clock: waits(child, clock, helpers.LIMIT))
    reports, crashes = [], []
    made = monitor.Monitor(reports.append)
    made.reports = reports
    made.begin = lambda: made.start(lambda: crashes.append(True))
    yield made
    children.wait(made.close())
    made.replace()
    assert crashes == []


waits = monitor.wait_until_it_listens


def sees(reports, address):
    """Whether the last reading or what came after it has an address."""
    found = False
    for report in reports:
        assert not isinstance(report, monitor.Lost), report
        seen = report.changes if isinstance(report, monitor.Seen) else ()
        found = any(address in str(change) for change in seen) or found
        if isinstance(report, monitor.Read):
            found = address in str(report.picture)
    return found


def test_a_change_while_ip_monitor_starts_is_seen(slow, namespace):
    slow.begin()
    pid = helpers.wait_for(lambda: [child.pid for child in slow._children])[0]
    helpers.wait_for(lambda: monitor._joined(pid, '/proc/%d/' % pid))
    read_too_early(slow)
    namespace.ip('addr', 'add', '10.1.2.3/32', 'dev', 'lo')

    helpers.wait_for(lambda: sees(slow.reports, '10.1.2.3'))


def read_too_early(slow):
    """Give a Monitor that does not wait the time to read before the change."""
    try:
        helpers.wait_for(lambda: slow.reports, EARLY)
    except AssertionError:
        pass


# --- while `ip addr` prints ---

class Churn(object):
    """Addresses that come and go in front of all others in the kernel's list, without a pause."""

    def __init__(self, namespace, path):
        numbers = range(1, 41)
        # The scope puts them in front.
        lines = ['addr %s 10.99.0.%d/32 dev lo scope link' % (deed, number) for deed in ('add', 'del')
                 for number in numbers]
        helpers.write(path, '\n'.join(lines) + '\n')
        self._source = subprocess.Popen(['sh', '-c', 'while cat "$1"; do :; done', 'sh', str(path)],
                                        stdout=subprocess.PIPE, close_fds=True)
        with open(os.devnull, 'wb') as null:
            self._ip = subprocess.Popen([IP, '-n', namespace.name, '-force', '-batch', '-'], stdin=self._source.stdout,
                                        stdout=null, stderr=null, close_fds=True)
        self._source.stdout.close()

    def rest(self):
        """Change nothing until it goes on."""
        self._ip.send_signal(signal.SIGSTOP)

    def go_on(self):
        """Change something all the time again."""
        self._ip.send_signal(signal.SIGCONT)

    def close(self):
        """End it."""
        for child in (self._ip, self._source):
            child.kill()
            child.wait()


@pytest.fixture
def churn(namespace, tmp_path):
    """A Churn in the namespace, beside MANY addresses that stay."""
    namespace.batch(*['addr add %s/32 dev lo' % address for address in staying()])
    made = Churn(namespace, tmp_path / 'lines')
    try:
        yield made
    finally:
        made.close()


def staying():
    """The addresses that stay."""
    return ['10.98.%d.%d' % divmod(number, 250) for number in range(MANY)]


def test_a_reading_that_the_real_ip_calls_interrupted_is_complete_in_the_end(namespace, churn):
    started = []

    def spawn(arguments):
        if started:
            # It was interrupted.
            churn.rest()
        started.append(arguments)
        return iproute.spawn_by_write(['-n', namespace.name] + arguments)
    for _ in range(TRIES):
        churn.go_on()
        del started[:]
        lines = reading.capture(reading.ADDRESSES, helpers.LIMIT, spawn=spawn)
        found = set(line.split()[3].partition('/')[0] for line in lines if ' inet ' in line)
        assert sorted(set(staying()) - found) == []
        if len(started) > 1:
            return
    pytest.fail('no reading of %d was interrupted' % TRIES)
