"""The end-to-end tests. Only `make e2e` runs them: they need root, systemd-nspawn and Debian trees."""
import os

import pytest

SUITES = os.environ.get('FBMON_E2E_SUITES', '').split()

if not SUITES:
    collect_ignore_glob = ['test_*.py']


@pytest.fixture(scope='session')
def debs(tmp_path_factory):
    """The package that `make deb` has built, and one of a later version."""
    import packages
    return packages.pair(os.environ['FBMON_DEB'], str(tmp_path_factory.mktemp('debs')))


@pytest.fixture(scope='session', params=SUITES)
def machine(request, tmp_path_factory):
    """A booted system of the suite. The name of the suite is in machine.suite."""
    import machine
    import trees
    path = str(tmp_path_factory.mktemp(request.param) / 'tree')
    trees.copy(request.param, path)
    booted = machine.Machine(path)
    try:
        booted.boot()
        booted.suite = request.param
        yield booted
    finally:
        booted.power_off()
        trees.remove(path)


@pytest.fixture(scope='session')
def field(machine):
    """The DPI nodes and cards around that system."""
    import field
    outside = field.Field(machine)
    try:
        outside.plug_in()
        yield outside
    finally:
        outside.close()


@pytest.fixture
def switch(machine, field, debs):
    """The system with the package freshly installed and without its own configuration."""
    import switch
    prepared = switch.Switch(machine, field, debs)
    prepared.install_afresh()
    yield prepared
    field.silence()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what the service has said."""
    outcome = yield
    report = outcome.get_result()
    machine = getattr(item, 'funcargs', {}).get('machine')
    if report.when == 'call' and report.failed and machine is not None:
        report.sections.append(('journal of the service', machine.journal()))
