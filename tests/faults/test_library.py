"""Python's library goes away while the daemon runs: a release upgrade removes the interpreter that it runs on."""
import os
import signal
import sys

import helpers
from kernel import files

# A directory for two files: while `away` is there, nothing more can be imported, and `late` has what was tried.
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
    """Reload a file of these bytes; what was said."""
    with open(daemon.config, 'wb') as stream:
        stream.write(data)
    return daemon.reload()


def test_nothing_is_imported_once_it_is_ready_whatever_comes(switch, daemon, dpis, tmp_path):
    hook = str(tmp_path / 'gone.py')
    helpers.write(hook, GONE)
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL, [sys.executable, hook])
    daemon.wait_state('normal')
    helpers.write(str(tmp_path / 'away'), '')

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
    daemon.wait_state('normal')
    dpis.silence(3100)
    daemon.wait_state('bypass')
    switch.ip('link', 'set', 'sw1', 'down')
    switch.recreate('sw1')
    for child in daemon.children():
        os.kill(child, signal.SIGKILL)
    dpis.steady(3100)
    daemon.wait_state('normal')
    code, _ = daemon.stop()

    assert (helpers.read(str(tmp_path / 'late')) if os.path.exists(str(tmp_path / 'late')) else '', code) == ('', 0)
    assert 'Traceback' not in daemon.log()
