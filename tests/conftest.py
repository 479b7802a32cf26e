"""What all tests share: the repository on the path, a fake `ip`, a network namespace, a clean log."""
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.join(ROOT, 'tests')
# The tests have the same rooms as fbmon. A test may import from any of them.
ROOMS = [os.path.join(HERE, name) for name in sorted(os.listdir(os.path.join(ROOT, 'fbmon')))
         if os.path.isdir(os.path.join(HERE, name))]
for _path in ROOMS + [HERE, ROOT]:
    if _path not in sys.path:
        sys.path.insert(0, _path)

import helpers  # noqa: E402

# At once, so that no test that counts descriptors counts this one.
helpers.claim_ports()

# A shell starts what it runs in the background with SIGINT ignored, and all children would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A test with one of these fixtures needs rights that a plain user does not have.
PRIVILEGED = set(['rights', 'network_namespaces', 'namespace', 'small_disk'])
LEFT_OUT = []

# Files of tests that take long, the longest first. They begin first, so that at the end no process is left with one.
LONG = ['tests/faults/test_kill.py', 'tests/faults/', 'tests/kernel/', 'tests/sim/', 'tests/soak/', 'tests/test_']


def pytest_configure(config):
    """Tell pytest-xdist to begin with the first file. By itself it begins with the one that has the most tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(config, items):
    """Leave out the tests that cannot run here, perhaps hundreds, and note the reason once.

    With FBMON_REQUIRE_KERNEL=1 they are not left out, and each of them fails.
    """
    wanting = [item for item in items if PRIVILEGED & set(getattr(item, 'fixturenames', ()))]
    reason = helpers.lacking() if wanting and os.environ.get('FBMON_REQUIRE_KERNEL') != '1' else None
    if reason:
        LEFT_OUT.append('left out: %d tests that %s' % (len(wanting), reason))
        config.hook.pytest_deselected(items=wanting)
        items[:] = [item for item in items if item not in wanting]
    items.sort(key=_length)


def _length(item):
    """The place of an item's file in LONG."""
    return next((place for place, begin in enumerate(LONG) if item.nodeid.startswith(begin)), len(LONG))


def pytest_sessionfinish(session):
    """A process that has tests from another one tells that one what it has left out."""
    if hasattr(session.config, 'workeroutput'):
        session.config.workeroutput['left out'] = LEFT_OUT


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Hear what such a process has left out. They all leave out the same."""
    LEFT_OUT[:] = getattr(node, 'workeroutput', {}).get('left out', LEFT_OUT)


def pytest_terminal_summary(terminalreporter):
    """Show what was left out, and what was measured."""
    for text in LEFT_OUT:
        terminalreporter.write_line(text)
    calls = [report for report in sum(terminalreporter.stats.values(), []) if getattr(report, 'when', None) == 'call']
    figures = [text for report in sorted(calls, key=lambda report: report.nodeid)
               for name, text in report.user_properties if name == 'figure']
    if figures:
        terminalreporter.section('measured')
        for text in figures:
            terminalreporter.write_line(text)


@pytest.fixture
def figure(record_property):
    """figure(text) shows a measured figure at the end of the run. No test fails because of it."""
    return lambda text: record_property('figure', text)


@pytest.fixture(scope='session')
def rights():
    """Skips the test if this process lacks rights; with FBMON_REQUIRE_KERNEL=1 the test fails instead."""
    lacking = helpers.lacking()
    helpers.require(lacking is None, lacking)


@pytest.fixture
def fake_ip(tmp_path, monkeypatch):
    """install(script): puts an `ip` of a few lines of sh first on PATH. $DIR is the test's directory."""
    directory = tmp_path / 'bin'

    def install(script):
        directory.mkdir()
        monkeypatch.setenv('PATH', str(directory) + os.pathsep + os.environ['PATH'])
        monkeypatch.setenv('DIR', str(tmp_path))
        helpers.write_program(str(directory / 'ip'), script)
    return install


class Namespace(object):
    """A network namespace. It lives as long as the process that holds it."""

    def __init__(self, holder):
        self.path = '/proc/%d/ns/net' % holder.pid

    def __call__(self, *arguments):
        """What `ip ARGUMENTS` prints in the namespace."""
        return subprocess.check_output(('ip',) + arguments).decode('ascii')

    def python(self, script, *arguments):
        """Start a child in the namespace that runs the text of a script."""
        return helpers.python(script, *arguments, prefix=['nsenter', '--net=' + self.path])


@pytest.fixture
def namespace(fake_ip, rights):
    """A Namespace with loopback up. Each `ip` of the test works in it."""
    holder = subprocess.Popen(['unshare', '-n', 'sleep', '600'])
    try:
        made = Namespace(holder)
        ours = os.readlink('/proc/self/ns/net')
        helpers.wait_for(lambda: holder.poll() is not None or os.readlink(made.path) != ours)
        helpers.require(holder.poll() is None, 'needs network namespaces')
        fake_ip('exec nsenter --net=%s %s "$@"' % (made.path, helpers.program('ip')))
        made('link', 'set', 'lo', 'up')
        yield made
    finally:
        if holder.poll() is None:
            holder.kill()
        holder.wait()


@pytest.fixture
def small_disk(tmp_path, rights):
    """The path of a file system of 64 KiB."""
    path = str(tmp_path / 'small')
    os.mkdir(path)
    subprocess.check_call(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path])
    yield path
    subprocess.check_call(['umount', '-l', path])


@pytest.fixture(autouse=True)
def signals():
    """What a test changes of signals ends with it. A child that inherits a handler may ignore its end."""
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before):
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture
def zone(monkeypatch):
    """zone(TZ): sets the local time zone of the test."""
    def change(name):
        monkeypatch.setenv('TZ', name)
        time.tzset()
    yield change
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def root_logger():
    """The root logger. After the test it is as it was."""
    logger = logging.getLogger()
    handlers, level, raising = logger.handlers[:], logger.level, logging.raiseExceptions
    yield logger
    for handler in [handler for handler in logger.handlers if handler not in handlers]:
        handler.close()
    logger.handlers[:], logging.raiseExceptions = handlers, raising
    logger.setLevel(level)
