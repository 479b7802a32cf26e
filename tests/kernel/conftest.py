"""A switch and a daemon for each test; what the daemon said where a test fails; the measured figures at the end."""
import os
import subprocess

import pytest

import helpers
from kernel import files
from kernel.daemon import Daemon
from kernel.fakeip import FakeIp
from kernel.namespace import IP
from kernel.switch import Switch

FIGURES = []


@pytest.fixture(scope='session')
def network_namespaces(rights):
    """Skips the tests where namespaces cannot be made; fails where FBMON_REQUIRE_KERNEL=1 says that they can."""
    name = 'fbmon-%d-try' % os.getpid()
    made = subprocess.call([IP, 'netns', 'add', name]) == 0
    cable = ['link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two']
    works = made and subprocess.call([IP, '-n', name] + cable) == 0
    if made:
        subprocess.call([IP, 'netns', 'del', name])
    helpers.require(works, 'needs network namespaces and veth interfaces')


@pytest.fixture
def switch(network_namespaces):
    """A Switch that is removed afterwards, whatever happens."""
    made = Switch()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def dpis(switch):
    """The DPI nodes around the switch."""
    return switch.dpis


@pytest.fixture
def daemon(switch, tmp_path):
    """A Daemon in the switch, not started yet."""
    made = Daemon(switch, tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def fake_ip(daemon, tmp_path):
    """The FakeIp that the daemon will find, working."""
    made = FakeIp(tmp_path / 'bin')
    daemon.path = made.path
    return made


@pytest.fixture
def small(daemon, dpis):
    """The daemon with files.SMALL in normal; returns it."""
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    return daemon


@pytest.fixture
def figure():
    """figure(text): a measured figure, shown at the end of the run and asserted nowhere."""
    return FIGURES.append


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what the daemon said."""
    outcome = yield
    report = outcome.get_result()
    daemon = getattr(item, 'funcargs', {}).get('daemon')
    if report.failed and daemon is not None:
        report.sections.append(('configuration and stderr of the daemon', daemon.said()))


def pytest_terminal_summary(terminalreporter):
    """The figures."""
    if FIGURES:
        terminalreporter.section('measured on the kernel')
        for text in FIGURES:
            terminalreporter.write_line(text)
        # tests/faults has the same hook.
        del FIGURES[:]
