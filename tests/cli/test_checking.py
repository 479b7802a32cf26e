"""checking.py: what check prints fits the terminal; elsewhere it is the same everywhere."""
import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest

from helpers import FBMON, write

FILE = u'''LISTEN_HEARTBEAT_IFS=lo
BYPASS_CARD_IFS=lo
LISTEN_HEARTBEAT_TIMEOUT=70000
LISTEN_HB_HOST[0]=10.0.0.2
LISTEN_HB_PORT[0]=3000
LISTEN_HB_NODE[0]=dpi-in-the-northern-rack
LISTEN_CUBRO_IFS[0]=sw1, sw2, sw3, sw4
BYPASS_CARD_HOST[0]=10.0.0.11
'''


@pytest.fixture
def check(tmp_path):
    """check(width): ([lines], exit code) of `fbmon.py check` on a terminal of so many columns; None: in a file."""
    argv = [sys.executable, FBMON, '--run-dir', str(tmp_path), 'check', write(tmp_path / 'e', FILE)]

    def on_terminal(width):
        ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack('hhhh', 24, width, 0, 0))
        child = subprocess.Popen(argv, stdout=its, stderr=its, close_fds=True)
        os.close(its)
        text = b''
        while True:
            try:
                more = os.read(ours, 65536)
            except EnvironmentError:    # EIO: the child has ended
                more = b''
            if not more:
                os.close(ours)
                return text.decode('ascii').replace('\r\n', '\n').splitlines(), child.wait()
            text += more

    def run(width):
        if width:
            return on_terminal(width)
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return child.communicate()[0].decode('ascii').splitlines(), child.returncode
    return run


@pytest.mark.parametrize('width', [40, 80, 132])
def test_nothing_is_wider_than_the_terminal_and_nothing_is_left_out(check, tmp_path, width):
    lines, code = check(width)
    plain, _ = check(None)

    path = str(tmp_path)
    assert (code, [line for line in lines if len(line) > width and not line.strip().startswith(path)]) == (0, [])
    # On a narrow terminal the last columns of a table stand on lines of their own.
    assert sorted(' '.join(lines).split()) == sorted(' '.join(plain).split())
    assert (max(map(len, lines)) > 80) is (width > 80)


def test_in_a_file_or_a_pipe_it_is_as_ever(check, monkeypatch):
    monkeypatch.setenv('COLUMNS', '40')
    lines, code = check(None)

    assert code == 0
    assert any(': warning: LISTEN_HEARTBEAT_TIMEOUT=70000: ' in line and 'too late' in line for line in lines)
    assert 'LISTENER  ADDRESS      PORT  INTERFACE  FAILED AFTER  RECOVERY  SOURCES' in lines
