"""options.py: how argparse reads the command line."""
import pytest

from fbmon.cli import main, options

PLACES = ('/var/fastbypass_monitor/backend/.env', '/var/fastbypass_monitor/backend/logs', '/run/fastbypass_monitor',
          '/var/fastbypass_monitor/backend/state')


@pytest.mark.parametrize('arguments, command', [
    ([], ['run']), (['--config', 'x'], ['--config', 'x', 'run']), (['--config=x'], ['--config=x', 'run']),
    (['--config', 'check'], ['--config', 'check', 'run']), (['check'], ['check']),
    (['--run-dir', 'x', 'status', '--json'], ['--run-dir', 'x', 'status', '--json'])])
def test_without_a_command_it_is_run(arguments, command):
    assert options._with_command(arguments) == command


def test_the_defaults_are_the_places_of_the_package():
    found = options.parse(['check'], main.COMMANDS,
                          main.Places(main.CONFIG, main.LOG_DIR, main.RUN_DIR, main.STATE_DIR))

    assert (found.config, found.log_dir, found.run_dir, found.state_dir) == PLACES


@pytest.mark.parametrize('word, told', [
    ('chek', 'did you mean check? '), ('force-on', 'did you mean force_on or force_off? '), ('RELOAD', ''),
    ('show', 'did you mean status? '), ('start', 'did you mean run? '), ('', ''), ('x' * 70, '')])
def test_an_unknown_command_is_answered_with_the_nearest_one(capsys, word, told):
    with pytest.raises(SystemExit) as raised:
        options.parse([word], main.COMMANDS, main.Places('', '', '', ''))

    assert raised.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        'fbmon.py: error: there is no command %r: %ssee fbmon.py --help' % (word[:60], told))
