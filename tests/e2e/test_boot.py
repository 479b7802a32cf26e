"""What an operator has ordered lasts over a boot of the switch, is shown after it, and ends where its time is over."""
import json
import re

import pytest

from machine import UNIT
from switch import BACKEND, CARD
from waiting import wait_for

# Three nodes, the first two with a port each. They fail late, because a machine that boots is busy.
FILE = '''LISTEN_HEARTBEAT_IFS=eth0
LISTEN_HEARTBEAT_TIMEOUT=1000
LISTEN_HEARTBEAT_ATTEMPTS=2
BYPASS_CARD_IFS=eth0
BYPASS_CARD_HOST[0]=192.168.1.211
LISTEN_CUBRO_IFS[0]=port1
LISTEN_CUBRO_IFS[1]=port2
''' + ''.join('LISTEN_HB_HOST[%d]=192.168.1.202\nLISTEN_HB_PORT[%d]=%d\nLISTEN_HB_NODE[%d]=dpi-%d\n' % (
    index, index, 3000 + index, index, index + 1) for index in range(3))


@pytest.fixture
def nodes(switch):
    """The three DPI nodes, after the switch has come to normal."""
    found = [switch.field.dpi('192.168.1.202', 3000 + index) for index in range(3)]
    switch.configure(FILE)
    switch.wait_state('normal')
    wait_for(lambda: switch.field.answers(CARD), 'the card answered')
    return found


def two_hours_later(switch):
    """Let the orders of dpi-2 be given two hours earlier than they were."""
    path = BACKEND + '/state/orders'
    found = json.loads(switch.machine.read(path).decode())
    for key in ('since', 'until'):
        found['maintenance']['dpi-2'][key] -= 7200
    switch.machine.write(path, json.dumps(found))


def rows(switch):
    """[(state of a node, why it is in maintenance or None), ...]."""
    return [(row['state'], row['maintenance'] and row['maintenance']['reason']) for row in switch.status()['nodes']]


def test_orders_last_over_a_boot_and_what_was_over_meanwhile_does_not_count(switch, nodes):
    switch.ctl('maintenance', 'dpi-1', 'on', '--reason', 'a new kernel', check=True)
    switch.ctl('maintenance', 'dpi-2', 'on', '--for', '1h', check=True)
    switch.ctl('override', 'bypass', '--for', '1d', '--reason', 'a new rack', check=True)
    switch.wait_port('port1', 'down')
    switch.wait_port('port2', 'down')
    wait_for(lambda: not switch.field.answers(CARD), 'the card not answered')

    switch.machine.reboot(lambda: two_hours_later(switch))
    switch.field.plug_in()

    switch.wait_state('bypass')
    wait_for(lambda: rows(switch) == [('active', 'a new kernel'), ('active', None), ('active', None)], 'three nodes')
    switch.wait_port('port1', 'down')
    switch.wait_port('port2', 'up')
    assert not switch.field.answers(CARD)
    # Without a terminal it is 80 columns wide, so its lines are wrapped.
    shown = ' '.join(switch.ctl('show', check=True).output.split())
    assert re.match('OVERRIDE BYPASS since [^:]*:.* by root until .*: a new rack MAINTENANCE of dpi-1 since '
                    '.* by root: a new kernel bypass for ', shown), shown
    metrics = switch.ctl('show', '--prometheus', check=True).output
    for name in ('override{state="bypass"} 1', 'maintenance{node="dpi-1"} 1', 'maintenance{node="dpi-2"} 0'):
        assert '\nfastbypass_' + name in metrics
    assert 'override bypass by root, in maintenance: dpi-1' in switch.run('systemctl', 'status', UNIT).output
    assert 'dpi-2: maintenance -> off: its time is over' in switch.ctl('show', '--history', check=True).output


def test_a_node_is_upgraded_over_a_boot_of_the_switch_and_put_back(switch, nodes):
    switch.ctl('maintenance', 'dpi-1', 'on', check=True)
    nodes[0].stop()
    switch.machine.reboot()
    switch.field.plug_in()

    # Nobody waits for it, and nobody bypasses.
    switch.wait_state('normal')
    wait_for(lambda: switch.field.answers(CARD), 'the card answered')
    wait_for(lambda: rows(switch)[0] == ('failed', ''), 'a failed node in maintenance')
    assert switch.state() == 'normal'
    switch.field.dpi('192.168.1.202', 3000)
    wait_for(lambda: rows(switch)[0] == ('active', ''), 'an active node in maintenance')
    switch.wait_port('port1', 'down')
    switch.ctl('maintenance', 'dpi-1', 'off', check=True)
    switch.wait_port('port1', 'up')
    assert switch.state() == 'normal'
