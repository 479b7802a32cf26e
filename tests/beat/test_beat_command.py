"""main.py and `fbmon.py beat`: whole processes on loopback."""
import os
import signal
import socket

import pytest

from fbmon import __version__
from fbmon.base import compat
from helpers import LIMIT, alive, finish, in_a_terminal, python, read, wait_for, write

OWN = 'import sys; from fbmon.beat.main import main; sys.exit(main())'
FBMON = 'import sys; from fbmon.cli.main import main; sys.exit(main())'
BEAT = FBMON.replace('main())', 'main(["beat", "--force"] + sys.argv[1:]))')


@pytest.fixture
def switch():
    """A socket on loopback."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.1', 0))
    sock.settimeout(LIMIT)
    yield sock
    sock.close()


@pytest.fixture
def start(switch):
    """start(WORDS): a sender to that socket."""
    made = []

    def begin(*words, **options):
        words = words if '--file' in words else ('127.0.0.1', switch.getsockname()[1]) + words
        made.append(python(options.pop('script', OWN), *words, preexec_fn=in_a_terminal, **options))
        return made[-1]
    yield begin
    for child in made:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def drained(sock):
    """The number of datagrams that have come."""
    sock.settimeout(0)
    count = 0
    try:
        while sock.recv(100):
            count += 1
    except compat.SYSTEM_ERRORS:
        sock.settimeout(LIMIT)
    return count


@pytest.mark.parametrize('script', [OWN, BEAT], ids=['own', 'fbmon'])
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_its_check_and_all_that_it_has_sent_is_told(switch, start, tmp_path, script, number):
    pid, hang = tmp_path / 'pid', tmp_path / 'hang'
    check = '[ -e {0} ] || exit 0; echo $$ > {1}.new; mv {1}.new {1}; sleep 600'.format(hang, pid)
    # The socket takes only some hundred datagrams that nobody reads.
    child = start('--interval', '100', '--while', check, script=script)
    switch.recv(100)
    write(hang, '')
    running = int(wait_for(lambda: read(pid)))

    child.send_signal(number)

    code, output, errors = finish(child)
    assert (code, output) == (0, '')
    assert errors.splitlines()[-1] == '%d heartbeats sent' % (drained(switch) + 1)
    wait_for(lambda: not alive(running))


def test_heartbeats_come_while_the_check_passes_only(switch, start, tmp_path):
    well, runs = write(tmp_path / 'well', ''), str(tmp_path / 'runs')
    child = start('--interval', '20', '--while', 'echo >> %s; test -e %s' % (runs, well))
    for _ in range(3):
        switch.recv(100)

    os.unlink(well)
    # On a busy machine a check that passes may be too late, too.
    wait_for(lambda: child.stderr.readline().endswith(b': exit code 1\n'))
    drained(switch)
    before = read(runs).count('\n')
    wait_for(lambda: read(runs).count('\n') > before + 1)
    assert drained(switch) == 0
    write(well, '')
    switch.recv(100)


def test_a_sender_that_was_stopped_for_longer_than_a_check_counts_asks_again_first(switch, start, tmp_path):
    runs = str(tmp_path / 'runs')
    child = start('--interval', '20', '--while', 'echo >> %s' % runs)
    switch.recv(100)
    child.send_signal(signal.SIGSTOP)
    wait_for(lambda: read('/proc/%d/stat' % child.pid).rpartition(')')[2].split()[:1] == ['T'])
    drained(switch)
    before, began = read(runs).count('\n'), compat.monotonic()
    wait_for(lambda: compat.monotonic() - began > 2.5)

    child.send_signal(signal.SIGCONT)
    switch.recv(100)

    assert read(runs).count('\n') > before


def test_systemd_is_told_and_its_variables_are_not_the_checks(switch, start, tmp_path):
    path = str(tmp_path / 'notify')
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        manager.bind(path)
        manager.settimeout(LIMIT)
        child = start('--while', 'exit $(env | grep -c -e NOTIFY -e WATCHDOG)', '--interval', '3600000', '--every', '1',
                      environ={'NOTIFY_SOCKET': path, 'WATCHDOG_USEC': '300000'})
        said = []
        while said.count(b'WATCHDOG=1') < 3 or not any(b'=heartbeats to 127.0.0.1' in one for one in said):
            said.append(manager.recv(1000))
            assert len(said) < 1000, said
        child.terminate()
        wait_for(lambda: manager.recv(1000) == b'STOPPING=1')
    finally:
        manager.close()
    code, _, errors = finish(child)

    assert said[:2] == [b'READY=1', b'STATUS=no heartbeats: the first check has not ended yet']
    assert (code, errors.splitlines()[0][:14]) == (0, '<6>heartbeats ')


def test_the_file_says_all_and_its_mistakes_end_it_with_place_and_remedy(switch, start, tmp_path):
    path = write(tmp_path / 'a.env', 'BEAT_TO=127.0.0.1 %d\nBEAT_WHILE=true\nBEAT_INTERVAL=20\n'
                 % switch.getsockname()[1])
    assert finish(start('--file', path, '--count', '3'))[0] == 0
    assert drained(switch) == 3

    write(path, 'BEAT_TO=switch 1\n')
    assert finish(start('--file', path)) == (
        78, '', '%s:1: error: BEAT_TO: switch 1: not an IP address; give an IPv4 or IPv6 address such as '
        '192.168.1.202\n' % path)
    write(path, b'\xff')
    assert finish(start('--file', path)) == (78, '', '%s: error: the file: it is no text in UTF-8\n' % path)
    os.unlink(path)
    assert finish(start('--file', path)) == (75, '', '%s: cannot be read: No such file or directory\n' % path)


@pytest.mark.parametrize('script, words, said', [
    (OWN, [], 'give either targets or --file FILE'),
    (OWN, ['127.0.0.1', '1', '--file', 'x'], 'give either targets or --file FILE'),
    (OWN, ['switch', '1'], 'switch 1: not an IP address'),
    (OWN, ['127.0.0.1', '1', '--every', '2'], '--every: this is the time between two checks, and there is no check'),
    (OWN, ['127.0.0.1', '1', '--while', ''], 'argument --while: it is empty'),
    (FBMON, ['beat', '127.0.0.1', '1', '127.0.0.2'], 'beat: error: give an address and a port for each target'),
    (FBMON, ['beat'], 'beat: error: give an address and a port for each target'),
    (FBMON, ['beat', '127.0.0.1'], 'beat: error: give an address and a port for each target'),
    (FBMON, ['beat', 'switch', '1', '--interface', 'lo'], 'switch 1: not an IP address'),
])
def test_a_wrong_command_line_is_told_in_words(script, words, said):
    code, output, errors = finish(python(script, *words))

    assert (code, output, said in errors, 'Traceback' in errors) == (2, '', True, False), errors


@pytest.mark.parametrize('script', [OWN, BEAT], ids=['own', 'fbmon'])
def test_heartbeats_that_could_not_leave_are_not_told_as_sent(switch, script):
    words = ['127.0.0.1', switch.getsockname()[1], '--interface', 'lost0', '--count', '2', '--interval', '20']

    code, output, errors = finish(python(script, *words))

    assert (code, output, errors.splitlines()[-2:]) == (1, '', [
        '127.0.0.1 port %d: there is no interface lost0' % words[1], '0 heartbeats sent'])


def test_the_version_is_told():
    assert finish(python(OWN, '--version'))[:2] == (0, 'fastbypass_beat %s\n' % __version__)
