"""Nobody reads the journal."""
import os
import signal

from kernel import files

# $0 is a named pipe. It is stderr from then on.
INTO = ['sh', '-c', 'exec "$@" 2>"$0"']


def fill(path):
    """Fill a named pipe that nobody reads. Returns the descriptor of its reader."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while os.write(writer, b'x' * 4095 + b'\n'):
            pass
    except EnvironmentError:
        os.close(writer)
    return reader


def drain(reader):
    """Read all that is in the pipe."""
    found = []
    try:
        while True:
            found.append(os.read(reader, 65536))
            if not found[-1]:
                break
    except EnvironmentError:
        pass
    return b''.join(found).decode('utf-8')


def test_a_journal_that_nobody_reads_holds_up_nothing(switch, daemon, dpis):
    reader = fill(daemon.directory + '/journal')
    dpis.steady(3000, 3100)

    daemon.start(files.SMALL, INTO + [daemon.directory + '/journal'])
    daemon.wait_state('normal')
    dpis.silence(3100)
    daemon.wait_state('bypass')
    assert switch.addresses('eth0') == files.BYPASS
    drain(reader)
    daemon.signal(signal.SIGHUP)
    daemon.wait_log('configuration loaded again')
    code, seconds = daemon.stop()

    said = drain(reader)
    os.close(reader)
    assert (code, seconds < 2.0) == (0, True)
    assert 'lines are missing here: nobody took them' in said and 'configuration loaded again' in said
    # The file has the lines that the journal lacks.
    assert 'global state: normal -> bypass' in daemon.log() and 'global state: normal' not in said


def test_a_reader_that_goes_away_ends_nothing(switch, daemon, dpis):
    reader = fill(daemon.directory + '/journal')
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL, INTO + [daemon.directory + '/journal'])

    os.close(reader)

    dpis.silence(3100)
    daemon.wait_state('bypass')
    assert daemon.stop()[0] == 0
    assert 'fastbypass_monitor stops' in daemon.log()
