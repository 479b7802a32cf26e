"""asking.py: the daemon is asked at most once a second, less if it is slow, and whatever it says is answered."""
import os

import pytest

import helpers
import statuses
from fbmon.memory import rundir
from fbmon.show import statussocket
from fbmon.show.statussocket import NoAnswer, NotRunning
from fbmon.snmp import asking
from fbmon.snmp.asking import Source


class Daemon(object):
    """answer: a status or an error; takes: seconds until it comes; asked: when it was asked."""

    def __init__(self):
        self.now, self.takes, self.answer, self.asked = 100.0, 0.0, statuses.status(), []
        self.source = Source(self._ask, lambda: 'bypass', (1,), lambda: self.now)

    def _ask(self):
        self.asked.append(self.now)
        self.now += self.takes
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def at(self, now, column):
        """The text of a scalar at a time; None if it is not there."""
        self.now = max(now, self.now)
        found = self.source.tree().get((1, 1, 1, column, 0))
        return found and found[1].text


def test_the_daemon_is_asked_at_most_once_a_second_however_often_we_are():
    daemon = Daemon()
    for tenths in range(30):
        assert daemon.at(100 + tenths / 10.0, 1) == '2'

    assert daemon.asked == [100.0, 101.0, 102.0]


def test_after_a_daemon_that_hangs_snmpd_is_left_alone_for_ten_times_as_long():
    daemon = Daemon()
    daemon.takes, daemon.answer = 2.0, NoAnswer('it hangs')

    assert [daemon.at(now, 1) for now in (100, 103, 121)] == ['4'] * 3 and daemon.asked == [100.0]
    daemon.takes, daemon.answer = 0.0, statuses.status()
    assert daemon.at(122, 1) == '2' and daemon.asked == [100.0, 122.0]


def test_a_daemon_that_has_ended_is_seen_within_a_second_and_so_is_the_next_one():
    daemon = Daemon()
    daemon.at(100, 1)
    daemon.answer = NotRunning('nobody is there')

    assert [daemon.at(101, column) for column in (1, 4, 22, 20)] == ['4', '2', 'nobody is there', None]
    daemon.answer = statuses.status()
    assert [daemon.at(102, column) for column in (1, 4, 22)] == ['2', '1', '']


@pytest.mark.parametrize('noise', [
    {}, {'state': 'normal'}, dict(statuses.status(), listeners=[{}]),
    dict(statuses.status(), nodes=[{'listeners': []}]),
    dict(statuses.status(), uptime_s=float('inf')), dict(statuses.status(), problems=None),
    dict(statuses.status(), state_since_s='soon'),
    dict(statuses.status(), ports=[dict(statuses.port('x'), name=None)])])
def test_a_document_that_makes_no_sense_is_no_daemon(noise):
    daemon = Daemon()
    daemon.answer = noise

    assert daemon.at(100, 1) == '4' and daemon.at(100, 22) == asking.OTHER_VERSION


def test_what_was_forced_is_told_to_whoever_may_read_it(tmp_path):
    assert [asking.of(str(tmp_path), (1,)).tree().get((1, 1, 1, column, 0))[1].text for column in (1, 4)] == ['4', '1']
    os.mkdir(str(tmp_path / rundir.HISTORY))

    assert asking.of(str(tmp_path), (1,)).tree().get((1, 1, 1, 4, 0))[1].text == '4'


def test_a_socket_that_we_may_not_use_is_named(tmp_path):
    helpers.require(os.geteuid() == 0, 'needs root: it becomes another user')
    place = tmp_path / 'run'
    place.mkdir()
    sock = statussocket.listen(str(place / rundir.SOCKET))
    os.chmod(str(place), 0o700)
    child = helpers.python('import os, sys; from fbmon.snmp import passing; os.setgid(65534); os.setuid(65534); '
                           'passing.command(None, sys.argv[1], None)', place, stdin=-1)
    child.stdin.write(b'get\n.1.3.6.1.4.1.8072.9999.9999.9742.1.1.22.0\n')
    code, output, errors = helpers.finish(child)
    sock.close()

    assert (code, errors) == (0, '') and 'Permission denied' in output, output
