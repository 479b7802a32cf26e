"""confirming.py: in which order files and daemon are asked, and what is said where they do not answer."""
import os
import signal

import pytest

from fbmon.cli import checking, commanding, confirming, reloading
from fbmon.show import statussocket
from helpers import read, write

OLD, NEW = 'LOG_LEVEL=INFO\n', 'LOG_LEVEL=DEBUG\n'


class Options(object):
    """The options of a command line."""


class World(object):
    """A daemon of a test. refused: {command: why}; commands: [(command, what the file has then)]."""

    def __init__(self, path):
        self.path = path
        self.commands, self.refused, self.done = [], {}, {'file': OLD}
        self.reload = {'count': 0, 'under_way': False, 'refused': [], 'kept': 1, 'added': 0, 'removed': 0}
        self.status = {'pid': 4711, 'version': '1', 'file': path, 'trial': None, 'reload': self.reload}

    def ask(self, _path, question=None):
        if not question:
            return dict(self.status, reload=dict(self.reload))
        name = question['command']
        self.commands.append((name, read(self.path)))
        if isinstance(self.refused.get(name), Exception):
            raise self.refused[name]
        if name in self.refused:
            return {'refused': self.refused[name]}
        if name == 'try':
            self.reload['count'] += 1
        return {'done': self.done.get(name, '')}


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A World whose file has NEW, and which runs OLD."""
    made = World(write(tmp_path / '.env', NEW))
    made.signals = []
    monkeypatch.setattr(statussocket, 'ask', made.ask)
    monkeypatch.setattr(signal, 'signal', lambda *both: made.signals.append(both))
    monkeypatch.setattr(checking, 'warnings', lambda path, loaded, run_dir: [])
    monkeypatch.setattr(reloading, 'LIMIT', 0.1)
    made.options = Options()
    made.options.run_dir, made.options.state_dir, made.options.confirm = '/run', str(tmp_path), 300
    made.files = str(tmp_path / 'files')
    return made


def there(world):
    top = os.path.dirname(world.path)
    return dict((name, read(os.path.join(top, name))) for name in os.listdir(top))


def test_before_anything_is_tried_the_file_from_before_is_in_place_and_no_signal_ends_the_command(world, capsys):
    assert confirming.try_out(world.options) == 0

    assert world.commands == [('file', NEW), ('try', OLD)]
    assert there(world) == {'.env': OLD, '.env.unconfirmed': NEW}
    assert world.signals == [(one, signal.SIG_IGN) for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)]
    assert capsys.readouterr().out.splitlines() == [
        '1 component kept; 0 warnings', 'on trial: it is taken back in 5 min unless fbypass_ctl confirm; until then %s '
        'is as before, and what is tried is %s.unconfirmed' % (world.path, world.path)]


@pytest.mark.parametrize('command', ['file', 'try'])
def test_what_the_daemon_refuses_leaves_the_file_as_the_person_wrote_it(world, capsys, command):
    world.refused[command] = 'no'

    assert confirming.try_out(world.options) == 1
    assert there(world) == {'.env': NEW}
    assert capsys.readouterr() == ('', '%s: refused: no\n' % command)


def test_a_file_that_is_refused_when_it_is_tried_is_put_back_too(world, capsys):
    world.reload['refused'] = ['%s:1: error: x' % world.path]

    assert confirming.try_out(world.options) == 1
    assert there(world) == {'.env': NEW}
    assert capsys.readouterr().err.splitlines()[-1] == reloading.REFUSED


def test_where_it_is_not_known_what_came_of_it_the_file_from_before_stays(world, capsys):
    world.refused = {}
    world.reload['under_way'] = True

    assert confirming.try_out(world.options) == 1
    assert there(world) == {'.env': OLD, '.env.unconfirmed': NEW}
    assert capsys.readouterr().err.endswith('%s is as before; what was to be tried is %s.unconfirmed\n' % (
        world.path, world.path))


def test_a_daemon_that_does_not_say_whether_it_tries_it_may_do_so(world, capsys):
    world.refused['try'] = statussocket.NoAnswer('no answer')

    assert confirming.try_out(world.options) == 3
    assert there(world) == {'.env': OLD, '.env.unconfirmed': NEW}
    assert capsys.readouterr().err.endswith('%s is as before; what was to be tried is %s.unconfirmed\n' % (
        world.path, world.path))


@pytest.mark.parametrize('failing, left', [(2, {'.env': NEW}), (3, {'.env': OLD, '.env.unconfirmed': NEW})])
def test_a_disk_that_takes_no_file_is_told_and_nothing_is_lost(world, capsys, monkeypatch, failing, left):
    """failing: which of the three files cannot be written: what is tried, the one from before, the one put back."""
    world.refused['try'] = 'no'
    done, rename = [], os.rename

    def fail(*both):
        done.append(both)
        if len(done) == failing:
            raise EnvironmentError(28, 'No space left on device')
        rename(*both)
    monkeypatch.setattr(os, 'rename', fail)

    assert (confirming.try_out(world.options), there(world)) == (1, left)
    said = capsys.readouterr().err
    assert said.endswith('%s: No space left on device\n' % world.path)
    assert ('what was to be tried is' in said) == (failing == 3)


def test_without_a_daemon_nothing_is_done(world, monkeypatch, capsys):
    def ask(_path, question=None):
        raise statussocket.NotRunning('nobody is there')
    monkeypatch.setattr(statussocket, 'ask', ask)

    assert [confirming.try_out(world.options), confirming.confirm(world.options)] == [3, 3]
    assert there(world) == {'.env': NEW}


def test_a_daemon_before_this_version_is_told_of(world):
    del world.status['trial']

    with pytest.raises(checking.OtherVersion):
        confirming.try_out(world.options)
    with pytest.raises(checking.OtherVersion):
        confirming.confirm(world.options)


def on_trial(world):
    write(world.path, OLD)
    write(world.path + '.unconfirmed', NEW)
    world.status['trial'] = {'by': 'alice', 'since_s': 1.0, 'left_s': 59.0}
    world.done['file'] = NEW


def test_a_confirm_asks_the_daemon_when_nothing_else_can_fail(world, capsys):
    on_trial(world)
    write(world.path + '.new', 'left by an earlier command')

    assert confirming.confirm(world.options) == 0
    assert world.commands == [('file', OLD), ('confirm', OLD)]
    assert there(world) == {'.env': NEW, '.env.before-confirm': OLD}
    assert capsys.readouterr().out.endswith('confirmed: %s is what runs\n' % world.path)


def test_once_a_confirm_is_asked_for_no_signal_ends_the_command(world):
    on_trial(world)
    world.refused['confirm'] = 'no'

    confirming.confirm(world.options)
    assert world.signals == [(one, signal.SIG_IGN) for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)]


def test_a_daemon_that_does_not_say_whether_it_is_confirmed_leaves_the_file_from_before(world, capsys):
    on_trial(world)
    world.refused['confirm'] = statussocket.NoAnswer('no answer')

    assert confirming.confirm(world.options) == 3
    assert there(world) == {'.env': OLD, '.env.unconfirmed': NEW}
    assert capsys.readouterr().err.startswith('not known whether it is confirmed; %s is as before' % world.path)


def test_a_confirm_that_is_refused_changes_nothing(world, capsys):
    on_trial(world)
    world.refused['confirm'] = 'too late: its time is over'

    assert confirming.confirm(world.options) == 1
    assert there(world) == {'.env': OLD, '.env.unconfirmed': NEW}
    assert capsys.readouterr() == ('', 'confirm: refused: too late: its time is over\n')


def test_what_was_written_into_the_tried_file_meanwhile_stays(world, capsys):
    on_trial(world)
    write(world.path + '.unconfirmed', 'edited')
    os.mkdir(world.files)
    write(world.files + '/00000001.5.start', OLD)

    assert confirming.confirm(world.options) == 0
    assert (read(world.path), read(world.path + '.unconfirmed')) == (NEW, 'edited')
    assert not os.path.exists(world.path + '.before-confirm')
    assert '.unconfirmed was changed meanwhile; it stays as it is, and does not run' in capsys.readouterr().out


def test_a_disk_that_fails_after_the_confirm_is_told_with_the_remedy(world, capsys, monkeypatch):
    on_trial(world)

    def rename(*_):
        raise EnvironmentError(5, 'Input/output error')
    monkeypatch.setattr(os, 'rename', rename)
    monkeypatch.setattr(confirming, '_keep', lambda *_: None)

    assert confirming.confirm(world.options) == 1
    assert there(world) == {'.env': OLD, '.env.unconfirmed': NEW}
    assert capsys.readouterr().err == (
        'confirmed, but %s cannot be written: Input/output error: the next start has the file from before; put '
        '%s.unconfirmed there yourself\n' % (world.path, world.path))


def test_the_commands_own_words_for_a_refusal_are_those_of_all_commands(world):
    world.refused['x'] = 'no'
    with pytest.raises(commanding.Refused) as raised:
        commanding.ask('/run', 'x', 'alice')

    assert str(raised.value) == 'x: refused: no'
