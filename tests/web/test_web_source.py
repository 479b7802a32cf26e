"""source.py: the daemon is asked at most once a second, and its last answer is kept with its time."""
import pytest

from fbmon.show.statussocket import NO_STATUS, NoAnswer, NotRunning
from fbmon.web.source import OLD, PACE, Source, View, judged


class Daemon(object):
    """A daemon that gives these answers, and a clock."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.now = 100.0

    def clock(self):
        return self.now

    def wall(self):
        return self.now + 1000

    def ask(self, path, limit):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def source_of(daemon, told=lambda: None):
    return Source('/run/x', told, daemon.clock, daemon.wall, daemon.ask)


def turn(source):
    """Carry out what was asked for. Returns how many questions there were."""
    count = source._questions.qsize()
    for _ in range(count):
        source.turn(source._questions.get())
    return count


def test_an_answer_is_kept_with_its_time_and_told():
    told, daemon = [], Daemon({'state': 'normal'})
    source = source_of(daemon, lambda: told.append(source.view))

    source.ask()

    assert turn(source) == 1
    assert told == [View({'state': 'normal'}, 100.0, 1100.0, None, False, 100.0)]


def test_however_many_ask_the_daemon_is_asked_once_a_second():
    daemon = Daemon({}, {})
    source = source_of(daemon)

    for _ in range(100):
        source.ask()
    assert turn(source) == 1 and source.fresh()
    daemon.now += PACE / 2
    assert source.fresh()
    daemon.now += PACE / 2
    assert not source.fresh()
    source.ask()
    source.ask()

    assert turn(source) == 1


@pytest.mark.parametrize('error, silent', [(NotRunning('gone'), False), (NoAnswer('stuck'), True)])
def test_without_an_answer_the_last_one_is_kept_with_its_time(error, silent):
    daemon = Daemon({'state': 'bypass'}, error)
    source = source_of(daemon)
    source.ask()
    turn(source)
    daemon.now += 60
    source.ask()
    turn(source)

    assert source.view == View({'state': 'bypass'}, 100.0, 1100.0, str(error), silent, 160.0)
    assert source.fresh()


def test_a_path_that_is_no_utf8_becomes_text():
    daemon = Daemon(NotRunning(b'\xff: gone' if str is bytes else '\udcff: gone'))
    source = source_of(daemon)
    source.ask()
    turn(source)

    assert isinstance(source.view.error, type(u''))


def test_a_daemon_that_keeps_us_waiting_does_not_answer():
    view = View({'state': 'normal'}, 100.0, 1100.0, None, False, 100.0)

    assert judged(view, 100.0 + OLD - 0.1) == view
    assert judged(view, 100.0 + OLD) == view._replace(error=NO_STATUS, silent=True)
