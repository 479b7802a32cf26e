"""These tests come last, because they leave the machine without the interpreter that it had."""
import pytest

from field import Watch


def test_when_python2_gives_way_to_python3_the_daemon_goes_on_with_it(switch):
    if switch.machine.suite != 'bullseye':
        pytest.skip('only bullseye has both')
    switch.start_small()
    assert 'python2.7' in interpreter(switch)
    watch = Watch(switch.machine)
    switch.run('apt-get', '--yes', '--no-install-recommends', '--no-download', 'install', 'python3')

    switch.run('dpkg', '--purge', 'python2.7', 'python2.7-minimal',
               'libpython2.7-stdlib', 'libpython2.7-minimal')
    # The running daemon needs nothing more from the old interpreter.
    assert switch.state() == 'normal'
    switch.install(switch.debs.later)

    assert 'python3' in interpreter(switch)
    switch.wait_state('normal')
    assert watch.stop() == []


def interpreter(switch):
    """The path of the interpreter that runs the daemon."""
    return switch.run('readlink', '/proc/%d/exe' % switch.machine.main_pid()).output
