"""When the system goes down the cards' addresses go before their link; a stop of the service leaves them."""
from field import Watch
from switch import CARD, LOG
from waiting import wait_for


def after(switch, *command):
    """(the kernel's reports of the machine's network, the log) after a command that takes the system down."""
    machine = switch.machine
    seen = Watch(machine)
    machine.run(*command, check=False)
    machine.ended()
    lines = seen.last()
    log = machine.read(LOG).decode()
    machine.boot()
    switch.field.plug_in()
    return lines, log


def places(lines, *words):
    """The places of the reports that have all of these words."""
    return [place for place, line in enumerate(lines) if all(word in line for word in words)]


def test_at_a_reboot_and_a_poweroff_the_card_loses_its_answer_before_its_link(switch):
    for command in (('systemctl', 'reboot'), ('systemctl', 'poweroff')):
        switch.start_small('normal')
        lines, log = after(switch, *command)

        gone, link = places(lines, 'Deleted', CARD), places(lines, 'eth0', 'state DOWN')
        assert gone and (not link or gone[0] < link[0]), lines
        assert 'global state: normal -> bypass: the system is going down' in log
        assert 'lease' not in log.rpartition('the system is going down')[2]


def test_with_flag_0_a_reboot_leaves_the_addresses_to_the_link(switch):
    switch.start_small('normal')
    with open(switch.machine.path('/var/fastbypass_monitor/backend/.env'), 'a') as stream:
        stream.write('BYPASS_ON_SHUTDOWN=0\n')
    switch.ctl('reload', check=True)
    lines, log = after(switch, 'systemctl', 'reboot')

    assert 'the system is going down' not in log and not places(lines, 'Deleted', CARD), lines


def test_a_stop_a_restart_and_the_rescue_mode_are_no_shutdown(switch):
    switch.start_small('normal')
    for command in (['stop', 'fastbypass_monitor'], ['restart', 'fastbypass_monitor']):
        switch.run('systemctl', *command)
        assert CARD + '/32' in switch.addresses()
    switch.wait_state('normal')

    switch.run('systemctl', '--no-block', 'isolate', 'rescue')
    wait_for(lambda: switch.active() != 'active', 'the end of the service')
    assert CARD + '/32' in switch.addresses()
    assert 'the system is going down' not in switch.machine.read(LOG).decode()
    switch.run('systemctl', '--no-block', 'isolate', 'default')
    wait_for(lambda: switch.active() == 'active' or switch.run('systemctl', 'start', 'fastbypass_monitor'), 'a start')
