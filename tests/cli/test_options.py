"""options.py: what argparse makes of the command line."""
import pytest

from fbmon.cli import main, options


@pytest.mark.parametrize('arguments, command', [
    ([], ['run']), (['--config', 'x'], ['--config', 'x', 'run']), (['--config=x'], ['--config=x', 'run']),
    (['--config', 'check'], ['--config', 'check', 'run']), (['check'], ['check']),
    (['--run-dir', 'x', 'status', '--json'], ['--run-dir', 'x', 'status', '--json'])])
def test_without_a_command_it_is_run(arguments, command):
    assert options._with_command(arguments) == command


def test_the_defaults_are_the_places_of_the_package():
    found = options.parse(['check'], main.COMMANDS, main.Places(main.CONFIG, main.LOG_DIR, main.RUN_DIR))

    assert (found.config, found.log_dir, found.run_dir) == (
        '/var/fastbypass_monitor/backend/.env', '/var/fastbypass_monitor/backend/logs', '/run/fastbypass_monitor')
