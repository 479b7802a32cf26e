"""docs/hooks/snmptrap: Debian's snmptrapd gets the notifications of the MIB, and the daemon's rules are kept."""
import os
import stat
import subprocess

import pytest

import agents
import helpers
from fbmon.memory.history import Transition
from fbmon.tell import hooks

HOOK = os.path.join(helpers.ROOT, 'docs', 'hooks', 'snmptrap')
USER = 'createUser noc SHA not-a-secret AES not-a-secret\nauthUser log noc priv\n'
SECRETS = {'2c': 'defVersion 2c\ndefCommunity public\n',
           '3': 'defVersion 3\ndefSecurityName noc\ndefSecurityLevel authPriv\ndefAuthType SHA\n'
                'defAuthPassphrase not-a-secret\ndefPrivType AES\ndefPrivPassphrase not-a-secret\n'}
BYPASS = Transition(1795552760.5, 'global', 'state', 'normal', 'bypass', '2 failed >= 2')


@pytest.fixture
def receiver(tmp_path):
    (tmp_path / 'receiver').mkdir()
    made = agents.Receiver(tmp_path / 'receiver', USER)
    yield made
    made.close()


@pytest.fixture
def runner():
    helpers.require(os.geteuid() == 0, 'needs root: a hook must be owned by root')
    made = hooks.Runner()
    made.start()
    yield made
    made.end()


def hook(directory, ports, command='snmptrap', version='2c', patience=6):
    """The path of the program as an operator sets it up. patience: how often it asks again; a busy machine needs more.
    """
    text = helpers.read(HOOK).replace('-r 2 -t 1', '-r %d -t 1' % patience)
    for name, value in (('receivers', "'%s'" % ' '.join('127.0.0.1:%d' % port for port in ports)),
                        ('config', str(directory / 'secrets')), ('command', command)):
        before = next(line for line in text.splitlines() if line.startswith(name + '='))
        text = text.replace(before, '%s=%s' % (name, value))
    os.mkdir(str(directory / 'secrets'), 0o700)
    helpers.write(directory / 'secrets' / 'snmp.conf', SECRETS[version])
    path = helpers.write(directory / 'changed', text)
    os.chmod(path, 0o755)
    return path


def told(runner, receiver, program, *changes):
    """The notifications that arrive for these changes."""
    for change in changes:
        runner.run(program, change)
    return helpers.wait_for(lambda: len(receiver.notices()) >= len(changes) and receiver.notices())


def change(kind, name, old, new, why='', called=''):
    return Transition(1795552761.0, kind, name, old, new, why, called)


def test_a_bypass_is_a_notification_with_all_that_the_mib_names(runner, receiver, tmp_path):
    program = hook(tmp_path, [receiver.port])

    assert told(runner, receiver, program, BYPASS) == [('fastbypassStateChanged', {
        'fastbypassState': 'bypass', 'fastbypassChangeKind': 'global', 'fastbypassChangeName': 'state',
        'fastbypassChangeCalled': '', 'fastbypassChangeFrom': 'normal', 'fastbypassChangeTo': 'bypass',
        'fastbypassChangeReason': '2 failed >= 2', 'fastbypassChangeAt': '1795552760 seconds'})]


def test_each_change_that_somebody_should_know_of_has_its_notification_and_the_others_none(runner, receiver, tmp_path):
    program = hook(tmp_path, [receiver.port])
    silent = [change('listener', '0', 'unconfigured', 'unknown'), change('listener', '0', 'unknown', 'active'),
              change('card', '10.0.0.1', 'present', 'absent'), change('port', 'sw1', 'up', 'down')]
    for one in silent:
        runner.run(program, one)
    found = told(runner, receiver, program,
                 change('listener', '0', 'active', 'failed', 'no heartbeat', 'dpi-1'),
                 change('listener', '0', 'failed', 'active'), change('listener', '0', 'active', 'unconfigured'),
                 change('card', '10.0.0.1', 'present', 'missing'), change('port', 'sw1', 'missing', 'up'),
                 change('pings', '10.0.0.1', 'seen', 'silent', '', 'west'),
                 change('pings', '10.0.0.1', 'silent', 'seen'),
                 change('operator', 'dpi-1', 'off', 'maintenance', 'by alice'))

    assert [name for name, _ in found] == ['fastbypass' + word for word in (
        'ListenerFailed', 'ListenerBack', 'ProblemNotice', 'ProblemNotice', 'ProblemGone', 'ProblemNotice',
        'ProblemGone', 'Ordered')]
    assert [found[place][1]['fastbypassChangeCalled'] for place in (0, 5)] == ['dpi-1', 'west']


def test_a_hostile_text_arrives_as_one_line(runner, receiver, tmp_path):
    program = hook(tmp_path, [receiver.port])
    found = told(runner, receiver, program, change('port', '-$(id);`', 'up', 'missing', 'a\nb\t"%s" ' + 'x' * 600))

    assert found[0][1]['fastbypassChangeName'] == '-$(id);`'
    assert found[0][1]['fastbypassChangeReason'] == 'a?b?"%s" ' + 'x' * 471


@pytest.mark.parametrize('version', sorted(SECRETS))
def test_an_inform_is_confirmed_also_with_the_secrets_of_version_3(runner, receiver, tmp_path, version):
    program = hook(tmp_path, [receiver.port], 'snmpinform', version)

    assert told(runner, receiver, program, BYPASS, BYPASS)[1][0] == 'fastbypassStateChanged'
    assert sorted(os.listdir(str(tmp_path / 'secrets'))) == ['snmp.conf']


def test_a_receiver_that_does_not_confirm_is_told_and_another_one_gets_it(runner, receiver, tmp_path):
    program = hook(tmp_path, [helpers.free_port(), receiver.port], 'snmpinform', patience=2)
    with pytest.raises(hooks.HookError) as error:
        runner.run(program, BYPASS)

    # It has not been killed.
    assert 'exit code 1' in str(error.value)
    helpers.wait_for(lambda: len(receiver.notices()) >= 1)


def test_the_program_is_sound_and_can_be_run():
    assert os.stat(HOOK).st_mode & stat.S_IRUSR
    subprocess.check_call(['sh', '-n', HOOK])
    helpers.require(any(os.access(os.path.join(path, 'shellcheck'), os.X_OK)
                        for path in os.environ['PATH'].split(':')), 'needs shellcheck')
    subprocess.check_call(['shellcheck', HOOK])
