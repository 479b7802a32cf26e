"""sender.py: the loop, with a given time and real processes and datagrams."""
import socket

import pytest

from fbmon.beat import settings
from fbmon.beat.sender import Sender
from helpers import alive, wait_for, write


class Notes(object):
    """A voice and a notifier that note what they are told."""

    watchdog_interval = None
    full = False

    def __init__(self):
        self.said, self.told = [], []

    def say(self, text, level=6):
        self.said.append(text)

    def flush(self):
        pass

    def _tell(self, word):
        if not self.full:
            self.told.append(word)
        return not self.full

    def ready(self):
        return self._tell('ready')

    def status(self, text):
        return self._tell(text)

    def watchdog(self):
        return self._tell('watchdog')

    def stopping(self):
        return self._tell('stopping')


class Loop(object):
    """A Sender to loopback whose turns the test makes."""

    def __init__(self, notes, command=None, interval=1000, every=None, ports=1):
        self.socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
        words = []
        for sock in self.socks:
            sock.bind(('127.0.0.1', 0))
            sock.setblocking(False)
            words += ['127.0.0.1', str(sock.getsockname()[1])]
        self.words, self.notes, self.now, self.waits = words, notes, 0.0, []
        self.sender = Sender(settings.make(words, interval, command, every), notes, notes, lambda: self.now)
        self.sender._wait = self.waits.append

    def turn(self, now):
        """Make a turn. Returns how many heartbeats have come to each target."""
        self.now = now
        self.sender._turn(now)
        return [self._drained(sock) for sock in self.socks]

    def checked(self, now):
        """Make a turn that begins a check, and the one after its end."""
        self.turn(now)
        return self.ended(now)

    def ended(self, now):
        """Make a turn after the end of the check that runs."""
        wait_for(lambda: self.sender._check._child.poll() is not None)
        return self.turn(now)

    def _drained(self, sock):
        count = 0
        try:
            while sock.recv(100):
                count += 1
        except EnvironmentError:
            return count

    def close(self):
        for sock in self.socks:
            sock.close()
        if self.sender._check:
            self.sender._check.close()
            if self.sender._check._child:
                self.sender._check._child.wait()


@pytest.fixture
def loop():
    made = []

    def make(**options):
        made.append(Loop(Notes(), **options))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_without_a_check_heartbeats_go_to_each_target_in_one_rhythm(loop):
    one = loop(ports=2, interval=250)

    assert [one.turn(now) for now in (0, 0.125, 0.25, 0.5625, 0.75, 9, 9.125)] == [
        [1, 1], [0, 0], [1, 1], [1, 1], [1, 1], [1, 1], [0, 0]]
    assert one.waits == [0.25, 0.125, 0.25, 0.1875, 0.25, 0.25, 0.125]


def test_nothing_is_sent_before_the_first_check_has_passed_and_then_at_once(loop):
    one = loop(command='true', interval=3600000, every=1)

    assert one.turn(0) == [0]
    assert 'no heartbeats: the first check has not ended yet' in one.notes.told
    assert one.ended(0.2) == [0]
    assert (one.turn(0.3), one.turn(0.4)) == ([1], [0])


def test_a_slow_check_holds_up_no_heartbeat(loop, tmp_path):
    one = loop(command='[ -e %s ] || exec sleep 600' % write(tmp_path / 'quick', ''), interval=125, every=10)
    one.checked(0)
    (tmp_path / 'quick').unlink()

    assert [one.turn(10 + eighth / 8.0) for eighth in range(80)] == [[1]] * 80
    assert alive(one.sender._check._child.pid) and one.notes.said == ['the check passes: heartbeats begin']


def test_after_a_failed_check_nothing_is_sent_and_heartbeats_never_come_faster_than_the_interval(loop, tmp_path):
    code = write(tmp_path / 'code', '0')
    one = loop(command='exit $(cat %s)' % code, interval=2000, every=1)
    counts = []

    for second, wanted in enumerate('0101010100'):
        write(code, wanted)
        one.checked(second)
        counts.append(one.turn(second + 0.5)[0])

    assert counts == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]


def test_a_sender_that_was_stopped_for_long_sends_nothing_for_what_it_knew_before(loop):
    one = loop(command='true', interval=100, every=1)
    one.checked(0)
    assert one.turn(0.1) == [1]

    assert one.turn(3600) == [0]
    one.ended(3600.1)
    assert one.turn(3600.2) == [1]


def test_a_target_that_cannot_be_reached_is_told_of_once_and_the_others_get_theirs(loop):
    one = loop(ports=2, interval=100)
    one.socks.pop(0).close()

    assert [one.turn(second) for second in range(5)] == [[1]] * 5

    name = '127.0.0.1 port %s' % one.words[1]
    assert one.notes.said == [name + ': Connection refused: nothing listens there']
    assert one.notes.told[-1] == one.notes.said[0]


def test_systemd_hears_that_it_is_ready_how_it_is_and_that_it_lives(loop):
    one = loop()
    one.notes.full = True
    one.turn(0)
    assert one.notes.told == []
    one.notes.full = False

    one.turn(0.1)
    one.turn(0.2)

    assert one.notes.told == ['ready', 'heartbeats to 127.0.0.1 port ' + one.words[1]]


def test_the_watchdog_is_fed_in_time_however_seldom_heartbeats_are():
    notes = Notes()
    notes.watchdog_interval = 3.0
    one = Loop(notes, interval=3600000)
    try:
        for now in (0, 2, 3, 6, 7):
            one.turn(now)
        assert notes.told.count('watchdog') == 3
        assert one.waits == [3, 1, 3, 3, 2]
    finally:
        one.close()


def test_after_a_signal_the_other_targets_of_the_round_get_nothing(loop):
    one = loop(ports=2)
    first = one.sender._targets[0][0]
    send, first.send = first.send, lambda: one.sender._stop()

    assert (one.turn(0), send is not None) == ([0, 0], True)
