"""The demo as `make demo` runs it."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

import helpers
from helpers import ROOT

pytestmark = pytest.mark.skipif(sys.version_info < (3,), reason='the demo is a program for Python 3')
rights = pytest.mark.usefixtures('rights')

MAKE = ['make', '--silent', '-C', ROOT, 'demo', 'PYTHON3=' + sys.executable]
DEMO = [sys.executable, os.path.join(ROOT, 'demo', 'demo.py')]
# A plain user. Root's Python may lie where only root may read, so root keeps the right to read (make would not use it).
PLAIN_USER = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=+dac_read_search',
              '--ambient-caps=+dac_read_search'] if os.geteuid() == 0 else []


class Play(object):
    """A demo that runs, with its own directory for temporary files."""

    def __init__(self, directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, argv=MAKE):
        self.directory = str(directory)
        self.child = subprocess.Popen(argv, env=dict(os.environ, TMPDIR=self.directory), stdin=subprocess.DEVNULL,
                                      stdout=stdout, stderr=stderr)

    def heard(self, text):
        """Read its output up to the first line with this text, and return that line."""
        for line in self.child.stdout:
            if text in line.decode('utf-8'):
                return line.decode('utf-8')
        pytest.fail('the demo ended before it said: ' + text)

    def finish(self):
        """(exit code, the demo's own lines that were not read yet)"""
        # It waits for several things, one after the other.
        code, self.output, _ = helpers.finish(self.child, 3 * helpers.LIMIT)
        return code, [line.partition(' demo ')[2].strip() for line in self.output.splitlines() if ' demo ' in line]

    def leftovers(self):
        """Files and processes that are still there."""
        pids = [pid for pid in os.listdir('/proc') if pid.isdigit()]
        return os.listdir(self.directory) + [pid for pid in pids if self.directory in _cmdline(pid)]


def _cmdline(pid):
    return helpers.read('/proc/%s/cmdline' % pid)


@rights
def test_all_is_as_it_should_be_and_nothing_is_left(tmp_path):
    play = Play(tmp_path)

    code, said = play.finish()

    assert (code, said[-1:], play.leftovers()) == (0, ['all of it was as it should be'], []), play.output
    assert [one.partition(': ')[2] for one in said if 'nobody pings' in one] == [
        'nobody pings 192.168.1.212: a problem, and nothing is changed']
    assert '! 1 192.168.1.212  present  present' in play.output


@rights
def test_with_serve_the_page_is_there_for_a_browser_of_this_machine_until_it_is_ended(tmp_path):
    play = Play(tmp_path, argv=DEMO + ['--serve', '127.0.0.1:0'])
    line = play.heard('the page is at ')
    sock = socket.create_connection(('127.0.0.1', int(line.rstrip().rstrip('/').rpartition(':')[2])), helpers.LIMIT)
    sock.sendall(b'GET / HTTP/1.0\r\n\r\n')
    answer = b''.join(iter(lambda: sock.recv(65536), b''))
    sock.close()
    play.heard('the page stays until Ctrl-C')
    play.child.send_signal(signal.SIGINT)

    code, said = play.finish()

    assert answer.startswith(b'HTTP/1.1 200 ') and b'192.168.1.202:3000' in answer
    assert (code, said, play.leftovers()) == (0, ['everything is taken down again'], [])


@rights
def test_an_address_that_cannot_be_had_for_the_page_is_told_of(tmp_path):
    play = Play(tmp_path, argv=DEMO + ['--serve', 'nonsense'])

    code, said = play.finish()

    assert code == 1 and 'no page: serve: ' in said[-1] and play.leftovers() == []


@pytest.fixture
def plain():
    """A directory in which a plain user may write: pytest's own are root's."""
    directory = tempfile.mkdtemp(prefix='fbmon-test-')
    os.chmod(directory, 0o777)
    yield directory
    shutil.rmtree(directory)


def test_without_root_it_runs_on_loopback_and_says_what_would_be(plain):
    ran = subprocess.call(PLAIN_USER + ['true'], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) == 0
    helpers.require(ran, 'needs setpriv of util-linux 2.31, and CAP_DAC_READ_SEARCH (as root)')
    before = subprocess.check_output(['ip', '-o', 'addr', 'show', 'dev', 'lo'])
    play = Play(plain, argv=PLAIN_USER + DEMO)

    code, said = play.finish()

    assert (code, said[-1:], play.leftovers()) == (0, ['all of it was as it should be'], []), play.output
    assert said[0] == 'no switch can be made of network namespaces here; that needs root: sudo make demo'
    assert 'OBSERVE=1' in said[1]
    assert [line.partition(': ')[2] for line in said if line.startswith('ok ')] == [
        "normal: the cards' addresses would be there now", "bypass: the cards' addresses would be gone now",
        "normal again: the cards' addresses would be there", "lo has none of the cards' addresses: nothing was changed"]
    assert 'global state: normal -> bypass: would be: 1 failed >= 1' in play.output
    assert subprocess.check_output(['ip', '-o', 'addr', 'show', 'dev', 'lo']) == before


def test_it_needs_ip_and_says_so(tmp_path):
    os.symlink(helpers.program('timeout'), str(tmp_path / 'timeout'))
    child = subprocess.Popen(DEMO, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={'PATH': str(tmp_path)})

    assert helpers.finish(child)[:2] == (
        1, 'the demo needs ip: sudo apt-get install -y iproute2 iputils-ping util-linux coreutils\n')


@rights
@pytest.mark.parametrize('number, moment', [(signal.SIGINT, 'two DPI nodes'), (signal.SIGTERM, 'DPI 1 dies')])
def test_an_interrupted_demo_leaves_nothing_and_says_so(tmp_path, number, moment):
    play = Play(tmp_path)
    play.heard(moment)

    # Ctrl-C reaches all processes in the foreground. A kill reaches make, which passes it on.
    demo = int(helpers.read('/proc/%d/task/%d/children' % (play.child.pid, play.child.pid)).split()[0])
    os.kill(play.child.pid if number == signal.SIGTERM else demo, number)
    code, said = play.finish()

    assert code != 0
    assert (said[-1:], play.leftovers()) == (['interrupted: everything is taken down again'], [])


@rights
def test_a_demo_that_nobody_reads_ends_at_once_and_leaves_nothing(tmp_path):
    play = Play(tmp_path, stderr=subprocess.PIPE)
    play.heard('two DPI nodes')

    play.child.stdout.close()
    errors = play.child.stderr.read().decode('utf-8')
    play.child.stderr.close()

    assert (play.child.wait(), 'Traceback' in errors, play.leftovers()) == (2, False, [])


@rights
def test_a_demo_whose_output_cannot_be_written_says_so(tmp_path):
    with open('/dev/full', 'wb') as full:
        play = Play(tmp_path, full, subprocess.PIPE)
        errors = play.child.communicate()[1].decode('utf-8')

    assert errors.splitlines()[0] == 'cannot be written: No space left on device'
    assert (play.child.returncode, 'Traceback' in errors, play.leftovers()) == (2, False, [])
