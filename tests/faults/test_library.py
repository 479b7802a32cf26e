"""Python's library goes while the daemon runs, as when a release upgrade removes the interpreter."""
import os
import signal
import sys

import pytest

import helpers
from fbmon.tell import logs
from kernel import files

# While a file `away` is beside this script, nothing can be imported. The file `late` notes what was tried then.
GONE = '''
import os, sys

here = os.path.dirname(os.path.abspath(__file__))

class Gone(object):
    def find_spec(self, name, path=None, target=None):
        if os.path.exists(here + '/away'):
            with open(here + '/late', 'a') as late:
                late.write(name + '\\n')
            raise ImportError('the library has gone away: ' + name)

    def find_module(self, name, path=None):
        self.find_spec(name)

sys.argv[:] = sys.argv[2:]
while sys.argv[0].startswith('-'):
    del sys.argv[0]
__file__ = sys.argv[0]
with open(__file__) as program:
    code = compile(program.read(), __file__, 'exec')
sys.meta_path.insert(0, Gone())
exec(code)
'''

ODD = u'\xa0\u20ac\U0001f600'.encode('utf-8')


def reload_bytes(daemon, data):
    """Reload a file with these bytes. Returns what the log says."""
    with open(daemon.config, 'wb') as stream:
        stream.write(data)
    return daemon.reload()


def mistaken():
    """A file with a hundred mistakes: some 20 KB of lines."""
    return files.SMALL + ''.join('LISTEN_HB_HOST[%d]=%s\n' % (index, 'x' * 60) for index in range(10, 110))


@pytest.fixture
def gone(daemon, dpis, tmp_path):
    """gone(text): the daemon, started with a file, whose library is then moved away."""
    def start(text):
        path = str(tmp_path / 'gone.py')
        helpers.write(path, GONE)
        dpis.steady(3000, 3100)
        daemon.start(text, [sys.executable, path])
        daemon.wait(lambda status: status['listeners'] == [] or status['state'] == 'normal')
        helpers.write(str(tmp_path / 'away'), '')
        return daemon
    return start


def files_of_all_kinds(daemon):
    """Reload files with mistakes of every kind, and with everything that a file can have."""
    daemon.reload(files.SMALL + 'LISTEN_HEARTBEAT_FAILD=1\n')
    daemon.wait_log('did you mean LISTEN_HEARTBEAT_FAILED?')
    small = files.SMALL.encode('ascii')
    for data in (small + b'X=' + ODD, small + b'ON_CHANGE=/' + ODD, small + b'\xff\xfe', b'\xff\xfe' + small,
                 b'\xef\xbb\xbf' + small, files.SMALL.encode('utf-16'),
                 small + b'ON_CHANGE=/bin/true\nBYPASS_CARD_LEASE=20000\nLISTEN_HB_SOURCE=::1\n',
                 small + b'LISTEN_HB_HOST[2]=192.168.1.203\nLISTEN_HB_PORT[2]=3200\n'
                         b'LISTEN_HB_HOST[3]=fd00::3\nLISTEN_HB_PORT[3]=3300\n',
                 files.without(files.SMALL, '[1]').encode('ascii'), small):
        reload_bytes(daemon, data)


def changes_of_all_kinds(switch, daemon, dpis, fake_ip, told):
    """A node, an interface, somebody else, and each process of the daemon's. told: what the hook was told."""
    daemon.wait_state('normal')
    dpis.silence(3100)
    daemon.wait_state('bypass')
    # Now, since below the process that runs the hook is killed, too, perhaps while it tells this.
    helpers.wait_for(lambda: 'bypass' in helpers.read(told))
    switch.ip('link', 'set', 'sw1', 'down')
    switch.recreate('sw1')
    fake_ip.fail('batch', 'out of order')
    daemon.kill_children()
    dpis.steady(3100)
    daemon.wait(lambda status: 'out of order' in ' '.join(status['problems']))
    fake_ip.fail('read', 'out of order')
    os.kill(daemon.child_of('monitor'), signal.SIGKILL)
    daemon.wait(lambda status: 'addr: out of order' in ' '.join(status['problems']))
    for kind in ('batch', 'read'):
        fake_ip.works(kind)
    daemon.wait_sound('normal')


def rotate(daemon, log):
    """Until the log has moved on."""
    while not os.path.exists(log + '.1'):
        daemon.reload(mistaken())
        daemon.log()
    os.kill(daemon.log_writer(), signal.SIGKILL)
    daemon.reload(files.SMALL)


@pytest.mark.parametrize('text', [files.SMALL, ''], ids=['at work', 'nothing yet'])
def test_nothing_is_imported_once_it_is_ready_whatever_comes(switch, gone, dpis, fake_ip, tmp_path, text):
    os.mkdir(str(tmp_path / 'logs'))
    log = str(tmp_path / 'logs' / 'fastbypass_monitor.log')
    helpers.write(log, b'x\n' * ((logs.SIZE - 20000) // 2))
    helpers.write_program(str(tmp_path / 'hook'), 'echo "$4" >>%s' % (tmp_path / 'told'))
    daemon = gone(text)

    files_of_all_kinds(daemon)
    daemon.reload(files.SMALL + 'ON_CHANGE=%s\n' % (tmp_path / 'hook'))
    changes_of_all_kinds(switch, daemon, dpis, fake_ip, str(tmp_path / 'told'))
    rotate(daemon, log)
    code, _ = daemon.stop()

    assert (helpers.read(tmp_path / 'late'), code) == ('', 0)
    assert 'Traceback' not in helpers.read(daemon.directory + '/stderr')
