"""reloading.py: what the command says if a reload does not end as it should."""
import errno
import os
import signal

import pytest

from fbmon.cli import checking, reloading
from fbmon.show import statussocket

BEFORE = {'pid': 4711, 'version': '1.1.00', 'file': '/nowhere/.env',
          'reload': {'count': 0, 'refused': [], 'kept': 0, 'added': 0, 'removed': 0}}

# The commands that the daemon gets.
asked = []


@pytest.fixture
def world(monkeypatch):
    """world(answers...): the daemon gives these answers, the last one for ever. Returns the signals that it gets."""
    sent = []
    asked[:] = []

    def make(*answers):
        left = list(answers)

        def ask(_path, question=None):
            if question:
                asked.append(question)
                return {'done': ''}
            found = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(found, Exception):
                raise found
            return found
        monkeypatch.setattr(statussocket, 'ask', ask)
        monkeypatch.setattr(os, 'kill', lambda *both: sent.append(both))
        monkeypatch.setattr(reloading, 'LIMIT', 0.1)
        return sent
    return make


def test_one_that_does_not_come_to_it_in_time_is_not_said_to_be_done(world, capsys):
    sent = world(BEFORE)

    assert reloading.reload('/nowhere', 'alice') == 1
    assert sent == [(4711, signal.SIGHUP)]
    assert capsys.readouterr() == ('', 'not known within 0.1 s whether the file is taken: see fbypass_ctl show\n')


@pytest.mark.parametrize('answer, code, said', [
    (dict(BEFORE, pid=4712), 1, 'the daemon has ended meanwhile: see fbypass_ctl show\n'),
    (statussocket.NotRunning('nobody is there'), 3, 'fastbypass_monitor is not running (nobody is there)\n'),
    (statussocket.NoAnswer('no answer within 5 s'), 3, 'fastbypass_monitor gives no status (no answer within 5 s)\n')])
def test_a_daemon_that_ends_or_hangs_meanwhile_is_told_of(world, capsys, answer, code, said):
    world(BEFORE, answer)

    assert (reloading.reload('/nowhere', 'alice'), tuple(capsys.readouterr())) == (code, ('', said))


def test_the_answer_to_somebody_elses_reload_is_not_ours(world, capsys):
    def reloaded(count, under_way, *refused):
        return dict(BEFORE, reload=dict(BEFORE['reload'], count=count, under_way=under_way, refused=refused))
    world(reloaded(0, True), reloaded(0, True), reloaded(1, True, 'theirs'), reloaded(2, False, 'ours'))

    assert reloading.reload('/nowhere', 'alice') == 1
    assert capsys.readouterr()[1].startswith('ours\n')


@pytest.mark.parametrize('number', [errno.EPERM, errno.ESRCH])
def test_a_daemon_that_cannot_be_told_is_named(world, capsys, monkeypatch, number):
    world(BEFORE)

    def refuse(*_):
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(os, 'kill', refuse)

    assert reloading.reload('/nowhere', 'alice') == 1
    assert capsys.readouterr()[1] == 'the daemon with pid 4711 cannot be told: %s\n' % os.strerror(number)


def test_a_daemon_that_knows_the_command_hears_who_wants_it(world):
    sent = world(dict(BEFORE, trial=None))
    reloading.reload('/nowhere', 'alice')

    assert (sent, asked) == ([], [{'command': 'reload', 'by': 'alice'}])


def test_an_older_daemon_gets_no_signal(world):
    sent = world({'version': '1.0.00', 'pid': 4711})

    with pytest.raises(checking.OtherVersion):
        reloading.reload('/nowhere', 'alice')
    assert sent == []
