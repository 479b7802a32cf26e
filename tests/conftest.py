"""What the tests share: the repository on the path, a fake `ip`, a network namespace, a clean log."""
import logging
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.join(ROOT, 'tests')
# The rooms of the tests are those of fbmon; a test may use what stands in another one.
ROOMS = [os.path.join(HERE, name) for name in sorted(os.listdir(os.path.join(ROOT, 'fbmon')))
         if os.path.isdir(os.path.join(HERE, name))]
for _path in ROOMS + [HERE, ROOT]:
    if _path not in sys.path:
        sys.path.insert(0, _path)

import helpers  # noqa: E402


# Who uses one of these needs more than any user may do.
PRIVILEGED = set(['rights', 'network_namespaces', 'namespace', 'small_disk'])
LEFT_OUT = []


def pytest_collection_modifyitems(config, items):
    """Leave out what cannot run here, hundreds of tests maybe, for one reason; required, each of them fails."""
    wanting = [item for item in items if PRIVILEGED & set(getattr(item, 'fixturenames', ()))]
    reason = helpers.lacking() if wanting and os.environ.get('FBMON_REQUIRE_KERNEL') != '1' else None
    if reason:
        LEFT_OUT.append('left out: %d tests that %s' % (len(wanting), reason))
        config.hook.pytest_deselected(items=wanting)
        items[:] = [item for item in items if item not in wanting]


def pytest_terminal_summary(terminalreporter):
    """What was left out."""
    for text in LEFT_OUT:
        terminalreporter.write_line(text)


@pytest.fixture(scope='session')
def rights():
    """Fails where what is required cannot be done."""
    lacking = helpers.lacking()
    helpers.require(lacking is None, lacking)


@pytest.fixture
def fake_ip(tmp_path, monkeypatch):
    """install(script): an `ip` of a few lines of sh, first on PATH; $DIR is the test's directory."""
    directory = tmp_path / 'bin'

    def install(script):
        directory.mkdir()
        monkeypatch.setenv('PATH', str(directory) + os.pathsep + os.environ['PATH'])
        monkeypatch.setenv('DIR', str(tmp_path))
        helpers.write_program(str(directory / 'ip'), script)
    return install


class Namespace(object):
    """A network namespace that lives as long as the process that holds it."""

    def __init__(self, holder):
        self.path = '/proc/%d/ns/net' % holder.pid

    def __call__(self, *arguments):
        """What `ip ARGUMENTS` prints there."""
        return subprocess.check_output(('ip',) + arguments).decode('ascii')

    def python(self, script, *arguments):
        """A child there that runs the text of a script."""
        return helpers.python(script, *arguments, prefix=['nsenter', '--net=' + self.path])


@pytest.fixture
def namespace(fake_ip, rights):
    """A Namespace of its own, in which every `ip` of the test works, with loopback up."""
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


@pytest.fixture
def root_logger():
    """The root logger, put back as it was afterwards."""
    logger = logging.getLogger()
    handlers, level, raising = logger.handlers[:], logger.level, logging.raiseExceptions
    yield logger
    for handler in [handler for handler in logger.handlers if handler not in handlers]:
        handler.close()
    logger.handlers[:], logging.raiseExceptions = handlers, raising
    logger.setLevel(level)
