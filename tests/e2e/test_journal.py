from machine import UNIT
from switch import ENV
from waiting import wait_for


def found(switch, *words):
    """The lines of the daemon itself that journalctl shows."""
    return switch.run('journalctl', '--no-pager', '--quiet', '-o', 'cat', '-t', UNIT, *words, check=False).output


def test_the_journal_is_asked_for_warnings_alone_and_by_the_name_of_the_service(switch):
    node = switch.start_small('normal')
    wait_for(lambda: 'global state' in found(switch), 'a transition in the journal')
    switch.run('cp', ENV, ENV + '.right')
    switch.run('sh', '-c', 'echo NONSENSE=1 >>' + ENV)
    switch.run('systemctl', 'reload', UNIT, check=False)

    wait_for(lambda: 'NONSENSE' in found(switch, '-p', 'warning'), 'the mistake among the warnings')

    warnings = found(switch, '-p', 'warning')
    assert 'INFO' not in warnings and '<3>' not in found(switch) and '<6>' not in found(switch)
    switch.run('mv', ENV, ENV + '.away')
    switch.run('systemctl', 'restart', UNIT, check=False)
    wait_for(lambda: 'cannot be read' in found(switch, '-p', 'err'), 'the reason of exit code 78 among the errors')
    node.stop()
