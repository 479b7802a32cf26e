"""Gives each test a switch and a daemon. A failed test shows what the daemon said."""
import os
import subprocess

import pytest

import helpers
from kernel import files
from kernel.daemon import Daemon
from kernel.fakeip import FakeIp
from kernel.namespace import IP
from kernel.switch import Switch


@pytest.fixture(scope='session')
def network_namespaces(rights):
    """Skips the test if namespaces cannot be made; with FBMON_REQUIRE_KERNEL=1 the test fails instead."""
    name = 'fbmon-%d-try' % os.getpid()
    made = subprocess.call([IP, 'netns', 'add', name]) == 0
    cable = ['link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two']
    works = made and subprocess.call([IP, '-n', name] + cable) == 0
    if made:
        subprocess.call([IP, 'netns', 'del', name])
    helpers.require(works, 'needs network namespaces and veth interfaces')


@pytest.fixture
def switch(network_namespaces):
    """A Switch. It is removed after the test in any case."""
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
    """A Daemon on the switch. It is not started yet."""
    made = Daemon(switch, tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def fake_ip(daemon, tmp_path):
    """The FakeIp that the daemon will find. It works as the real `ip` until a test tells it otherwise."""
    made = FakeIp(tmp_path / 'bin')
    daemon.path = made.path
    return made


@pytest.fixture
def small(daemon, dpis):
    """The daemon, running with files.SMALL and in normal."""
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')
    return daemon


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what the daemon said."""
    outcome = yield
    report = outcome.get_result()
    daemon = getattr(item, 'funcargs', {}).get('daemon')
    if report.failed and daemon is not None:
        report.sections.append(('configuration and stderr of the daemon', daemon.said()))
